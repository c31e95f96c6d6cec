/* SPDX-License-Identifier: Apache-2.0 */
#include "filter.h"

#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>

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

#define DENY(name)                                                                                 \
    {                                                                                              \
        .call = SYS_##name, .answer = FILTER_EPERM                                                 \
    }
#define ABSENT(name)                                                                               \
    {                                                                                              \
        .call = SYS_##name, .answer = FILTER_ENOSYS                                                \
    }
#define DENY_NUMBER(number)                                                                        \
    {                                                                                              \
        .call = (number), .answer = FILTER_EPERM                                                   \
    }
#define ABSENT_NUMBER(number)                                                                      \
    {                                                                                              \
        .call = (number), .answer = FILTER_ENOSYS                                                  \
    }
#define KEEP_METADATA(name)                                                                        \
    {                                                                                              \
        .call = SYS_##name, .answer = FILTER_EPERM, .only_in = FILTER_NO_METADATA                  \
    }
#define KEEP_METADATA_NUMBER(number)                                                               \
    {                                                                                              \
        .call = (number), .answer = FILTER_EPERM, .only_in = FILTER_NO_METADATA                    \
    }
#define DENY_IF_EQUAL(name, arg, v)                                                                \
    {                                                                                              \
        .call = SYS_##name, .test = FILTER_IF_EQUAL, .argument = (arg), .value = (uint32_t)(v)     \
    }
#define DENY_IF_ANY(name, arg, v)                                                                  \
    {                                                                                              \
        .call = SYS_##name, .test = FILTER_IF_ANY, .argument = (arg), .value = (uint32_t)(v)       \
    }
#define ALLOW_IF_EQUAL(name, arg, v)                                                               \
    {                                                                                              \
        .call = SYS_##name, .answer = FILTER_ALLOW, .test = FILTER_IF_EQUAL, .argument = (arg),    \
        .value = (uint32_t)(v)                                                                     \
    }
#define DENY_IOCTL_TYPE(type)                                                                      \
    {                                                                                              \
        .call = SYS_ioctl, .test = FILTER_IF_MASKED, .argument = 1,                                \
        .value = (uint32_t)(type) << _IOC_TYPESHIFT, .mask = _IOC_TYPEMASK << _IOC_TYPESHIFT       \
    }
#define LOCAL_SOCKETS_ONLY(name)                                                                   \
    {                                                                                              \
        .call = SYS_##name, .test = FILTER_UNLESS_EQUAL, .argument = 0, .value = AF_UNIX,          \
        .only_in = FILTER_NO_NETWORK                                                               \
    }

/* An open that truncates without asking for a writable descriptor, in both its spellings: access modes
 * 0 and 3. */
#define NO_BLIND_TRUNCATE(name, arg, mode)                                                         \
    {                                                                                              \
        .call = SYS_##name, .test = FILTER_IF_MASKED, .argument = (arg),                           \
        .value = O_TRUNC | (mode), .mask = O_TRUNC | O_ACCMODE, .only_in = FILTER_NO_TRUNCATE      \
    }

const struct filter_row filter_rows[] = {
    /* New namespaces would bring capabilities, and with them most of what follows. The flags of
     * clone3 are behind a pointer; C libraries fall back to clone. */
    ABSENT(clone3),
    DENY_IF_ANY(clone, 0, NEW_NAMESPACES),
    DENY_IF_ANY(unshare, 0, NEW_NAMESPACES | CLONE_NEW_TIME),
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
    DENY_NUMBER(CALL_QUOTACTL_FD),
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
    DENY_NUMBER(CALL_OPEN_TREE_ATTR),
    ABSENT_NUMBER(CALL_STATMOUNT),
    ABSENT_NUMBER(CALL_LISTMOUNT),

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
    {.call = SYS_prlimit64, .test = FILTER_UNLESS_EQUAL, .argument = 0, .value = 0},

    /* Debuggers switch address randomisation off; everything else here weakens a program. */
    {.call = SYS_personality,
     .answer = FILTER_ALLOW,
     .test = FILTER_IF_EQUAL,
     .value = PERSONALITY_QUERY},
    DENY_IF_ANY(personality, 0, ~(uint32_t)ADDR_NO_RANDOMIZE),

    /* The kernel looks at the low 32 bits of the command only, and so must we. Typing into the
     * terminal, and its console tricks. */
    DENY_IF_EQUAL(ioctl, 1, TIOCSTI),
    DENY_IF_EQUAL(ioctl, 1, TIOCLINUX),
    DENY_IF_EQUAL(ioctl, 1, TIOCCONS),

    /* File systems change files, and themselves, through a descriptor that may only be read, and
     * Landlock is not asked: attributes, encryption, verity, subvolumes, freezing, shutting down.
     * Of their families only looking, and sharing blocks with a writable file, is left. */
    ALLOW_IF_EQUAL(ioctl, 1, FS_IOC_GETFLAGS),
    ALLOW_IF_EQUAL(ioctl, 1, FS_IOC_FIEMAP),
    ALLOW_IF_EQUAL(ioctl, 1, FS_IOC_FSGETXATTR),
    ALLOW_IF_EQUAL(ioctl, 1, FS_IOC_GETVERSION),
    ALLOW_IF_EQUAL(ioctl, 1, FICLONE),
    ALLOW_IF_EQUAL(ioctl, 1, FICLONERANGE),
    ALLOW_IF_EQUAL(ioctl, 1, FIDEDUPERANGE),
    ALLOW_IF_EQUAL(ioctl, 1, FS_IOC_GETFSLABEL),
    DENY_IOCTL_TYPE('f'),
    DENY_IOCTL_TYPE('v'),
    DENY_IOCTL_TYPE('X'),
    DENY_IOCTL_TYPE(0x94), /* btrfs */
    DENY_IOCTL_TYPE(0xf5), /* f2fs */

    LOCAL_SOCKETS_ONLY(socket),
    LOCAL_SOCKETS_ONLY(socketpair),

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

/* Landlock does not watch these. Where nothing at all may be written they can all go. */
#ifdef SYS_chmod
    KEEP_METADATA(chmod),
    KEEP_METADATA(chown),
    KEEP_METADATA(lchown),
    KEEP_METADATA(utime),
    KEEP_METADATA(utimes),
    KEEP_METADATA(futimesat),
#endif
    KEEP_METADATA(fchmod),
    KEEP_METADATA(fchmodat),
    KEEP_METADATA_NUMBER(CALL_FCHMODAT2),
    KEEP_METADATA(fchown),
    KEEP_METADATA(fchownat),
    KEEP_METADATA(utimensat),
    KEEP_METADATA(setxattr),
    KEEP_METADATA(lsetxattr),
    KEEP_METADATA(fsetxattr),
    KEEP_METADATA_NUMBER(CALL_SETXATTRAT),
    KEEP_METADATA(removexattr),
    KEEP_METADATA(lremovexattr),
    KEEP_METADATA(fremovexattr),
    KEEP_METADATA_NUMBER(CALL_REMOVEXATTRAT),
    KEEP_METADATA_NUMBER(CALL_FILE_SETATTR),
};

const size_t filter_row_count = sizeof filter_rows / sizeof filter_rows[0];
