/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wire_plugins.h"

#include <stdlib.h>

#include "base/auto.h"
#include "base/path.h"
#include "cli/system_paths.h"
#include "plugin/discover.h"

int wire_plugins_open(const struct wire_plugins_request *request, struct wire_plugins *ret,
                      struct beacon_error *err)
{
    AUTO_FREE char *dir = path_executable_dir();
    struct wire_plugins plugins = {0};
    const struct plugin_places places = {.home = request->home,
                                         .system_dropins = system_paths.plugins_d,
                                         .executable_dir = dir,
                                         .env_path = getenv("BEACON_PLUGIN_PATH"),
                                         .policy = plugins.policy,
                                         .lock = plugins.lock,
                                         .quarantine = plugins.quarantine,
                                         .is_safe_mode = request->is_safe_mode,
                                         .is_inspection = request->is_inspection};
    int rc = plugin_set_open(&places, &plugins.set, err);
    if (rc == BEACON_OK) {
        *ret = plugins;
    }
    return rc;
}

void wire_plugins_close(struct wire_plugins *plugins)
{
    plugin_set_close(plugins->set);
    *plugins = (struct wire_plugins){0};
}
