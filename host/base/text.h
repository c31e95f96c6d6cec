/* text.h - a byte buffer that grows up to a cap fixed at birth, always NUL-terminated.
 *
 * For building strings, requests and reports. Owner: whoever calls text_finish(). Hostile size is an
 * answer (false), not a crash. Thread: none of its own; one owner at a time.
 */
#ifndef HOST_BASE_TEXT_H
#define HOST_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
    char *data; /* NULL until something is added */
    size_t len; /* bytes, the final NUL not counted */
    size_t capacity;
    size_t max_bytes; /* len never exceeds this */
};

#define AUTO_TEXT __attribute__((cleanup(text_finish)))

void text_init(struct text *text, size_t max_bytes);
void text_finish(struct text *text); /* frees; the struct may be initialised again */
void text_reset(struct text *text);  /* empty, memory and cap kept */

/* Each returns false, with nothing added, when the result would be over the cap. `from` may be NULL
 * when n is 0. */
bool text_add(struct text *text, const void *from, size_t n);
bool text_add_char(struct text *text, char c);
bool text_add_string(struct text *text, const char *from);
bool text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for `n` more bytes at the end, to be filled by the caller and claimed by text_commit().
 * NULL when that would be over the cap. */
char *text_reserve(struct text *text, size_t n);
void text_commit(struct text *text, size_t n);

void text_remove_front(struct text *text, size_t n);
const char *text_string(const struct text *text); /* "" when empty; valid until the next change */
char *text_take(struct text *text); /* the buffer is the caller's to free; text is empty again */

#endif
