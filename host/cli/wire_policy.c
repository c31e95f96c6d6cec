/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wire_policy.h"

#include <stddef.h>

#include "base/error.h"
#include "config/provider_settings.h"
#include "plugin/policy.h"
#include "sandbox/sandbox.h"

void wire_policy_require_sandbox(const struct plugin_policy *policy,
                                 struct sandbox_settings *settings)
{
    settings->admin_require = plugin_policy_required_promises(policy, &settings->admin_where);
}

int wire_policy_check_provider(const struct plugin_policy *policy,
                               const struct provider_settings *settings, struct beacon_error *err)
{
    if (settings->base_url == NULL) { /* then every request is judged by itself */
        return BEACON_OK;
    }
    int rc = plugin_policy_judge_origin(policy, settings->base_url, err);
    return rc == BEACON_OK ? rc : error_wrap(err, "provider %s", settings->id);
}
