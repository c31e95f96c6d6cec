/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wire_budget.h"

#include <math.h>

#include "agent/budget.h"
#include "base/error.h"
#include "base/money.h"
#include "cli/wire.h"
#include "cli/wire_fallback.h"
#include "config/layers.h"
#include "config/provider_settings.h"

static int64_t limit(const struct config *config, const char *path)
{
    return config_is_set(config, path) ? config_int(config, path) : BUDGET_NONE;
}

int wire_budget_read(const struct config *config, struct budget_limits *ret,
                     struct beacon_error *err)
{
    double usd = 0;
    const bool has_money = config_number(config, "budget.max_cost_usd", &usd);
    if (has_money && (!isfinite(usd) || usd < 0)) {
        return error_set(err, BEACON_E_INVALID, "give dollars such as 1.50, or remove the key",
                         "`budget.max_cost_usd` is no amount of money");
    }
    *ret = (struct budget_limits){
        .max_tokens = limit(config, "budget.max_tokens"),
        .max_pico_usd = has_money ? money_from_usd(usd) : BUDGET_NONE,
        .max_turns = limit(config, "budget.max_turns"),
        .max_seconds = limit(config, "budget.max_seconds"),
    };
    return BEACON_OK;
}

static int check_prices(const struct wire *wire, const struct provider_settings *settings,
                        const char *model, struct beacon_error *err)
{
    return budget_check_prices(&wire->budget, provider_settings_model(settings, model),
                               settings->id, model, err);
}

int wire_budget_open(struct wire *wire, struct beacon_error *err)
{
    const struct provider_settings *settings = &wire->provider_settings;
    const char *model = config_string(wire->start->config, "model");
    int rc = wire_budget_read(wire->start->config, &wire->budget, err);
    if (rc == BEACON_OK) {
        rc = check_prices(wire, settings, model != NULL ? model : "", err);
    }
    for (size_t i = 0; rc == BEACON_OK && (settings = wire_fallback_at(wire, i, &model)) != NULL;
         i++) {
        rc = check_prices(wire, settings, model, err);
    }
    return rc;
}
