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

struct model_profile {
    char *id;
    int64_t context_tokens, max_output_tokens; /* -1: unknown */
    struct model_prices prices;
    char *quirks; /* JSON object, those of the provider and above them those of the model; "{}" */
};

#endif
