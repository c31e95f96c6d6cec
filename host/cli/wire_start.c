/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "cli/system_paths.h"
#include "cli/wire.h"
#include "cli/wire_profiles.h"

static int enter(const char *wanted, char **ret, struct beacon_error *err)
{
    if (wanted != NULL && chdir(wanted) != 0) {
        return error_set_errno(err, BEACON_E_NOT_FOUND, errno,
                               "name an existing directory with --cd", "cannot work in %s: %s",
                               wanted, strerror(errno));
    }
    char *cwd = path_cwd();
    if (cwd == NULL) {
        return error_set_errno(err, BEACON_E_NOT_FOUND, errno, "change to a directory that exists",
                               "the current directory is gone: %s", strerror(errno));
    }
    *ret = cwd;
    return BEACON_OK;
}

static int load_config(const struct wire_start_request *request, struct wire_start *start,
                       struct beacon_error *err)
{
    struct wire_profiles profiles;
    wire_profiles_init(start->home.path, &profiles);
    struct config_request wanted = {.home = start->home.path,
                                    .legacy_home = start->home.legacy_path,
                                    .cwd = start->cwd,
                                    .managed_path = system_paths.managed_config,
                                    .profile = request->profile,
                                    .overrides = request->overrides,
                                    .n_overrides = request->n_overrides,
                                    .flags = request->flags,
                                    .n_flags = request->n_flags,
                                    .is_default_home = start->home.is_default,
                                    .profiles = &profiles.places,
                                    .display = request->display};
    int rc = config_load(&wanted, &start->config, err);
    wire_profiles_finish(&profiles);
    return rc;
}

int wire_start(const struct wire_start_request *request, struct wire_start *ret,
               struct beacon_error *err)
{
    struct wire_start start = {.home_lock_fd = -1};
    int rc = enter(request->cwd, &start.cwd, err);
    if (rc == BEACON_OK) {
        rc = home_start(start.cwd, system_paths.managed_config, &start.home, err);
        if (rc != BEACON_OK) {
            err->code = rc = BEACON_E_NOT_FOUND; /* INVALID is what is wrong in config.toml */
        }
    }
    if (rc == BEACON_OK) {
        rc = load_config(request, &start, err);
    }
    if (rc != BEACON_OK) {
        wire_start_finish(&start);
        return rc;
    }
    *ret = start;
    return BEACON_OK;
}

void wire_start_finish(struct wire_start *start)
{
    config_destroy(start->config);
    home_finish(&start->home);
    free(start->cwd);
    if (start->home_lock_fd >= 0) {
        (void)close(start->home_lock_fd);
    }
    *start = (struct wire_start){.home_lock_fd = -1};
}
