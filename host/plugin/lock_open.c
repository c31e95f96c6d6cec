/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/ini_file.h"
#include "base/io.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/lock_parts.h"
#include "plugin/policy.h"
#include "plugin/root_owned.h"
#include "plugin/trust.h"

#define AGAIN "make the lock again with `beacon plugin lock`"

static int read_text(int fd, const char *path, struct text *out, struct beacon_error *err)
{
    text_init(out, INI_FILE_MAX_BYTES);
    return io_read_all(fd, path, out, err);
}

int plugin_lock_read(const char *path, struct plugin_lock **ret, struct beacon_error *err)
{
    struct stat st;
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        int os_errno = fd < 0 ? errno : EINVAL;
        return error_set_errno(err, os_errno == ENOENT ? BEACON_E_NOT_FOUND : BEACON_E_IO, os_errno,
                               AGAIN, "cannot read the lock %s: %s", path,
                               fd < 0 ? strerror(os_errno) : "no regular file");
    }
    AUTO_TEXT struct text text;
    int rc = read_text(fd, path, &text, err);
    return rc == BEACON_OK ? plugin_lock_parse(text_string(&text), text.len, path, ret, err) : rc;
}

/* The bytes that were checked are those that are read: one descriptor, one copy. */
static int read_checked(int fd, const char *path, const struct plugin_policy *policy,
                        struct plugin_lock **ret, struct beacon_error *err)
{
    AUTO_TEXT struct text text;
    const char *signer = NULL;
    int rc = read_text(fd, path, &text, err);
    AUTO_FREE char *signature = alloc_printf("%s%s", path, MINISIGN_SUFFIX);
    if (rc == BEACON_OK && access(signature, F_OK) == 0) {
        const struct minisign_subject subject = {path, text_string(&text), text.len, signature};
        rc = plugin_policy_verify(policy, &subject, &signer, err);
    }
    rc = rc == BEACON_OK ? plugin_lock_parse(text_string(&text), text.len, path, ret, err) : rc;
    if (rc == BEACON_OK && signer != NULL) {
        (*ret)->signer = alloc_string(signer);
    }
    return rc;
}

static int as_policy_error(struct beacon_error *err)
{
    if (err != NULL) {
        err->code = BEACON_E_POLICY;
    }
    return BEACON_E_POLICY;
}

static int open_of_policy(const struct plugin_policy *policy, const char *path, const char *where,
                          struct plugin_lock **ret, struct beacon_error *err)
{
    AUTO_CLOSE int fd = -1;
    int rc = root_owned_file(path, &fd, err);
    if (rc != BEACON_OK) {
        (void)error_wrap(err, "%s: lock", where);
        return as_policy_error(err);
    }
    rc = read_checked(fd, path, policy, ret, err);
    return rc == BEACON_OK ? rc : as_policy_error(err);
}

static int open_of_home(const struct plugin_policy *policy, const char *home,
                        struct plugin_lock **ret, struct beacon_error *err)
{
    AUTO_CLOSE int fd = -1;
    AUTO_FREE char *path = path_join(home, LOCK_FILE);
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        *ret = NULL;
        return BEACON_OK;
    }
    int rc = trust_open_owned(path, false, &fd, err);
    rc = rc == BEACON_OK ? read_checked(fd, path, policy, ret, err) : rc;
    return rc == BEACON_OK ? rc : as_policy_error(err);
}

int plugin_lock_open(const struct plugin_policy *policy, const char *home, struct plugin_lock **ret,
                     struct beacon_error *err)
{
    const char *where = NULL;
    const char *path = plugin_policy_lock(policy, &where);
    if (path != NULL) {
        return open_of_policy(policy, path, where, ret, err);
    }
    if (home != NULL) {
        return open_of_home(policy, home, ret, err);
    }
    *ret = NULL;
    return BEACON_OK;
}
