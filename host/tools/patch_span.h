/* patch_span.h - pieces of text that stay where they are: trimming, comparing, and the folding of
 * typographic characters that the loosest way of finding a line needs.
 *
 * Spans are borrowed and not NUL-terminated. Blank means Unicode White_Space. All functions are [pure]
 * and expect valid UTF-8; on other bytes they are safe but trim and fold less.
 */
#ifndef HOST_TOOLS_PATCH_SPAN_H
#define HOST_TOOLS_PATCH_SPAN_H

#include <stdbool.h>
#include <stddef.h>

struct patch_span {
    const char *at;
    size_t n;
};

struct patch_span patch_span_of(const char *string);
bool patch_span_equal(struct patch_span a, struct patch_span b);
bool patch_span_is(struct patch_span span, const char *string);
bool patch_span_has_prefix(struct patch_span span, const char *prefix);
struct patch_span patch_span_after(struct patch_span span,
                                   size_t n); /* without its first n bytes */

struct patch_span patch_span_trim_end(struct patch_span span);
struct patch_span patch_span_trim(struct patch_span span);

/* Write `span` to `out` with dashes, quotes and odd spaces replaced by their ASCII looks. `out` has
 * room for span.n bytes; folding never makes text longer. Returns the bytes written. */
size_t patch_span_fold(struct patch_span span, char *out);

#endif
