/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wire_local.h"

#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "cli/wire.h"
#include "event/fanout.h"

#define TIMEOUT_MS  2000
#define TOO_SMALL   16384 /* instructions, tools and a few files fill this */
#define RECOMMENDED 32768

void wire_local_look(struct wire *wire)
{
    const struct config *config = wire->start->config;
    const struct provider_settings *settings = &wire->provider_settings;
    const char *model = config_string(config, "model");
    struct beacon_error unused = {.struct_size = sizeof unused};
    wire->local_window = (struct probe_window){-1, -1, -1};
    if (settings->local == NULL || settings->base_url == NULL || model == NULL ||
        model[0] == '\0' || config_is_set(config, "model_context_window")) {
        return;
    }
    const struct probe_request request = {.loop = wire->loop,
                                          .http = wire->http,
                                          .url = settings->base_url,
                                          .model = model,
                                          .timeout_ms = TIMEOUT_MS};
    (void)probe_window(&request, settings->local, &wire->local_window, &unused);
}

static const char *setting_of(const char *local)
{
    return strcmp(local, "ollama") == 0      ? "OLLAMA_CONTEXT_LENGTH=32768"
           : strcmp(local, "llama.cpp") == 0 ? "--ctx-size 32768"
           : strcmp(local, "vllm") == 0      ? "--max-model-len 32768"
                                             : "a context length of 32768";
}

void wire_local_warn(const struct wire *wire)
{
    const struct probe_window *window = &wire->local_window;
    const int64_t effective = probe_window_effective(window);
    if (effective < 1 || effective >= TOO_SMALL) {
        return;
    }
    const bool has_room = window->largest < 1 || window->largest >= RECOMMENDED;
    AUTO_FREE char *sentence = alloc_printf(
        "%s reads at most %lld tokens of a conversation, and forgets its beginning without saying "
        "so; %s%s",
        wire->provider_settings.name, (long long)effective,
        has_room ? "start it with " : "choose a model that holds more",
        has_room ? setting_of(wire->provider_settings.local) : "");
    struct event event = {.kind = EVENT_WARNING, .turn_id = ""};
    event.as.message.text = sentence;
    fanout_emit(wire->events, &event);
}
