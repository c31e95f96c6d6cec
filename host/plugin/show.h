/* show.h - `beacon plugin show`: everything one plugin says about itself, and what its file is. The
 * file need not be installed. Reads, loads nothing. Thread: [main].
 */
#ifndef HOST_PLUGIN_SHOW_H
#define HOST_PLUGIN_SHOW_H

#include <beacon/error.h>
#include <stdbool.h>

struct plugin_set;
struct text;
struct plugin_shown;

/* `name` is a path (it has a slash) or the id, component or file name of an entry of `set`, the one
 * in use before the others. NOT_FOUND; INVALID, UNSUPPORTED … the file cannot be read as a plugin.
 * *ret is the caller's and borrows from `set`. */
int plugin_shown_open(const struct plugin_set *set, const char *name, struct plugin_shown **ret,
                      struct beacon_error *err);
void plugin_shown_close(struct plugin_shown *shown); /* NULL is fine */

bool plugin_shown_text(const struct plugin_shown *shown, struct text *out);
bool plugin_shown_json(const struct plugin_shown *shown, struct text *out);

#endif
