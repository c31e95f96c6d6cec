/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/testhost_cmocka.h - the test host as the state of CMocka tests, in C and C++.
 *
 *     static void an_answer_is_told(void **state)
 *     {
 *         struct testhost *t = testhost_of(state);
 *         …
 *     }
 *
 *     int main(void)
 *     {
 *         const struct CMUnitTest tests[] = {TESTHOST_TEST(an_answer_is_told)};
 *         return cmocka_run_group_tests(tests, NULL, NULL);
 *     }
 *
 * Each test gets a host of its own with the plugin loaded that is linked into the program, and fails when
 * the host has found anything at its end. Thread: the test's.
 */
#ifndef BEACON_SDK_TESTHOST_CMOCKA_H
#define BEACON_SDK_TESTHOST_CMOCKA_H

#include <beacon-sdk/testhost.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#include <cmocka.h>
#ifdef __cplusplus
}
#endif

BEACON_EXTERN_C const struct beacon_plugin *beacon_plugin_entry_v1(uint32_t host_minor);

static inline struct testhost *testhost_of(void **state)
{
    return (struct testhost *)*state;
}

static inline int testhost_setup(void **state)
{
    struct testhost *t = testhost_open(NULL);
    *state = t;
    return testhost_load(t, beacon_plugin_entry_v1(BEACON_ABI_MINOR)) == BEACON_OK ? 0 : -1;
}

static inline int testhost_teardown(void **state)
{
    struct testhost *t = testhost_of(state);
    const size_t n = testhost_n_findings(t);
    if (n > 0) {
        print_error("%s", testhost_findings(t));
    }
    testhost_close(t);
    return n > 0 ? -1 : 0;
}

#define TESTHOST_TEST(name)                                                                        \
    cmocka_unit_test_setup_teardown((name), testhost_setup, testhost_teardown)

#endif
