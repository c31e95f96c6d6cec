/* SPDX-License-Identifier: Apache-2.0 */
/* What else a command confined by Landlock can reach: the network, other processes, the kernel. */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/io.h"
#include "unit/sandbox/confined.h"

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
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "netlink", ""), "EAFNOSUPPORT");
    assert_string_equal(attempt(state, SANDBOX_WORKSPACE_WRITE, "wide-family", ""), "EPERM");

    struct sandbox_settings open_settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    char script[4096];
    open_settings.network = SANDBOX_NETWORK_ON;
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
    settings.network = SANDBOX_NETWORK_ON;
    assert_int_equal(confined_run(state, &settings, script, &out), 0);
    assert_string_equal(out, "landlock");
    settings.mode = SANDBOX_DANGER_FULL_ACCESS;
    assert_int_equal(confined_run(state, &settings, script, &out), 0);
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };
    stage_use_backend("landlock");
    return cmocka_run_group_tests_name("sandbox/reach", tests, NULL, NULL);
}
