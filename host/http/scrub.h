/* scrub.h - secrets that must not stand in a text, in whatever way they are written there: as they are, as
 * part of a JSON string, of JSON in a JSON string, of a URL. Thread: one owner.
 */
#ifndef HOST_HTTP_SCRUB_H
#define HOST_HTTP_SCRUB_H

#include <stdbool.h>
#include <stddef.h>

#define SCRUB_SECRET_MIN 8 /* bytes; shorter ones would blank out ordinary words */
#define SCRUB_MARK       "[redacted]"

struct scrub;
struct text;

struct scrub *scrub_create(void);
void scrub_destroy(struct scrub *scrub); /* wipes the secrets; NULL is fine */

/* Copied. Of "Bearer abc…" also what stands behind the last space. NULL is fine. */
void scrub_add(struct scrub *scrub, const char *secret);
void scrub_add_n(struct scrub *scrub, const char *secret, size_t n);

/* Append the text with SCRUB_MARK in place of secrets. False: over the cap of `out`. */
bool scrub_text(const struct scrub *scrub, const char *p, size_t n, struct text *out);

#endif
