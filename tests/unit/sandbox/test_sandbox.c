/* SPDX-License-Identifier: Apache-2.0 */
/* How the sandbox is made, refused and explained, whatever its mode. */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/spawn.h"
#include "base/text.h"
#include "unit/sandbox/confined.h"

#define NOBODY      65534
#define UNREACHABLE 11

static void full_access_restricts_nothing(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    const struct sandbox_settings settings = stage_settings(state, SANDBOX_DANGER_FULL_ACCESS);
    assert_int_equal(confined_run(state, &settings, "echo x > ../outside/new", NULL), 0);
    assert_ok(sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err), &err);
    assert_string_equal(sandbox_backend_label(sandbox), "none");
    assert_true(sandbox_is_unrestricted(sandbox));
    assert_false(sandbox_is_read_only(sandbox));
    assert_int_equal(sandbox_root_count(sandbox), 0);
    sandbox_destroy(sandbox);
}

static void backend_that_enforces_nothing_is_refused(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    struct sandbox_settings settings = stage_settings(state, SANDBOX_READ_ONLY);
    settings.backend = "none";
    assert_refused(sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err),
                   BEACON_E_REFUSED, &err);
    assert_null(sandbox);
    assert_non_null(strstr(err.message, "none cannot enforce: file writes, network"));
}

static void unknown_backend_is_refused(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    struct sandbox_settings settings = stage_settings(state, SANDBOX_READ_ONLY);
    settings.backend = "magic";
    assert_refused(sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err),
                   BEACON_E_REFUSED, &err);
}

static const char *start_under(void **state, const char *backend)
{
    const char *out = "";
    struct sandbox_settings settings = stage_settings(state, SANDBOX_READ_ONLY);
    settings.backend = backend;
    assert_int_equal(confined_run(state, &settings, "echo x > ../outside/new", &out), -1);
    assert_int_equal(access(stage_path(state, "outside/new"), F_OK), -1);
    return out;
}

static void plan_that_promises_too_little_is_refused(void **state)
{
    assert_string_equal(start_under(state, "liar"),
                        "sandbox backend liar does not promise what this mode needs: network");
}

static void plan_with_an_unknown_operation_is_refused(void **state)
{
    assert_string_not_equal(start_under(state, "stranger"), "");
}

static void failing_operation_is_told_by_index_name_and_reason(void **state)
{
    assert_string_equal(start_under(state, "clumsy"),
                        "sandbox backend clumsy: operation 1, cannot enter the working directory: "
                        "Not a directory");
}

static void missing_working_directory_is_an_error(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    settings.cwd = stage_path(state, "gone");
    assert_refused(sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err),
                   BEACON_E_INVALID, &err);
}

/* A process may be under sixteen Landlock layers at most; one more is refused by the kernel. */
static void sandbox_inside_too_many_others_is_refused_in_words(void **state)
{
    int fds[2];
    char message[256] = "";
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid_t host = fork();
    assert_true(host >= 0);
    if (host == 0) {
        const struct sandbox_settings settings = stage_settings(state, SANDBOX_READ_ONLY);
        const char *out = "";
        for (int layer = 0; layer < 16; layer++) {
            const uint64_t attr[1] = {1};
            (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            int ruleset = (int)syscall(444, attr, sizeof attr, 0);
            (void)syscall(446, ruleset, 0);
            (void)close(ruleset);
        }
        int status = confined_run(state, &settings, "true", &out);
        _exit(status == -1 && write(fds[1], out, strlen(out)) > 0 ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(host, &status, 0), host);
    assert_int_equal(status, 0);
    (void)close(fds[1]);
    assert_true(read(fds[0], message, sizeof message - 1) > 0);
    (void)close(fds[0]);
    assert_non_null(strstr(message, "inside too many sandboxes already"));
}

static void sandbox_works_inside_a_sandbox(void **state)
{
    pid_t host = fork();
    assert_true(host >= 0);
    if (host == 0) {
        const struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
        const uint64_t attr[1] = {1u << 8}; /* an outer layer: nothing may be made */
        (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        int ruleset = (int)syscall(444, attr, sizeof attr, 0);
        int rc = (int)syscall(446, ruleset, 0);
        bool is_running = confined_run(state, &settings, "exit 3", NULL) == 3;
        bool is_bound_by_both = confined_run(state, &settings, "echo x > new", NULL) != 0;
        _exit(rc == 0 && is_running && is_bound_by_both ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(host, &status, 0), host);
    assert_int_equal(status, 0);
}

static int run_with_input(void **state, int in_fd, const char *script)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    struct sandbox_run *run = NULL;
    struct spawn_child child = {0};
    const char *const argv[] = {"sh", "-c", script, NULL};
    const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    const struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    const struct sandbox_command command = {
        .argv = argv, .env = env, .in_fd = in_fd, .out_fd = -1, .err_fd = -1};
    int status = 0;
    assert_ok(sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err), &err);
    assert_ok(sandbox_start(sandbox, &command, &run, &child, &err), &err);
    assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
    (void)close(child.pidfd);
    sandbox_finish(sandbox, run, status, NULL, 0, NULL);
    sandbox_destroy(sandbox);
    return WEXITSTATUS(status);
}

static void directory_or_socket_as_input_is_replaced(void **state)
{
    const char *is_null = "[ \"$(readlink /proc/self/fd/0)\" = /dev/null ]";
    int sockets[2];
    AUTO_CLOSE int dir = open(stage_of(state)->outside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(run_with_input(state, dir, is_null), 0);
    assert_int_equal(run_with_input(state, dir, "echo x > /proc/self/fd/0/new"), 2);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
    assert_int_equal(run_with_input(state, sockets[0], is_null), 0);
    (void)close(sockets[0]);
    (void)close(sockets[1]);
}

static void network_socket_as_output_is_refused(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    struct sandbox_run *run = NULL;
    struct spawn_child child = {0};
    const char *const argv[] = {"true", NULL};
    const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    const struct sandbox_settings settings = stage_settings(state, SANDBOX_READ_ONLY);
    AUTO_CLOSE int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sandbox_command command = {
        .argv = argv, .env = env, .in_fd = -1, .out_fd = tcp, .err_fd = -1};
    assert_ok(sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err), &err);
    assert_refused(sandbox_start(sandbox, &command, &run, &child, &err), BEACON_E_REFUSED, &err);
    assert_null(run);
    sandbox_destroy(sandbox);
}

static void refusal_is_told_to_the_model(void **state)
{
    static const char tail[] = "working\nsh: 1: cannot create /etc/x: Permission denied\nbye";
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    struct sandbox_run *run = NULL;
    struct spawn_child child = {0};
    AUTO_TEXT struct text diagnosis;
    const char *const argv[] = {"false", NULL};
    const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    struct sandbox_settings settings = stage_settings(state, SANDBOX_READ_ONLY);
    const struct sandbox_command command = {
        .argv = argv, .env = env, .in_fd = -1, .out_fd = -1, .err_fd = -1};
    int status = 0;
    settings.backend = "landlock";
    text_init(&diagnosis, 4096);
    assert_ok(sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err), &err);
    assert_ok(sandbox_start(sandbox, &command, &run, &child, &err), &err);
    assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
    (void)close(child.pidfd);
    sandbox_finish(sandbox, run, status, tail, sizeof tail - 1, &diagnosis);
    sandbox_finish(sandbox, NULL, 0, NULL, 0, &diagnosis); /* fine */
    sandbox_destroy(sandbox);
    assert_string_equal(
        text_string(&diagnosis),
        "The sandbox (landlock) probably refused this: sh: 1: cannot create /etc/x: "
        "Permission denied\nWriting is allowed nowhere; the network is off.");
}

/* The next number there is. */
static int next_descriptor(void)
{
    AUTO_CLOSE int probe = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return probe;
}

/* Compared once the sandbox is gone: meanwhile it holds sockets in /tmp, and those come and go. */
static void hundred_commands_leak_no_descriptor(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    const char *const argv[] = {"true", NULL};
    const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    const struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    const struct sandbox_command command = {
        .argv = argv, .env = env, .in_fd = -1, .out_fd = -1, .err_fd = -1};
    int before = -1;
    for (int i = 0; i < 100; i++) {
        struct sandbox_run *run = NULL;
        struct spawn_child child = {0};
        int status = 0;
        if (i < 2) { /* the first one leaves what is made once for all */
            sandbox_destroy(sandbox);
            before = next_descriptor();
            assert_ok(sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err), &err);
        }
        assert_ok(sandbox_start(sandbox, &command, &run, &child, &err), &err);
        spawn_reap(&child, &status);
        sandbox_finish(sandbox, run, status, NULL, 0, NULL);
    }
    sandbox_destroy(sandbox);
    assert_int_equal(next_descriptor(), before);
}

static void explanation_names_what_is_not_enforced(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    AUTO_TEXT struct text out;
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    settings.home = stage_of(state)->outside;
    settings.backend = "landlock";
    text_init(&out, 65536);
    assert_ok(sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err), &err);
    assert_ok(sandbox_explain(sandbox, &out, &err), &err);
    sandbox_destroy(sandbox);
    assert_non_null(strstr(text_string(&out), "Backend: landlock\nMode:    workspace-write"));
    assert_non_null(strstr(text_string(&out), stage_of(state)->work));
    assert_non_null(strstr(text_string(&out), "Enforced: file writes, network, "));
    assert_non_null(strstr(text_string(&out), "Wanted but not enforced: file reads"));
    assert_non_null(strstr(text_string(&out), "apply the Landlock ruleset"));
    assert_non_null(strstr(text_string(&out), "Not prevented: reading "));
    assert_non_null(strstr(text_string(&out), ".vscode"));
}

static void explanation_names_every_writable_place(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    AUTO_TEXT struct text out;
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    settings.home = stage_path(state, "work/home");
    assert_int_equal(mkdir(settings.home, 0700), 0);
    settings.exclude_slash_tmp = false;
    text_init(&out, 65536);
    assert_ok(sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err), &err);
    assert_ok(sandbox_explain(sandbox, &out, &err), &err);
    sandbox_destroy(sandbox);
    assert_non_null(strstr(text_string(&out), "\n           /tmp\n"));
    assert_non_null(strstr(text_string(&out), "\n           /dev/shm\n"));
    assert_non_null(strstr(text_string(&out), "\n           /dev/pts\n"));
}

static void home_beneath_a_writable_place_is_warned_of_unless_it_is_closed(void **state)
{
    static const char *const names[] = {"landlock", "namespaces"};
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    settings.home = stage_path(state, "work/home");
    assert_int_equal(mkdir(settings.home, 0700), 0);
    for (size_t i = 0; i < 2 && stage_has_backend(state, names[i]); i++) {
        struct beacon_error err = {0};
        struct sandbox *sandbox = NULL;
        AUTO_TEXT struct text out;
        text_init(&out, 65536);
        settings.backend = names[i];
        assert_ok(sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err), &err);
        assert_ok(sandbox_explain(sandbox, &out, &err), &err);
        sandbox_destroy(sandbox);
        const char *warning = strstr(text_string(&out), "lies beneath a writable directory");
        assert_int_equal(warning != NULL, i == 0);
    }
}

/* The rest as the ordinary user that most people are. Run by root only; others are it already. */
static void ordinary_user_is_confined_as_well(void **state)
{
    if (geteuid() != 0) {
        skip();
    }
    assert_int_equal(chmod(stage_path(state, ".."), 0755), 0);
    assert_int_equal(chmod(stage_of(state)->dir, 0755), 0);
    assert_int_equal(chown(stage_of(state)->work, NOBODY, NOBODY), 0);
    assert_int_equal(chown(stage_of(state)->outside, NOBODY, NOBODY), 0);
    assert_int_equal(chown(stage_path(state, "outside/secret"), NOBODY, NOBODY), 0);
    pid_t host = fork();
    assert_true(host >= 0);
    if (host == 0) {
        if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0 ||
            prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) { /* as after execve */
            _exit(10);
        }
        if (access(TEST_BUILD_DIR "/bin", X_OK) != 0) {
            _exit(UNREACHABLE); /* a clone in root's own home */
        }
        bool is_confined = run_workspace(state, "echo x > new && chmod 600 new", NULL) == 0 &&
                           run_workspace(state, "echo x > ../outside/secret", NULL) != 0 &&
                           run_workspace(state, "rm ../outside/secret", NULL) != 0 &&
                           run_read_only(state, "echo x > newer", NULL) != 0 &&
                           strcmp(attempt(state, SANDBOX_READ_ONLY, "bpf", ""), "EPERM") == 0;
        _exit(is_confined ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(host, &status, 0), host);
    if (WIFEXITED(status) && WEXITSTATUS(status) == UNREACHABLE) {
        skip();
    }
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_stage(full_access_restricts_nothing),
        on_stage(backend_that_enforces_nothing_is_refused),
        on_stage(unknown_backend_is_refused),
        on_stage(plan_that_promises_too_little_is_refused),
        on_stage(plan_with_an_unknown_operation_is_refused),
        on_stage(failing_operation_is_told_by_index_name_and_reason),
        on_stage(missing_working_directory_is_an_error),
        on_stage(sandbox_inside_too_many_others_is_refused_in_words),
        on_stage(sandbox_works_inside_a_sandbox),
        on_stage(directory_or_socket_as_input_is_replaced),
        on_stage(network_socket_as_output_is_refused),
        on_stage(refusal_is_told_to_the_model),
        on_stage(hundred_commands_leak_no_descriptor),
        on_stage(explanation_names_what_is_not_enforced),
        on_stage(explanation_names_every_writable_place),
        on_stage(home_beneath_a_writable_place_is_warned_of_unless_it_is_closed),
        on_stage(ordinary_user_is_confined_as_well),
    };
    return cmocka_run_group_tests_name("sandbox/sandbox", tests, NULL, NULL);
}
