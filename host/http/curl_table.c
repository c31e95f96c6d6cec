/* SPDX-License-Identifier: Apache-2.0 */
#include "http/curl_table.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"

#define LIBRARY "libcurl.so.4"
#define OLDEST  0x075000u /* 7.80 tells when a connection is ready for the request */
#define HINT    "install version 7.80 or newer: apt install libcurl4"

struct symbol_row {
    const char *name;
    size_t offset; /* of the function pointer in the table */
};

static const struct symbol_row symbols[] = {
    {"curl_easy_init", offsetof(struct curl_table, easy_init)},
    {"curl_easy_cleanup", offsetof(struct curl_table, easy_cleanup)},
    {"curl_easy_setopt", offsetof(struct curl_table, easy_setopt)},
    {"curl_easy_getinfo", offsetof(struct curl_table, easy_getinfo)},
    {"curl_easy_strerror", offsetof(struct curl_table, easy_strerror)},
    {"curl_multi_init", offsetof(struct curl_table, multi_init)},
    {"curl_multi_cleanup", offsetof(struct curl_table, multi_cleanup)},
    {"curl_multi_setopt", offsetof(struct curl_table, multi_setopt)},
    {"curl_multi_add_handle", offsetof(struct curl_table, multi_add_handle)},
    {"curl_multi_remove_handle", offsetof(struct curl_table, multi_remove_handle)},
    {"curl_multi_socket_action", offsetof(struct curl_table, multi_socket_action)},
    {"curl_multi_assign", offsetof(struct curl_table, multi_assign)},
    {"curl_multi_info_read", offsetof(struct curl_table, multi_info_read)},
    {"curl_global_init", offsetof(struct curl_table, global_init)},
    {"curl_version_info", offsetof(struct curl_table, version_info)},
};

static int load(void *library, struct curl_table *table, struct beacon_error *err)
{
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        void *found = dlsym(library, symbols[i].name);
        if (found == NULL) {
            return error_set(err, BEACON_E_NOT_FOUND, HINT, "%s has no %s", LIBRARY,
                             symbols[i].name);
        }
        memcpy((char *)table + symbols[i].offset, &found, sizeof found);
    }
    const curl_version_info_data *version = table->version_info(CURLVERSION_NOW);
    if (version->version_num < OLDEST) {
        return error_set(err, BEACON_E_NOT_FOUND, HINT, "libcurl %s is too old", version->version);
    }
    /* The flags have had no meaning for OpenSSL builds since 7.57: TLS is set up either way. */
    if (table->global_init(CURL_GLOBAL_NOTHING) != CURLE_OK) {
        return error_set(err, BEACON_E_INTERNAL, HINT, "%s could not be initialised", LIBRARY);
    }
    return BEACON_OK;
}

int curl_table_get(const struct curl_table **ret, struct beacon_error *err)
{
    static struct curl_table table;
    static bool is_loaded;
    if (!is_loaded) {
        /* Bound as it is used: a fifth of its work would go into symbols that no request needs. */
        void *library = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);
        if (library == NULL) {
            return error_set(err, BEACON_E_NOT_FOUND, HINT,
                             "requests need libcurl, which cannot be loaded: %s", dlerror());
        }
        struct curl_table loaded;
        int rc = load(library, &loaded, err);
        if (rc != BEACON_OK) {
            (void)dlclose(library);
            return rc;
        }
        table = loaded;
        is_loaded = true;
    }
    *ret = &table;
    return BEACON_OK;
}
