/* toml_scan.h - the cursor the TOML reader's parts share: position, blanks, errors.
 *
 * Private to the reader (toml_*.c). Functions returning bool have filled scan->err when they return
 * false. The cursor only moves forward, which is what makes counting columns linear.
 */
#ifndef HOST_CONFIG_TOML_SCAN_H
#define HOST_CONFIG_TOML_SCAN_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "config/toml_value.h"

struct arena;
struct toml_source;

struct toml_scan {
    const struct toml_source *source;
    struct arena *arena;
    const char *p, *end;
    uint32_t line, column; /* of `counted` */
    const char *counted;   /* characters before it are in `column`; never after p */
    struct text scratch;   /* one string or number at a time */
    unsigned depth;        /* tables and arrays around the cursor */
    struct toml_place failed;
    struct beacon_error *err; /* may be NULL */
    beacon_rc rc;             /* of the first failure */
};

void toml_scan_init(struct toml_scan *scan, const struct toml_source *source, struct arena *arena,
                    struct beacon_error *err);
void toml_scan_finish(struct toml_scan *scan);

struct toml_place toml_scan_place(struct toml_scan *scan); /* of the cursor */

static inline bool toml_scan_at(const struct toml_scan *scan, char c)
{
    return scan->p < scan->end && *scan->p == c;
}

static inline bool toml_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Control characters a document may not contain anywhere but as a line end. */
static inline bool toml_is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7F;
}

bool toml_scan_newline(struct toml_scan *scan); /* move over "\n" or "\r\n"; false: not there */
void toml_scan_blank(struct toml_scan *scan);   /* over spaces and tabs */
bool toml_scan_comment(struct toml_scan *scan); /* over "# …" if there, not over the line end */
bool toml_scan_filler(struct toml_scan *scan);  /* over blanks, line ends and comments */

/* All return false. The place is the cursor's, or `where`. */
bool toml_fail(struct toml_scan *scan, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool toml_fail_at(struct toml_scan *scan, struct toml_place where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool toml_fail_key(struct toml_scan *scan, const struct toml_member *key, const char *what);
bool toml_fail_found(struct toml_scan *scan, const char *expected); /* "expected X, found Y" */

/* One level deeper; false when that is too deep. Undone by restoring scan->depth. */
bool toml_scan_deeper(struct toml_scan *scan);

#endif
