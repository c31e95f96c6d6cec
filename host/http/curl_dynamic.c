/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "http/curl_source.h"

#define LIBRARY "libcurl.so.4"

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

static void *library;

int curl_source_fill(struct curl_table *table, struct beacon_error *err)
{
    /* Bound as it is used: a fifth of its work would go into symbols that no request needs. */
    library = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);
    if (library == NULL) {
        return error_set(err, BEACON_E_NOT_FOUND, CURL_INSTALL_HINT,
                         "requests need libcurl, which cannot be loaded: %s", dlerror());
    }
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        void *found = dlsym(library, symbols[i].name);
        if (found == NULL) {
            curl_source_drop();
            return error_set(err, BEACON_E_NOT_FOUND, CURL_INSTALL_HINT, "%s has no %s", LIBRARY,
                             symbols[i].name);
        }
        memcpy((char *)table + symbols[i].offset, &found, sizeof found);
    }
    return BEACON_OK;
}

void curl_source_drop(void)
{
    (void)dlclose(library);
    library = NULL;
}
