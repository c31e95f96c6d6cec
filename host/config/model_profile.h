/* model_profile.h - what is known about one model: its window, its prices, its ways.
 *
 * Part of struct provider_settings, filled from the provider profiles (providers.d) and from
 * `[model_providers.<id>.models.<model>]`; agent/ counts money and room with it. Owned by those
 * settings. Thread: [main].
 */
#ifndef HOST_CONFIG_MODEL_PROFILE_H
#define HOST_CONFIG_MODEL_PROFILE_H

#include <stdint.h>

#define MODEL_PRICE_UNKNOWN (-1)

/* Pico-US-dollars (1e-12) per token: three dollars for a million tokens are 3,000,000. */
struct model_prices {
    int64_t input, output, cache_read, cache_write; /* MODEL_PRICE_UNKNOWN: nobody said */
};

/* What a model is said to be able to do; a bit that is not set was not said. */
enum model_feature {
    MODEL_CAN_CALL_TOOLS = 1 << 0,
    MODEL_CAN_CALL_PARALLEL_TOOLS = 1 << 1,
    MODEL_CAN_SEE_IMAGES = 1 << 2,
    MODEL_CAN_REASON = 1 << 3,
    MODEL_CAN_FOLLOW_SCHEMAS = 1 << 4, /* structured output */
    MODEL_CAN_CACHE_PROMPTS = 1 << 5,
};

struct model_profile {
    char *id;      /* as the service knows it; a * at the end stands for any characters */
    char *display; /* NULL: the id */
    int64_t context_tokens, max_output_tokens; /* -1: unknown */
    struct model_prices prices;
    char *quirks; /* JSON object, those of the provider and above them those of the model; "{}" */
    unsigned features; /* enum model_feature */
};

#endif
