/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "credentials/auth_file.h"
#include "credentials/plugin_secrets.h"
#include "credentials/secret_file.h"
#include "plugin/host_api.h"

#define API_KEY_ID   "com.beacon.auth-api-key"
#define CHATGPT_ID   "com.beacon.auth-chatgpt"
#define HOLD_WAIT_MS 60000

struct store {
    char *home, *legacy_home, *folder;
    struct auth_file login;
};

struct store *store_open(const char *home, const char *legacy_home)
{
    struct store *store = alloc_zeroed(sizeof *store);
    store->home = alloc_string(home);
    store->legacy_home = legacy_home != NULL ? alloc_string(legacy_home) : NULL;
    store->folder = path_join(home, "secrets");
    store->login = (struct auth_file){store->home, store->legacy_home};
    return store;
}

void store_close(struct store *store)
{
    if (store != NULL) {
        free(store->home);
        free(store->legacy_home);
        free(store->folder);
        free(store);
    }
}

static bool shares_login(const char *plugin_id)
{
    return strcmp(plugin_id, API_KEY_ID) == 0 || strcmp(plugin_id, CHATGPT_ID) == 0;
}

int store_get(const struct store *store, const char *plugin_id, struct beacon_str key,
              const struct beacon_sink *out, uint64_t *gen, struct beacon_error *err)
{
    return shares_login(plugin_id)
               ? auth_file_get(&store->login, key, out, gen, err)
               : plugin_secrets_get(store->folder, plugin_id, key, out, gen, err);
}

int store_set(const struct store *store, const char *plugin_id, struct beacon_str key,
              struct beacon_bytes value, uint64_t expect_gen, struct beacon_error *err)
{
    if (shares_login(plugin_id)) {
        bool is_login = strcmp(plugin_id, API_KEY_ID) == 0;
        return auth_file_set(&store->login, key, value, expect_gen, is_login, err);
    }
    return plugin_secrets_set(store->folder, plugin_id, key, value, expect_gen, err);
}

int store_erase(const struct store *store, const char *plugin_id, struct beacon_str key,
                struct beacon_error *err)
{
    return shares_login(plugin_id) ? auth_file_erase(&store->login, key, err)
                                   : plugin_secrets_erase(store->folder, plugin_id, key, err);
}

int store_hold(const struct store *store, const char *plugin_id, const struct beacon_cancel *cancel,
               int *ret_fd, struct beacon_error *err)
{
    const char *name = shares_login(plugin_id) ? "login" : plugin_id;
    AUTO_FREE char *file = alloc_printf("%s.hold", name);
    AUTO_FREE char *path = path_join(store->folder, file);
    int rc = io_make_directories(store->folder, 0700, err);
    return rc == BEACON_OK ? secret_file_lock(path, HOLD_WAIT_MS, cancel, ret_fd, err) : rc;
}

static int serve_get(void *ctx, const char *plugin_id, struct beacon_str key,
                     const struct beacon_sink *out, uint64_t *gen, struct beacon_error *err)
{
    return store_get(ctx, plugin_id, key, out, gen, err);
}

static int serve_set(void *ctx, const char *plugin_id, struct beacon_str key,
                     struct beacon_bytes value, uint64_t expect_gen, struct beacon_error *err)
{
    return store_set(ctx, plugin_id, key, value, expect_gen, err);
}

static int serve_erase(void *ctx, const char *plugin_id, struct beacon_str key,
                       struct beacon_error *err)
{
    return store_erase(ctx, plugin_id, key, err);
}

void store_serve(struct store *store, struct host_services *services)
{
    services->secrets_ctx = store;
    services->secret_get = serve_get;
    services->secret_set = serve_set;
    services->secret_erase = serve_erase;
}
