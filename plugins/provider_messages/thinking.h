/* thinking.h - how much the model shall think, in the words of the API. Thread: [pure]. */
#ifndef PROVIDER_MESSAGES_THINKING_H
#define PROVIDER_MESSAGES_THINKING_H

#include <beacon/provider.h>
#include <stdbool.h>

#include "config.h"

struct messages_thinking {
    uint32_t form;      /* enum messages_thinking_form */
    int64_t budget;     /* BUDGET: at least 1024 and below max_tokens */
    const char *effort; /* ADAPTIVE */
};

/* What to ask for. `max_tokens` is the request's limit. */
struct messages_thinking messages_thinking_plan(const struct messages_config *config,
                                                const struct beacon_turn *turn, int64_t max_tokens);

/* Append the members "thinking" and nothing else; nothing at all for NONE. */
void messages_thinking_put(struct beacon_json_out *out, const struct messages_config *config,
                           const struct messages_thinking *thinking);

#endif
