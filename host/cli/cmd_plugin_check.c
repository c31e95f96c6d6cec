/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "cli/cmd_plugin.h"

#define CHECKER "../lib/beacon/bin/plugin-check"

/* As when a check could not be run. */
#define EXIT_NOT_RUN 2

/* The checker is a program of its own (sdk/check), because it brings its own allocator; it takes over
 * this process. */
int cmd_plugin_check(int argc, char **argv)
{
    AUTO_FREE char *folder = path_executable_dir();
    AUTO_FREE char *program = path_join(folder != NULL ? folder : "", CHECKER);
    (void)argc;
    (void)execv(program, argv);
    struct beacon_error err = {0};
    if (errno == ENOENT) {
        (void)error_set(&err, BEACON_E_NOT_FOUND, "install the SDK of this version of beacon",
                        "the plugin checker is not installed: there is no %s", program);
    } else {
        (void)error_set_errno(&err, BEACON_E_IO, errno, "install beacon again",
                              "cannot start the plugin checker %s: %s", program, strerror(errno));
    }
    (void)cmd_plugin_report(&err);
    return EXIT_NOT_RUN;
}
