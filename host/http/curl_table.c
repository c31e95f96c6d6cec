/* SPDX-License-Identifier: Apache-2.0 */
#include "http/curl_table.h"

#include <stdbool.h>

#include "base/error.h"
#include "http/curl_source.h"

#define OLDEST 0x075000u /* 7.80 tells when a connection is ready for the request */

static int prepare(const struct curl_table *table, struct beacon_error *err)
{
    const curl_version_info_data *version = table->version_info(CURLVERSION_NOW);
    if (version->version_num < OLDEST) {
        return error_set(err, BEACON_E_NOT_FOUND, CURL_INSTALL_HINT, "libcurl %s is too old",
                         version->version);
    }
    /* The flags have had no meaning for OpenSSL builds since 7.57: TLS is set up either way. */
    if (table->global_init(CURL_GLOBAL_NOTHING) != CURLE_OK) {
        return error_set(err, BEACON_E_INTERNAL, CURL_INSTALL_HINT,
                         "libcurl %s could not be initialised", version->version);
    }
    return BEACON_OK;
}

int curl_table_get(const struct curl_table **ret, struct beacon_error *err)
{
    static struct curl_table table;
    static bool is_loaded;
    if (!is_loaded) {
        struct curl_table loaded;
        int rc = curl_source_fill(&loaded, err);
        if (rc != BEACON_OK) {
            return rc;
        }
        rc = prepare(&loaded, err);
        if (rc != BEACON_OK) {
            curl_source_drop();
            return rc;
        }
        table = loaded;
        is_loaded = true;
    }
    *ret = &table;
    return BEACON_OK;
}
