/* ini_check.h - the bytes of an INI file before inih sees them. inih cuts long lines, names and
 * sections without a word, ends a file at a NUL byte and drops what stands behind `]`; here each of
 * these is an error with its line. Private to ini_file.c. Thread: [pure].
 */
#ifndef HOST_BASE_INI_CHECK_H
#define HOST_BASE_INI_CHECK_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The lines of a text, one after the other; borrowed. */
struct ini_cursor {
    const char *at, *end;
    const char *text; /* of the current line, without its LF or CR LF and without a BOM */
    size_t n;
    uint32_t line; /* its number, from 1 */
};

struct ini_cursor ini_cursor_start(const char *text, size_t n);
bool ini_cursor_next(struct ini_cursor *cursor); /* false: there is no further line */

/* The name between the brackets when the current line is a section; only valid for checked bytes. */
bool ini_cursor_section(const struct ini_cursor *cursor, const char **ret, size_t *ret_n);

/* Where a comment behind text begins, a ; behind a blank, looked for behind offset `from`; else the
 * length of the line. */
size_t ini_cursor_comment(const struct ini_cursor *cursor, size_t from);

/* INVALID: "NAME:LINE: what", and what to do. */
int ini_check(const char *text, size_t n, const char *name, struct beacon_error *err);

#endif
