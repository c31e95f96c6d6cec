/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/plan.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/text.h"
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

const struct spawn_fd *plan_fds(const struct plan *plan, size_t *ret_n)
{
    *ret_n = plan->n_fds;
    return plan->fds;
}

int plan_execute(const void *ctx, const struct spawn_scene *scene, struct spawn_failure *failure)
{
    (void)scene;
    const struct plan *plan = ctx;
    for (size_t i = 0; i < plan->n_operations; i++) {
        const struct plan_operation *operation = &plan->operations[i];
        if (plan_step_of(operation->op)->run(operation) != 0) {
            failure->index = (int)i;
            failure->os_errno = errno;
            return -1;
        }
    }
    return 0;
}

const char *plan_operation_name(const struct plan *plan, int index)
{
    assert(index >= 0 && (size_t)index < plan->n_operations);
    return plan_step_of(plan->operations[index].op)->name;
}

bool plan_describe(const struct plan *plan, struct text *out)
{
    bool is_whole = text_add_string(out, "Before the command starts, in this order:\n");
    for (size_t i = 0; i < plan->n_operations; i++) {
        const struct plan_operation *operation = &plan->operations[i];
        is_whole =
            is_whole && text_addf(out, "  %zu. %s", i + 1, plan_operation_name(plan, (int)i));
        is_whole =
            is_whole && (operation->n == 0 || text_addf(out, " (%zu bytes of data)", operation->n));
        is_whole = is_whole && text_add_char(out, '\n');
    }
    for (size_t i = 0; i < plan->n_notes; i++) {
        is_whole =
            is_whole && text_addf(out, "%s  - %s\n", i == 0 ? "Notes:\n" : "", plan->notes[i]);
    }
    return is_whole;
}

static const struct {
    uint32_t bit;
    const char *name;
} promises[] = {
    {BEACON_SB_FS_WRITE, "file writes"},
    {BEACON_SB_FS_READ, "file reads"},
    {BEACON_SB_NET, "network"},
    {BEACON_SB_NET_ALLOWLIST, "allow-list of hosts"},
    {BEACON_SB_PROC, "other processes"},
    {BEACON_SB_IPC, "inter-process communication"},
    {BEACON_SB_SYSCALLS, "dangerous system calls"},
    {BEACON_SB_EXEC, "what may be executed"},
    {BEACON_SB_RESOURCES, "resource limits"},
};

bool plan_name_promises(uint32_t mask, struct text *out)
{
    const char *separator = "";
    bool is_whole = mask != 0 || text_add_string(out, "nothing");
    for (size_t i = 0; i < sizeof promises / sizeof promises[0]; i++) {
        if ((mask & promises[i].bit) != 0) {
            is_whole = is_whole && text_addf(out, "%s%s", separator, promises[i].name);
            separator = ", ";
        }
    }
    return is_whole;
}
