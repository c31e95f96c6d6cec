/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include "profile_case.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/error.h"
#include "config_case.h"

static unsigned n_opened;

static int open_plainly(void *ctx, const char *path, enum profile_place place, int *ret_fd,
                        struct beacon_error *err)
{
    (void)ctx;
    (void)place;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return error_set(err, errno == ENOENT ? BEACON_E_NOT_FOUND : BEACON_E_REFUSED, "look at it",
                         "%s: %s", path, strerror(errno));
    }
    n_opened++;
    *ret_fd = fd;
    return BEACON_OK;
}

unsigned profile_case_opened(void)
{
    return n_opened;
}

struct config *profile_case_load(void **state, const char *user_file)
{
    struct config_request request = case_request(state);
    const struct profile_places places = {
        .folder = {[PROFILE_PLACE_BUNDLED] = temp_path(state, "bundled"),
                   [PROFILE_PLACE_ADMIN] = temp_path(state, "admin"),
                   [PROFILE_PLACE_HOME] = temp_path(state, "home/providers.d")},
        .open = open_plainly};
    case_write(state, "home/config.toml", user_file);
    request.profiles = &places;
    n_opened = 0;
    return case_load(&request);
}
