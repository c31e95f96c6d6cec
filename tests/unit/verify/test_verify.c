/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/spawn.h"
#include "plugin/discover.h"
#include "verify/canary.h"
#include "verify/verify.h"
#include "verify/verify_table.h"

static const char *const program[] = {TEST_BUILD_DIR "/bin/beacon", "sandbox", "canary", NULL};

struct seen {
    size_t n, n_works, n_applicable;
    size_t n_open; /* not enforced, or not working */
    char first_open[64];
};

static void see(void *ctx, const struct verify_result *result)
{
    struct seen *seen = ctx;
    seen->n++;
    seen->n_applicable += result->state != VERIFY_NOT_APPLICABLE ? 1 : 0;
    seen->n_works += result->must_work && result->state == VERIFY_ENFORCED ? 1 : 0;
    if (result->state == VERIFY_NOT_ENFORCED && seen->n_open++ == 0) {
        (void)snprintf(seen->first_open, sizeof seen->first_open, "%s", result->id);
    }
}

static int setup(void **state)
{
    return temp_dir_setup(state) == 0 && setenv("TMPDIR", temp_dir(state), 1) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    return unsetenv("TMPDIR") == 0 ? temp_dir_teardown(state) : -1;
}

static int verify(const char *backend, enum sandbox_mode mode, struct seen *seen,
                  struct verify_report *report, struct beacon_error *err)
{
    const struct plugin_places places = {.executable_dir = TEST_BUILD_DIR "/bin",
                                         .env_path = TEST_BUILD_DIR "/tests/fake_backends"};
    struct plugin_set *plugins = NULL;
    assert_ok(plugin_set_open(&places, &plugins, err), err);
    const struct verify_request request = {
        .plugins = plugins, .mode = mode, .backend = backend, .program = program};
    *seen = (struct seen){0};
    int rc = verify_run(&request, see, seen, report, err);
    plugin_set_close(plugins);
    return rc;
}

static void a_backend_that_promises_and_does_nothing_is_found_out(void **state)
{
    (void)state;
    struct seen seen;
    struct verify_report report;
    struct beacon_error err = {0};
    assert_ok(verify("boaster", SANDBOX_WORKSPACE_WRITE, &seen, &report, &err), &err);
    assert_string_equal(report.backend, "boaster");
    /* Everything that can be done here is done, but for what no plan has a say in. */
    assert_in_range(seen.n_open, seen.n_applicable - seen.n_works - 4, seen.n_applicable);
    assert_true(report.n_broken > 20);
    assert_string_equal(seen.first_open, "files.create");
    assert_int_equal(seen.n_works, 2);
}

static void nothing_is_left_of_what_it_made(void **state)
{
    struct seen seen;
    struct verify_report report;
    struct beacon_error err = {0};
    size_t n = 0;
    assert_ok(verify("boaster", SANDBOX_READ_ONLY, &seen, &report, &err), &err);
    DIR *dir = opendir(temp_dir(state));
    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        n++;
    }
    (void)closedir(dir);
    assert_int_equal(n, 2);
#ifndef BEACON_SANITIZED /* what looks for leaks in a canary that was killed is an orphan, too */
    assert_int_equal(spawn_sweep(NULL, 0), 0);
#endif
}

static void landlock_keeps_what_it_promises(void **state)
{
    struct seen seen;
    struct verify_report report;
    struct beacon_error err = {0};
    (void)state;
    assert_ok(verify("landlock", SANDBOX_WORKSPACE_WRITE, &seen, &report, &err), &err);
    assert_int_equal(report.n_broken, 0);
    assert_true(report.n_enforced > 25);
    assert_int_equal(seen.n, report.n_enforced + report.n_open + report.n_not_applicable);
}

static void a_sandbox_that_cannot_be_had_is_refused(void **state)
{
    struct seen seen;
    struct verify_report report;
    struct beacon_error err = {0};
    (void)state;
    assert_refused(verify("none", SANDBOX_READ_ONLY, &seen, &report, &err), BEACON_E_REFUSED, &err);
    assert_int_equal(seen.n, 0);
}

static void every_row_has_a_canary_and_an_id_of_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < verify_row_count; i++) {
        const struct verify_row *row = &verify_rows[i];
        assert_true((row->flags & VERIFY_IN_BOTH) != 0);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(row->id, verify_rows[k].id);
        }
    }
    assert_int_equal(canary_main("no-such-canary", ""), CANARY_UNKNOWN);
    assert_int_equal(canary_main("through", ""), CANARY_THROUGH);
}

#define within(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        within(a_backend_that_promises_and_does_nothing_is_found_out),
        within(nothing_is_left_of_what_it_made),
        within(landlock_keeps_what_it_promises),
        within(a_sandbox_that_cannot_be_had_is_refused),
        cmocka_unit_test(every_row_has_a_canary_and_an_id_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
