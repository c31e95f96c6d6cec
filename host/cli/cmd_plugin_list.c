/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "cli/cmd_plugin.h"
#include "cli/plugin_request.h"
#include "plugin/list.h"

#define LIST_MAX (16u << 20)

static const struct plugin_usage usage = {
    .usage = "beacon plugin list [OPTIONS]",
    .about = "Show the plugins that were found, and why some are not used.",
};

int cmd_plugin_list(int argc, char **argv)
{
    int status = 0;
    struct plugin_request request = {0};
    struct wire_plugins plugins = {0};
    struct beacon_error err = {0};
    if (!plugin_request_parse(&usage, argc, argv, &request, &status)) {
        return status;
    }
    if (cmd_plugin_open(request.is_safe_mode, &plugins, &err) != BEACON_OK) {
        return cmd_plugin_report(&err);
    }
    AUTO_TEXT struct text out;
    text_init(&out, LIST_MAX);
    bool is_whole = request.wants_json ? plugin_list_json(plugins.set, &out)
                                       : plugin_list_table(plugins.set, &out);
    wire_plugins_close(&plugins);
    return plugin_request_print(&out, is_whole);
}
