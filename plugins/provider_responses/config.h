/* config.h - what the configuration says about one Responses endpoint.
 *
 * Parsed once by create(); read by request.c and exchange.c; owned by the instance. Holds no
 * secret: the host attaches credentials after the plugin is done. Thread: [worker], then read-only.
 */
#ifndef PROVIDER_RESPONSES_CONFIG_H
#define PROVIDER_RESPONSES_CONFIG_H

#include <beacon-sdk/json_write.h>
#include <beacon/plugin.h>
#include <stdbool.h>

#define CONFIG_BYTES_MAX       (256u << 10)
#define CONFIG_PAIRS_MAX       256u
#define CONFIG_IDLE_TIMEOUT_MS 300000u

struct responses_pairs {
    struct beacon_kv *at; /* spans into config.text */
    size_t n;
};

struct responses_config {
    char *text; /* our copy of the JSON; the strings below are unescaped in place */
    struct beacon_str base_url, name, originator, user_agent;
    struct responses_pairs query_params, http_headers;
    int64_t stream_idle_timeout_ms;
    bool is_azure;              /* stores responses, and wants the items' ids back */
    struct beacon_json_out url; /* where every request goes */
};

extern const char responses_config_schema[]; /* JSON Schema, for the component table */

/* Fill *ret (zeroed) from the instance's JSON object; "" means {}. BEACON_E_INVALID names the key
 * that is wrong; then *ret holds nothing to free. Free with responses_config_finish(). */
beacon_rc responses_config_parse(struct beacon_str json, struct responses_config *ret,
                                 struct beacon_error *err);
void responses_config_finish(struct responses_config *config);

/* A header value that cannot end its line. */
bool responses_is_header_value(struct beacon_str value);

#endif
