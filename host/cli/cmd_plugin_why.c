/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/cmd_plugin.h"
#include "cli/plugin_request.h"
#include "plugin/why.h"

#define TRAIL_MAX (16u << 20)

static const struct plugin_usage usage = {
    .usage = "beacon plugin why [OPTIONS] NAME",
    .about = "Tell why a plugin is used or not: every place in its order, what was found there,\n"
             "which file and line decided, and what to do about it.",
    .name_words = "id (com.acme.llm), component (acme), id:component, file name or path",
};

/* Plugins are found by whole paths; a person may ask for ./acme.so. NULL: it is no such path. */
static char *whole_path(const char *name)
{
    return name[0] != '/' && strchr(name, '/') != NULL ? realpath(name, NULL) : NULL;
}

int cmd_plugin_why(int argc, char **argv)
{
    int status = 0;
    bool is_found = false;
    struct plugin_request request = {0};
    struct wire_plugins plugins = {0};
    struct beacon_error err = {0};
    if (!plugin_request_parse(&usage, argc, argv, &request, &status)) {
        return status;
    }
    if (cmd_plugin_open(request.is_safe_mode, &plugins, &err) != BEACON_OK) {
        return cmd_plugin_report(&err);
    }
    AUTO_FREE char *whole = whole_path(request.name);
    const char *name = whole != NULL ? whole : request.name;
    AUTO_TEXT struct text out;
    text_init(&out, TRAIL_MAX);
    bool is_whole = request.wants_json ? plugin_why_json(plugins.set, name, &out, &is_found)
                                       : plugin_why_text(plugins.set, name, &out, &is_found);
    wire_plugins_close(&plugins);
    status = plugin_request_print(&out, is_whole);
    return status == EXIT_STATUS_OK && !is_found ? EXIT_STATUS_FAILED : status;
}
