/* store.h - where plugins keep their secrets, by the id of the plugin: what stands behind the facet
 * "beacon.host.secrets/1".
 *
 * com.beacon.auth-api-key and com.beacon.auth-chatgpt share auth.json (auth_file.h); every other plugin
 * has a file of its own (plugin_secrets.h). Cheap to open: nothing is read before it is asked for.
 * Thread: open and close [main]; the rest [any], several at once; blocking, on local files.
 */
#ifndef HOST_CREDENTIALS_STORE_H
#define HOST_CREDENTIALS_STORE_H

#include <beacon/host.h>

struct beacon_cancel; /* plugin/host_api.h */
struct host_services; /* plugin/host_api.h */
struct store;

/* `legacy_home` NULL: none. Both are copied. */
struct store *store_open(const char *home, const char *legacy_home);
void store_close(struct store *store); /* NULL is fine */

int store_get(const struct store *store, const char *plugin_id, struct beacon_str key,
              const struct beacon_sink *out, uint64_t *gen, struct beacon_error *err);
int store_set(const struct store *store, const char *plugin_id, struct beacon_str key,
              struct beacon_bytes value, uint64_t expect_gen, struct beacon_error *err);
int store_erase(const struct store *store, const char *plugin_id, struct beacon_str key,
                struct beacon_error *err);

/* Let no other process refresh or log in with this plugin until *ret_fd is closed: around
 * acquire(RENEW), acquire(REJECTED) and login(). Waits, at most a minute. BUSY, CANCELLED, IO. */
int store_hold(const struct store *store, const char *plugin_id, const struct beacon_cancel *cancel,
               int *ret_fd, struct beacon_error *err);

/* The three of struct host_services about secrets, and its ctx. */
void store_serve(struct store *store, struct host_services *services);

#endif
