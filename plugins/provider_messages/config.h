/* config.h - what the configuration says about one Messages endpoint.
 *
 * Parsed once by create(); owned by the instance. Holds no secret. Thread: [worker], then read-only.
 */
#ifndef PROVIDER_MESSAGES_CONFIG_H
#define PROVIDER_MESSAGES_CONFIG_H

#include <beacon-sdk/endpoint.h>
#include <stdbool.h>

/* Values of the quirk `thinking`, in the order of its choices. */
enum messages_thinking_form { THINKING_BUDGET, THINKING_ADAPTIVE, THINKING_NONE };

struct messages_config {
    struct beacon_endpoint endpoint;
    struct beacon_json_out url; /* where every request goes */
    uint32_t thinking;          /* enum messages_thinking_form */
    uint32_t thinking_display;  /* 0: not sent; else an index of messages_display_names */
    bool cache_control;         /* the server knows cache breakpoints */
    struct beacon_str version, beta;
    int64_t max_tokens_default; /* when the turn names no limit: the API wants one */
};

extern const char messages_config_schema[];        /* JSON Schema, for the component table */
extern const char *const messages_display_names[]; /* choices of the quirk; the last is NULL */
extern const char *const messages_own_members[];   /* of a request's body; the last is NULL */

/* Fill *ret (zeroed) from the instance's JSON object; "" means {}. BEACON_E_INVALID names the key
 * that is wrong; then *ret holds nothing to free. Free with messages_config_finish(). */
beacon_rc messages_config_parse(struct beacon_str json, struct messages_config *ret,
                                struct beacon_error *err);
void messages_config_finish(struct messages_config *config);

#endif
