/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/auto.h"
#include "sandbox/plan_parts.h"

struct plan *plan_create(void)
{
    struct plan *plan = alloc_zeroed(sizeof *plan);
    plan->arena = arena_create();
    plan_init_builder(plan);
    return plan;
}

void plan_destroy(struct plan *plan)
{
    if (plan == NULL) {
        return;
    }
    for (size_t i = 0; i < plan->n_operations; i++) {
        const struct plan_operation *operation = &plan->operations[i];
        if (plan_step_of(operation->op)->fd_use == PLAN_FD_OURS) {
            (void)close(operation->fd);
        }
    }
    for (size_t i = 0; i < plan->n_fds; i++) {
        (void)close(plan->fds[i].parent_fd);
    }
    for (size_t i = 0; i < plan->sent.n; i++) {
        if (plan->sent.list[i].fd >= 0) {
            (void)close(plan->sent.list[i].fd);
        }
    }
    arena_destroy(plan->arena);
    free(plan);
}

const struct beacon_plan *plan_builder(struct plan *plan)
{
    return &plan->builder;
}

uint32_t plan_promised(const struct plan *plan)
{
    return plan->promised;
}

static size_t count_strings(const char *const *list)
{
    size_t n = 0;
    while (list[n] != NULL) {
        n++;
    }
    return n;
}

const char *const *plan_argv(struct plan *plan, const char *const *argv)
{
    size_t n = count_strings(argv);
    const char **list = arena_array(plan->arena, plan->n_prefix + n + 1, sizeof *list);
    memcpy(list, plan->prefix, plan->n_prefix * sizeof *list);
    memcpy(list + plan->n_prefix, argv, n * sizeof *list);
    return list;
}

static bool is_same_variable(const char *a, const char *b)
{
    size_t n = strcspn(a, "=");
    return n == strcspn(b, "=") && memcmp(a, b, n) == 0;
}

/* The last word on a variable counts. */
static bool is_overruled(const struct plan *plan, const char *variable, size_t from)
{
    for (size_t i = from; i < plan->n_variables; i++) {
        if (is_same_variable(plan->variables[i], variable)) {
            return true;
        }
    }
    return false;
}

const char *const *plan_env(struct plan *plan, const char *const *env)
{
    size_t n = 0;
    const char **list =
        arena_array(plan->arena, count_strings(env) + plan->n_variables + 1, sizeof *list);
    for (; *env != NULL; env++) {
        if (!is_overruled(plan, *env, 0)) {
            list[n++] = *env;
        }
    }
    for (size_t i = 0; i < plan->n_variables; i++) {
        const char *variable = plan->variables[i];
        if (strchr(variable, '=') != NULL && !is_overruled(plan, variable, i + 1)) {
            list[n++] = variable;
        }
    }
    return list;
}

static int run_operations(const struct plan *plan, size_t from, size_t to,
                          const struct spawn_scene *scene, struct spawn_failure *failure)
{
    struct plan_stage stage = {.scene = scene, .hollow_fd = -1};
    for (size_t i = from; i < to; i++) {
        const struct plan_operation *operation = &plan->operations[i];
        if (plan_step_of(operation->op)->run(operation, &stage) != 0) {
            *failure = (struct spawn_failure){.index = (int)i, .os_errno = errno};
            return -1;
        }
    }
    if (plan_hollow_finish(&stage) != 0) {
        *failure = (struct spawn_failure){.index = (int)to - 1, .os_errno = errno};
        return -1;
    }
    return 0;
}

static size_t first_inner(const struct plan *plan)
{
    return plan->is_locked ? plan->first_inner : plan->n_operations;
}

static int execute_all(const void *ctx, const struct spawn_scene *scene,
                       struct spawn_failure *failure)
{
    const struct plan *plan = ctx;
    return run_operations(plan, 0, plan->n_operations, scene, failure);
}

static int execute_outer(const void *ctx, const struct spawn_scene *scene,
                         struct spawn_failure *failure)
{
    return run_operations(ctx, 0, first_inner(ctx), scene, failure);
}

static int execute_inner(const void *ctx, const struct spawn_scene *scene,
                         struct spawn_failure *failure)
{
    const struct plan *plan = ctx;
    return run_operations(plan, first_inner(plan), plan->n_operations, scene, failure);
}

void plan_equip(struct plan *plan, struct spawn_request *request)
{
    request->fds = plan->fds;
    request->n_fds = plan->n_fds;
    request->sent = plan->sends ? &plan->sent : NULL;
    request->prepare = execute_all;
    request->prepare_ctx = plan;
    if (plan->has_space) {
        plan->space.is_locked = plan->is_locked;
        plan->space.prepare = execute_outer;
        request->space = &plan->space;
        request->prepare = execute_inner;
    }
}

int plan_take_sent(struct plan *plan, uint32_t tag)
{
    for (size_t i = 0; i < plan->sent.n; i++) {
        if (plan->sent.list[i].tag == tag) {
            return take_fd(&plan->sent.list[i].fd);
        }
    }
    return -1;
}

bool plan_has(const struct plan *plan, uint32_t op)
{
    for (size_t i = 0; i < plan->n_operations; i++) {
        if (plan->operations[i].op == op) {
            return true;
        }
    }
    return false;
}
