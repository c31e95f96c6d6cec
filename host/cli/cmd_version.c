/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/text.h"
#include "cli/cmd_plugin.h"
#include "cli/command_table.h"
#include "cli/version.h"
#include "plugin/inventory.h"

#define OUTPUT_MAX (4u << 20)

static int print_inventory(bool wants_json)
{
    struct beacon_error err = {0};
    struct wire_plugins plugins = {0};
    struct inventory *inventory = NULL;
    int rc = cmd_plugin_open(false, &plugins, &err);
    rc = rc == BEACON_OK ? inventory_open(plugins.set, &inventory, &err) : rc;
    AUTO_TEXT struct text out;
    text_init(&out, OUTPUT_MAX);
    bool is_whole = false;
    if (rc == BEACON_OK && wants_json) {
        is_whole = inventory_json(inventory, &out);
    } else if (rc == BEACON_OK) {
        is_whole = text_addf(&out, "%s %s\n", BEACON_PROGRAM, BEACON_VERSION) &&
                   inventory_text(inventory, &out);
    }
    inventory_close(inventory);
    wire_plugins_close(&plugins);
    if (rc != BEACON_OK) {
        return cmd_plugin_report(&err);
    }
    is_whole = is_whole && io_write_all(STDOUT_FILENO, text_string(&out), out.len);
    return is_whole ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
}

int cmd_version(int argc, char **argv)
{
    bool wants_plugins = false, wants_json = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--plugins") == 0) {
            wants_plugins = true;
        } else if (strcmp(argv[i], "--json") == 0) {
            wants_json = true;
        } else {
            (void)fprintf(stderr,
                          "error: unexpected argument '%s' found\n\n"
                          "Usage: beacon --version [--plugins [--json]]\n",
                          argv[i]);
            return EXIT_STATUS_USAGE;
        }
    }
    if (wants_plugins) {
        return print_inventory(wants_json);
    }
    (void)printf(wants_json ? "{\"program\":\"%s\",\"version\":\"%s\"}\n" : "%s %s\n",
                 BEACON_PROGRAM, BEACON_VERSION);
    return EXIT_STATUS_OK;
}
