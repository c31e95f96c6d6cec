/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon/sandbox.h>
#include <string.h>

#include "unit/sandbox/confined.h"

#define WHERE "/etc/code/policy.d/10-acme.ini:9"

/* sandbox_create() under an admin's requirement; the message when it is refused. */
static int create(void **state, const struct sandbox_settings *asked, uint32_t require,
                  struct beacon_error *err)
{
    struct sandbox_settings settings = *asked;
    struct sandbox *sandbox = NULL;
    settings.admin_require = require;
    settings.admin_where = WHERE;
    int rc = sandbox_create(stage_of(state)->plugins, &settings, &sandbox, err);
    sandbox_destroy(sandbox);
    return rc;
}

static void assert_policy(int rc, const struct beacon_error *err, const char *missing)
{
    assert_refused(rc, BEACON_E_POLICY, err);
    assert_non_null(strstr(err->message, WHERE));
    if (strstr(err->message, missing) == NULL) {
        fail_msg("\"%s\" does not name %s", err->message, missing);
    }
}

static void full_access_is_refused_whatever_is_required(void **state)
{
    struct beacon_error err = {0};
    const struct sandbox_settings settings = stage_settings(state, SANDBOX_DANGER_FULL_ACCESS);
    assert_policy(create(state, &settings, BEACON_SB_FS_WRITE, &err), &err, "danger-full-access");
    assert_ok(create(state, &settings, 0, &err), &err);
}

static void a_backend_that_enforces_nothing_is_refused(void **state)
{
    struct beacon_error err = {0};
    struct sandbox_settings settings = stage_settings(state, SANDBOX_READ_ONLY);
    settings.backend = "none";
    assert_policy(create(state, &settings, BEACON_SB_FS_WRITE | BEACON_SB_NET, &err), &err, "none");
}

static void network_access_contradicts_a_required_net(void **state)
{
    struct beacon_error err = {0};
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    settings.network = SANDBOX_NETWORK_ON;
    assert_policy(create(state, &settings, BEACON_SB_NET, &err), &err, "network");
    assert_ok(create(state, &settings, BEACON_SB_FS_WRITE, &err), &err);
}

static void what_the_plan_does_not_promise_is_known_before_the_first_command(void **state)
{
    struct beacon_error err = {0};
    struct sandbox_settings settings = stage_settings(state, SANDBOX_READ_ONLY);
    settings.backend = "liar"; /* says that it can, promises file writes only */
    assert_policy(create(state, &settings, BEACON_SB_FS_WRITE | BEACON_SB_NET, &err), &err,
                  "network");
}

static void a_sandbox_that_keeps_what_is_required_is_given(void **state)
{
    struct beacon_error err = {0};
    const struct sandbox_settings settings = stage_settings(state, SANDBOX_READ_ONLY);
    assert_ok(create(state, &settings, BEACON_SB_FS_WRITE | BEACON_SB_NET, &err), &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_stage(full_access_is_refused_whatever_is_required),
        on_stage(a_backend_that_enforces_nothing_is_refused),
        on_stage(network_access_contradicts_a_required_net),
        on_stage(what_the_plan_does_not_promise_is_known_before_the_first_command),
        on_stage(a_sandbox_that_keeps_what_is_required_is_given),
    };
    return cmocka_run_group_tests_name("sandbox/admin", tests, NULL, NULL);
}
