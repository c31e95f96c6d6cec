/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wire_approvals.h"

#include <string.h>

#include "cli/wire.h"
#include "cli/wire_policy.h"
#include "policy/approval.h"

#define KEY "approval_policy"

const char *wire_approval_policy(const struct config *config, const struct wire_request *request)
{
    const char *wanted = config_string(config, KEY);
    if (request->can_ask) {
        return wanted;
    }
    return config_is_set(config, KEY) && strcmp(wanted, "untrusted") == 0 ? wanted : "never";
}

void wire_approvals_open(struct wire *wire, const struct wire_request *request)
{
    wire->approval_policy = wire_approval_policy(wire->start->config, request);
    wire->approvals = approvals_create(&(struct approvals_settings){
        .loop = wire->loop,
        .events = wire->events,
        .rules = wire->rules,
        .home = wire->start->home.path,
        .policy = approval_policy_named(wire->approval_policy),
        .can_ask = request->can_ask,
    });
}

int wire_open_outside(void *ctx, struct sandbox **ret, struct beacon_error *err)
{
    struct wire *wire = ctx;
    struct sandbox_settings settings = {.mode = SANDBOX_DANGER_FULL_ACCESS,
                                        .backend = "none",
                                        .cwd = wire->start->cwd,
                                        .network = SANDBOX_NETWORK_ON,
                                        .home = wire->start->home.path};
    wire_policy_require_sandbox(wire->plugins.policy, &settings);
    return sandbox_create(wire->plugins.set, &settings, ret, err);
}
