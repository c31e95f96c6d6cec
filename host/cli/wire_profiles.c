/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wire_profiles.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "cli/system_paths.h"
#include "plugin/ownership.h"
#include "plugin/root_owned.h"

/* Who owns the folders counts only when there is something in them. */
static bool is_absent(const char *path)
{
    struct stat st;
    return lstat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

static int open_profile(void *ctx, const char *path, enum profile_place place, int *ret_fd,
                        struct beacon_error *err)
{
    (void)ctx;
    if (is_absent(path)) {
        return error_set(err, BEACON_E_NOT_FOUND, "check the path", "%s does not exist", path);
    }
    int rc = place == PROFILE_PLACE_ADMIN ? root_owned_file(path, ret_fd, err)
                                          : ownership_open(NULL, path, false, ret_fd, err);
    return rc == BEACON_OK ? rc : error_wrap(err, "the profile cannot be used");
}

/* Beside the program, as its plugins are; else where it was to be installed. */
static char *bundled_folder(void)
{
    AUTO_FREE char *dir = path_executable_dir();
    AUTO_FREE char *beside = dir != NULL ? path_normal(dir, "../share/beacon/providers.d") : NULL;
    if (beside != NULL && access(beside, F_OK) == 0) {
        return take_pointer(beside);
    }
    return path_normal("/", BEACON_DATADIR "/providers.d");
}

void wire_profiles_init(const char *home, struct wire_profiles *profiles)
{
    *profiles = (struct wire_profiles){
        .bundled = bundled_folder(),
        .home = home != NULL ? path_join(home, "providers.d") : NULL,
    };
    profiles->places = (struct profile_places){
        .folder = {[PROFILE_PLACE_BUNDLED] = profiles->bundled,
                   [PROFILE_PLACE_ADMIN] = system_paths.providers_d,
                   [PROFILE_PLACE_HOME] = profiles->home},
        .open = open_profile,
    };
}

void wire_profiles_finish(struct wire_profiles *profiles)
{
    free(profiles->bundled);
    free(profiles->home);
    *profiles = (struct wire_profiles){0};
}
