/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "cli/cmd_plugin.h"
#include "cli/system_paths.h"
#include "plugin/policy.h"

#define CHECKER "../lib/beacon/bin/plugin-check"

/* As when a check could not be run. */
#define EXIT_NOT_RUN 2

#define STATIC_ONLY "--only=S"

/* Is the static group asked for, which runs nothing of the file, and no other? */
static bool is_static_only(int argc, char **argv)
{
    bool is_static = false;
    for (int i = 1; i < argc; i++) {
        const bool has_value = strncmp(argv[i], "--only=", 7) == 0;
        if (has_value || strcmp(argv[i], "--only") == 0) {
            const char *only = has_value ? argv[i] + 7 : i + 1 < argc ? argv[++i] : "";
            is_static = strcmp(only, "S") == 0;
            if (!is_static) {
                return false;
            }
        }
    }
    return is_static;
}

/* A policy says which bytes may run here. The checker opens its files by path and runs them, so what
 * it would run cannot be held to that. *ret_is_clamped: there is a policy. */
static int check_policy(int argc, char **argv, bool *ret_is_clamped, struct beacon_error *err)
{
    struct plugin_policy *policy = NULL;
    int rc = plugin_policy_load(system_paths.policy_d, &policy, err);
    *ret_is_clamped = policy != NULL;
    if (rc == BEACON_OK && policy != NULL && !is_static_only(argc, argv)) {
        rc =
            error_set(err, BEACON_E_POLICY,
                      "look at it without running it (--only S), or check it on a machine that has "
                      "no policy",
                      "the checker would run the plugin, and the policy in %s says what may run "
                      "here",
                      system_paths.policy_d);
    }
    plugin_policy_destroy(policy);
    return rc;
}

/* The arguments with STATIC_ONLY before the others: what looked like `--only S` may have been the value
 * of another option. The last one counts, and any other was refused. The caller frees the array. */
static char **clamp(int argc, char **argv)
{
    static char only[] = STATIC_ONLY;
    char **all = alloc_array((size_t)argc + 2, sizeof *all);
    all[0] = argv[0];
    all[1] = only;
    memcpy(all + 2, argv + 1, (size_t)argc * sizeof *argv); /* the NULL at the end, too */
    return all;
}

/* The checker is a program of its own (sdk/check), because it brings its own allocator; it takes over
 * this process. */
int cmd_plugin_check(int argc, char **argv)
{
    struct beacon_error err = {0};
    bool is_clamped = false;
    if (check_policy(argc, argv, &is_clamped, &err) != BEACON_OK) {
        return cmd_plugin_report(&err);
    }
    AUTO_FREE char *folder = path_executable_dir();
    AUTO_FREE char *program = path_join(folder != NULL ? folder : "", CHECKER);
    char **all = is_clamped ? clamp(argc, argv) : argv;
    (void)execv(program, all);
    const int os_errno = errno;
    if (is_clamped) {
        free(all);
    }
    if (os_errno == ENOENT) {
        (void)error_set(&err, BEACON_E_NOT_FOUND, "install the SDK of this version of beacon",
                        "the plugin checker is not installed: there is no %s", program);
    } else {
        (void)error_set_errno(&err, BEACON_E_IO, os_errno, "install beacon again",
                              "cannot start the plugin checker %s: %s", program,
                              strerror(os_errno));
    }
    (void)cmd_plugin_report(&err);
    return EXIT_NOT_RUN;
}
