/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/sandbox/confined.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/spawn.h"
#include "base/text.h"
#include "plugin/discover.h"
#include "support/beacon_test.h"

#define OUTPUT_MAX (1u << 20)

extern char **environ;

/* cmocka gives one state pointer per test, and temp_dir() wants it: stages are found beside it. */
static struct stage current;
static char *last_output;
static const char *backend = "auto";

struct stage *stage_of(void **state)
{
    (void)state;
    return &current;
}

const char *stage_path(void **state, const char *name)
{
    return temp_path(state, name);
}

int stage_setup(void **state)
{
    const struct plugin_places places = {.executable_dir = TEST_BUILD_DIR "/bin",
                                         .env_path = TEST_BUILD_DIR "/tests/fake_backends"};
    struct beacon_error err = {0};
    if (temp_dir_setup(state) != 0 ||
        plugin_set_open(&places, &current.plugins, &err) != BEACON_OK) {
        return -1;
    }
    current.dir = temp_dir(state);
    current.work = temp_path(state, "work");
    current.outside = temp_path(state, "outside");
    if (mkdir(current.work, 0755) != 0 || mkdir(current.outside, 0755) != 0) {
        return -1;
    }
    write_text(temp_path(state, "outside/secret"), "untouched\n");
    return 0;
}

int stage_teardown(void **state)
{
    plugin_set_close(current.plugins);
    current = (struct stage){0};
    free(last_output);
    last_output = NULL;
    return temp_dir_teardown(state);
}

void stage_use_backend(const char *name)
{
    backend = name;
}

bool stage_has_backend(void **state, const char *name)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    struct sandbox_settings settings = stage_settings(state, SANDBOX_READ_ONLY);
    settings.backend = name;
    int rc = sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err);
    sandbox_destroy(sandbox);
    return rc == BEACON_OK;
}

struct sandbox_settings stage_settings(void **state, enum sandbox_mode mode)
{
    return (struct sandbox_settings){
        .mode = mode,
        .backend = backend,
        .cwd = stage_of(state)->work,
        .exclude_tmpdir = true,
        .exclude_slash_tmp = true,
    };
}

static void keep_output(const char *text, const char **ret_out)
{
    size_t n = strlen(text);
    free(last_output);
    last_output = alloc_string_n(text, n > 0 && text[n - 1] == '\n' ? n - 1 : n);
    if (ret_out != NULL) {
        *ret_out = last_output;
    }
}

static int finish(struct sandbox *sandbox, struct sandbox_run *run, struct spawn_child child)
{
    int status = 0;
    spawn_reap(&child, &status);
    sandbox_finish(sandbox, run, status, NULL, 0, NULL);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run_in(struct sandbox *sandbox, const char *script, const char **ret_out)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct beacon_error err = {0};
    struct sandbox_run *run = NULL;
    struct spawn_child child = {0};
    AUTO_TEXT struct text out;
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    const struct sandbox_command command = {.argv = argv,
                                            .env = (const char *const *)environ,
                                            .in_fd = -1,
                                            .out_fd = fds[1],
                                            .err_fd = fds[1]};
    int rc = sandbox_start(sandbox, &command, &run, &child, &err);
    (void)close(fds[1]);
    text_init(&out, OUTPUT_MAX);
    if (rc == BEACON_OK) {
        assert_ok(io_read_all(fds[0], "the command", &out, &err), &err);
    }
    (void)close(fds[0]);
    keep_output(rc == BEACON_OK ? text_string(&out) : err.message, ret_out);
    return rc == BEACON_OK ? finish(sandbox, run, child) : -1;
}

int confined_run(void **state, const struct sandbox_settings *settings, const char *script,
                 const char **ret_out)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    assert_ok(sandbox_create(stage_of(state)->plugins, settings, &sandbox, &err), &err);
    int status = run_in(sandbox, script, ret_out);
    sandbox_destroy(sandbox);
    return status;
}

int run_read_only(void **state, const char *script, const char **ret_out)
{
    const struct sandbox_settings settings = stage_settings(state, SANDBOX_READ_ONLY);
    return confined_run(state, &settings, script, ret_out);
}

int run_workspace(void **state, const char *script, const char **ret_out)
{
    const struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    return confined_run(state, &settings, script, ret_out);
}

const char *attempt(void **state, enum sandbox_mode mode, const char *name, const char *argument)
{
    char script[4096];
    const char *out = "";
    const struct sandbox_settings settings = stage_settings(state, mode);
    (void)snprintf(script, sizeof script, "%s/tests/helpers/sandbox_attempt %s '%s'",
                   TEST_BUILD_DIR, name, argument);
    (void)confined_run(state, &settings, script, &out);
    return out;
}
