/* SPDX-License-Identifier: Apache-2.0 */
#include "ruleset_devices.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "landlock_abi.h"

static bool is_left_out(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "dev") == 0;
}

/* A link at the top leads to one of the others; one that is gone meanwhile needs no rule. */
static int allow(int ruleset, int top, const char *name)
{
    struct stat st;
    int rc = 0;
    int fd = openat(top, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    if (fstat(fd, &st) == 0 && (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode))) {
        const struct path_beneath_attr attr = {.allowed = FS_READ_FILE, .parent_fd = fd};
        rc = (int)syscall(SYS_LANDLOCK_ADD_RULE, ruleset, RULE_PATH_BENEATH, &attr, 0);
    }
    (void)close(fd);
    return rc;
}

int ruleset_allow_all_but_devices(int ruleset)
{
    DIR *top = opendir("/");
    int rc = top == NULL ? -1 : 0;
    for (struct dirent *entry = top == NULL ? NULL : readdir(top); entry != NULL && rc == 0;
         entry = readdir(top)) {
        rc = is_left_out(entry->d_name) ? 0 : allow(ruleset, dirfd(top), entry->d_name);
    }
    if (top != NULL) {
        (void)closedir(top);
    }
    return rc;
}
