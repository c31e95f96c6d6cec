/* list.h - what `beacon plugin list` shows: every plugin file that was found, and why some of them
 * are not used. Reads a plugin_set, loads nothing. Thread: [main].
 */
#ifndef HOST_PLUGIN_LIST_H
#define HOST_PLUGIN_LIST_H

#include <stdbool.h>

struct plugin_set;
struct text;

/* An aligned table of the components, then each file that is not used with reason and remedy. */
bool plugin_list_table(const struct plugin_set *set, struct text *out);

/* The same as one JSON array, an object per file; ends with a newline. */
bool plugin_list_json(const struct plugin_set *set, struct text *out);

#endif
