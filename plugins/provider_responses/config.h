/* config.h - what the configuration says about one Responses endpoint.
 *
 * Parsed once by create(); read by request.c and exchange.c; owned by the instance. Holds no
 * secret: the host attaches credentials after the plugin is done. Thread: [worker], then read-only.
 */
#ifndef PROVIDER_RESPONSES_CONFIG_H
#define PROVIDER_RESPONSES_CONFIG_H

#include <beacon-sdk/endpoint.h>

/* Searches that the server does itself: none, in its index, in the web. */
enum responses_web_search { RESPONSES_SEARCH_NONE, RESPONSES_SEARCH_CACHED, RESPONSES_SEARCH_LIVE };

/* How a server differs from the one that this API comes from. */
struct responses_quirks {
    bool reasoning_summary;      /* it may be asked for summaries */
    bool encrypted_reasoning;    /* it may be asked for reasoning that is sent back to it */
    bool developer_instructions; /* the base text is a developer message, not the instructions */
    uint32_t web_search;         /* enum responses_web_search */
};

struct responses_config {
    struct beacon_endpoint endpoint; /* is_azure: stores responses, and wants the items' ids back */
    struct responses_quirks quirks;
    struct beacon_json_out url; /* where every request goes */
};

extern const char responses_config_schema[]; /* JSON Schema, for the component table */

extern const char *const responses_own_fields[]; /* of a body; the last one is NULL */

/* Fill *ret (zeroed) from the instance's JSON object; "" means {}. BEACON_E_INVALID names the key
 * that is wrong; then *ret holds nothing to free. Free with responses_config_finish(). */
beacon_rc responses_config_parse(struct beacon_str json, struct responses_config *ret,
                                 struct beacon_error *err);
void responses_config_finish(struct responses_config *config);

#endif
