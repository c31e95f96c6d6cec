/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/hold.h"

#include <beacon/sandbox.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "plugin/sandbox_backend.h"
#include "sandbox/choice.h"
#include "sandbox/cover.h"
#include "sandbox/places.h"
#include "sandbox/plan.h"
#include "sandbox/planted.h"
#include "sandbox/sandbox.h"
#include "sandbox/sandbox_parts.h"

/* The rules point into the places, which stay as they are until the next command. */
void sandbox_hold_update_rules(struct sandbox *sandbox)
{
    size_t n = sandbox->places.n;
    free(sandbox->rules);
    free((void *)sandbox->rule_list);
    sandbox->rules = alloc_array(n + 1, sizeof *sandbox->rules);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers is what the ABI wants */
    sandbox->rule_list = alloc_array(n + 1, sizeof *sandbox->rule_list);
    for (size_t i = 0; i < n; i++) {
        const struct place *place = &sandbox->places.list[i];
        sandbox->rules[i] = (struct beacon_path_rule){
            .struct_size = sizeof sandbox->rules[i],
            .access = place->access,
            .path = {place->path, strlen(place->path)},
            .fd = place->fd,
        };
        sandbox->rule_list[i] = &sandbox->rules[i];
    }
    sandbox->policy.paths = sandbox->rule_list;
    sandbox->policy.n_paths = n;
}

/* Covers are of use only where something is mounted over them. A backend that mounts has a plan with
 * mounts in it, so one command is planned to know: where a session has but one, that is half of all
 * planning. */
static void learn_about_backend(struct sandbox *sandbox)
{
    if (choice_binds(sandbox_backend_label(sandbox))) {
        sandbox->is_known_to_mount = sandbox->mounts = true;
        return;
    }
    static const char *const argv[] = {"true", NULL};
    static const char *const env[] = {NULL};
    const struct sandbox_command command = {
        .argv = argv, .env = env, .in_fd = -1, .out_fd = -1, .err_fd = -1};
    struct beacon_error unused = {.struct_size = sizeof unused};
    void *cookie = NULL;
    struct plan *plan = plan_create();
    if (sandbox_prepare(sandbox, &command, plan, &cookie, &unused) == BEACON_OK) {
        sandbox->mounts = plan_has(plan, BEACON_OP_BIND);
        sandbox->is_known_to_mount = true;
        sandbox_backend_release(sandbox->backend, cookie);
    }
    plan_destroy(plan);
}

void sandbox_rest(struct sandbox *sandbox)
{
    cover_set_rest(sandbox->covers);
}

int sandbox_hold_begin(struct sandbox *sandbox, struct beacon_error *err)
{
    if (sandbox_is_unrestricted(sandbox)) {
        return BEACON_OK;
    }
    if (!sandbox->is_known_to_mount) {
        learn_about_backend(sandbox);
    }
    bool covers = sandbox->mounts && !sandbox_is_read_only(sandbox);
    cover_set_begin(sandbox->covers);
    int rc = places_refresh(&sandbox->places, covers ? sandbox->covers : NULL, err);
    sandbox_hold_update_rules(sandbox);
    if (rc != BEACON_OK) {
        sandbox_hold_end(sandbox, NULL);
    }
    return rc;
}

void sandbox_hold_end(struct sandbox *sandbox, struct text *diagnosis)
{
    if (sandbox_is_unrestricted(sandbox)) {
        return;
    }
    planted_disable(&sandbox->places, diagnosis);
    if (cover_set_end(sandbox->covers, diagnosis)) {
        places_release_covers(&sandbox->places);
        sandbox_hold_update_rules(sandbox);
    }
}
