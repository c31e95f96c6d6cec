/* why.h - `beacon plugin why NAME`: every place in order, what was found there, what was decided about
 * it by which file and line, what is used in the end, and what to do about the rest. Reads a
 * plugin_set, loads nothing. Thread: [main].
 */
#ifndef HOST_PLUGIN_WHY_H
#define HOST_PLUGIN_WHY_H

#include <stdbool.h>
#include <stddef.h>

struct plugin_set;
struct text;

/* `name` is a plugin's id, a component ("acme" or "com.acme.llm:acme"), a file's name or its path.
 * *ret_is_found: something is called so. false: `out` is full. */
bool plugin_why_text(const struct plugin_set *set, const char *name, struct text *out,
                     bool *ret_is_found);

/* The same as one JSON object, documented in docs/protocol/plugin-json.md. */
bool plugin_why_json(const struct plugin_set *set, const char *name, struct text *out,
                     bool *ret_is_found);

/* Is the entry, used or not, called so? */
bool plugin_why_matches(const struct plugin_set *set, size_t i, const char *name);

#endif
