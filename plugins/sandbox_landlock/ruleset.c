/* SPDX-License-Identifier: Apache-2.0 */
#include "ruleset.h"

#include <beacon-sdk/error.h>
#include <beacon-sdk/text.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "landlock_abi.h"
#include "ruleset_devices.h"

#define FS_READING (FS_READ_FILE | FS_READ_DIR)

/* Every way of changing files that the lowest level knows, restricted in every ruleset. */
#define FS_CHANGING                                                                                \
    (FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_CHAR | FS_MAKE_DIR | FS_MAKE_REG |   \
     FS_MAKE_SOCK | FS_MAKE_FIFO | FS_MAKE_BLOCK | FS_MAKE_SYM | FS_REFER)

/* A device node made by root in a writable tree would be a door to the raw disk. */
#define FS_WRITABLE_TREE                                                                           \
    ((FS_CHANGING | FS_TRUNCATE | FS_IOCTL_DEV) & ~(FS_MAKE_CHAR | FS_MAKE_BLOCK))

/* What may be said about something that is not a directory. */
#define FS_OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

uint32_t landlock_level(void)
{
    long level = syscall(SYS_LANDLOCK_CREATE_RULESET, NULL, 0, ASK_VERSION);
    return level > 0 ? (uint32_t)level : 0;
}

static bool limits_devices(const struct ruleset_wish *wish)
{
    return wish->are_devices_limited && !wish->is_read_limited;
}

static uint64_t handled_files(const struct ruleset_wish *wish, uint32_t level)
{
    uint64_t handled = FS_CHANGING;
    handled |= level >= LANDLOCK_LEVEL_TRUNCATE ? FS_TRUNCATE : 0;
    handled |= level >= 5 ? FS_IOCTL_DEV : 0;
    handled |= wish->is_read_limited ? FS_READING : 0;
    handled |= wish->is_exec_limited ? FS_EXECUTE : 0;
    handled |= limits_devices(wish) ? FS_READ_FILE : 0;
    return handled;
}

/* The struct grew with the level; a kernel takes a longer one only when the tail is zero. */
static int create_ruleset(const struct ruleset_wish *wish, uint32_t level)
{
    struct ruleset_attr attr = {.handled_fs = handled_files(wish, level)};
    if (level >= 4 && !wish->has_network) {
        attr.handled_net = NET_BIND_TCP | NET_CONNECT_TCP;
    }
    if (level >= 6) {
        attr.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
    }
    return (int)syscall(SYS_LANDLOCK_CREATE_RULESET, &attr, sizeof attr, 0);
}

static uint64_t allowed_by(uint32_t access, bool is_directory)
{
    uint64_t allowed = 0;
    allowed |= (access & BEACON_PATH_READ) != 0 ? FS_READING : 0;
    allowed |= (access & BEACON_PATH_EXEC) != 0 ? FS_EXECUTE : 0;
    allowed |= (access & BEACON_PATH_WRITE) != 0 ? FS_WRITABLE_TREE : 0;
    return is_directory ? allowed : allowed & FS_OF_FILES;
}

static int open_rule(const struct beacon_path_rule *rule)
{
    char path[PATH_MAX];
    if (rule->fd >= 0) {
        return rule->fd;
    }
    if (rule->path.n >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(path, rule->path.p, rule->path.n);
    path[rule->path.n] = '\0';
    return open(path, O_PATH | O_CLOEXEC);
}

static int add_rule(int ruleset, uint64_t handled, const struct beacon_path_rule *rule)
{
    struct stat st;
    int fd = open_rule(rule);
    if (fd < 0 || fstat(fd, &st) != 0) {
        return -1;
    }
    struct path_beneath_attr attr = {
        .allowed = allowed_by(rule->access, S_ISDIR(st.st_mode)) & handled,
        .parent_fd = fd,
    };
    int rc = 0;
    if (attr.allowed != 0) {
        rc = (int)syscall(SYS_LANDLOCK_ADD_RULE, ruleset, RULE_PATH_BENEATH, &attr, 0);
    }
    if (rule->fd < 0) {
        (void)close(fd);
    }
    return rc;
}

static bool is_readable_top(const struct beacon_path_rule *rule)
{
    const uint32_t bits = BEACON_PATH_READ | BEACON_PATH_WRITE;
    return beacon_span_is(rule->path, "/") && (rule->access & bits) == BEACON_PATH_READ;
}

static int add_rule_of(int ruleset, const struct ruleset_wish *wish, uint64_t handled,
                       const struct beacon_path_rule *rule)
{
    if (!limits_devices(wish) || !is_readable_top(rule)) {
        return add_rule(ruleset, handled, rule);
    }
    int rc = add_rule(ruleset, handled & ~FS_READ_FILE, rule);
    return rc == 0 ? ruleset_allow_all_but_devices(ruleset) : rc;
}

beacon_rc ruleset_build(const struct ruleset_wish *wish, uint32_t level, int *ret,
                        struct beacon_error *err)
{
    int ruleset = create_ruleset(wish, level);
    if (ruleset < 0) {
        return beacon_error_fill(err, BEACON_E_REFUSED, "see 'beacon sandbox explain'",
                                 "cannot create a Landlock ruleset: %s", strerror(errno));
    }
    uint64_t handled = handled_files(wish, level);
    for (size_t i = 0; i < wish->n_paths; i++) {
        const struct beacon_path_rule *rule = wish->paths[i];
        if ((rule->access & BEACON_PATH_DENY) == 0 &&
            add_rule_of(ruleset, wish, handled, rule) != 0) {
            int os_errno = errno;
            (void)close(ruleset);
            return beacon_error_fill(
                err, BEACON_E_REFUSED, "check that the path still exists, or leave it out",
                "cannot allow %.*s in the Landlock ruleset: %s",
                (int)(rule->path.n < 200 ? rule->path.n : 200), rule->path.p, strerror(os_errno));
        }
    }
    *ret = ruleset;
    return BEACON_OK;
}
