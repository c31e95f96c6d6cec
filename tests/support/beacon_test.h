/* beacon_test.h - what a CMocka program of ours starts with: the only file that includes cmocka.h.
 *
 * Every string returned here belongs to the running test: it is freed when the test's temporary
 * directory goes, or at exit. A helper that cannot do its work fails the test.
 */
#ifndef TESTS_SUPPORT_BEACON_TEST_H
#define TESTS_SUPPORT_BEACON_TEST_H

/* cmocka.h needs these four before it, in any order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <beacon/error.h>

/* `call` returned BEACON_OK; otherwise the message and the hint in `err` are printed. */
#define assert_ok(call, err) assert_ok_at((call), (err), #call, __FILE__, __LINE__)

/* `call` failed with `code`, and `err` says what happened and what to do next. */
#define assert_refused(call, code, err)                                                            \
    assert_refused_at((call), (code), (err), #call, __FILE__, __LINE__)

/* A CMUnitTest with a fresh, empty directory, removed afterwards. The working directory of the
 * process is not touched. */
#define in_temp_dir(test) cmocka_unit_test_setup_teardown(test, temp_dir_setup, temp_dir_teardown)

const char *temp_dir(void **state);                    /* absolute, symlinks resolved */
const char *temp_path(void **state, const char *name); /* temp_dir(state) + "/" + name */

const char *read_text(const char *path);
void write_text(const char *path, const char *text); /* 0600, replacing what was there */

/* Run argv[0] (searched in PATH) to its end with `input` on its standard input (NULL: empty).
 * Returns its exit status, or 128 + the number of the signal that ended it. `ret_out` and `ret_err`
 * (either may be NULL) receive what it wrote. */
int run_program(const char *const *argv, const char *input, const char **ret_out,
                const char **ret_err);

/* What the macros above call. */
void assert_ok_at(int rc, const struct beacon_error *err, const char *call, const char *file,
                  int line);
void assert_refused_at(int rc, int code, const struct beacon_error *err, const char *call,
                       const char *file, int line);
int temp_dir_setup(void **state);
int temp_dir_teardown(void **state);

#endif
