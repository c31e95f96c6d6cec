/* SPDX-License-Identifier: Apache-2.0 */
/* What a command in namespaces can and cannot do, as who runs the test and, for root, as nobody. The
 * verdicts are about what is there afterwards, outside. No attempt would do harm if it succeeded. */
#include "support/beacon_test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/spawn.h"
#include "unit/sandbox/confined.h"

#define NOBODY      65534
#define UNREACHABLE 200

/* Runs in a process of its own, as another user. True: as it shall be. */
typedef bool (*claim_fn)(void **state);

static bool become_nobody(void)
{
    return setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0 &&
           prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0; /* as after execve */
}

static void give_stage_to_nobody(void **state)
{
    const char *const given[] = {"work", "outside", "outside/secret"};
    assert_int_equal(chmod(stage_path(state, ".."), 0755), 0);
    assert_int_equal(chmod(stage_of(state)->dir, 0755), 0);
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        assert_int_equal(chown(stage_path(state, given[i]), NOBODY, NOBODY), 0);
    }
}

static int ask_child(void **state, claim_fn claim, bool as_nobody)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (as_nobody && (!become_nobody() || access(TEST_BUILD_DIR "/bin", X_OK) != 0)) {
            _exit(UNREACHABLE); /* a clone in root's own home */
        }
        _exit(claim(state) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* As this user and as nobody. Skipped where namespaces cannot be had. */
static void assert_holds(void **state, claim_fn claim)
{
    if (!stage_has_backend(state, "namespaces")) {
        skip();
    }
    assert_int_equal(ask_child(state, claim, false), 0);
    if (geteuid() == 0) {
        give_stage_to_nobody(state);
        int status = ask_child(state, claim, true);
        assert_true(status == 0 || status == UNREACHABLE);
    }
}

/* `script` fails in both modes. */
static bool fails(void **state, const char *script)
{
    const char *out = "";
    if (run_read_only(state, script, &out) == 0 || run_workspace(state, script, &out) == 0) {
        print_error("this was possible: %s\n%s\n", script, out);
        return false;
    }
    return true;
}

static bool works(void **state, const char *script)
{
    const char *out = "";
    int status = run_workspace(state, script, &out);
    if (status != 0) {
        print_error("exit %d of: %s\n%s\n", status, script, out);
    }
    return status == 0;
}

static bool is_secret_untouched(void **state)
{
    return strcmp(read_text(stage_path(state, "outside/secret")), "untouched\n") == 0;
}

static bool switches_are_shut(void **state)
{
    static const char *const paths[] = {"/proc/sys/kernel/core_pattern",
                                        "/proc/sys/kernel/hostname",
                                        "/proc/sys/vm/drop_caches",
                                        "/proc/sysrq-trigger",
                                        "/proc/irq/default_smp_affinity",
                                        "/proc/self/oom_score_adj",
                                        "/proc/1/oom_score_adj",
                                        "/sys/kernel/mm/ksm/run",
                                        "/proc/self/uid_map"};
    char script[256];
    bool is_shut = true;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        (void)snprintf(script, sizeof script, ": >>%s", paths[i]); /* opened, not written */
        is_shut = fails(state, script) && is_shut;
    }
    return is_shut && works(state, "cat /proc/sys/kernel/ostype >/dev/null");
}

static void switches_of_the_kernel_are_read_only(void **state)
{
    assert_holds(state, switches_are_shut);
}

static bool devices_are_shut(void **state)
{
    return works(state, "for d in /dev/* /dev/*/*; do [ -b $d ] && head -c 1 $d && exit 1; done; "
                        "for d in /dev/mem /dev/kmsg /dev/kvm /dev/fuse /dev/loop-control; do "
                        "[ -e $d ] && (: >$d) 2>/dev/null && exit 1; done; true") &&
           works(state,
                 "echo x >/dev/null && head -c 4 /dev/urandom >/dev/null && echo x >/dev/full "
                 "2>/dev/null; [ $? -ne 0 ]") &&
           fails(state, "chmod \"$(stat -c %a /dev/null)\" /dev/null") &&
           fails(state, "mkdir /dev/beacon-test-new && rmdir /dev/beacon-test-new");
}

static void only_the_common_devices_open(void **state)
{
    assert_holds(state, devices_are_shut);
}

static bool first_process_is_shut(void **state)
{
    return works(state, "[ $(ls /proc | grep -c '^[0-9]') -le 5 ] || exit 1; kill -9 1; "
                        "kill -STOP 1; true") &&
           fails(state, "cat /proc/1/environ") && fails(state, "cat /proc/1/mem") &&
           fails(state, "ls /proc/1/root/") && fails(state, "readlink /proc/1/fd/*") &&
           fails(state, "cat /proc/1/maps | grep .");
}

static void first_process_is_out_of_reach_and_others_are_not_seen(void **state)
{
    assert_holds(state, first_process_is_shut);
}

/* The pipe of its output ends only when the last process that has it is gone. */
static bool nothing_stays(void **state)
{
    const char *out = "";
    return run_workspace(state, "setsid sh -c 'sleep 1000 & sleep 1000' & (sleep 1000 &) ; echo on",
                         &out) == 0 &&
           strcmp(out, "on") == 0;
}

static void what_a_command_left_running_ends_with_it(void **state)
{
    assert_holds(state, nothing_stays);
}

static bool mounts_are_locked(void **state)
{
    bool is_locked = fails(state, "mount -o remount,rw /") && fails(state, "umount /proc") &&
                     fails(state, "umount -l .") && fails(state, "mount -t tmpfs x .") &&
                     fails(state, "unshare -rm true") && fails(state, "mount --bind /tmp /mnt");
    return is_locked && fails(state, "echo x >> ../outside/secret") &&
           fails(state, "touch -d 2001-01-01 ../outside/secret") &&
           fails(state, "chmod 777 ../outside/secret") && is_secret_untouched(state);
}

static void mounts_cannot_be_changed_from_inside(void **state)
{
    assert_holds(state, mounts_are_locked);
}

static bool memory_is_private(void **state)
{
    char script[256], path[64];
    (void)snprintf(path, sizeof path, "/dev/shm/beacon-test-%d", (int)getpid());
    (void)snprintf(script, sizeof script, "echo x > %s && cat %s", path, path);
    return works(state, script) && access(path, F_OK) != 0 &&
           works(state, "[ -z \"$(ls -A /dev/shm)\" ]");
}

static void shared_memory_is_private_and_gone_afterwards(void **state)
{
    assert_holds(state, memory_is_private);
}

static bool names_are_protected(void **state)
{
    char list[4096];
    (void)snprintf(list, sizeof list, "cd '%s' && git init -q . && echo x > tracked",
                   stage_of(state)->work);
    const char *const init[] = {"sh", "-c", list, NULL};
    if (run_program(init, NULL, NULL, NULL) != 0) {
        return true; /* no git here */
    }
    return fails(state, "echo evil > .git/hooks/pre-commit") && fails(state, "mv .git .git2") &&
           fails(state, "rm -rf .git/hooks") && fails(state, "git config core.pager evil") &&
           fails(state, "mkdir -p .vscode/x") && fails(state, "mv .git/hooks .git/h2") &&
           works(state, "git add tracked && git -c user.name=a -c user.email=a@b.invalid "
                        "commit -qm one && git status --short") &&
           access(stage_path(state, "work/.git/hooks/pre-commit"), F_OK) != 0 &&
           access(stage_path(state, "work/.vscode"), F_OK) != 0 &&
           access(stage_path(state, "work/.git/HEAD"), F_OK) == 0;
}

static void names_that_others_obey_cannot_be_planted(void **state)
{
    assert_holds(state, names_are_protected);
}

static bool login_is_hidden(void **state)
{
    struct sandbox_settings settings = stage_settings(state, SANDBOX_READ_ONLY);
    const char *out = "";
    settings.home = stage_of(state)->outside;
    write_text(stage_path(state, "outside/auth.json"), "sesame");
    int status = confined_run(state, &settings, "cat ../outside/auth.json", &out);
    bool is_hidden = strstr(out, "sesame") == NULL && (status != 0 || out[0] == '\0');
    settings.mode = SANDBOX_WORKSPACE_WRITE;
    return is_hidden && confined_run(state, &settings, "rm ../outside/auth.json", &out) != 0 &&
           access(stage_path(state, "outside/auth.json"), F_OK) == 0 &&
           unlink(stage_path(state, "outside/auth.json")) == 0;
}

static void credentials_cannot_be_read_or_removed(void **state)
{
    assert_holds(state, login_is_hidden);
}

static int listen_here(char *port, size_t n)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server, (const struct sockaddr *)&at, sizeof at) != 0 || listen(server, 4) != 0 ||
        getsockname(server, (struct sockaddr *)&at, &len) != 0) {
        (void)close(server);
        return -1;
    }
    (void)snprintf(port, n, "%d", ntohs(at.sin_port));
    return server;
}

static bool machine_is_not_heard(void **state)
{
    char port[16] = "";
    AUTO_CLOSE int server = listen_here(port, sizeof port);
    const char *answer = attempt(state, SANDBOX_WORKSPACE_WRITE, "connect", port);
    bool is_refused = strcmp(answer, "ECONNREFUSED") == 0;
    struct pollfd heard = {.fd = server, .events = POLLIN};
    return server >= 0 && is_refused && poll(&heard, 1, 0) == 0 &&
           strcmp(attempt(state, SANDBOX_READ_ONLY, "inet", ""), "ok") == 0;
}

static void loopback_is_the_commands_own(void **state)
{
    assert_holds(state, machine_is_not_heard);
}

static bool loopback_can_be_off(void **state)
{
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    char script[4096];
    settings.has_no_loopback = true;
    (void)snprintf(script, sizeof script, "%s/tests/helpers/sandbox_attempt inet", TEST_BUILD_DIR);
    return confined_run(state, &settings, script, NULL) != 0;
}

static void loopback_can_be_switched_off(void **state)
{
    assert_holds(state, loopback_can_be_off);
}

/* A directory of the test's own in a place that commands get anew, or do not see. */
static bool works_in(void **state, const char *parent)
{
    char dir[128];
    const char *out = "";
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    (void)snprintf(dir, sizeof dir, "%s/beacon-test-XXXXXX", parent);
    if (access(parent, W_OK) != 0 || mkdtemp(dir) == NULL) {
        return true;
    }
    settings.cwd = dir;
    int status =
        confined_run(state, &settings, "echo x > new && pwd && mkdir -p d/e && mv new d", &out);
    char path[256];
    (void)snprintf(path, sizeof path, "%s/d/new", dir);
    bool is_there = status == 0 && strcmp(out, dir) == 0 && access(path, F_OK) == 0;
    if (!is_there) {
        print_error("in %s: exit %d\n%s\n", parent, status, out);
    }
    const char *const clean[] = {"rm", "-rf", dir, NULL};
    return run_program(clean, NULL, NULL, NULL) == 0 && is_there;
}

static bool workspace_may_be_odd(void **state)
{
    return works_in(state, "/dev/shm") && works_in(state, "/run") && works_in(state, "/tmp");
}

static void workspace_may_lie_in_shared_memory_or_beneath_a_mask(void **state)
{
    assert_holds(state, workspace_may_be_odd);
}

/* As root only, in a mount namespace of the test's own. */
static bool mounts_beneath_are_right(void **state)
{
    const char *const made[] = {"work/rw", "work/ro", "work/proc"};
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        if (mkdir(stage_path(state, made[i]), 0755) != 0) {
            return false;
        }
    }
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        return true;
    }
    return mount("t", stage_path(state, "work/rw"), "tmpfs", 0, NULL) == 0 &&
           mount("t", stage_path(state, "work/ro"), "tmpfs", MS_RDONLY, NULL) == 0 &&
           mount("p", stage_path(state, "work/proc"), "proc", 0, NULL) == 0 &&
           works(state, "echo x > new && echo x > rw/new") && fails(state, "echo x > ro/new") &&
           fails(state, ": >> proc/sys/kernel/core_pattern") &&
           access(stage_path(state, "work/rw/new"), F_OK) == 0;
}

static void mounts_beneath_the_workspace_keep_their_nature(void **state)
{
    if (!stage_has_backend(state, "namespaces")) {
        skip();
    }
    assert_int_equal(ask_child(state, mounts_beneath_are_right, false), 0);
}

static size_t count_entries(const char *path)
{
    size_t n = 0;
    DIR *dir = opendir(path);
    while (dir != NULL && readdir(dir) != NULL) {
        n++;
    }
    return dir != NULL && closedir(dir) == 0 ? n : 0;
}

static size_t count_mounts(void)
{
    size_t n = 0;
    for (const char *text = read_text("/proc/self/mountinfo"); *text != '\0'; text++) {
        n += *text == '\n';
    }
    return n;
}

static bool run_true(void **state, int times)
{
    static const char *const argv[] = {"true", NULL};
    static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    const struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    const struct sandbox_command command = {
        .argv = argv, .env = env, .in_fd = -1, .out_fd = -1, .err_fd = -1};
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    bool is_well = sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err) == BEACON_OK;
    for (int i = 0; i < times && is_well; i++) {
        struct sandbox_run *run = NULL;
        struct spawn_child child = {0};
        int status = 1;
        if (sandbox_start(sandbox, &command, &run, &child, &err) == BEACON_OK) {
            spawn_reap(&child, &status);
        }
        sandbox_finish(sandbox, run, status, NULL, 0, NULL);
        is_well = status == 0;
    }
    sandbox_destroy(sandbox);
    return is_well;
}

/* In mounts of its own where it may: those of the machine are everybody's. */
static bool nothing_leaks(void **state)
{
    bool is_alone =
        unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    bool is_well = run_true(state, 1); /* some things are made once in a process */
    size_t fds = count_entries("/proc/self/fd"), mounts = count_mounts();
    is_well = is_well && run_true(state, 100);
    return is_well && count_entries("/proc/self/fd") == fds &&
           (!is_alone || count_mounts() == mounts) && waitpid(-1, NULL, WNOHANG | __WALL) == -1 &&
           errno == ECHILD && count_entries(stage_of(state)->work) == 2;
}

static void hundred_commands_leave_nothing_behind(void **state)
{
    assert_holds(state, nothing_leaks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_stage(switches_of_the_kernel_are_read_only),
        on_stage(only_the_common_devices_open),
        on_stage(first_process_is_out_of_reach_and_others_are_not_seen),
        on_stage(what_a_command_left_running_ends_with_it),
        on_stage(mounts_cannot_be_changed_from_inside),
        on_stage(shared_memory_is_private_and_gone_afterwards),
        on_stage(names_that_others_obey_cannot_be_planted),
        on_stage(credentials_cannot_be_read_or_removed),
        on_stage(loopback_is_the_commands_own),
        on_stage(loopback_can_be_switched_off),
        on_stage(workspace_may_lie_in_shared_memory_or_beneath_a_mask),
        on_stage(mounts_beneath_the_workspace_keep_their_nature),
        on_stage(hundred_commands_leave_nothing_behind),
    };
    stage_use_backend("namespaces");
    return cmocka_run_group_tests_name("sandbox/namespaces", tests, NULL, NULL);
}
