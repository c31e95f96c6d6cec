/* plugin_secrets.h - the secrets of one plugin: a file `<id>.json` of mode 0600 in a folder of mode
 * 0700, both made when something is kept.
 *
 *     {"generation": 7, "secrets": {"token": {"generation": 7, "text": "…"}}}
 *
 * Bytes that are no text are kept as "hex". Thread: [any]; blocking.
 */
#ifndef HOST_CREDENTIALS_PLUGIN_SECRETS_H
#define HOST_CREDENTIALS_PLUGIN_SECRETS_H

#include <beacon/host.h>

/* As the slots of struct beacon_host_secrets. `folder` is $CODE_HOME/secrets; an id that is not one of
 * a plugin is INVALID. */
int plugin_secrets_get(const char *folder, const char *id, struct beacon_str key,
                       const struct beacon_sink *out, uint64_t *gen, struct beacon_error *err);
int plugin_secrets_set(const char *folder, const char *id, struct beacon_str key,
                       struct beacon_bytes value, uint64_t expect_gen, struct beacon_error *err);
int plugin_secrets_erase(const char *folder, const char *id, struct beacon_str key,
                         struct beacon_error *err);

#endif
