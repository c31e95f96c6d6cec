/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/system_paths.h"

const struct system_paths system_paths = {
    .managed_config = BEACON_SYSCONFDIR "/managed_config.toml",
    .policy_d = BEACON_SYSCONFDIR "/policy.d",
    .plugins_d = BEACON_SYSCONFDIR "/plugins.d",
    .rules_d = BEACON_SYSCONFDIR "/rules",
    .providers_d = BEACON_SYSCONFDIR "/providers.d",
};
