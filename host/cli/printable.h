/* printable.h - words of strangers on a person's terminal.
 *
 * What a model, a command or a file name says must not move the cursor, set the title of the window or
 * make the terminal type: control characters are shown instead of obeyed. Thread: [main].
 */
#ifndef HOST_CLI_PRINTABLE_H
#define HOST_CLI_PRINTABLE_H

#include <stddef.h>
#include <stdio.h>

/* Newlines and tabs pass, CR LF is a newline, other control characters become "^[" and the like; what
 * is no UTF-8, and the control characters beyond ASCII, become U+FFFD. */
void printable_write(FILE *to, const char *p, size_t n);

/* printf, with the whole result made printable. */
void printable_print(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
