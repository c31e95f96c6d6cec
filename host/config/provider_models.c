/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "config/layers.h"
#include "config/provider_settings.h"

/* How well `id` fits: 0 not at all, more for a longer beginning, most for the whole name. */
static size_t fit(const char *id, const char *model)
{
    size_t len = strlen(id);
    if (len > 0 && id[len - 1] == '*') {
        return strncmp(id, model, len - 1) == 0 ? len : 0;
    }
    return strcmp(id, model) == 0 ? SIZE_MAX : 0;
}

const struct model_profile *provider_settings_model(const struct provider_settings *settings,
                                                    const char *model)
{
    const struct model_profile *best = NULL;
    size_t best_fit = 0;
    for (size_t i = 0; i < settings->n_models; i++) {
        size_t here = fit(settings->models[i].id, model);
        if (here > best_fit) {
            best_fit = here;
            best = &settings->models[i];
        }
    }
    return best;
}

int64_t config_context_tokens(const struct config *config, const struct model_profile *profile)
{
    if (config_is_set(config, "model_context_window")) {
        return config_int(config, "model_context_window");
    }
    return profile != NULL ? profile->context_tokens : -1;
}

int64_t config_max_output_tokens(const struct config *config, const struct model_profile *profile)
{
    if (config_is_set(config, "model_max_output_tokens")) {
        return config_int(config, "model_max_output_tokens");
    }
    return profile != NULL ? profile->max_output_tokens : -1;
}
