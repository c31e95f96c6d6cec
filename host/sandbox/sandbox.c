/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/sandbox.h"

#include <beacon/sandbox.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/text.h"
#include "plugin/sandbox_backend.h"
#include "sandbox/answers.h"
#include "sandbox/choice.h"
#include "sandbox/cover.h"
#include "sandbox/hold.h"
#include "sandbox/net_session.h"
#include "sandbox/places.h"
#include "sandbox/plan.h"
#include "sandbox/sandbox_parts.h"

static const uint32_t preferred =
    BEACON_SB_FS_READ | BEACON_SB_PROC | BEACON_SB_IPC | BEACON_SB_SYSCALLS | BEACON_SB_RESOURCES;

/* How far commands get: their own loopback is no way out. */
static uint32_t network_of(const struct sandbox_settings *settings)
{
    switch (settings->network) {
    case SANDBOX_NETWORK_ON:
        return BEACON_NET_FULL;
    case SANDBOX_NETWORK_ALLOW_LIST:
        return BEACON_NET_ALLOW_LIST;
    case SANDBOX_NETWORK_OFF:
        break;
    }
    return settings->has_no_loopback ? BEACON_NET_NONE : BEACON_NET_LOOPBACK;
}

/* By the name the kernel compares; one that is not there yet by the one it will have. */
static void name_sockets(struct sandbox *sandbox, const struct sandbox_settings *settings)
{
    for (size_t i = 0; i < settings->n_unix_sockets; i++) {
        AUTO_FREE char *real = realpath(settings->unix_sockets[i], NULL);
        span_list_add(&sandbox->unix_allow, real != NULL ? real : settings->unix_sockets[i]);
    }
    sandbox->policy.unix_allow = sandbox->unix_allow.spans;
    sandbox->policy.n_unix_allow = sandbox->unix_allow.n;
}

static void build_policy(struct sandbox *sandbox, const struct sandbox_settings *settings)
{
    sandbox->policy = (struct beacon_sandbox_policy){
        .struct_size = sizeof sandbox->policy,
        .require = choice_required(settings),
        .prefer = preferred,
        .cwd_fd = sandbox->cwd_fd,
        .net = network_of(settings),
        .git = BEACON_GIT_WRITABLE,
    };
    if (sandbox_is_unrestricted(sandbox)) {
        sandbox->policy.prefer = 0;
        sandbox->policy.net = BEACON_NET_FULL;
    }
    net_session_fill(sandbox->network, &sandbox->policy);
    name_sockets(sandbox, settings);
    sandbox_hold_update_rules(sandbox);
}

/* A backend may promise less than it said it can: better to know before the first command. */
static int rehearse(struct sandbox *sandbox, struct beacon_error *err)
{
    static const char *const argv[] = {"true", NULL};
    static const char *const env[] = {NULL};
    const struct sandbox_command command = {
        .argv = argv, .env = env, .in_fd = -1, .out_fd = -1, .err_fd = -1};
    void *cookie = NULL;
    struct plan *plan = plan_create();
    int rc = sandbox_prepare(sandbox, &command, plan, &cookie, err);
    if (rc == BEACON_OK) {
        sandbox_backend_release(sandbox->backend, cookie);
    }
    plan_destroy(plan);
    return rc;
}

int sandbox_create(struct plugin_set *plugins, const struct sandbox_settings *settings,
                   struct sandbox **ret, struct beacon_error *err)
{
    struct sandbox *sandbox = alloc_zeroed(sizeof *sandbox);
    sandbox->mode = settings->mode;
    sandbox->has_network = settings->network == SANDBOX_NETWORK_ON;
    sandbox->cwd_fd = open(settings->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
    sandbox->cwd = alloc_string(settings->cwd);
    sandbox->covers = cover_set_create();
    sandbox->home = settings->home != NULL ? realpath(settings->home, NULL) : NULL;
    sandbox->admin_require = settings->admin_require;
    sandbox->admin_where =
        alloc_string(settings->admin_where != NULL ? settings->admin_where : "the policy");
    int rc = net_session_create(settings, &sandbox->network, err);
    rc = rc == BEACON_OK
             ? choice_make(plugins, settings, &sandbox->backend, &sandbox->passed_over, err)
             : rc;
    if (rc == BEACON_OK && settings->mode != SANDBOX_DANGER_FULL_ACCESS) {
        rc = places_init(&sandbox->places, settings, err);
    }
    if (rc != BEACON_OK) {
        sandbox_destroy(sandbox);
        return rc;
    }
    build_policy(sandbox, settings);
    rc = sandbox->admin_require != 0 ? rehearse(sandbox, err) : BEACON_OK;
    if (rc != BEACON_OK) {
        sandbox_destroy(sandbox);
        return rc;
    }
    *ret = sandbox;
    return BEACON_OK;
}

void sandbox_destroy(struct sandbox *sandbox)
{
    if (sandbox == NULL) {
        return;
    }
    answers_finish(sandbox);
    net_session_destroy(sandbox->network);
    cover_set_destroy(sandbox->covers);
    places_finish(&sandbox->places);
    if (sandbox->cwd_fd >= 0) {
        (void)close(sandbox->cwd_fd);
    }
    free(sandbox->rules);
    free(sandbox->rule_list);
    free(sandbox->cwd);
    free(sandbox->home);
    free(sandbox->admin_where);
    free(sandbox->passed_over);
    span_list_finish(&sandbox->unix_allow);
    free(sandbox);
}

const char *sandbox_backend_label(const struct sandbox *sandbox)
{
    return sandbox_backend_name(sandbox->backend);
}

bool sandbox_is_unrestricted(const struct sandbox *sandbox)
{
    return sandbox->mode == SANDBOX_DANGER_FULL_ACCESS;
}

bool sandbox_is_read_only(const struct sandbox *sandbox)
{
    return sandbox->mode == SANDBOX_READ_ONLY;
}

size_t sandbox_root_count(const struct sandbox *sandbox)
{
    size_t n = 0;
    while (places_root(&sandbox->places, n) != NULL) {
        n++;
    }
    return n;
}

const char *sandbox_root_path(const struct sandbox *sandbox, size_t index)
{
    const struct place *root = places_root(&sandbox->places, index);
    return root == NULL ? NULL : root->path;
}

int sandbox_root_fd(const struct sandbox *sandbox, size_t index)
{
    const struct place *root = places_root(&sandbox->places, index);
    return root == NULL ? -1 : root->fd;
}

const char *sandbox_root_left_out(const struct sandbox *sandbox, size_t index)
{
    for (size_t i = 0; i < sandbox->places.n_notes; i++) {
        const char *note = sandbox->places.notes[i];
        if (strstr(note, PLACES_NOT_WRITABLE) != NULL && index-- == 0) {
            return note;
        }
    }
    return NULL;
}
