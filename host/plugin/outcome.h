/* outcome.h - what came of calling a slot: a plugin's result code and error made trustworthy.
 *
 * A plugin may leave the message empty, the hint empty, the text unterminated, or return a code that
 * this host does not know. What leaves here has a known code, a message that names the plugin and
 * the slot when the plugin said nothing, and a hint. Private to the adapters. Thread: [any].
 */
#ifndef HOST_PLUGIN_OUTCOME_H
#define HOST_PLUGIN_OUTCOME_H

#include <beacon/plugin.h>
#include <stdbool.h>

struct beacon_host;
struct plugin;

/* Ready to be handed to a slot; cheap enough for every frame of a stream. */
void outcome_init(struct beacon_error *theirs);

/* BEACON_OK when `rc` says success (≥ 0), else the code after filling `err` from `theirs`. */
int outcome_of(const struct plugin *plugin, const char *slot, beacon_rc rc,
               struct beacon_error *theirs, struct beacon_error *err);

beacon_rc outcome_code(beacon_rc code); /* a code this host knows; others become INTERNAL */

bool outcome_is_span(const void *p, size_t n); /* bytes behind a NULL pointer are none */

/* create() of any kind. `config_json` NULL means {}. */
typedef beacon_rc (*outcome_create_fn)(void *state, const struct beacon_host *host,
                                       struct beacon_str config, void **inst,
                                       struct beacon_error *err);
int outcome_create(const struct plugin *plugin, outcome_create_fn create, const char *config_json,
                   void **ret, struct beacon_error *err);

#endif
