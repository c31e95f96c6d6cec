/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon-sdk/error.h>
#include <beacon-sdk/text.h>
#include <beacon/sandbox.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profile.h"
#include "sandbox_seatbelt_manifest.h"

/* By its path and never through PATH: something else of that name would run unconfined. */
#define WRAPPER "/usr/bin/sandbox-exec"

#define WORDS_BEFORE 3 /* the wrapper, -p, the profile */

static bool is_available(void)
{
#ifdef __APPLE__
    return access(WRAPPER, X_OK) == 0;
#else
    return false; /* a program of that name elsewhere is no sandbox */
#endif
}

static beacon_rc probe(void *state, const struct beacon_host *host,
                       struct beacon_sandbox_report *out, struct beacon_error *err)
{
    const uint32_t all = BEACON_SB_FS_WRITE | BEACON_SB_FS_READ | BEACON_SB_NET |
                         BEACON_SB_NET_ALLOWLIST | BEACON_SB_PROC | BEACON_SB_EXEC;
    (void)state;
    (void)host;
    (void)err;
    BEACON_SET(out, can_enforce, is_available() ? all : 0);
    BEACON_SET(out, flags, 0);
    BEACON_SET(out, abi_level, 0);
    if (BEACON_HAS(out, detail)) {
        beacon_error_copy(out->detail, sizeof out->detail,
                          is_available() ? "Seatbelt, by " WRAPPER
                                         : "unavailable here: Seatbelt is a part of macOS");
    }
    return BEACON_OK;
}

static beacon_rc create(void *state, const struct beacon_host *host, struct beacon_str config,
                        void **inst, struct beacon_error *err)
{
    (void)state;
    (void)host;
    (void)config;
    (void)err;
    *inst = NULL;
    return BEACON_OK;
}

static void destroy(void *inst)
{
    (void)inst;
}

static beacon_rc wrap(const struct profile *profile, const struct beacon_plan *plan)
{
    const size_t n = WORDS_BEFORE + profile->n_parameters;
    struct beacon_str *words = calloc(n + 1, sizeof *words);
    if (words == NULL) {
        return BEACON_E_NOMEM;
    }
    words[0] = beacon_text(WRAPPER);
    words[1] = beacon_text("-p");
    words[2] = beacon_span(profile->text, profile->n);
    for (size_t i = 0; i < profile->n_parameters; i++) {
        words[WORDS_BEFORE + i] = beacon_text(profile->parameters[i]);
    }
    beacon_rc rc = plan->wrap(plan, words, n);
    free(words);
    return rc;
}

static uint32_t promise_of(const struct beacon_sandbox_policy *policy)
{
    uint32_t promise = BEACON_SB_FS_WRITE | BEACON_SB_FS_READ | BEACON_SB_PROC | BEACON_SB_EXEC;
    promise |= policy->net != BEACON_NET_FULL ? BEACON_SB_NET : 0;
    promise |= policy->net == BEACON_NET_ALLOW_LIST ? BEACON_SB_NET_ALLOWLIST : 0;
    return promise;
}

static beacon_rc add_notes(const struct beacon_sandbox_policy *policy,
                           const struct beacon_plan *plan)
{
    beacon_rc rc = plan->note(plan, beacon_text("Not prevented: System V IPC, more processes or "
                                                "memory than are good for the machine."));
    if (rc == BEACON_OK && policy->net == BEACON_NET_LOOPBACK) {
        rc = plan->note(plan, beacon_text("Connections within the sandbox are off as well: macOS "
                                          "has one loopback for the whole machine."));
    }
    return rc;
}

static beacon_rc prepare(void *inst, const struct beacon_sandbox_policy *policy,
                         const struct beacon_exec *exec, const struct beacon_plan *plan,
                         void **cookie, struct beacon_error *err)
{
    (void)inst;
    (void)exec;
    if (!is_available()) {
        return beacon_error_fill(err, BEACON_E_REFUSED, "choose the backend auto",
                                 "Seatbelt is a part of macOS and unavailable here");
    }
    struct profile profile;
    beacon_rc rc = profile_make(policy, &profile);
    rc = rc == BEACON_OK ? wrap(&profile, plan) : rc;
    rc = rc == BEACON_OK ? add_notes(policy, plan) : rc;
    rc = rc == BEACON_OK ? plan->promise(plan, promise_of(policy)) : rc;
    profile_finish(&profile);
    *cookie = NULL;
    return rc == BEACON_OK ? rc
                           : beacon_error_fill(err, rc, "use fewer or shorter paths in the policy",
                                               "the policy does not fit into a Seatbelt profile");
}

static void release(void *inst, void *cookie)
{
    (void)inst;
    (void)cookie;
}

static const struct beacon_sandbox backend = {
    .struct_size = sizeof backend,
    .probe = probe,
    .create = create,
    .destroy = destroy,
    .prepare = prepare,
    .release = release,
};

static const struct beacon_component seatbelt = {
    .struct_size = sizeof seatbelt,
    .kind = BEACON_KIND_SANDBOX,
    .name = "seatbelt",
    .iface = BEACON_SANDBOX_IFACE,
    .vtable = &backend,
};

static const struct beacon_component *const components[] = {&seatbelt, NULL};

static const struct beacon_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
};

BEACON_PLUGIN(sandbox_seatbelt, &plugin)
