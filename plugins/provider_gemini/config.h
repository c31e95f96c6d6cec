/* config.h - what the configuration says about one Gemini endpoint.
 *
 * Parsed once by create(); read by request.c and exchange.c; owned by the instance. Holds no
 * secret: the host attaches credentials after the plugin is done. Thread: [worker], then read-only.
 */
#ifndef PROVIDER_GEMINI_CONFIG_H
#define PROVIDER_GEMINI_CONFIG_H

#include <beacon-sdk/endpoint.h>

/* Under which name the API takes JSON Schemas, and how much of them. */
enum gemini_schema { GEMINI_SCHEMA_JSON, GEMINI_SCHEMA_OPENAPI };

/* How the model is told to think. */
enum gemini_thinking { GEMINI_THINKING_BUDGET, GEMINI_THINKING_LEVEL, GEMINI_THINKING_NONE };

struct gemini_quirks {
    uint32_t schema_name; /* enum gemini_schema */
    uint32_t thinking;    /* enum gemini_thinking */
    /* What stands for the signature of a call that another model made; "" = nothing. */
    struct beacon_str foreign_signature;
};

struct gemini_config {
    struct beacon_endpoint endpoint;
    struct gemini_quirks quirks;
};

extern const char gemini_config_schema[]; /* JSON Schema, for the component table */

/* The members of a request that this wire writes itself; the last element is NULL. */
extern const char *const gemini_own_fields[];

/* Fill *ret (zeroed) from the instance's JSON object. BEACON_E_INVALID names the key that is wrong;
 * then *ret holds nothing to free. Free with gemini_config_finish(). */
beacon_rc gemini_config_parse(struct beacon_str json, struct gemini_config *ret,
                              struct beacon_error *err);
void gemini_config_finish(struct gemini_config *config);

#endif
