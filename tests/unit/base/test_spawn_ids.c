/* SPDX-License-Identifier: Apache-2.0
 *
 * Who one is in a namespace, and what of the host is in reach there. The parts that need root are left
 * out for others.
 */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/spawn.h"
#include "base/text.h"
#include "unit/base/spawn_stage.h"

#define NOBODY 65534

static void assert_output(const char *script, const char *expected)
{
    AUTO_TEXT struct text out;
    assert_int_equal(space_script(script, &out), 0);
    assert_string_equal(text_string(&out), expected);
}

/* In a process that plays the host, so that it can give up what it is. */
static void in_a_child(void (*act)(void))
{
    int status = 0;
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        act();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void map_of(const char *file, char *ret, size_t n)
{
    AUTO_TEXT struct text out;
    char script[128];
    (void)snprintf(script, sizeof script, "while read a b c; do echo $a $b $c; done < %s", file);
    assert_int_equal(space_script(script, &out), 0);
    (void)snprintf(ret, n, "%s", text_string(&out));
}

static void root_keeps_every_id_it_has(void **state)
{
    (void)state;
    char own[4096], inside[4096];
    if (geteuid() != 0) {
        skip();
    }
    AUTO_TEXT struct text mine;
    struct beacon_error err = {0};
    AUTO_CLOSE int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
    text_init(&mine, 4096);
    assert_ok(io_read_all(fd, "the map", &mine, &err), &err);
    char *at = NULL;
    const unsigned long first = strtoul(text_string(&mine), &at, 10);
    (void)strtoul(at, &at, 10);
    (void)snprintf(own, sizeof own, "%lu %lu %lu\n", first, first, strtoul(at, NULL, 10));
    map_of("/proc/self/uid_map", inside, sizeof inside);
    assert_string_equal(inside, own);
    map_of("/proc/self/gid_map", inside, sizeof inside);
    assert_string_equal(inside, own);
    assert_output("cat /proc/self/setgroups", "allow\n");
}

static void become_nobody(void)
{
    assert_int_equal(setgroups(0, NULL), 0);
    assert_int_equal(setresgid(NOBODY, NOBODY, NOBODY), 0);
    assert_int_equal(setresuid(NOBODY, NOBODY, NOBODY), 0);
    /* Changing ids takes it away, and /proc/PID belongs to root then. */
    assert_int_equal(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
}

static void be_an_ordinary_user(void)
{
    char inside[4096];
    become_nobody();
    map_of("/proc/self/uid_map", inside, sizeof inside);
    assert_string_equal(inside, "65534 65534 1\n");
    map_of("/proc/self/gid_map", inside, sizeof inside);
    assert_string_equal(inside, "65534 65534 1\n");
    assert_output("cat /proc/self/setgroups; id -u; id -g", "deny\n65534\n65534\n");
}

static void ordinary_user_keeps_only_its_own_id(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    in_a_child(be_an_ordinary_user);
}

static void be_another_inside(void)
{
    AUTO_TEXT struct text out;
    const char *const argv[] = {"sh", "-c", "id -u; id -g", NULL};
    struct spawn_request request = space_request();
    struct spawn_space space = *request.space;
    space.uid = 1234;
    space.gid = 4321;
    request.space = &space;
    request.argv = argv;
    assert_int_equal(space_run(&request, &out), 0);
    assert_string_equal(text_string(&out), "1234\n4321\n");
}

static void another_id_inside_is_the_only_one(void **state)
{
    (void)state;
    in_a_child(be_another_inside);
}

static void write_map(pid_t pid, const char *name, const char *text)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* As in a container: root there has two pieces of the ids. */
static void be_nested(void)
{
    char inside[4096];
    map_of("/proc/self/uid_map", inside, sizeof inside);
    assert_string_equal(inside, "0 0 1000\n5000 5000 10\n");
    map_of("/proc/self/gid_map", inside, sizeof inside);
    assert_string_equal(inside, "0 0 1000\n5000 5000 10\n");
}

/* The switch of this container only. */
static void be_without_namespaces(void)
{
    const char *const argv[] = {"true", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    struct spawn_request request = space_request();
    request.argv = argv;
    AUTO_CLOSE int fd = open("/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);
    assert_int_equal(write(fd, "0", 1), 1);
    assert_refused(spawn_start(&request, &child, NULL, &err), BEACON_E_REFUSED, &err);
    assert_non_null(strstr(err.message, "cannot make the namespaces of true"));
    assert_nothing_runs();
}

static void in_a_container(void (*act)(void))
{
    static const char map[] = "0 0 1000\n5000 7000 10\n";
    int ends[2], status = 0;
    char byte = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(ends[0]);
        if (unshare(CLONE_NEWUSER) != 0 || write(ends[1], "u", 1) != 1 ||
            read(ends[1], &byte, 1) != 1) {
            _exit(9);
        }
        act();
        _exit(0);
    }
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    write_map(pid, "uid_map", map);
    write_map(pid, "gid_map", map);
    assert_int_equal(write(ends[0], "g", 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    (void)close(ends[0]);
}

static void host_in_a_container_gives_what_the_container_has(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    in_a_container(be_nested);
}

static void refused_namespaces_are_one_sentence(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    in_a_container(be_without_namespaces);
}

/* ---- what is in reach ---- */

static void command_has_no_capability_over_its_namespaces(void **state)
{
    (void)state;
    assert_output("umount /proc 2>/dev/null || echo no; hostname x 2>/dev/null || echo no; "
                  "mount -t tmpfs none /tmp 2>/dev/null || echo no",
                  "no\nno\nno\n");
}

static void command_cannot_look_into_its_reaper(void **state)
{
    (void)state;
    const char *script =
        "read -r a b c parent rest < /proc/self/stat; [ -d /proc/$parent ] || echo lost; "
        "cd /proc/$parent; cat environ maps 2>/dev/null; readlink fd/3 exe cwd root; "
        "kill -9 $PPID; echo still there";
    AUTO_TEXT struct text out;
    const char *const argv[] = {"bash", "-c", script, NULL};
    struct spawn_request request = space_request();
    request.argv = argv;
    assert_int_equal(space_run(&request, &out), 0);
    assert_string_equal(text_string(&out), "still there\n");
}

struct held {
    struct spawn_child child;
    int release; /* closed: the command ends */
};

static struct held hold_command(void)
{
    const char *const argv[] = {"sh", "-c", "echo ready; read x", NULL};
    struct beacon_error err = {0};
    struct held held = {0};
    int in[2], out[2];
    char byte = 0;
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    struct spawn_request request = space_request();
    request.argv = argv;
    request.in_fd = in[0];
    request.out_fd = out[1];
    assert_ok(spawn_start(&request, &held.child, NULL, &err), &err);
    assert_int_equal(read(out[0], &byte, 1), 1);
    (void)close(in[0]);
    (void)close(out[0]);
    (void)close(out[1]);
    held.release = in[1];
    return held;
}

static void let_go(struct held *held)
{
    int status = 0;
    (void)close(held->release);
    spawn_reap(&held->child, &status);
}

static void read_proc(pid_t pid, const char *name, struct text *out)
{
    char path[64];
    struct beacon_error err = {0};
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    text_init(out, 1u << 20);
    assert_ok(io_read_all(fd, path, out, &err), &err);
}

static void reaper_is_filtered_and_without_any_power(void **state)
{
    (void)state;
    AUTO_TEXT struct text status;
    struct held held = hold_command();
    read_proc(held.child.pid, "status", &status);
    assert_non_null(strstr(text_string(&status), "\nCapPrm:\t0000000000000000\n"));
    assert_non_null(strstr(text_string(&status), "\nCapEff:\t0000000000000000\n"));
    assert_non_null(strstr(text_string(&status), "\nNoNewPrivs:\t1\n"));
    assert_non_null(strstr(text_string(&status), "\nSeccomp:\t2\n"));
    let_go(&held);
}

/* Not even for root outside: there is nothing to be seen. */
static void reaper_has_nothing_of_the_host(void **state)
{
    (void)state;
    AUTO_TEXT struct text environment;
    AUTO_TEXT struct text maps;
    char fds[64];
    if (geteuid() != 0) {
        skip(); /* it is not dumpable, so only root can look */
    }
    struct held held = hold_command();
    read_proc(held.child.pid, "environ", &environment);
    read_proc(held.child.pid, "maps", &maps);
    assert_int_equal(environment.len, 0);
    assert_null(strstr(text_string(&maps), "test_spawn"));
    assert_null(strstr(text_string(&maps), "[heap]"));
    for (int fd = 0; fd < 256; fd++) {
        (void)snprintf(fds, sizeof fds, "/proc/%d/fd/%d", (int)held.child.pid, fd);
        assert_int_equal(faccessat(AT_FDCWD, fds, F_OK, AT_SYMLINK_NOFOLLOW) == 0,
                         fd == 3 || fd == 4);
    }
    let_go(&held);
}

static void program_group_is_known_by_the_number_of_the_host(void **state)
{
    (void)state;
    struct held held = hold_command();
    assert_int_not_equal(held.child.group, held.child.pid);
    assert_int_equal(getpgid(held.child.group), held.child.group);
    let_go(&held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(root_keeps_every_id_it_has),
        cmocka_unit_test(ordinary_user_keeps_only_its_own_id),
        cmocka_unit_test(another_id_inside_is_the_only_one),
        cmocka_unit_test(host_in_a_container_gives_what_the_container_has),
        cmocka_unit_test(refused_namespaces_are_one_sentence),
        cmocka_unit_test(command_has_no_capability_over_its_namespaces),
        cmocka_unit_test(command_cannot_look_into_its_reaper),
        cmocka_unit_test(reaper_is_filtered_and_without_any_power),
        cmocka_unit_test(reaper_has_nothing_of_the_host),
        cmocka_unit_test(program_group_is_known_by_the_number_of_the_host),
    };
    if (!spaces_are_possible()) {
        return SPAWN_STAGE_SKIPPED;
    }
    return cmocka_run_group_tests_name("base/spawn ids", tests, NULL, NULL);
}
