/* SPDX-License-Identifier: Apache-2.0 */
#include "session/home.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/path.h"
#include "session/dotenv.h"

#define PASSWD_BYTES 4096

static const char *not_blank(const char *value)
{
    if (value == NULL || value[strspn(value, " \t\r\n")] == '\0') {
        return NULL;
    }
    return value;
}

static int resolve_named(const char *variable, const char *value, struct home *ret,
                         struct beacon_error *err)
{
    AUTO_FREE char *canonical = realpath(value, NULL);
    if (canonical == NULL && errno != ENOENT) {
        return error_set_errno(err, BEACON_E_IO, errno, "correct the variable or its folder",
                               "%s points to %s: %s", variable, value, strerror(errno));
    }
    if (canonical == NULL) {
        return error_set_errno(err, BEACON_E_NOT_FOUND, ENOENT,
                               "make that folder (mode 0700) or unset the variable",
                               "%s points to %s, which does not exist", variable, value);
    }
    struct stat status;
    if (stat(canonical, &status) != 0 || !S_ISDIR(status.st_mode)) {
        return error_set(err, BEACON_E_INVALID, "name a folder",
                         "%s points to %s, which is not a folder", variable, value);
    }
    *ret = (struct home){.path = take_pointer(canonical)};
    return BEACON_OK;
}

/* The person's own folder: HOME, else what the password database says. NULL when neither tells. */
static char *user_folder(void)
{
    const char *variable = not_blank(getenv("HOME"));
    if (variable != NULL && variable[0] == '/') {
        return alloc_string(variable);
    }
    struct passwd entry, *found = NULL;
    char strings[PASSWD_BYTES];
    if (getpwuid_r(getuid(), &entry, strings, sizeof strings, &found) != 0 || found == NULL ||
        found->pw_dir == NULL || found->pw_dir[0] != '/') {
        return NULL;
    }
    return alloc_string(found->pw_dir);
}

static int resolve_default(struct home *ret, struct beacon_error *err)
{
    AUTO_FREE char *user = user_folder();
    if (user == NULL) {
        return error_set(err, BEACON_E_INVALID, "set HOME, or CODE_HOME to an existing folder",
                         "HOME is not set and this user has no home folder, so there is no "
                         "place for ~/.code");
    }
    AUTO_FREE char *path = path_join(user, ".code");
    struct stat status;
    if (stat(path, &status) == 0) {
        if (!S_ISDIR(status.st_mode)) {
            return error_set(err, BEACON_E_INVALID, "move it away, or set CODE_HOME",
                             "%s is not a folder", path);
        }
    } else if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return error_set_errno(err, BEACON_E_IO, errno,
                               "make it yourself (mode 0700), or set CODE_HOME to a folder "
                               "that can be written",
                               "cannot make code home %s: %s", path, strerror(errno));
    }
    *ret = (struct home){
        .path = take_pointer(path), .legacy_path = path_join(user, ".codex"), .is_default = true};
    return BEACON_OK;
}

int home_resolve(struct home *ret, struct beacon_error *err)
{
    const char *named = not_blank(getenv("CODE_HOME"));
    if (named != NULL) {
        return resolve_named("CODE_HOME", named, ret, err);
    }
    named = not_blank(getenv("CODEX_HOME"));
    if (named == NULL) {
        return resolve_default(ret, err);
    }
    int rc = resolve_named("CODEX_HOME", named, ret, err);
    if (rc == BEACON_OK) {
        ret->warning = "CODEX_HOME is deprecated; set CODE_HOME instead";
    }
    return rc;
}

void home_finish(struct home *home)
{
    free(home->path);
    free(home->legacy_path);
    *home = (struct home){0};
}

int home_start(const char *cwd, const char *managed_path, struct home *ret,
               struct beacon_error *err)
{
    struct home first = {0};
    int rc = home_resolve(&first, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    first.managed_path = managed_path;
    dotenv_load(&first, cwd);
    struct home second = {0};
    rc = home_resolve(&second, err);
    if (rc == BEACON_OK) {
        second.managed_path = managed_path;
        /* After loading, CODE_HOME hides that it was the alias that led here. */
        second.warning = second.warning != NULL ? second.warning : first.warning;
        *ret = second;
    }
    home_finish(&first);
    return rc;
}

char *home_file(const struct home *home, const char *name)
{
    char *path = path_join(home->path, name);
    if (home->legacy_path == NULL || access(path, F_OK) == 0) {
        return path;
    }
    AUTO_FREE char *legacy = path_join(home->legacy_path, name);
    if (access(legacy, F_OK) != 0) {
        return path;
    }
    free(path);
    return take_pointer(legacy);
}

enum home_lock_mode home_lock_mode(const char *configured)
{
    const char *said = not_blank(getenv("CODE_HOME_LOCK"));
    said = said != NULL ? said : configured;
    return said != NULL && strcasecmp(said, "shared") == 0 ? HOME_LOCK_SHARED : HOME_LOCK_EXCLUSIVE;
}

int home_lock(const struct home *home, enum home_lock_mode mode, int *ret_fd,
              struct beacon_error *err)
{
    AUTO_FREE char *path = path_join(home->path, "code-home.lock");
    AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return error_set_errno(err, BEACON_E_IO, errno,
                               "make the folder writable, or set CODE_HOME to one that is",
                               "code home %s cannot be written: %s", home->path, strerror(errno));
    }
    int operation = mode == HOME_LOCK_SHARED ? LOCK_SH : LOCK_EX;
    if (flock(fd, operation | LOCK_NB) == 0) {
        *ret_fd = take_fd(&fd);
        return BEACON_OK;
    }
    if (errno == EWOULDBLOCK) {
        return error_set(err, BEACON_E_BUSY,
                         "end the other one, set CODE_HOME, or set home_lock = \"shared\"",
                         "code home already in use; set CODE_HOME to isolate state per instance");
    }
    return error_set_errno(err, BEACON_E_IO, errno, "put CODE_HOME on a local file system",
                           "cannot lock %s: %s", path, strerror(errno));
}
