/* confined.h - running a shell script under the real sandbox, from a test.
 *
 * A stage is a temporary directory with a workspace "work" and, beside it, "outside", which holds
 * what the sandbox must protect. /tmp and $TMPDIR are no writable roots unless the test says so,
 * because the stage itself is beneath them.
 */
#ifndef TESTS_UNIT_SANDBOX_CONFINED_H
#define TESTS_UNIT_SANDBOX_CONFINED_H

#include <stdbool.h>

#include "sandbox/sandbox.h"

struct plugin_set;

struct stage {
    const char *dir, *work, *outside;
    struct plugin_set *plugins;
};

/* For cmocka's group: opens the plugins of the build tree. */
int stage_setup(void **state);    /* per test */
int stage_teardown(void **state); /* per test */
struct stage *stage_of(void **state);
const char *stage_path(void **state, const char *name); /* beneath the stage's directory */

/* The backend of stage_settings() from now on; "auto" at first. `name` is borrowed for good. */
void stage_use_backend(const char *name);

/* Can `name` be had here, as this user, in this mode? */
bool stage_has_backend(void **state, const char *name);

struct sandbox_settings stage_settings(void **state, enum sandbox_mode mode);

/* Run `script` by sh in the workspace. Returns its exit status, 128 + signal, or -1 when it could
 * not be started (then `ret_out` is the error's message). `ret_out` (may be NULL) receives standard
 * output and error together, without the last newline; it is valid until the test ends. */
int confined_run(void **state, const struct sandbox_settings *settings, const char *script,
                 const char **ret_out);

/* The two modes, as they are by default. */
int run_read_only(void **state, const char *script, const char **ret_out);
int run_workspace(void **state, const char *script, const char **ret_out);

/* One attempt of sandbox_attempt.c: "ok", or the name of its errno. */
const char *attempt(void **state, enum sandbox_mode mode, const char *name, const char *argument);

#define on_stage(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

#endif
