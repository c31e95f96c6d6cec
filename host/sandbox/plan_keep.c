/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "sandbox/plan_parts.h"

#define OPTIONS_MAX 16

bool plan_has_room(struct plan *plan, size_t n)
{
    if (n > PLAN_DATA_MAX - plan->copied_bytes) {
        return false;
    }
    plan->copied_bytes += n;
    return true;
}

const char *plan_keep_string(struct plan *plan, struct beacon_str from)
{
    bool is_whole = from.n == 0 || (from.p != NULL && memchr(from.p, '\0', from.n) == NULL);
    if (!is_whole || !plan_has_room(plan, from.n + 1)) {
        return NULL;
    }
    return arena_string_n(plan->arena, from.p, from.n);
}

const char *plan_keep_path(struct plan *plan, struct beacon_str from)
{
    const char *path = plan_keep_string(plan, from);
    return path != NULL && path[0] == '/' ? path : NULL;
}

/* A plugin built with an older header has a shorter struct: what it lacks is zero. */
static bool read_mount(const struct beacon_op *op, struct beacon_mount *ret)
{
    uint32_t claimed = 0;
    memcpy(&claimed, op->data, sizeof claimed);
    if (claimed > op->n || claimed < offsetof(struct beacon_mount, attr_clr)) {
        return false;
    }
    memset(ret, 0, sizeof *ret);
    memcpy(ret, op->data, claimed < sizeof *ret ? claimed : sizeof *ret);
    return true;
}

/* "/a/b": in "/a", "b". */
static void split_target(struct plan *plan, struct plan_mount *mount)
{
    const char *slash = strrchr(mount->target, '/');
    const size_t n = slash == mount->target ? 1 : (size_t)(slash - mount->target);
    mount->target_dir = arena_string_n(plan->arena, mount->target, n);
    mount->target_name = slash + 1;
}

/* "mode=755,noswap" becomes mode, 755, noswap, "". */
static const char *const *split_options(struct plan *plan, const char *options)
{
    const size_t room = 2 * (size_t)OPTIONS_MAX + 1;
    const char **list = arena_array(plan->arena, room, sizeof *list);
    size_t n = 0;
    while (*options != '\0' && n + 2 < room) {
        const size_t len = strcspn(options, ",");
        const char *equals = memchr(options, '=', len);
        const size_t key = equals != NULL ? (size_t)(equals - options) : len;
        list[n++] = arena_string_n(plan->arena, options, key);
        list[n++] = equals != NULL ? arena_string_n(plan->arena, equals + 1, len - key - 1) : "";
        options += len + (options[len] == ',' ? 1 : 0);
    }
    list[n] = NULL;
    return *options == '\0' ? list : NULL;
}

/* The descriptor stays open until release(), so no other file can have its numbers. */
static bool know_source(int fd, struct plan_mount *mount)
{
    struct stat st;
    if (fd < 0) {
        return true;
    }
    if (fstat(fd, &st) != 0) {
        return false;
    }
    mount->is_compared = true;
    mount->device = st.st_dev;
    mount->inode = st.st_ino;
    mount->kind = st.st_mode & S_IFMT;
    return true;
}

static uint32_t known_flags(uint32_t op)
{
    switch (op) {
    case BEACON_OP_BIND:
        return BEACON_MOUNT_RECURSIVE | BEACON_MOUNT_MAKE_TARGET | BEACON_MOUNT_IF_THERE;
    case BEACON_OP_MOUNT:
        return BEACON_MOUNT_MAKE_TARGET;
    case BEACON_OP_MASK:
        return BEACON_MOUNT_IF_THERE;
    case BEACON_OP_MOUNT_ATTR:
        return BEACON_MOUNT_RECURSIVE;
    default:
        return 0;
    }
}

/* What each operation cannot do without, and what it has no use for. */
static bool is_sound(uint32_t op, const struct plan_mount *mount)
{
    const bool needs_source = op == BEACON_OP_BIND || op == BEACON_OP_SYMLINK;
    const bool has_source = mount->source != NULL;
    const bool is_path = op != BEACON_OP_BIND || (has_source && mount->source[0] == '/');
    const bool has_type = mount->fstype != NULL;
    return (mount->flags & ~known_flags(op)) == 0 && (has_source || !needs_source) && is_path &&
           has_type == (op == BEACON_OP_MOUNT);
}

static bool keep_optional(struct plan *plan, struct beacon_str from, const char **ret)
{
    *ret = from.n == 0 ? NULL : plan_keep_string(plan, from);
    return from.n == 0 || *ret != NULL;
}

beacon_rc plan_keep_mount(struct plan *plan, const struct beacon_op *op,
                          const struct plan_mount **ret)
{
    struct beacon_mount from;
    const char *options = "";
    if (!read_mount(op, &from)) {
        return BEACON_E_INVALID;
    }
    struct plan_mount *mount = arena_zeroed(plan->arena, sizeof *mount);
    mount->flags = from.flags;
    mount->attr_set = from.attr_set;
    mount->attr_clr = from.attr_clr;
    mount->target = plan_keep_path(plan, from.target);
    if (mount->target == NULL || !keep_optional(plan, from.source, &mount->source) ||
        !keep_optional(plan, from.fstype, &mount->fstype) ||
        (options = plan_keep_string(plan, from.options)) == NULL ||
        !know_source(from.source_fd, mount) || !is_sound(op->op, mount)) {
        return BEACON_E_INVALID;
    }
    split_target(plan, mount);
    mount->options = split_options(plan, options);
    *ret = mount;
    return mount->options != NULL ? BEACON_OK : BEACON_E_LIMIT;
}
