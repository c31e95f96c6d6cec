/* plan_step.h - the operations this host knows, one row each.
 *
 * Private to the room. A row says what the operation takes and where it may stand, so that
 * plan_build.c refuses anything else, and how it is done, in the child, by raw system calls on plain
 * data.
 */
#ifndef HOST_SANDBOX_PLAN_STEP_H
#define HOST_SANDBOX_PLAN_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct spawn_scene;

/* A struct beacon_mount, copied and cut up in the parent. A path that was not given is NULL. */
struct plan_mount {
    uint32_t flags; /* BEACON_MOUNT_* */
    uint64_t attr_set, attr_clr;
    const char *source, *target, *fstype;
    const char *target_dir, *target_name; /* the two halves of target; of "/" the name is "" */
    const char *const *options;           /* key, value or "", key, …; NULL-terminated */
    bool is_compared;                     /* with the three below */
    uint64_t device, inode;
    mode_t kind; /* S_IFMT bits */
};

struct plan_operation {
    uint32_t op, flags;
    int fd;
    uint64_t a, b, c;
    const void *data; /* aligned for any type */
    size_t n;
    const struct plan_mount *mount;
};

/* What one process keeps while it runs operations. */
struct plan_stage {
    const struct spawn_scene *scene;
    int hollow_fd;           /* of MASK: a file system with an empty directory and file; -1: none */
    bool is_hollow_attached; /* and has a place in the tree, where it must not stay */
    bool is_hollow_left;     /* and has one where it may: beneath what it hides */
};

enum plan_fd_use {
    PLAN_FD_UNUSED,
    PLAN_FD_OURS,   /* a descriptor of the parent: duplicated when added */
    PLAN_FD_NUMBER, /* a number in the child, taken as it is */
};

enum plan_data {
    PLAN_DATA_NONE,
    PLAN_DATA_FILTER, /* sock_filter[] */
    PLAN_DATA_MOUNT,  /* struct beacon_mount */
    PLAN_DATA_PATH,   /* absolute, no NUL */
};

/* Where an operation may stand. */
enum plan_place {
    PLAN_ANYWHERE,
    PLAN_FIRST,        /* before every other one */
    PLAN_BEFORE_LOCK,  /* with NAMESPACES, and before LOCK_USERNS */
    PLAN_IN_MOUNTS,    /* the same, and there is a mount namespace */
    PLAN_IN_NETWORK,   /* the same, and there is a network namespace */
    PLAN_IN_HOST_TREE, /* without a mount namespace: it leads back to the host's mounts */
};

struct plan_step {
    const char *name; /* a phrase that continues "cannot" */
    enum plan_fd_use fd_use;
    uint32_t known_flags;
    enum plan_data data;
    enum plan_place place;
    int (*run)(const struct plan_operation *operation, struct plan_stage *stage); /* 0, or errno */
};

const struct plan_step *plan_step_of(uint32_t op); /* NULL: not known here */

/* plan_mount.c */
int plan_make_private(void);
int plan_bind(const struct plan_operation *operation, struct plan_stage *stage);
int plan_mount(const struct plan_operation *operation, struct plan_stage *stage);
int plan_mask(const struct plan_operation *operation, struct plan_stage *stage);
int plan_change_mount(const struct plan_operation *operation, struct plan_stage *stage);
int plan_link(const struct plan_operation *operation, struct plan_stage *stage);
int plan_pivot(const struct plan_operation *operation, struct plan_stage *stage);
/* Before Linux 6.15 only what has a place in the tree can be copied. On top of the root nobody comes by
 * it: paths begin beneath. */
int plan_hollow_attach(struct plan_stage *stage);
int plan_hollow_finish(struct plan_stage *stage); /* take it out of the tree, when it is there */

/* plan_net.c */
int plan_loopback_up(const struct plan_operation *operation, struct plan_stage *stage);
int plan_listen(const struct plan_operation *operation, struct plan_stage *stage);

#endif
