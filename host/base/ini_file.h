/* ini_file.h - one INI file as a list of entries with their lines.
 *
 * The grammar is inih's, with its silent limits made loud: before inih sees the bytes they are
 * checked (ini_check.h), and a section name over 48 bytes, a line over 190 bytes, text behind `]`, a
 * NUL byte or whatever inih itself complains about refuses the file as "FILE:LINE: what". A repeated
 * key and a continuation line (one that begins with blanks) each add an entry of the same key, so a
 * list may be written either way; a continuation line that looks like `key = value` or `[section]` is
 * refused, since it would silently become part of the list above it. Comments begin with # or ; at
 * the start of a line, or with " ;" behind a value. Thread: [any].
 */
#ifndef HOST_BASE_INI_FILE_H
#define HOST_BASE_INI_FILE_H

#include <beacon/error.h>
#include <stddef.h>
#include <stdint.h>

#define INI_FILE_MAX_BYTES    (256u << 10)
#define INI_SECTION_MAX_BYTES 48
#define INI_KEY_MAX_BYTES     48
#define INI_LINE_MAX_BYTES    190 /* without its end */
#define INI_SECTIONS_MAX      1024

struct ini_file;

/* One `key = value`; strings live as long as the file, none is NULL, blanks around are gone. */
struct ini_entry {
    const char *section; /* "" before the first one */
    const char *key, *value;
    uint32_t line; /* from 1 */
};

/* Read an open file to its end; `name` is what errors call it, copied. The descriptor stays open, at
 * any offset. INVALID: "NAME:LINE: what". LIMIT: over INI_FILE_MAX_BYTES or INI_SECTIONS_MAX. IO.
 * *ret is the caller's. */
int ini_file_read(int fd, const char *name, struct ini_file **ret, struct beacon_error *err);

/* The same over bytes in memory. */
int ini_file_parse(const char *text, size_t n, const char *name, struct ini_file **ret,
                   struct beacon_error *err);
void ini_file_destroy(struct ini_file *file); /* NULL is fine */

const char *ini_file_name(const struct ini_file *file);

/* Entries in the order of the file. */
size_t ini_file_count(const struct ini_file *file);
const struct ini_entry *ini_file_entry(const struct ini_file *file, size_t i);

/* Sections in the order of their first `[name]`, those without any entry too. `ret_line` may be
 * NULL. */
size_t ini_file_section_count(const struct ini_file *file);
const char *ini_file_section(const struct ini_file *file, size_t i, uint32_t *ret_line);

#endif
