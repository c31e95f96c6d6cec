/* SPDX-License-Identifier: Apache-2.0 */
#include "filter_table.h"

#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "filter.h"

/* Newer than the C library's list; from 424 on the numbers are the same everywhere. */
#define CALL_QUOTACTL_FD    443
#define CALL_FCHMODAT2      452
#define CALL_STATMOUNT      457
#define CALL_LISTMOUNT      458
#define CALL_SETXATTRAT     463
#define CALL_REMOVEXATTRAT  466
#define CALL_OPEN_TREE_ATTR 467
#define CALL_FILE_SETATTR   469

const uint32_t filter_newest_call = CALL_FILE_SETATTR; /* Linux 6.17 */

#define NEW_NAMESPACES                                                                             \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET)
#define CLONE_NEW_TIME 0x80u /* of unshare; in clone these bits are the exit signal */

#define PERSONALITY_QUERY 0xffffffffu

#define LOW_BITS 0xffffffffu

/* Tests. */
#define EQUAL(arg, v)                                                                              \
    {                                                                                              \
        FILTER_IF_MASKED, (arg), (uint32_t)(v), LOW_BITS                                           \
    }
#define MASKED(arg, m, v)                                                                          \
    {                                                                                              \
        FILTER_IF_MASKED, (arg), (uint32_t)(v), (uint32_t)(m)                                      \
    }
#define IS_NOT(arg, v)                                                                             \
    {                                                                                              \
        FILTER_IF_NOT, (arg), (uint32_t)(v), LOW_BITS                                              \
    }
#define ANY(arg, v)                                                                                \
    {                                                                                              \
        FILTER_IF_ANY, (arg), (uint32_t)(v), 0                                                     \
    }

/* Rows. */
#define ROW(number, what)                                                                          \
    {                                                                                              \
        .call = (number), .answer = FILTER_##what                                                  \
    }
#define ROW_IF(number, what, ...)                                                                  \
    {                                                                                              \
        .call = (number), .answer = FILTER_##what, .tests = { __VA_ARGS__ }                        \
    }
#define DENY(name)          ROW(SYS_##name, EPERM)
#define ABSENT(name)        ROW(SYS_##name, ENOSYS)
#define DENY_IF(name, ...)  ROW_IF(SYS_##name, EPERM, __VA_ARGS__)
#define ALLOW_IF(name, ...) ROW_IF(SYS_##name, ALLOW, __VA_ARGS__)
#define DENY_IOCTL_TYPE(type)                                                                      \
    DENY_IF(ioctl, MASKED(1, _IOC_TYPEMASK << _IOC_TYPESHIFT, (uint32_t)(type) << _IOC_TYPESHIFT))

/* Changes of metadata: refused, or asked about. */
#define METADATA_NUMBER(number)                                                                    \
    {.call = (number), .answer = FILTER_EPERM, .only_in = FILTER_NO_METADATA},                     \
    {                                                                                              \
        .call = (number), .answer = FILTER_ASK, .only_in = FILTER_ASK_METADATA                     \
    }
#define METADATA(name) METADATA_NUMBER(SYS_##name)

/* Newer calls that can do the same; where the supervisor is asked, programs take the older. */
#define NEW_METADATA(number)                                                                       \
    {.call = (number), .answer = FILTER_EPERM, .only_in = FILTER_NO_METADATA},                     \
    {                                                                                              \
        .call = (number), .answer = FILTER_ENOSYS, .only_in = FILTER_ASK_METADATA                  \
    }

#define INTERNET(family, type)                                                                     \
    {                                                                                              \
        .call = SYS_socket, .answer = FILTER_ALLOW, .not_in = FILTER_NO_NETWORK, .tests = {        \
            EQUAL(0, family),                                                                      \
            SOCKET_TYPE(type)                                                                      \
        }                                                                                          \
    }
#define SOCKET_TYPE(type) MASKED(1, SOCKET_TYPE_MASK, type)
#define SOCKET_TYPE_MASK  0xf /* the rest are SOCK_CLOEXEC and SOCK_NONBLOCK */

/* An open that truncates without asking for a writable descriptor, in both its spellings: access modes
 * 0 and 3. */
#define NO_BLIND_TRUNCATE(name, arg, mode)                                                         \
    {                                                                                              \
        .call = SYS_##name, .only_in = FILTER_NO_TRUNCATE, .tests = {                              \
            MASKED(arg, O_TRUNC | O_ACCMODE, O_TRUNC | (mode))                                     \
        }                                                                                          \
    }

const struct filter_row filter_rows[] = {
    /* New namespaces would bring capabilities, and with them most of what follows. The flags of
     * clone3 are behind a pointer; C libraries fall back to clone. */
    ABSENT(clone3),
    DENY_IF(clone, ANY(0, NEW_NAMESPACES)),
    DENY_IF(unshare, ANY(0, NEW_NAMESPACES | CLONE_NEW_TIME)),
    DENY(setns),

    /* A second way to make every call, past this filter. */
    ABSENT(io_uring_setup),
    ABSENT(io_uring_enter),
    ABSENT(io_uring_register),

    /* The kernel itself. */
    DENY(bpf),
    DENY(perf_event_open),
    DENY(userfaultfd),
    DENY(init_module),
    DENY(finit_module),
    DENY(delete_module),
    DENY(kexec_load),
#ifdef SYS_kexec_file_load
    DENY(kexec_file_load),
#endif
    DENY(reboot),
    DENY(swapon),
    DENY(swapoff),
    DENY(acct),
    DENY(quotactl),
    ROW(CALL_QUOTACTL_FD, EPERM),
    DENY(syslog),
    DENY(lookup_dcookie),
    DENY(vhangup),
    DENY(sethostname),
    DENY(setdomainname),
    DENY(settimeofday),
    DENY(clock_settime),
    DENY(clock_adjtime),
    DENY(adjtimex),
#ifdef SYS_iopl
    DENY(iopl),
    DENY(ioperm),
    DENY(modify_ldt),
#endif

    /* Keyrings are shared by all processes of a user. */
    DENY(add_key),
    DENY(request_key),
    DENY(keyctl),

    /* The mount table, by the old calls and the new. */
    DENY(mount),
    DENY(umount2),
    DENY(pivot_root),
    DENY(open_tree),
    DENY(move_mount),
    DENY(fsopen),
    DENY(fsconfig),
    DENY(fsmount),
    DENY(fspick),
    DENY(mount_setattr),
    ROW(CALL_OPEN_TREE_ATTR, EPERM),
    ROW(CALL_STATMOUNT, ENOSYS),
    ROW(CALL_LISTMOUNT, ENOSYS),

    /* Around the paths that Landlock watches. */
    DENY(open_by_handle_at),
    DENY(fanotify_init),
    DENY(fanotify_mark),

    /* Other processes, where ptrace's own rules are not enough. */
    DENY(pidfd_getfd),
    DENY(process_vm_readv),
    DENY(process_vm_writev),
    DENY(process_madvise),
    DENY(kcmp),
    DENY_IF(prlimit64, IS_NOT(0, 0)),

    /* Debuggers switch address randomisation off; everything else here weakens a program. */
    ALLOW_IF(personality, EQUAL(0, PERSONALITY_QUERY)),
    DENY_IF(personality, ANY(0, ~(uint32_t)ADDR_NO_RANDOMIZE)),

    /* The kernel looks at the low 32 bits of the command only, and so must we. Typing into the
     * terminal, and its console tricks. */
    DENY_IF(ioctl, EQUAL(1, TIOCSTI)),
    DENY_IF(ioctl, EQUAL(1, TIOCLINUX)),
    DENY_IF(ioctl, EQUAL(1, TIOCCONS)),
    DENY_IF(ioctl, EQUAL(1, TIOCSETD)),

    /* File systems change files, and themselves, through a descriptor that may only be read, and
     * Landlock is not asked: attributes, encryption, verity, subvolumes, freezing, shutting down.
     * Of their families only looking, and sharing blocks with a writable file, is left; attributes
     * where read-only mounts are asked. */
    {.call = SYS_ioctl,
     .answer = FILTER_ALLOW,
     .only_in = FILTER_IN_NAMESPACES,
     .tests = {EQUAL(1, FS_IOC_SETFLAGS)}},
    {.call = SYS_ioctl,
     .answer = FILTER_ALLOW,
     .only_in = FILTER_IN_NAMESPACES,
     .tests = {EQUAL(1, FS_IOC_FSSETXATTR)}},
    ALLOW_IF(ioctl, EQUAL(1, FS_IOC_GETFLAGS)),
    ALLOW_IF(ioctl, EQUAL(1, FS_IOC_FIEMAP)),
    ALLOW_IF(ioctl, EQUAL(1, FS_IOC_FSGETXATTR)),
    ALLOW_IF(ioctl, EQUAL(1, FS_IOC_GETVERSION)),
    ALLOW_IF(ioctl, EQUAL(1, FICLONE)),
    ALLOW_IF(ioctl, EQUAL(1, FICLONERANGE)),
    ALLOW_IF(ioctl, EQUAL(1, FIDEDUPERANGE)),
    ALLOW_IF(ioctl, EQUAL(1, FS_IOC_GETFSLABEL)),
    DENY_IOCTL_TYPE('f'),
    DENY_IOCTL_TYPE('v'),
    DENY_IOCTL_TYPE('X'),
    DENY_IOCTL_TYPE(0x94), /* btrfs */
    DENY_IOCTL_TYPE(0xf5), /* f2fs */
    DENY_IOCTL_TYPE(0xaa), /* page faults, where a device gives them */

    /* A local datagram socket can send to any path it names, call by call; SOCK_RAW is the same there.
     * Families beyond the needed few have been doors to the kernel, and one leads to the machine
     * around this one; they are absent, because programs go on without them, while the internet is
     * refused in words that say so. */
    DENY_IF(socket, EQUAL(0, AF_UNIX), SOCKET_TYPE(SOCK_DGRAM)),
    DENY_IF(socket, EQUAL(0, AF_UNIX), SOCKET_TYPE(SOCK_RAW)),
    ALLOW_IF(socket, EQUAL(0, AF_UNIX)),
    INTERNET(AF_INET, SOCK_STREAM),
    INTERNET(AF_INET, SOCK_DGRAM),
    INTERNET(AF_INET6, SOCK_STREAM),
    INTERNET(AF_INET6, SOCK_DGRAM),
    DENY_IF(socket, EQUAL(0, AF_INET)),
    DENY_IF(socket, EQUAL(0, AF_INET6)),
    {.call = SYS_socket,
     .answer = FILTER_ALLOW,
     .not_in = FILTER_NO_NETWORK,
     .tests = {EQUAL(0, AF_NETLINK), EQUAL(2, NETLINK_ROUTE)}},
    ROW(SYS_socket, EAFNOSUPPORT),
    DENY_IF(socketpair, EQUAL(0, AF_UNIX), SOCKET_TYPE(SOCK_DGRAM)),
    DENY_IF(socketpair, EQUAL(0, AF_UNIX), SOCKET_TYPE(SOCK_RAW)),
    ALLOW_IF(socketpair, EQUAL(0, AF_UNIX)),
    ROW(SYS_socketpair, EAFNOSUPPORT),
    {.call = SYS_connect, .answer = FILTER_ASK, .only_in = FILTER_ASK_CONNECT},

    /* Landlock below level 3. What is left is truncating through a descriptor opened for writing,
     * which Landlock did watch. The flags of openat2 are behind a pointer. */
    {.call = SYS_truncate, .only_in = FILTER_NO_TRUNCATE},
    {.call = SYS_openat2, .answer = FILTER_ENOSYS, .only_in = FILTER_NO_TRUNCATE},
    NO_BLIND_TRUNCATE(openat, 2, O_RDONLY),
    NO_BLIND_TRUNCATE(openat, 2, O_ACCMODE),
#ifdef SYS_open
    NO_BLIND_TRUNCATE(open, 1, O_RDONLY),
    NO_BLIND_TRUNCATE(open, 1, O_ACCMODE),
#endif

/* Landlock does not watch these. Where nothing at all may be written they can all go; else the
 * supervisor is asked where the file is. */
#ifdef SYS_chmod
    METADATA(chmod),
    METADATA(chown),
    METADATA(lchown),
    METADATA(utime),
    METADATA(utimes),
    METADATA(futimesat),
#endif
    METADATA(fchmod),
    METADATA(fchmodat),
    METADATA_NUMBER(CALL_FCHMODAT2),
    METADATA(fchown),
    METADATA(fchownat),
    METADATA(utimensat),
    METADATA(setxattr),
    METADATA(lsetxattr),
    METADATA(fsetxattr),
    NEW_METADATA(CALL_SETXATTRAT),
    METADATA(removexattr),
    METADATA(lremovexattr),
    METADATA(fremovexattr),
    NEW_METADATA(CALL_REMOVEXATTRAT),
    NEW_METADATA(CALL_FILE_SETATTR),
};

const size_t filter_row_count = sizeof filter_rows / sizeof filter_rows[0];

/* Those of the component landlock by network, mode and kernel; then those of namespaces. */
#define WITH_AND_WITHOUT_NETWORK(bits) (bits), (bits) | FILTER_NO_NETWORK
#define ON_OLD_AND_NEW(bits)                                                                       \
    WITH_AND_WITHOUT_NETWORK(bits), WITH_AND_WITHOUT_NETWORK((bits) | FILTER_NO_TRUNCATE)

const uint32_t filter_variants[] = {
    ON_OLD_AND_NEW(0u),
    ON_OLD_AND_NEW(FILTER_NO_METADATA),
    ON_OLD_AND_NEW(FILTER_NO_METADATA | FILTER_ASK_CONNECT),
    ON_OLD_AND_NEW(FILTER_ASK_METADATA | FILTER_ASK_CONNECT),
    WITH_AND_WITHOUT_NETWORK(FILTER_IN_NAMESPACES),
    WITH_AND_WITHOUT_NETWORK(FILTER_IN_NAMESPACES | FILTER_ASK_CONNECT),
};

const size_t filter_variant_count = sizeof filter_variants / sizeof filter_variants[0];
