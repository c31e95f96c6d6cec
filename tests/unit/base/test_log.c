/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* The program runs itself: the threshold is set once per process, and lines go to stderr. */
static const char *logged(const char *beacon_log, const char *rust_log)
{
    static const char program[] = TEST_BUILD_DIR "/tests/test_log";
    const char *argv[] = {program, "as-a-program", NULL};
    const char *err_text = NULL;
    (void)unsetenv("BEACON_LOG");
    (void)unsetenv("RUST_LOG");
    if (beacon_log != NULL) {
        (void)setenv("BEACON_LOG", beacon_log, 1);
    }
    if (rust_log != NULL) {
        (void)setenv("RUST_LOG", rust_log, 1);
    }
    assert_int_equal(run_program(argv, NULL, NULL, &err_text), 0);
    return err_text;
}

static int as_a_program(void)
{
    static char lengthy[3000];
    memset(lengthy, 'x', sizeof lengthy - 1);
    log_init_from_environment();
    log_line(LOG_LEVEL_DEBUG, "d %d", 1);
    log_line(LOG_LEVEL_WARN, "w\n\x1b[31m\r%s", "\x7F!");
    if (log_is_on(LOG_LEVEL_TRACE)) {
        log_line(LOG_LEVEL_TRACE, "%s", lengthy);
    }
    return 0;
}

#define WARNING "beacon: warn: w  [31m  !\n"

static void warnings_are_seen_and_details_are_not(void **state)
{
    (void)state;
    assert_string_equal(logged(NULL, NULL), WARNING);
}

static void the_environment_asks_for_more_or_less(void **state)
{
    (void)state;
    assert_string_equal(logged("debug", NULL), "beacon: debug: d 1\n" WARNING);
    assert_string_equal(logged("DEBUG", NULL), "beacon: debug: d 1\n" WARNING);
    assert_string_equal(logged(NULL, "debug,hyper=info"), "beacon: debug: d 1\n" WARNING);
    assert_string_equal(logged("error", "debug"), "");
}

static void a_filter_that_is_not_understood_is_ignored(void **state)
{
    (void)state;
    assert_string_equal(logged("loud", NULL), WARNING);
    assert_string_equal(logged("", NULL), WARNING);
    assert_string_equal(logged(NULL, "codex_core=debug"), WARNING);
}

static void a_record_is_one_line_of_bounded_length(void **state)
{
    (void)state;
    const char *text = strstr(logged("trace", NULL), "beacon: trace: ");
    assert_non_null(text);
    assert_int_equal(strlen(text), 1024);
    assert_ptr_equal(strchr(text, '\n'), text + 1023);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        return as_a_program();
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warnings_are_seen_and_details_are_not),
        cmocka_unit_test(the_environment_asks_for_more_or_less),
        cmocka_unit_test(a_filter_that_is_not_understood_is_ignored),
        cmocka_unit_test(a_record_is_one_line_of_bounded_length),
    };
    return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
