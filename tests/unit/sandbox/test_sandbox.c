/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/spawn.h"
#include "base/text.h"
#include "unit/sandbox/confined.h"

#define NOBODY      65534
#define UNREACHABLE 11

static const char *secret(void **state)
{
    return read_text(stage_path(state, "outside/secret"));
}

/* Every way of changing something outside: none may work, and nothing may have changed. */
static const char *const changes[] = {
    "echo x > ../outside/new",
    "echo x >> ../outside/secret",
    ": > ../outside/secret",
    "truncate -s 0 ../outside/secret",
    "rm ../outside/secret",
    "mv ../outside/secret ../outside/moved",
    "mv ../outside/secret .",
    "mv mine ../outside/planted",
    "ln ../outside/secret ../outside/hard",
    "ln ../outside/secret hard",
    "ln mine ../outside/hard",
    "ln -s /etc/passwd ../outside/soft",
    "mkdir ../outside/dir",
    "rmdir ../outside/empty",
    "mkfifo ../outside/fifo",
    "cp mine ../outside/copy",
    "dd if=/dev/zero of=../outside/secret count=1 conv=notrunc",
    "ln -s ../outside/secret link && echo x > link",
    "ln -s ../outside linkdir && echo x > linkdir/new",
    "echo x > /proc/self/cwd/../outside/new",
    "echo x > /proc/self/root$PWD/../outside/new",
    "cd ../outside && echo x > new",
    "exec 9<../outside && cd /proc/self/fd/9 && echo x > new",
    "mknod ../outside/device b 1 0",
};

static void assert_changes_fail(void **state, int (*run)(void **, const char *, const char **))
{
    assert_int_equal(mkdir(stage_path(state, "outside/empty"), 0755), 0);
    write_text(stage_path(state, "work/mine"), "mine\n");
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const char *out = "";
        int status = run(state, changes[i], &out);
        if (status == 0) {
            fail_msg("this was possible: %s", changes[i]);
        }
        assert_string_equal(secret(state), "untouched\n");
    }
    const char *const list[] = {"ls", stage_of(state)->outside, NULL};
    const char *left = NULL;
    assert_int_equal(run_program(list, NULL, &left, NULL), 0);
    assert_string_equal(left, "empty\nsecret\n");
}

static void read_only_changes_nothing_outside(void **state)
{
    assert_changes_fail(state, run_read_only);
}

static void workspace_write_changes_nothing_outside(void **state)
{
    assert_changes_fail(state, run_workspace);
}

static void read_only_changes_nothing_inside_either(void **state)
{
    write_text(stage_path(state, "work/mine"), "mine\n");
    assert_int_not_equal(run_read_only(state, "echo x > new", NULL), 0);
    assert_int_not_equal(run_read_only(state, "echo x >> mine", NULL), 0);
    assert_int_not_equal(run_read_only(state, "rm mine", NULL), 0);
    assert_int_not_equal(run_read_only(state, "echo x > /tmp/beacon-must-not-exist", NULL), 0);
    assert_int_not_equal(run_read_only(state, "touch mine", NULL), 0);
    assert_string_equal(read_text(stage_path(state, "work/mine")), "mine\n");
    assert_int_equal(access(stage_path(state, "work/new"), F_OK), -1);
}

static void anything_may_be_read_and_run(void **state)
{
    const char *out = "";
    assert_int_equal(run_read_only(state, "cat ../outside/secret && ls / >/dev/null", &out), 0);
    assert_string_equal(out, "untouched");
}

static void devices_of_every_shell_are_writable(void **state)
{
    const char *script =
        "echo x > /dev/null && echo x > /dev/zero && head -c 4 /dev/urandom | wc -c";
    const char *out = "";
    assert_int_equal(run_read_only(state, script, &out), 0);
    assert_string_equal(out, "4");
}

static void workspace_is_writable_in_every_way(void **state)
{
    const char *script = "mkdir -p a/b && echo one > a/b/f && mv a/b/f a/g && ln a/g h && "
                         "ln -s h s && echo two >> s && truncate -s 3 h && chmod 600 h && "
                         "touch -d 2001-01-01 h && mkfifo p && rm -r a p && cat s";
    const char *out = "";
    assert_int_equal(run_workspace(state, script, &out), 0);
    assert_string_equal(out, "one");
}

static void tmp_and_named_roots_are_writable_unless_excluded(void **state)
{
    const char *const roots[] = {stage_of(state)->outside, "/does/not/exist"};
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    settings.writable_roots = roots;
    settings.n_writable_roots = 2;
    assert_int_equal(confined_run(state, &settings, "echo x > ../outside/new", NULL), 0);
    settings.n_writable_roots = 0;
    assert_int_not_equal(confined_run(state, &settings, "f=$(mktemp /tmp/b.XXXXXX)", NULL), 0);
    settings.exclude_slash_tmp = false;
    assert_int_equal(
        confined_run(state, &settings, "f=$(mktemp /tmp/b.XXXXXX) && echo x > $f && rm $f", NULL),
        0);
}

static void tmpdir_is_writable_unless_excluded(void **state)
{
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    char saved[4096];
    const char *before = getenv("TMPDIR");
    (void)snprintf(saved, sizeof saved, "%s", before != NULL ? before : "");
    settings.exclude_tmpdir = false;
    assert_int_equal(setenv("TMPDIR", stage_of(state)->outside, 1), 0);
    assert_int_equal(confined_run(state, &settings, "echo x > $TMPDIR/new", NULL), 0);
    settings.exclude_tmpdir = true;
    assert_int_not_equal(confined_run(state, &settings, "echo x > $TMPDIR/newer", NULL), 0);
    if (before != NULL) {
        (void)setenv("TMPDIR", saved, 1);
    } else {
        (void)unsetenv("TMPDIR");
    }
}

static void symlinked_root_means_what_it_points_to(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    const char *link = stage_path(state, "link");
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    assert_int_equal(symlink(stage_of(state)->work, link), 0);
    settings.cwd = link;
    assert_ok(sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err), &err);
    assert_int_equal(sandbox_root_count(sandbox), 1);
    assert_string_equal(sandbox_root_path(sandbox, 0), stage_of(state)->work);
    assert_true(sandbox_root_fd(sandbox, 0) >= 0);
    assert_null(sandbox_root_path(sandbox, 1));
    assert_int_equal(sandbox_root_fd(sandbox, 1), -1);
    sandbox_destroy(sandbox);
    assert_int_equal(confined_run(state, &settings, "echo x > new", NULL), 0);
}

/* The directory that was the workspace when the session began stays it, whatever its name means now. */
static void root_swapped_for_a_link_leads_nowhere(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    struct sandbox_run *run = NULL;
    struct spawn_child child = {0};
    const struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    const char *const argv[] = {"sh", "-c", "echo x > new", NULL};
    const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    const struct sandbox_command command = {
        .argv = argv, .env = env, .in_fd = -1, .out_fd = -1, .err_fd = -1};
    int status = 0;
    assert_ok(sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err), &err);
    assert_int_equal(rename(stage_of(state)->work, stage_path(state, "aside")), 0);
    assert_int_equal(symlink(stage_of(state)->outside, stage_of(state)->work), 0);
    assert_ok(sandbox_start(sandbox, &command, &run, &child, &err), &err);
    assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
    (void)close(child.pidfd);
    sandbox_finish(sandbox, run, status, NULL, 0, NULL);
    sandbox_destroy(sandbox);
    assert_int_not_equal(status, 0);
    assert_int_equal(access(stage_path(state, "outside/new"), F_OK), -1);
}

static void network_is_off(void **state)
{
    char port[16];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    AUTO_CLOSE int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(server, 4), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&at, &n), 0);
    (void)snprintf(port, sizeof port, "%d", ntohs(at.sin_port));
    assert_string_equal(attempt(state, SANDBOX_READ_ONLY, "connect", port), "EPERM");
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "connect", port), "EPERM");
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "inet", ""), "EPERM");
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "udp6", ""), "EPERM");
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "netlink", ""), "EPERM");
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "wide-family", ""), "EPERM");

    struct sandbox_settings open_settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    char script[4096];
    open_settings.has_network = true;
    (void)snprintf(script, sizeof script, "%s/tests/helpers/sandbox_attempt connect %s",
                   TEST_BUILD_DIR, port);
    assert_int_equal(confined_run(state, &open_settings, script, NULL), 0);
}

static void local_sockets_work(void **state)
{
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "unix", "socket"), "ok");
    assert_string_equal(attempt(state, SANDBOX_READ_ONLY, "socketpair", ""), "ok");
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "unix", "../outside/socket"),
                        "EACCES");
}

static void abstract_sockets_of_others_are_out_of_reach(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char name[64];
    (void)snprintf(name, sizeof name, "beacon-test-%d", (int)getpid());
    (void)snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "%s", name);
    AUTO_CLOSE int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
    assert_int_equal(bind(server, (const struct sockaddr *)&at, n), 0);
    assert_int_equal(listen(server, 4), 0);
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "abstract", name), "EPERM");
}

static void processes_outside_are_out_of_reach(void **state)
{
    char self[16];
    (void)snprintf(self, sizeof self, "%d", (int)getpid());
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "kill", self), "EPERM");
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "attach", self), "EPERM");
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "trace-child", ""), "ok");
}

/* Root's capabilities would open it on newer kernels, and with it the API key. */
static void environment_of_the_host_is_unreadable(void **state)
{
    AUTO_FREE char *path = alloc_printf("/proc/%d/environ", (int)getpid());
    assert_string_equal(attempt(state, SANDBOX_READ_ONLY, "open", path), "EACCES");
    assert_string_equal(attempt(state, SANDBOX_READ_ONLY, "open", "/proc/self/environ"), "ok");
}

static void limits_of_the_host_cannot_be_lowered(void **state)
{
    AUTO_FREE char *self = alloc_printf("%d", (int)getpid());
    assert_string_equal(attempt(state, SANDBOX_READ_ONLY, "limit", self), "EPERM");
    assert_string_equal(attempt(state, SANDBOX_READ_ONLY, "own-limit", ""), "ok");
}

static void root_cannot_change_network_devices(void **state)
{
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "interface", ""), "EPERM");
}

static void file_systems_are_not_changed_through_readable_files(void **state)
{
    assert_string_equal(attempt(state, SANDBOX_READ_ONLY, "file-ioctl", "../outside/secret"),
                        "EPERM");
    assert_string_equal(attempt(state, SANDBOX_READ_ONLY, "look-ioctl", "../outside/secret"), "ok");
}

static void dangerous_calls_are_refused(void **state)
{
    static const char *const refused[] = {"userns", "clone-userns", "setns",  "tiocsti",
                                          "bpf",    "keyctl",       "fsopen", "wide-tiocsti",
                                          "handle", "personality"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, refused[i], ""), "EPERM");
    }
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "mount", "."), "EPERM");
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "unshare-files", ""), "ok");
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "no-randomize", ""), "ok");
}

static void unknown_and_foreign_calls_are_absent(void **state)
{
    static const char *const absent[] = {
        "io_uring",
        "clone3",
        "future-call",
#if defined(__x86_64__)
        "x32",
        "int80"
#endif
    };
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        assert_string_equal(attempt(state, SANDBOX_READ_ONLY, absent[i], ""), "ENOSYS");
    }
}

static void metadata_stays_as_it_is_in_read_only(void **state)
{
    write_text(stage_path(state, "work/mine"), "");
    assert_string_equal(attempt(state, SANDBOX_READ_ONLY, "chmod", "mine"), "EPERM");
    assert_string_equal(attempt(state, SANDBOX_READ_ONLY, "times", "mine"), "EPERM");
    assert_string_equal(attempt(state, SANDBOX_READ_ONLY, "xattr", "mine"), "EPERM");
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "chmod", "mine"), "ok");
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "times", "mine"), "ok");
}

static void device_nodes_cannot_be_made_in_the_workspace(void **state)
{
    assert_string_not_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "device", "node"), "ok");
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "fifo", "pipe"), "ok");
}

static void no_privileges_are_gained_and_no_core_is_written(void **state)
{
    const char *out = "";
    assert_int_equal(
        run_read_only(state, "grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status", &out), 0);
    assert_string_equal(out, "NoNewPrivs:\t1\nSeccomp:\t2");
    assert_string_equal(attempt(state, SANDBOX_READ_ONLY, "no-core", ""), "ok");
}

static void environment_tells_the_command_where_it_is(void **state)
{
    const char *script = "echo $BEACON_SANDBOX $CODEX_SANDBOX_NETWORK_DISABLED";
    const char *out = "";
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    assert_int_equal(confined_run(state, &settings, script, &out), 0);
    assert_string_equal(out, "landlock 1");
    settings.has_network = true;
    assert_int_equal(confined_run(state, &settings, script, &out), 0);
    assert_string_equal(out, "landlock");
    settings.mode = SANDBOX_DANGER_FULL_ACCESS;
    assert_int_equal(confined_run(state, &settings, script, &out), 0);
    assert_string_equal(out, "");
}

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
static void operation_the_kernel_refuses_is_named(void **state)
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
    assert_non_null(strstr(message, "operation 3, cannot apply the Landlock ruleset"));
    assert_non_null(strstr(message, "Argument list too long"));
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
    const struct sandbox_settings settings = stage_settings(state, SANDBOX_READ_ONLY);
    const struct sandbox_command command = {
        .argv = argv, .env = env, .in_fd = -1, .out_fd = -1, .err_fd = -1};
    int status = 0;
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

static void hundred_commands_leak_no_descriptor(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    const char *const argv[] = {"true", NULL};
    const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    const struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    const struct sandbox_command command = {
        .argv = argv, .env = env, .in_fd = -1, .out_fd = -1, .err_fd = -1};
    assert_ok(sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err), &err);
    int first = 0;
    for (int i = 0; i < 100; i++) {
        struct sandbox_run *run = NULL;
        struct spawn_child child = {0};
        int status = 0;
        assert_ok(sandbox_start(sandbox, &command, &run, &child, &err), &err);
        assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
        (void)close(child.pidfd);
        sandbox_finish(sandbox, run, status, NULL, 0, NULL);
        AUTO_CLOSE int probe = open("/dev/null", O_RDONLY | O_CLOEXEC);
        first = i == 0 ? probe : first;
        assert_int_equal(probe, first);
    }
    sandbox_destroy(sandbox);
}

static void explanation_names_what_is_not_enforced(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    AUTO_TEXT struct text out;
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    settings.home = stage_of(state)->outside;
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
    assert_non_null(strstr(text_string(&out), "planting code that git"));
}

static void explanation_names_every_writable_place(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    AUTO_TEXT struct text out;
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    settings.home = stage_of(state)->work;
    settings.exclude_slash_tmp = false;
    text_init(&out, 65536);
    assert_ok(sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err), &err);
    assert_ok(sandbox_explain(sandbox, &out, &err), &err);
    sandbox_destroy(sandbox);
    assert_non_null(strstr(text_string(&out), "\n           /tmp\n"));
    assert_non_null(strstr(text_string(&out), "\n           /dev/shm\n"));
    assert_non_null(strstr(text_string(&out), "\n           /dev/pts\n"));
    assert_non_null(strstr(text_string(&out), "lies beneath a writable directory"));
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
        if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0) {
            _exit(10);
        }
        if (access(TEST_BUILD_DIR "/bin", X_OK) != 0) {
            _exit(UNREACHABLE); /* a clone in root's own home */
        }
        bool is_confined = run_workspace(state, "echo x > new && chmod 600 new", NULL) == 0 &&
                           run_workspace(state, "echo x > ../outside/secret", NULL) != 0 &&
                           run_workspace(state, "rm ../outside/secret", NULL) != 0 &&
                           run_read_only(state, "echo x > newer", NULL) != 0 &&
                           strcmp(attempt(state, SANDBOX_READ_ONLY, "inet", ""), "EPERM") == 0;
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
        on_stage(read_only_changes_nothing_outside),
        on_stage(workspace_write_changes_nothing_outside),
        on_stage(read_only_changes_nothing_inside_either),
        on_stage(anything_may_be_read_and_run),
        on_stage(devices_of_every_shell_are_writable),
        on_stage(workspace_is_writable_in_every_way),
        on_stage(tmp_and_named_roots_are_writable_unless_excluded),
        on_stage(tmpdir_is_writable_unless_excluded),
        on_stage(symlinked_root_means_what_it_points_to),
        on_stage(root_swapped_for_a_link_leads_nowhere),
        on_stage(network_is_off),
        on_stage(local_sockets_work),
        on_stage(abstract_sockets_of_others_are_out_of_reach),
        on_stage(processes_outside_are_out_of_reach),
        on_stage(environment_of_the_host_is_unreadable),
        on_stage(limits_of_the_host_cannot_be_lowered),
        on_stage(root_cannot_change_network_devices),
        on_stage(file_systems_are_not_changed_through_readable_files),
        on_stage(dangerous_calls_are_refused),
        on_stage(unknown_and_foreign_calls_are_absent),
        on_stage(metadata_stays_as_it_is_in_read_only),
        on_stage(device_nodes_cannot_be_made_in_the_workspace),
        on_stage(no_privileges_are_gained_and_no_core_is_written),
        on_stage(environment_tells_the_command_where_it_is),
        on_stage(full_access_restricts_nothing),
        on_stage(backend_that_enforces_nothing_is_refused),
        on_stage(unknown_backend_is_refused),
        on_stage(plan_that_promises_too_little_is_refused),
        on_stage(plan_with_an_unknown_operation_is_refused),
        on_stage(failing_operation_is_told_by_index_name_and_reason),
        on_stage(missing_working_directory_is_an_error),
        on_stage(operation_the_kernel_refuses_is_named),
        on_stage(sandbox_works_inside_a_sandbox),
        on_stage(directory_or_socket_as_input_is_replaced),
        on_stage(network_socket_as_output_is_refused),
        on_stage(refusal_is_told_to_the_model),
        on_stage(hundred_commands_leak_no_descriptor),
        on_stage(explanation_names_what_is_not_enforced),
        on_stage(explanation_names_every_writable_place),
        on_stage(ordinary_user_is_confined_as_well),
    };
    return cmocka_run_group_tests_name("sandbox/sandbox", tests, NULL, NULL);
}
