/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/choice.h"

#include <beacon/sandbox.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/text.h"
#include "plugin/sandbox_backend.h"
#include "sandbox/plan.h"
#include "sandbox/sandbox.h"
#include "sandbox/sandbox_parts.h"

#define REASON_BYTES 4096

/* What "auto" tries, strongest first. */
static const struct {
    const char *name;
    bool binds;
} strongest_first[] = {{"namespaces", true}, {"landlock", false}};

uint32_t choice_required(const struct sandbox_settings *settings)
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

/* `report` says what the backend can; with what it lacks the answer is no. */
static int check_report(const char *name, const struct sandbox_settings *settings,
                        const struct beacon_sandbox_report *report, struct beacon_error *err)
{
    const uint32_t missing = choice_required(settings) & ~report->can_enforce;
    if (missing == 0) {
        return BEACON_OK;
    }
    if ((missing & settings->admin_require) != 0) {
        return sandbox_refuse_admin(settings->admin_where, name, missing & settings->admin_require,
                                    err);
    }
    AUTO_TEXT struct text names;
    text_init(&names, REASON_BYTES);
    (void)plan_name_promises(missing, &names);
    return error_set(err, BEACON_E_REFUSED, "choose another backend",
                     "sandbox backend %s cannot enforce: %s (%s)", name, text_string(&names),
                     report->detail[0] != '\0' ? report->detail : "no further detail");
}

static bool is_to_be_probed(const struct sandbox_settings *settings)
{
    return !settings->is_hurried || settings->admin_require != 0;
}

/* Open and probe one backend; *ret is left alone unless it can do what is required. */
static int try_backend(struct plugin_set *plugins, const char *name,
                       const struct sandbox_settings *settings, struct sandbox_backend **ret,
                       struct beacon_error *err)
{
    struct sandbox_backend *backend = NULL;
    struct beacon_sandbox_report report = {.struct_size = sizeof report};
    int rc = sandbox_backend_open(plugins, name, NULL, &backend, err);
    if (rc == BEACON_OK && is_to_be_probed(settings)) {
        rc = sandbox_backend_probe(backend, &report, err);
        report.detail[sizeof report.detail - 1] = '\0';
        rc = rc == BEACON_OK ? check_report(name, settings, &report, err) : rc;
    }
    if (rc != BEACON_OK) {
        sandbox_backend_close(backend);
        return rc;
    }
    *ret = backend;
    return BEACON_OK;
}

static const char other_backend[] =
    "leave the choice to beacon: --backend auto, or sandbox_backend = "
    "\"auto\" in the configuration";
static const char other_kernel[] =
    "use a kernel with user namespaces or with Landlock (Linux 5.19 or newer, \"landlock\" in its "
    "lsm= list), or give the sandbox up knowingly with -s danger-full-access";

/* Whatever the backend's own complaint was, to the person it means: the sandbox cannot be had. */
static int refuse_backend(const struct beacon_error *cause, const char *all, const char *remedy,
                          struct beacon_error *err)
{
    if (cause->code == BEACON_E_POLICY) {
        *err = *cause;
        return BEACON_E_POLICY;
    }
    return error_set(err, BEACON_E_REFUSED,
                     cause->code == BEACON_E_REFUSED || cause->hint[0] == '\0' ? remedy
                                                                               : cause->hint,
                     "no sandbox for this mode: %s", all);
}

static int try_named(struct plugin_set *plugins, const struct sandbox_settings *settings,
                     struct sandbox_backend **ret, struct beacon_error *err)
{
    struct beacon_error cause = {.struct_size = sizeof cause};
    int rc = try_backend(plugins, settings->backend, settings, ret, &cause);
    return rc == BEACON_OK ? rc : refuse_backend(&cause, cause.message, other_backend, err);
}

static int try_all(struct plugin_set *plugins, const struct sandbox_settings *settings,
                   struct sandbox_backend **ret, char **ret_passed_over, struct beacon_error *err)
{
    struct beacon_error cause = {.struct_size = sizeof cause};
    AUTO_TEXT struct text passed_over;
    text_init(&passed_over, REASON_BYTES);
    for (size_t i = 0; i < sizeof strongest_first / sizeof strongest_first[0]; i++) {
        if (try_backend(plugins, strongest_first[i].name, settings, ret, &cause) == BEACON_OK) {
            *ret_passed_over = passed_over.len > 0 ? alloc_string(text_string(&passed_over)) : NULL;
            return BEACON_OK;
        }
        (void)text_addf(&passed_over, "%s%s", passed_over.len > 0 ? "; " : "", cause.message);
    }
    return refuse_backend(&cause, text_string(&passed_over), other_kernel, err);
}

int choice_make(struct plugin_set *plugins, const struct sandbox_settings *settings,
                struct sandbox_backend **ret, char **ret_passed_over, struct beacon_error *err)
{
    *ret_passed_over = NULL;
    int rc = check_mode(settings, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (settings->mode == SANDBOX_DANGER_FULL_ACCESS) {
        return try_backend(plugins, "none", settings, ret, err);
    }
    bool is_named = settings->backend != NULL && strcmp(settings->backend, "auto") != 0;
    return is_named ? try_named(plugins, settings, ret, err)
                    : try_all(plugins, settings, ret, ret_passed_over, err);
}

bool choice_binds(const char *name)
{
    for (size_t i = 0; i < sizeof strongest_first / sizeof strongest_first[0]; i++) {
        if (strcmp(strongest_first[i].name, name) == 0) {
            return strongest_first[i].binds;
        }
    }
    return false;
}
