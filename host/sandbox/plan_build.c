/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "sandbox/plan_parts.h"

static struct plan *plan_of(const struct beacon_plan *builder)
{
    return builder->ctx;
}

static beacon_rc add_entry(const char **list, size_t *n, const char *entry)
{
    if (entry == NULL) {
        return BEACON_E_INVALID;
    }
    if (*n == PLAN_ENTRIES_MAX) {
        return BEACON_E_LIMIT;
    }
    list[(*n)++] = entry;
    return BEACON_OK;
}

static beacon_rc add_wrap(const struct beacon_plan *builder, const struct beacon_str *prefix,
                          size_t n)
{
    struct plan *plan = plan_of(builder);
    beacon_rc rc = BEACON_OK;
    for (size_t i = 0; i < n && rc == BEACON_OK; i++) {
        rc = add_entry(plan->prefix, &plan->n_prefix, plan_keep_string(plan, prefix[i]));
    }
    return rc;
}

static bool is_variable_name(struct beacon_str name)
{
    return name.n > 0 && name.p != NULL && memchr(name.p, '=', name.n) == NULL;
}

static beacon_rc set_variable(const struct beacon_plan *builder, struct beacon_str k,
                              struct beacon_str v)
{
    struct plan *plan = plan_of(builder);
    const char *name = is_variable_name(k) ? plan_keep_string(plan, k) : NULL;
    const char *value = plan_keep_string(plan, v);
    if (name == NULL || value == NULL || !plan_has_room(plan, k.n + v.n + 2)) {
        return BEACON_E_INVALID;
    }
    return add_entry(plan->variables, &plan->n_variables,
                     arena_printf(plan->arena, "%s=%s", name, value));
}

static beacon_rc unset_variable(const struct beacon_plan *builder, struct beacon_str k)
{
    struct plan *plan = plan_of(builder);
    const char *name = is_variable_name(k) ? plan_keep_string(plan, k) : NULL;
    return add_entry(plan->variables, &plan->n_variables, name);
}

/* Through one everything beneath it can be opened, whatever is mounted or ruled. */
static bool is_directory(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

static beacon_rc give_fd(const struct beacon_plan *builder, int32_t parent_fd, int32_t child_fd)
{
    struct plan *plan = plan_of(builder);
    if (plan->n_fds == PLAN_FDS_MAX) {
        return BEACON_E_LIMIT;
    }
    if (child_fd <= STDERR_FILENO || child_fd >= PLAN_FD_FLOOR) {
        return BEACON_E_INVALID;
    }
    if (is_directory(parent_fd)) {
        return BEACON_E_INVALID;
    }
    int fd = fcntl(parent_fd, F_DUPFD_CLOEXEC, PLAN_FD_FLOOR);
    if (fd < 0) {
        return errno == EBADF ? BEACON_E_INVALID : BEACON_E_LIMIT;
    }
    plan->fds[plan->n_fds++] = (struct spawn_fd){fd, child_fd};
    return BEACON_OK;
}

/* A plugin built with an older header has a shorter struct: what it lacks is zero. */
static bool read_op(const struct beacon_op *from, struct beacon_op *ret)
{
    if (from == NULL || !BEACON_HAS(from, flags)) {
        return false;
    }
    memset(ret, 0, sizeof *ret);
    memcpy(ret, from, from->struct_size < sizeof *ret ? from->struct_size : sizeof *ret);
    return true;
}

static beacon_rc check_op(const struct beacon_op *op, const struct plan_step *step)
{
    if (step == NULL || (op->flags & ~step->known_flags) != 0) {
        return BEACON_E_UNSUPPORTED;
    }
    const size_t unit = sizeof(struct sock_filter);
    bool is_whole = true;
    switch (step->data) {
    case PLAN_DATA_NONE:
        return op->n == 0 ? BEACON_OK : BEACON_E_INVALID;
    case PLAN_DATA_FILTER:
        is_whole = op->n % unit == 0 && op->n / unit <= UINT16_MAX;
        break;
    case PLAN_DATA_MOUNT:
        is_whole = op->n >= sizeof(uint32_t);
        break;
    case PLAN_DATA_PATH:
        break;
    }
    return is_whole && op->data != NULL && op->n > 0 ? BEACON_OK : BEACON_E_INVALID;
}

/* Out of its place an operation would do to the host what is meant for the namespaces, or come when
 * its rights are gone. */
static bool is_in_place(const struct plan *plan, const struct plan_step *step)
{
    const bool is_outer = plan->has_space && !plan->is_locked;
    switch (step->place) {
    case PLAN_ANYWHERE:
        return true;
    case PLAN_FIRST:
        return plan->n_operations == 0;
    case PLAN_BEFORE_LOCK:
        return is_outer;
    case PLAN_IN_MOUNTS:
        return is_outer && (plan->space.flags & CLONE_NEWNS) != 0;
    case PLAN_IN_NETWORK:
        return is_outer && (plan->space.flags & CLONE_NEWNET) != 0;
    case PLAN_IN_HOST_TREE:
        return !plan->has_space || (plan->space.flags & CLONE_NEWNS) == 0;
    }
    return false;
}

/* Of operations that take one; the others get -1 or the plain number. */
static beacon_rc keep_fd(const struct beacon_op *op, const struct plan_step *step, int *ret)
{
    *ret = step->fd_use == PLAN_FD_NUMBER ? op->fd : -1;
    if (step->fd_use != PLAN_FD_OURS) {
        return BEACON_OK;
    }
    *ret = fcntl(op->fd, F_DUPFD_CLOEXEC, PLAN_FD_FLOOR);
    if (*ret < 0) {
        return errno == EBADF ? BEACON_E_INVALID : BEACON_E_LIMIT;
    }
    return BEACON_OK;
}

static bool is_bad_duplicate(const struct beacon_op *op)
{
    return op->op == BEACON_OP_DUP_TO && (op->a >= PLAN_FD_FLOOR || is_directory(op->fd));
}

/* Without both there is neither a reaper nor anybody who may make the others. */
static bool is_whole_space(uint32_t flags)
{
    return (flags & CLONE_NEWUSER) != 0 && (flags & CLONE_NEWPID) != 0;
}

static void note_op(struct plan *plan, const struct beacon_op *op)
{
    if (op->op == BEACON_OP_NAMESPACES) {
        plan->has_space = true;
        plan->space =
            (struct spawn_space){.flags = op->flags, .uid = (uid_t)op->a, .gid = (gid_t)op->b};
    } else if (op->op == BEACON_OP_LOCK_USERNS) {
        plan->is_locked = true;
        plan->first_inner = plan->n_operations;
    }
    plan->sends = plan->sends || op->op == BEACON_OP_LISTEN_TO_HOST ||
                  (op->op == BEACON_OP_SECCOMP && (op->flags & BEACON_SECCOMP_NOTIFY) != 0);
}

static beacon_rc keep_data(struct plan *plan, const struct beacon_op *op,
                           const struct plan_step *step, struct plan_operation *ret)
{
    if (step->data == PLAN_DATA_MOUNT) {
        return plan_keep_mount(plan, op, &ret->mount);
    }
    if (step->data == PLAN_DATA_PATH) {
        ret->data = plan_keep_path(plan, (struct beacon_str){op->data, op->n});
        return ret->data != NULL ? BEACON_OK : BEACON_E_INVALID;
    }
    if (op->n > 0) {
        void *data = arena_zeroed(plan->arena, op->n);
        memcpy(data, op->data, op->n);
        ret->data = data;
        ret->n = op->n;
    }
    return BEACON_OK;
}

static beacon_rc check_all(const struct plan *plan, const struct beacon_op *op,
                           const struct plan_step *step)
{
    beacon_rc rc = check_op(op, step);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (is_bad_duplicate(op) || !is_in_place(plan, step) ||
        (op->op == BEACON_OP_NAMESPACES && !is_whole_space(op->flags))) {
        return BEACON_E_INVALID;
    }
    return BEACON_OK;
}

static beacon_rc add_op(const struct beacon_plan *builder, const struct beacon_op *from)
{
    struct plan *plan = plan_of(builder);
    struct beacon_op op;
    if (!read_op(from, &op)) {
        return BEACON_E_INVALID;
    }
    const struct plan_step *step = plan_step_of(op.op);
    beacon_rc rc = check_all(plan, &op, step);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (plan->n_operations == PLAN_OPERATIONS_MAX || !plan_has_room(plan, op.n)) {
        return BEACON_E_LIMIT;
    }
    struct plan_operation operation = {
        .op = op.op, .flags = op.flags, .fd = -1, .a = op.a, .b = op.b, .c = op.c};
    rc = keep_data(plan, &op, step, &operation);
    rc = rc == BEACON_OK ? keep_fd(&op, step, &operation.fd) : rc;
    if (rc == BEACON_OK) {
        plan->operations[plan->n_operations++] = operation;
        note_op(plan, &op);
    }
    return rc;
}

static beacon_rc add_promise(const struct beacon_plan *builder, uint32_t enforced)
{
    plan_of(builder)->promised |= enforced;
    return BEACON_OK;
}

static beacon_rc add_note(const struct beacon_plan *builder, struct beacon_str human)
{
    struct plan *plan = plan_of(builder);
    return add_entry(plan->notes, &plan->n_notes, plan_keep_string(plan, human));
}

void plan_init_builder(struct plan *plan)
{
    plan->builder = (struct beacon_plan){.struct_size = (uint32_t)sizeof plan->builder,
                                         .ctx = plan,
                                         .wrap = add_wrap,
                                         .env_set = set_variable,
                                         .env_unset = unset_variable,
                                         .give_fd = give_fd,
                                         .op = add_op,
                                         .promise = add_promise,
                                         .note = add_note};
}
