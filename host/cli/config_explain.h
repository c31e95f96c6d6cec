/* config_explain.h - everything there is to say about one configuration key, as one document that is
 * printed as JSON or told in words. Thread: [main].
 */
#ifndef HOST_CLI_CONFIG_EXPLAIN_H
#define HOST_CLI_CONFIG_EXPLAIN_H

#include <beacon/error.h>
#include <stdbool.h>

struct config;
struct json_object;
struct text;
struct wire_start;

/* The document about `key`: value, origin, every layer that names it, default, who may set it. Values of
 * secrets are replaced. NOT_FOUND: there is no such key; the hint is the nearest. The caller's. */
int config_explain(const struct config *config, const char *key, struct json_object **ret,
                   struct beacon_error *err);

/* Does the key choose a plugin, or does a policy bound it? Then its plugins and the policy's lines are
 * added. POLICY: the policy itself cannot be read; the document is whole without it. */
bool config_explain_has_plugins(const char *key);
int config_explain_plugins(const struct wire_start *start, const char *key,
                           struct json_object *document, struct beacon_error *err);

/* The document in words; false when `out` is full. */
bool config_explain_text(struct json_object *document, struct text *out);

#endif
