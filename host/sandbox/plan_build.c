/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "sandbox/plan_parts.h"

static struct plan *plan_of(const struct beacon_plan *builder)
{
    return builder->ctx;
}

static bool has_room(struct plan *plan, size_t n)
{
    if (n > PLAN_DATA_MAX - plan->copied_bytes) {
        return false;
    }
    plan->copied_bytes += n;
    return true;
}

/* NULL when it is too much, or when the kernel would see less of it than the plugin wrote. */
static const char *keep_string(struct plan *plan, struct beacon_str from)
{
    bool is_whole = from.n == 0 || (from.p != NULL && memchr(from.p, '\0', from.n) == NULL);
    if (!is_whole || !has_room(plan, from.n + 1)) {
        return NULL;
    }
    return arena_string_n(plan->arena, from.p, from.n);
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
        rc = add_entry(plan->prefix, &plan->n_prefix, keep_string(plan, prefix[i]));
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
    const char *name = is_variable_name(k) ? keep_string(plan, k) : NULL;
    const char *value = keep_string(plan, v);
    if (name == NULL || value == NULL || !has_room(plan, k.n + v.n + 2)) {
        return BEACON_E_INVALID;
    }
    return add_entry(plan->variables, &plan->n_variables,
                     arena_printf(plan->arena, "%s=%s", name, value));
}

static beacon_rc unset_variable(const struct beacon_plan *builder, struct beacon_str k)
{
    struct plan *plan = plan_of(builder);
    const char *name = is_variable_name(k) ? keep_string(plan, k) : NULL;
    return add_entry(plan->variables, &plan->n_variables, name);
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
    if (step->data_unit == 0) {
        return op->n == 0 ? BEACON_OK : BEACON_E_INVALID;
    }
    bool is_whole = op->data != NULL && op->n > 0 && op->n % step->data_unit == 0 &&
                    op->n / step->data_unit <= UINT16_MAX;
    return is_whole ? BEACON_OK : BEACON_E_INVALID;
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

static bool is_target_taken(const struct beacon_op *op)
{
    return op->op == BEACON_OP_DUP_TO && op->a >= PLAN_FD_FLOOR;
}

static beacon_rc add_op(const struct beacon_plan *builder, const struct beacon_op *from)
{
    struct plan *plan = plan_of(builder);
    struct beacon_op op;
    if (!read_op(from, &op)) {
        return BEACON_E_INVALID;
    }
    const struct plan_step *step = plan_step_of(op.op);
    beacon_rc rc = check_op(&op, step);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (is_target_taken(&op)) {
        return BEACON_E_INVALID;
    }
    if (plan->n_operations == PLAN_OPERATIONS_MAX || !has_room(plan, op.n)) {
        return BEACON_E_LIMIT;
    }
    int fd = -1;
    rc = keep_fd(&op, step, &fd);
    if (rc != BEACON_OK) {
        return rc;
    }
    void *data = NULL;
    if (op.n > 0) {
        data = arena_zeroed(plan->arena, op.n);
        memcpy(data, op.data, op.n);
    }
    plan->operations[plan->n_operations++] = (struct plan_operation){.op = op.op,
                                                                     .flags = op.flags,
                                                                     .fd = fd,
                                                                     .a = op.a,
                                                                     .b = op.b,
                                                                     .c = op.c,
                                                                     .data = data,
                                                                     .n = op.n,
                                                                     .host = getpid()};
    return BEACON_OK;
}

static beacon_rc add_promise(const struct beacon_plan *builder, uint32_t enforced)
{
    plan_of(builder)->promised |= enforced;
    return BEACON_OK;
}

static beacon_rc add_note(const struct beacon_plan *builder, struct beacon_str human)
{
    struct plan *plan = plan_of(builder);
    return add_entry(plan->notes, &plan->n_notes, keep_string(plan, human));
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
