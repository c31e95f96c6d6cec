/* profile_quirks.h - the quirks that the wires know, and what a provider may add to a request body.
 *
 * One row per wire and name in profile_quirks.c; the plugin of the wire has the same ones. Private to
 * config. Thread: [any].
 */
#ifndef HOST_CONFIG_PROFILE_QUIRKS_H
#define HOST_CONFIG_PROFILE_QUIRKS_H

#include <beacon/error.h>

struct toml_value;

/* Hold the table `quirks` to the rows of `wire`. A wire of somebody else's plugin knows its own names:
 * then only the shape is checked, a flat object. `path` is how errors name the table. */
int profile_quirks_check(const char *wire, const char *path, const struct toml_value *quirks,
                         struct beacon_error *err);

/* `extra` must not name what the wire itself writes. */
int profile_extra_check(const char *path, const struct toml_value *extra, struct beacon_error *err);

/* "a line of a file", as errors begin: the owner's file and the line; into `out`. */
#define PROFILE_WHERE_BYTES 160
void profile_where(const struct toml_value *value, char out[PROFILE_WHERE_BYTES]);

#endif
