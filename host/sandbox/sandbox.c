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
#include "base/path.h"
#include "base/text.h"
#include "plugin/sandbox_backend.h"
#include "sandbox/net_session.h"
#include "sandbox/places.h"
#include "sandbox/plan.h"
#include "sandbox/sandbox_parts.h"

#define REASON_BYTES 512

/* What "auto" tries, strongest first. A backend that is not installed is passed over. */
static const char *const strongest_first[] = {"landlock"};

static const uint32_t preferred =
    BEACON_SB_FS_READ | BEACON_SB_PROC | BEACON_SB_IPC | BEACON_SB_SYSCALLS | BEACON_SB_RESOURCES;

static uint32_t required_of(const struct sandbox_settings *settings)
{
    if (settings->mode == SANDBOX_DANGER_FULL_ACCESS) {
        return settings->admin_require;
    }
    uint32_t network = settings->network == SANDBOX_NETWORK_ON           ? 0
                       : settings->network == SANDBOX_NETWORK_ALLOW_LIST ? BEACON_SB_NET_ALLOWLIST
                                                                         : BEACON_SB_NET;
    return BEACON_SB_FS_WRITE | network | settings->admin_require;
}

int sandbox_refuse_admin(const char *admin_where, const char *who, uint32_t missing,
                         struct beacon_error *err)
{
    AUTO_TEXT struct text names;
    text_init(&names, REASON_BYTES);
    (void)plan_name_promises(missing, &names);
    return error_set(err, BEACON_E_POLICY,
                     "choose another mode or backend, or ask the administrator to change [require] "
                     "sandbox",
                     "the policy (%s) requires of every command what %s does not promise: %s",
                     admin_where, who, text_string(&names));
}

/* What the mode itself gives away no backend can promise. */
static int check_mode(const struct sandbox_settings *settings, struct beacon_error *err)
{
    if (settings->mode == SANDBOX_DANGER_FULL_ACCESS && settings->admin_require != 0) {
        return sandbox_refuse_admin(settings->admin_where, "danger-full-access",
                                    settings->admin_require, err);
    }
    if (settings->network == SANDBOX_NETWORK_ON && (settings->admin_require & BEACON_SB_NET) != 0) {
        return sandbox_refuse_admin(settings->admin_where, "a mode with network access",
                                    BEACON_SB_NET, err);
    }
    return BEACON_OK;
}

/* Open and probe one backend; *ret is left alone unless it can do what is required. */
static int try_backend(struct plugin_set *plugins, const char *name,
                       const struct sandbox_settings *settings, struct sandbox_backend **ret,
                       struct beacon_error *err)
{
    uint32_t required = required_of(settings);
    struct sandbox_backend *backend = NULL;
    struct beacon_sandbox_report report = {.struct_size = sizeof report};
    int rc = sandbox_backend_open(plugins, name, NULL, &backend, err);
    if (rc == BEACON_OK) {
        rc = sandbox_backend_probe(backend, &report, err);
    }
    uint32_t missing = required & ~report.can_enforce;
    uint32_t missed_by_admin = missing & settings->admin_require;
    if (rc == BEACON_OK && missed_by_admin != 0) {
        rc = sandbox_refuse_admin(settings->admin_where, name, missed_by_admin, err);
    } else if (rc == BEACON_OK && missing != 0) {
        AUTO_TEXT struct text names;
        text_init(&names, REASON_BYTES);
        (void)plan_name_promises(missing, &names);
        report.detail[sizeof report.detail - 1] = '\0';
        rc = error_set(err, BEACON_E_REFUSED, "choose another backend",
                       "sandbox backend %s cannot enforce: %s (%s)", name, text_string(&names),
                       report.detail[0] != '\0' ? report.detail : "no further detail");
    }
    if (rc != BEACON_OK) {
        sandbox_backend_close(backend);
        return rc;
    }
    *ret = backend;
    return BEACON_OK;
}

/* Whatever the backend's own complaint was, to the person it means: the sandbox cannot be had. */
static int refuse_backend(const struct beacon_error *cause, struct beacon_error *err)
{
    if (cause->code == BEACON_E_POLICY) {
        *err = *cause;
        return BEACON_E_POLICY;
    }
    const char *remedy =
        "use a kernel with Landlock (Linux 5.19 or newer, \"landlock\" in its lsm= "
        "list), or give the sandbox up knowingly with -s danger-full-access";
    return error_set(err, BEACON_E_REFUSED,
                     cause->code == BEACON_E_REFUSED || cause->hint[0] == '\0' ? remedy
                                                                               : cause->hint,
                     "no sandbox for this mode: %s", cause->message);
}

static int choose_backend(struct plugin_set *plugins, const struct sandbox_settings *settings,
                          struct sandbox_backend **ret, struct beacon_error *err)
{
    struct beacon_error cause = {.struct_size = sizeof cause};
    if (settings->mode == SANDBOX_DANGER_FULL_ACCESS) {
        return try_backend(plugins, "none", settings, ret, err);
    }
    if (settings->backend != NULL && strcmp(settings->backend, "auto") != 0) {
        int rc = try_backend(plugins, settings->backend, settings, ret, &cause);
        return rc == BEACON_OK ? rc : refuse_backend(&cause, err);
    }
    for (size_t i = 0; i < sizeof strongest_first / sizeof strongest_first[0]; i++) {
        if (try_backend(plugins, strongest_first[i], settings, ret, &cause) == BEACON_OK) {
            return BEACON_OK;
        }
    }
    return refuse_backend(&cause, err);
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

/* The rules point into the places, which stay as they are from here on. */
static void build_policy(struct sandbox *sandbox, const struct sandbox_settings *settings)
{
    size_t n = sandbox->places.n;
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
    sandbox->policy = (struct beacon_sandbox_policy){
        .struct_size = sizeof sandbox->policy,
        .require = required_of(settings),
        .prefer = preferred,
        .paths = sandbox->rule_list,
        .n_paths = n,
        .cwd_fd = sandbox->cwd_fd,
        .net = settings->network == SANDBOX_NETWORK_ON ? BEACON_NET_FULL : BEACON_NET_NONE,
        .git = BEACON_GIT_WRITABLE,
    };
    if (sandbox_is_unrestricted(sandbox)) {
        sandbox->policy.prefer = 0;
        sandbox->policy.net = BEACON_NET_FULL;
    }
    net_session_fill(sandbox->network, &sandbox->policy);
    name_sockets(sandbox, settings);
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
    sandbox->home = settings->home != NULL ? realpath(settings->home, NULL) : NULL;
    sandbox->admin_require = settings->admin_require;
    sandbox->admin_where =
        alloc_string(settings->admin_where != NULL ? settings->admin_where : "the policy");
    int rc = check_mode(settings, err);
    rc = rc == BEACON_OK ? net_session_create(settings, &sandbox->network, err) : rc;
    rc = rc == BEACON_OK ? choose_backend(plugins, settings, &sandbox->backend, err) : rc;
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
    sandbox_backend_close(sandbox->backend);
    net_session_destroy(sandbox->network);
    span_list_finish(&sandbox->unix_allow);
    places_finish(&sandbox->places);
    if (sandbox->cwd_fd >= 0) {
        (void)close(sandbox->cwd_fd);
    }
    free(sandbox->rules);
    free(sandbox->rule_list);
    free(sandbox->cwd);
    free(sandbox->home);
    free(sandbox->admin_where);
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

int sandbox_check_write(const struct sandbox *sandbox, const char *path, struct beacon_error *err)
{
    if (sandbox_is_unrestricted(sandbox)) {
        return BEACON_OK;
    }
    for (size_t i = 0; i < sandbox_root_count(sandbox); i++) {
        if (path_is_beneath(path, sandbox_root_path(sandbox, i))) {
            return BEACON_OK;
        }
    }
    return error_set(err, BEACON_E_REFUSED, "choose a path beneath a writable directory",
                     "writing %s is outside of every writable directory", path);
}

int sandbox_check_read(const struct sandbox *sandbox, const char *path, struct beacon_error *err)
{
    for (size_t i = 0; i < sandbox->places.n; i++) {
        const struct place *place = &sandbox->places.list[i];
        const uint32_t closed = BEACON_PATH_DENY | BEACON_PATH_READ;
        if ((place->access & closed) == closed && path_is_beneath(path, place->path)) {
            return error_set(err, BEACON_E_REFUSED, "ask the person for what you need from it",
                             "reading %s is closed to the agent", path);
        }
    }
    return BEACON_OK;
}
