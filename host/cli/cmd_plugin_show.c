/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/text.h"
#include "cli/cmd_plugin.h"
#include "cli/plugin_request.h"
#include "plugin/show.h"

#define SHOWN_MAX (1u << 20)

static const struct plugin_usage usage = {
    .usage = "beacon plugin show [OPTIONS] NAME",
    .about = "Show what a plugin says about itself, and its file. Nothing of it is run.",
    .name_words = "id, component or file name of an installed plugin, or the path of any file",
};

int cmd_plugin_show(int argc, char **argv)
{
    int status = 0;
    struct plugin_request request = {0};
    struct wire_plugins plugins = {0};
    struct plugin_shown *shown = NULL;
    struct beacon_error err = {0};
    if (!plugin_request_parse(&usage, argc, argv, &request, &status)) {
        return status;
    }
    if (cmd_plugin_open(request.is_safe_mode, &plugins, &err) != BEACON_OK) {
        return cmd_plugin_report(&err);
    }
    AUTO_TEXT struct text out;
    text_init(&out, SHOWN_MAX);
    if (plugin_shown_open(plugins.set, request.name, &shown, &err) != BEACON_OK) {
        status = cmd_plugin_report(&err);
    } else {
        status = plugin_request_print(&out, request.wants_json ? plugin_shown_json(shown, &out)
                                                               : plugin_shown_text(shown, &out));
    }
    plugin_shown_close(shown);
    wire_plugins_close(&plugins);
    return status;
}
