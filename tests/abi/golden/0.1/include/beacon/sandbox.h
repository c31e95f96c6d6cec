/* SPDX-License-Identifier: Apache-2.0
 * beacon/sandbox.h - "beacon.sandbox/1": the plugin plans, the host executes the plan.
 *
 * For each command the host asks a backend to prepare(): in the parent, the plugin opens what it
 * needs and writes a plan of operations, which are data. The host forks, runs the operations in their
 * order and calls execve; no plugin code runs between fork and exec. The plan *promises* what it will
 * enforce, and the host refuses to run the command unless the promise covers what is required.
 *
 * In this header every operation, access bit, require bit and flag is critical: one that is not known
 * is BEACON_E_UNSUPPORTED and the command is refused, never run with less.
 * Called by the host's sandbox/ on a worker. Thread tags as in plugin.h.
 */
#ifndef BEACON_SANDBOX_H
#define BEACON_SANDBOX_H
#include "host.h"

BEACON_BEGIN_DECLS

#define BEACON_SANDBOX_IFACE "beacon.sandbox/1"

/* What can be enforced, is required, or was promised. */
#define BEACON_SB_FS_WRITE      1u
#define BEACON_SB_FS_READ       2u
#define BEACON_SB_NET           4u
#define BEACON_SB_NET_ALLOWLIST 8u
#define BEACON_SB_PROC          16u /* no ptrace, no signals to the outside */
#define BEACON_SB_IPC           32u
#define BEACON_SB_SYSCALLS      64u
#define BEACON_SB_EXEC          128u
#define BEACON_SB_RESOURCES     256u

#define BEACON_PATH_READ  1u
#define BEACON_PATH_WRITE 2u
#define BEACON_PATH_EXEC  4u
#define BEACON_PATH_DENY                                                                           \
    8u /* takes away the bits set beside it; a missing name stays uncreatable */

/* One rule about a path and everything beneath it. Written by the host, [call]. */
struct beacon_path_rule {
    uint32_t struct_size;
    uint32_t access;        /* BEACON_PATH_* */
    struct beacon_str path; /* absolute, symlinks resolved */
    int32_t fd;             /* O_PATH descriptor held by the host, or -1 when it does not exist */
    uint32_t reserved0;
};

#define BEACON_NET_NONE       0u
#define BEACON_NET_LOOPBACK   1u
#define BEACON_NET_ALLOW_LIST 2u
#define BEACON_NET_FULL       3u

#define BEACON_GIT_PROTECTED 0u /* all of .git is read-only */
#define BEACON_GIT_SAFE      1u /* commit, stash, branches work; hooks and config stay read-only */
#define BEACON_GIT_WRITABLE  2u

/* What the command may do. Written by the host, [call]. */
struct beacon_sandbox_policy {
    uint32_t struct_size;
    uint32_t flags;   /* 0 */
    uint32_t require; /* BEACON_SB_*: refused when the plan does not promise these */
    uint32_t prefer;  /* BEACON_SB_*: wanted, their absence is shown */
    const struct beacon_path_rule *const *paths;
    size_t n_paths;
    const struct beacon_str *net_allow; /* ALLOW_LIST: host names */
    size_t n_net_allow;
    int32_t cwd_fd;      /* O_PATH descriptor of the working directory: no race on its path */
    uint32_t net;        /* BEACON_NET_* */
    uint32_t git;        /* BEACON_GIT_* */
    uint32_t proxy_port; /* of the host's proxy as seen inside; 0 = none */
    const struct beacon_str *unix_allow; /* socket paths that may be connected to */
    size_t n_unix_allow;
};

#define BEACON_EXEC_TTY                                                                            \
    1u /* flag: on a pty; setsid and TIOCSCTTY come before the first operation */

/* The command as the agent asked for it. Written by the host, [call]. */
struct beacon_exec {
    uint32_t struct_size;
    uint32_t flags; /* BEACON_EXEC_* */
    const struct beacon_str *argv;
    size_t argc;
    const struct beacon_kv *env; /* the whole environment */
    size_t n_env;
};

/* Operations, run in order by the host as the last thing before execve. An operation the host does
 * not know makes plan->op() return BEACON_E_UNSUPPORTED, and prepare() must then fail. NAMESPACES
 * comes first: the host clones with `flags`, writes the id maps from the parent and keeps a filtered
 * pid 1 that reaps; later operations run inside. */
#define BEACON_OP_NO_NEW_PRIVS   1u
#define BEACON_OP_LANDLOCK       2u  /* fd = ruleset, flags */
#define BEACON_OP_SECCOMP        3u  /* data = sock_filter[], n = bytes; BEACON_SECCOMP_NOTIFY */
#define BEACON_OP_NAMESPACES     4u  /* flags = CLONE_NEW*; a = inner uid, b = inner gid */
#define BEACON_OP_RLIMIT         5u  /* a = resource, b = soft, c = hard */
#define BEACON_OP_FCHDIR         6u  /* fd */
#define BEACON_OP_CLOSE          7u  /* fd */
#define BEACON_OP_UMASK          8u  /* a = mask */
#define BEACON_OP_PDEATHSIG      9u  /* a = signal; the host checks getppid again */
#define BEACON_OP_DUP_TO         10u /* fd becomes a */
#define BEACON_OP_BIND           11u /* data = struct beacon_mount: open_tree, mount_setattr, move_mount */
#define BEACON_OP_MOUNT          12u /* data = struct beacon_mount: tmpfs, proc, devpts, mqueue */
#define BEACON_OP_MASK           13u /* data = struct beacon_mount: empty read-only thing over target */
#define BEACON_OP_PIVOT          14u /* data = new root; the old root is detached */
#define BEACON_OP_LOOPBACK_UP    15u
#define BEACON_OP_LOCK_USERNS    16u /* second user namespace, every capability dropped */
#define BEACON_OP_LISTEN_TO_HOST 17u /* a = 127.0.0.1 port in the new net namespace, for the host */
#define BEACON_OP_CGROUP         18u /* fd = cgroup directory */
#define BEACON_OP_CAPABILITIES                                                                     \
    19u /* a = set that may stay, bit n = capability n; the rest is lost */

#define BEACON_SECCOMP_NOTIFY 1u /* flag of SECCOMP: the host keeps the listener, calls on_notify */

/* The data of BIND, MOUNT and MASK. Written by the plugin, [call]. */
struct beacon_mount {
    uint32_t struct_size;
    uint32_t flags;    /* 0 */
    uint64_t attr_set; /* MOUNT_ATTR_* of the kernel */
    struct beacon_str source, target, fstype;
    int32_t source_fd; /* instead of source; -1 = none */
    uint32_t reserved0;
};

/* One operation. Written by the plugin, [call]; data is copied when the operation is added. */
struct beacon_op {
    uint32_t struct_size;
    uint32_t op;    /* BEACON_OP_* */
    int32_t fd;     /* of the parent; kept open until release(); -1 = none */
    uint32_t flags; /* as the operation says */
    uint64_t a, b, c;
    const void *data;
    size_t n; /* bytes of data */
};

/* The plan being written. Written by the host, [call]; every slot copies what it is given, and below
 * 0 means that prepare() must fail with that code. [worker: only inside prepare()] */
struct beacon_plan {
    uint32_t struct_size;
    uint32_t flags; /* 0 */
    void *ctx;      /* the host's own */

    /* Put `n` arguments before the command's: bwrap, sandbox-exec. */
    beacon_rc (*wrap)(const struct beacon_plan *p, const struct beacon_str *prefix, size_t n);

    /* Set or remove one variable of the command's environment. INVALID: a name with '=' or NUL. */
    beacon_rc (*env_set)(const struct beacon_plan *p, struct beacon_str k, struct beacon_str v);
    beacon_rc (*env_unset)(const struct beacon_plan *p, struct beacon_str k);

    /* Let the command inherit `parent_fd` as `child_fd`; duplicated at once, so the plugin may close
     * its own. INVALID: not open, or a number the host uses. */
    beacon_rc (*give_fd)(const struct beacon_plan *p, int32_t parent_fd, int32_t child_fd);

    /* Append one operation. UNSUPPORTED: the host does not know it or a flag of it. */
    beacon_rc (*op)(const struct beacon_plan *p, const struct beacon_op *op);

    /* Say what will hold once the plan has run: BEACON_SB_*. Several calls add up. */
    beacon_rc (*promise)(const struct beacon_plan *p, uint32_t enforced);

    /* One sentence for `beacon sandbox explain`. */
    beacon_rc (*note)(const struct beacon_plan *p, struct beacon_str human);
};

/* What this system lets the backend enforce. Zeroed by the host, filled with BEACON_SET. */
struct beacon_sandbox_report {
    uint32_t struct_size;
    uint32_t can_enforce; /* BEACON_SB_* */
    uint32_t flags;       /* 0 */
    uint32_t abi_level;   /* such as the Landlock ABI; 0 = does not apply */
    char detail[128];     /* one sentence with NUL: what was found, or what is missing */
};

/* A system call that waits for an answer. Written by the host, [call]. */
struct beacon_sb_notice {
    uint32_t struct_size;
    int32_t pid; /* caller, as the host sees it; valid while the notification lives */
    int32_t syscall;
    uint32_t arch; /* AUDIT_ARCH_* */
    uint64_t args[6];
    int32_t pid_fd, mem_fd; /* borrowed: pidfd and /proc/PID/mem of the caller */
};

/* The answer. Zeroed by the host with fd -1, filled with BEACON_SET. */
struct beacon_sb_answer {
    uint32_t struct_size;
    int32_t error; /* errno to return; 0 = use `value`, or inject `fd` */
    int64_t value;
    int32_t fd;     /* -1 = none; injected and then closed by the host */
    uint32_t flags; /* 0 */
};

/* The table of a sandbox backend. Written by the plugin, [static]. Mandatory: probe, create, destroy,
 * prepare, release. */
struct beacon_sandbox {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* Find out what this kernel and this process can enforce, without side effects; needs no instance.
     * "Nothing" is a report, not an error. IO: it could not be found out. [worker] */
    beacon_rc (*probe)(void *plugin_state, const struct beacon_host *h,
                       struct beacon_sandbox_report *out, struct beacon_error *e);

    /* Make an instance. `config` is the JSON object of its configuration, [call]; `h` is [static].
     * *inst is the plugin's, until destroy(). INVALID: a key is missing or wrong, and the message
     * names it. [worker] */
    beacon_rc (*create)(void *plugin_state, const struct beacon_host *h, struct beacon_str config,
                        void **inst, struct beacon_error *e);

    /* Free the instance; everything prepared is released before. [worker] */
    void (*destroy)(void *inst);

    /* Plan one command, in the parent: may open descriptors, allocate and read files. `pol`, `ex` and
     * `plan` are [call]. *cookie is the plugin's and goes to release(), diagnose() and on_notify();
     * on failure nothing is left behind. UNSUPPORTED: the policy cannot be enforced here, and the
     * message says why. The host forks afterwards. [worker] */
    beacon_rc (*prepare)(void *inst, const struct beacon_sandbox_policy *pol,
                         const struct beacon_exec *ex, const struct beacon_plan *plan,
                         void **cookie, struct beacon_error *e);

    /* Close rulesets, remove temporary files: after the child was reaped or could not be started.
     * [worker] */
    void (*release)(void *inst, void *cookie);

    /* Optional. Turn an exit into words for the model, like "denied: write /etc/x", put into `out`.
     * `wait_status` is that of waitpid(), `err_tail` ([call]) the end of what the command wrote to its
     * standard error. UNSUPPORTED: cannot tell. [pure] */
    beacon_rc (*diagnose)(void *inst, void *cookie, int32_t wait_status,
                          struct beacon_bytes err_tail, const struct beacon_sink *out);

    /* Optional. Answer one seccomp notification with an errno, or with a descriptor to inject that the
     * plugin opened beneath an allowed root; never let the call continue on a path argument, which
     * the caller can change meanwhile. `n` is [call]. An error refuses the call. [worker] */
    beacon_rc (*on_notify)(void *inst, void *cookie, const struct beacon_sb_notice *n,
                           struct beacon_sb_answer *out);
};

BEACON_END_DECLS
#endif
