/* landlock_abi.h - the Landlock system calls, with names newer than the build machine's headers.
 *
 * Levels: 1 files, 2 rename across directories, 3 truncate, 4 TCP, 5 device ioctl, 6 scopes, 7 audit.
 */
#ifndef SANDBOX_LANDLOCK_LANDLOCK_ABI_H
#define SANDBOX_LANDLOCK_LANDLOCK_ABI_H

#include <stdint.h>

#define SYS_LANDLOCK_CREATE_RULESET 444
#define SYS_LANDLOCK_ADD_RULE       445

#define ASK_VERSION       1u
#define RULE_PATH_BENEATH 1

#define FS_EXECUTE     (1ULL << 0)
#define FS_WRITE_FILE  (1ULL << 1)
#define FS_READ_FILE   (1ULL << 2)
#define FS_READ_DIR    (1ULL << 3)
#define FS_REMOVE_DIR  (1ULL << 4)
#define FS_REMOVE_FILE (1ULL << 5)
#define FS_MAKE_CHAR   (1ULL << 6)
#define FS_MAKE_DIR    (1ULL << 7)
#define FS_MAKE_REG    (1ULL << 8)
#define FS_MAKE_SOCK   (1ULL << 9)
#define FS_MAKE_FIFO   (1ULL << 10)
#define FS_MAKE_BLOCK  (1ULL << 11)
#define FS_MAKE_SYM    (1ULL << 12)
#define FS_REFER       (1ULL << 13)
#define FS_TRUNCATE    (1ULL << 14)
#define FS_IOCTL_DEV   (1ULL << 15)

#define NET_BIND_TCP    (1ULL << 0)
#define NET_CONNECT_TCP (1ULL << 1)

#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define SCOPE_SIGNAL               (1ULL << 1)

struct ruleset_attr {
    uint64_t handled_fs;
    uint64_t handled_net; /* from level 4 */
    uint64_t scoped;      /* from level 6 */
};

struct path_beneath_attr {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));

#endif
