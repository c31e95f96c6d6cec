/* profile_values.h - what the values of a provider's table mean, beyond their types. Private to config.
 *
 * The table is one profile, an entry of the configuration, or both merged; its values have owners, by
 * which errors say where they stand. Thread: [any].
 */
#ifndef HOST_CONFIG_PROFILE_VALUES_H
#define HOST_CONFIG_PROFILE_VALUES_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stdint.h>

struct model_profile;
struct provider_settings;
struct toml_value;

/* Are quirks, extra keys, features, prices and limits such as can be? `fallback_wire` is the wire of a
 * table that names none. */
int profile_values_check(const struct toml_value *table, const char *fallback_wire,
                         struct beacon_error *err);

/* Fill quirks, extra and models of settings whose strings are in place, from a table (may be NULL) that
 * was checked. What was in them is replaced. */
void profile_values_fill(const struct toml_value *table, struct provider_settings *settings);

/* US dollars for a million tokens, exactly, into pico-dollars for one. Not below 0, below a million, with
 * at most six digits behind the point. False: they are not. */
bool profile_price_of(const struct toml_value *value, int64_t *ret);

#endif
