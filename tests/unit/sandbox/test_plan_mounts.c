/* SPDX-License-Identifier: Apache-2.0
 *
 * Plans with namespaces, run for real: the scripts look at what they find inside.
 */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/spawn.h"
#include "base/text.h"
#include "sandbox/plan.h"
#include "sandbox/plan_step.h"

#define SKIPPED 77

static const char *const test_env[] = {"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C", NULL};

static struct beacon_str span(const char *s)
{
    return (struct beacon_str){s, strlen(s)};
}

static void add(struct plan *plan, struct beacon_op op)
{
    op.struct_size = sizeof op;
    assert_int_equal(plan_builder(plan)->op(plan_builder(plan), &op), BEACON_OK);
}

static void add_mount(struct plan *plan, uint32_t op, struct beacon_mount mount)
{
    mount.struct_size = sizeof mount;
    add(plan, (struct beacon_op){.op = op, .fd = -1, .data = &mount, .n = sizeof mount});
}

static struct plan *new_plan(void)
{
    struct plan *plan = plan_create();
    add(plan, (struct beacon_op){.op = BEACON_OP_NAMESPACES,
                                 .fd = -1,
                                 .flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS |
                                          CLONE_NEWNET | CLONE_NEWIPC,
                                 .a = geteuid(),
                                 .b = getegid()});
    return plan;
}

static void add_read_only_root(struct plan *plan)
{
    add_mount(plan, BEACON_OP_MOUNT_ATTR,
              (struct beacon_mount){.flags = BEACON_MOUNT_RECURSIVE,
                                    .attr_set = MOUNT_ATTR_RDONLY,
                                    .target = span("/"),
                                    .source_fd = -1});
}

static void add_bind(struct plan *plan, const char *path, int fd, uint64_t set, uint64_t clear)
{
    add_mount(plan, BEACON_OP_BIND,
              (struct beacon_mount){.flags = BEACON_MOUNT_RECURSIVE,
                                    .attr_set = set,
                                    .attr_clr = clear,
                                    .source = span(path),
                                    .target = span(path),
                                    .source_fd = fd});
}

static void add_lock(struct plan *plan)
{
    add(plan, (struct beacon_op){.op = BEACON_OP_LOCK_USERNS, .fd = -1});
}

struct outcome {
    int rc, status;
    struct spawn_failure failure;
    struct spawn_child child; /* reaped */
    char out[4096];
};

static struct spawn_request request_of(struct plan *plan, const char *const *argv)
{
    struct spawn_request request = {.argv = plan_argv(plan, argv),
                                    .env = plan_env(plan, test_env),
                                    .in_fd = -1,
                                    .out_fd = -1,
                                    .err_fd = -1};
    plan_equip(plan, &request);
    return request;
}

static struct outcome run(struct plan *plan, const char *script)
{
    const char *const argv[] = {"bash", "-c", script, NULL};
    struct outcome outcome = {0};
    struct beacon_error err = {0};
    AUTO_TEXT struct text text;
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    struct spawn_request request = request_of(plan, argv);
    request.out_fd = request.err_fd = fds[1];
    outcome.rc = spawn_start(&request, &outcome.child, &outcome.failure, &err);
    (void)close(fds[1]);
    text_init(&text, sizeof outcome.out - 1);
    if (outcome.rc == BEACON_OK) {
        assert_ok(io_read_all(fds[0], "the command", &text, &err), &err);
        spawn_reap(&outcome.child, &outcome.status);
    }
    (void)close(fds[0]);
    (void)snprintf(outcome.out, sizeof outcome.out, "%s", text_string(&text));
    return outcome;
}

static void assert_says(struct plan *plan, const char *script, const char *expected)
{
    const struct outcome outcome = run(plan, script);
    assert_int_equal(outcome.rc, BEACON_OK);
    assert_string_equal(outcome.out, expected);
    plan_destroy(plan);
}

static void assert_fails_at(struct plan *plan, int index, int os_errno)
{
    const struct outcome outcome = run(plan, "echo has run");
    assert_int_equal(outcome.rc, BEACON_E_REFUSED);
    assert_int_equal(outcome.failure.stage, SPAWN_STAGE_PREPARE);
    assert_int_equal(outcome.failure.index, index);
    assert_int_equal(outcome.failure.os_errno, os_errno);
    assert_string_equal(outcome.out, "");
    plan_destroy(plan);
}

static const char *make_dir(void **state, const char *name)
{
    const char *path = temp_path(state, name);
    assert_int_equal(mkdir(path, 0755), 0);
    return path;
}

/* ---- mounts ---- */

static void tree_is_read_only_but_for_what_is_bound_writable(void **state)
{
    char script[4096];
    const char *work = make_dir(state, "work"), *outside = make_dir(state, "outside");
    AUTO_CLOSE int fd = open(work, O_PATH | O_CLOEXEC);
    struct plan *plan = new_plan();
    add_read_only_root(plan);
    add_bind(plan, work, fd, 0, MOUNT_ATTR_RDONLY);
    add_lock(plan);
    (void)snprintf(script, sizeof script,
                   "(: > %s/a) 2>/dev/null && echo written; (: > %s/a) 2>/dev/null || echo refused",
                   work, outside);
    assert_says(plan, script, "written\nrefused\n");
    assert_int_equal(access(temp_path(state, "work/a"), F_OK), 0);
    assert_int_equal(access(temp_path(state, "outside/a"), F_OK), -1);
}

static void file_in_a_writable_tree_can_be_closed_again(void **state)
{
    char script[4096];
    const char *work = make_dir(state, "work"), *file = temp_path(state, "work/file");
    write_text(file, "as before\n");
    AUTO_CLOSE int fd = open(file, O_PATH | O_CLOEXEC);
    struct plan *plan = new_plan();
    add_read_only_root(plan);
    add_bind(plan, work, -1, 0, MOUNT_ATTR_RDONLY);
    add_bind(plan, file, fd, MOUNT_ATTR_RDONLY, 0);
    add_lock(plan);
    (void)snprintf(script, sizeof script,
                   "cd %s; (echo x > file; chmod 777 file; rm -f file; mv file other; touch file) "
                   "2>/dev/null; cat file; touch free && echo free",
                   work);
    assert_says(plan, script, "as before\nfree\n");
    assert_string_equal(read_text(file), "as before\n");
}

static void hidden_directories_and_files_are_empty_and_stay_so(void **state)
{
    char script[4096];
    const char *dir = make_dir(state, "dir"), *file = temp_path(state, "file");
    write_text(temp_path(state, "dir/secret"), "secret\n");
    write_text(file, "secret\n");
    struct plan *plan = new_plan();
    add_mount(plan, BEACON_OP_MASK, (struct beacon_mount){.target = span(dir), .source_fd = -1});
    add_mount(plan, BEACON_OP_MASK, (struct beacon_mount){.target = span(file), .source_fd = -1});
    add_lock(plan);
    (void)snprintf(script, sizeof script,
                   "ls -A %s 2>/dev/null; cat %s 2>/dev/null; [ -d %s ] && [ -f %s ] && echo same; "
                   "(: > %s/x) 2>/dev/null || echo shut; (echo > %s) 2>/dev/null || echo shut",
                   dir, file, dir, file, dir, file);
    assert_says(plan, script, "same\nshut\nshut\n");
    assert_string_equal(read_text(file), "secret\n");
}

struct old_way {
    struct plan_operation operation;
    struct plan_mount mount;
};

/* As on a kernel that copies only what is in the tree. */
static int mask_in_the_old_way(const void *ctx, const struct spawn_scene *scene,
                               struct spawn_failure *failure)
{
    const struct old_way *old = ctx;
    struct plan_stage stage = {.scene = scene, .hollow_fd = -1};
    const bool is_done =
        scene->parent != 0 ||
        (plan_make_private() == 0 && plan_hollow_attach(&stage) == 0 &&
         plan_mask(&old->operation, &stage) == 0 && plan_mask(&old->operation, &stage) == 0 &&
         plan_hollow_finish(&stage) == 0);
    failure->os_errno = errno;
    return is_done ? 0 : -1;
}

static void hiding_works_on_kernels_that_copy_only_what_is_mounted(void **state)
{
    const char *dir = make_dir(state, "dir");
    write_text(temp_path(state, "dir/secret"), "secret\n");
    struct old_way old = {.mount = {.target = dir}};
    old.operation.mount = &old.mount;
    char script[4096];
    (void)snprintf(
        script, sizeof script,
        "[ -z \"$(ls -A %s)\" ] && [ $(grep -c ' / ' /proc/self/mounts) -eq $(grep -c ' / ' "
        "/proc/$1/mounts) ] && ls / >/dev/null",
        dir);
    char own[32];
    (void)snprintf(own, sizeof own, "%d", (int)getpid());
    const char *const argv[] = {"bash", "-c", script, "bash", own, NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    int status = 0;
    struct plan *plan = new_plan();
    add_lock(plan);
    struct spawn_request request = request_of(plan, argv);
    struct spawn_space space = *request.space;
    space.prepare = mask_in_the_old_way;
    request.space = &space;
    request.prepare = NULL;
    request.prepare_ctx = &old;
    assert_ok(spawn_start(&request, &child, NULL, &err), &err);
    spawn_reap(&child, &status);
    assert_int_equal(status, 0);
    plan_destroy(plan);
}

static void new_file_systems_take_their_options(void **state)
{
    char script[4096];
    const char *dir = make_dir(state, "dir");
    struct plan *plan = new_plan();
    add_mount(plan, BEACON_OP_MOUNT,
              (struct beacon_mount){.target = span(dir),
                                    .fstype = span("tmpfs"),
                                    .source = span("fresh"),
                                    .options = span("mode=711,size=64k"),
                                    .attr_set = MOUNT_ATTR_NOEXEC,
                                    .source_fd = -1});
    add_lock(plan);
    (void)snprintf(script, sizeof script,
                   "stat -c %%a %s; grep -c '^fresh %s tmpfs rw,noexec' /proc/self/mounts", dir,
                   dir);
    assert_says(plan, script, "711\n1\n");
}

static void targets_and_links_are_made_in_new_file_systems(void **state)
{
    char script[4096], sub[512], file[512], link[512];
    const char *dir = make_dir(state, "dir"), *source = make_dir(state, "source");
    write_text(temp_path(state, "text"), "text\n");
    (void)snprintf(sub, sizeof sub, "%s/sub", dir);
    (void)snprintf(file, sizeof file, "%s/file", dir);
    (void)snprintf(link, sizeof link, "%s/link", dir);
    struct plan *plan = new_plan();
    add_mount(plan, BEACON_OP_MOUNT,
              (struct beacon_mount){.target = span(dir), .fstype = span("tmpfs"), .source_fd = -1});
    add_mount(plan, BEACON_OP_BIND,
              (struct beacon_mount){.flags = BEACON_MOUNT_MAKE_TARGET,
                                    .source = span(source),
                                    .target = span(sub),
                                    .source_fd = -1});
    add_mount(plan, BEACON_OP_BIND,
              (struct beacon_mount){.flags = BEACON_MOUNT_MAKE_TARGET,
                                    .source = span(temp_path(state, "text")),
                                    .target = span(file),
                                    .source_fd = -1});
    add_mount(plan, BEACON_OP_SYMLINK,
              (struct beacon_mount){.source = span("file"), .target = span(link), .source_fd = -1});
    add_lock(plan);
    (void)snprintf(script, sizeof script, "[ -d %s ] && cat %s; readlink %s", sub, link, link);
    assert_says(plan, script, "text\nfile\n");
    assert_int_equal(access(temp_path(state, "dir/sub"), F_OK), -1);
}

static void root_can_be_another_directory(void **state)
{
    const char *root = make_dir(state, "root");
    (void)make_dir(state, "root/usr");
    (void)make_dir(state, "root/dev");
    write_text(temp_path(state, "root/mark"), "here\n");
    struct plan *plan = new_plan();
    char usr[512];
    (void)snprintf(usr, sizeof usr, "%s/usr", root);
    add_bind(plan, root, -1, 0, 0);
    add_mount(plan, BEACON_OP_BIND,
              (struct beacon_mount){.flags = BEACON_MOUNT_RECURSIVE,
                                    .source = span("/usr"),
                                    .target = span(usr),
                                    .source_fd = -1});
    add_mount(plan, BEACON_OP_BIND,
              (struct beacon_mount){.flags = BEACON_MOUNT_MAKE_TARGET,
                                    .source = span("/dev/null"),
                                    .target = span(temp_path(state, "root/dev/null")),
                                    .source_fd = -1});
    for (size_t i = 0; i < 4; i++) {
        static const char *const links[] = {"/bin", "/lib", "/lib64", "/sbin"};
        static const char *const to[] = {"usr/bin", "usr/lib", "usr/lib64", "usr/sbin"};
        char path[512];
        (void)snprintf(path, sizeof path, "%s%s", root, links[i]);
        add_mount(
            plan, BEACON_OP_SYMLINK,
            (struct beacon_mount){.source = span(to[i]), .target = span(path), .source_fd = -1});
    }
    add(plan, (struct beacon_op){.op = BEACON_OP_PIVOT, .fd = -1, .data = root, .n = strlen(root)});
    add_lock(plan);
    assert_says(plan, "cat /mark; [ -e /etc ] || echo nothing else; pwd",
                "here\nnothing else\n/\n");
}

/* ---- races ---- */

static void swapped_directory_is_stale(void **state)
{
    const char *work = make_dir(state, "work");
    AUTO_CLOSE int fd = open(work, O_PATH | O_CLOEXEC);
    struct plan *plan = new_plan();
    add_read_only_root(plan);
    add_bind(plan, work, fd, 0, MOUNT_ATTR_RDONLY);
    assert_int_equal(rename(work, temp_path(state, "moved")), 0);
    assert_int_equal(mkdir(work, 0755), 0);
    assert_fails_at(plan, 2, ESTALE);
}

static void link_in_the_place_of_a_directory_is_not_followed(void **state)
{
    const char *work = make_dir(state, "work");
    AUTO_CLOSE int fd = open(work, O_PATH | O_CLOEXEC);
    struct plan *plan = new_plan();
    add_bind(plan, work, fd, 0, MOUNT_ATTR_RDONLY);
    assert_int_equal(rmdir(work), 0);
    assert_int_equal(symlink("/etc", work), 0);
    assert_fails_at(plan, 1, ELOOP);
}

static void link_on_the_way_is_not_followed_either(void **state)
{
    const char *inner = temp_path(state, "work/inner");
    const char *work = make_dir(state, "work");
    assert_int_equal(mkdir(inner, 0755), 0);
    struct plan *plan = new_plan();
    add_mount(plan, BEACON_OP_MASK, (struct beacon_mount){.target = span(inner), .source_fd = -1});
    assert_int_equal(rename(work, temp_path(state, "moved")), 0);
    assert_int_equal(symlink("moved", work), 0);
    assert_fails_at(plan, 1, ELOOP);
}

static void other_file_under_a_mask_is_stale(void **state)
{
    const char *file = temp_path(state, "file");
    write_text(file, "one\n");
    AUTO_CLOSE int fd = open(file, O_PATH | O_CLOEXEC);
    struct plan *plan = new_plan();
    add_mount(plan, BEACON_OP_MASK, (struct beacon_mount){.target = span(file), .source_fd = fd});
    assert_int_equal(unlink(file), 0);
    write_text(file, "other\n");
    assert_fails_at(plan, 1, ESTALE);
}

static void missing_target_is_named_with_its_path(void **state)
{
    AUTO_TEXT struct text name;
    const char *gone = temp_path(state, "gone");
    struct plan *plan = new_plan();
    add_mount(plan, BEACON_OP_MASK, (struct beacon_mount){.target = span(gone), .source_fd = -1});
    text_init(&name, 4096);
    assert_true(plan_name_operation(plan, 1, &name));
    assert_non_null(strstr(text_string(&name), gone));
    assert_fails_at(plan, 1, ENOENT);
}

static void what_need_not_be_there_is_passed_over(void **state)
{
    char script[4096];
    const char *gone = temp_path(state, "gone"), *link = temp_path(state, "link");
    assert_int_equal(symlink("/etc", link), 0);
    struct beacon_mount mount = {
        .flags = BEACON_MOUNT_IF_THERE, .target = span(gone), .source_fd = -1};
    struct plan *plan = new_plan();
    add_mount(plan, BEACON_OP_MASK, mount);
    mount.target = span(link);
    add_mount(plan, BEACON_OP_MASK, mount);
    mount.source = mount.target;
    add_mount(plan, BEACON_OP_BIND, mount);
    add_lock(plan);
    (void)snprintf(script, sizeof script, "[ -e %s ] || echo gone; readlink %s", gone, link);
    assert_says(plan, script, "gone\n/etc\n");
}

/* ---- locks ---- */

static const char unlock_script[] = "umount %s 2>/dev/null && echo unmounted; "
                                    "mount -o remount,rw,bind / 2>/dev/null && echo writable; "
                                    "mount --bind /tmp /mnt 2>/dev/null && echo mounted; echo end";

static void locked_mounts_cannot_be_taken_off(void **state)
{
    char script[4096];
    const char *dir = make_dir(state, "dir");
    struct plan *plan = new_plan();
    add_read_only_root(plan);
    add_mount(plan, BEACON_OP_MASK, (struct beacon_mount){.target = span(dir), .source_fd = -1});
    add_lock(plan);
    (void)snprintf(script, sizeof script, unlock_script, dir);
    assert_says(plan, script, "end\n");
}

/* The same without the lock: else the test above could not fail. */
static void mounts_without_a_lock_can_be_taken_off_by_root(void **state)
{
    char script[4096];
    const char *dir = make_dir(state, "dir");
    if (geteuid() != 0) {
        skip();
    }
    struct plan *plan = new_plan();
    add_read_only_root(plan);
    add_mount(plan, BEACON_OP_MASK, (struct beacon_mount){.target = span(dir), .source_fd = -1});
    (void)snprintf(script, sizeof script, unlock_script, dir);
    assert_says(plan, script, "unmounted\nwritable\nmounted\nend\n");
}

static void mounts_of_the_host_do_not_come_in_and_ours_do_not_go_out(void **state)
{
    char script[4096];
    const char *dir = make_dir(state, "dir");
    struct plan *plan = new_plan();
    add_mount(plan, BEACON_OP_MOUNT,
              (struct beacon_mount){.target = span(dir), .fstype = span("tmpfs"), .source_fd = -1});
    add_lock(plan);
    (void)snprintf(script, sizeof script,
                   "touch %s/inside && grep -c -E 'shared:|master:' /proc/self/mountinfo", dir);
    assert_says(plan, script, "0\n");
    assert_int_equal(access(temp_path(state, "dir/inside"), F_OK), -1);
}

/* A control group is entered by writing to a file; here it is an ordinary one. */
static void control_group_is_entered_before_the_command_is_born(void **state)
{
    (void)make_dir(state, "group");
    const char *file = temp_path(state, "group/cgroup.procs");
    write_text(file, "");
    AUTO_CLOSE int fd = open(temp_path(state, "group"), O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct plan *plan = new_plan();
    add(plan, (struct beacon_op){.op = BEACON_OP_CGROUP, .fd = fd});
    add_lock(plan);
    assert_says(plan, "echo ran", "ran\n");
    assert_string_equal(read_text(file), "0");
}

/* ---- network ---- */

static void command_reaches_what_listens_for_the_host(void **state)
{
    (void)state;
    const char *const argv[] = {"bash", "-c",
                                "exec 3<>/dev/tcp/127.0.0.1/4567; read x <&3; exit $x", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    int status = 0;
    struct plan *plan = new_plan();
    add(plan, (struct beacon_op){.op = BEACON_OP_LOOPBACK_UP, .fd = -1});
    add(plan, (struct beacon_op){.op = BEACON_OP_LISTEN_TO_HOST, .fd = -1, .a = 4567});
    add_lock(plan);
    const struct spawn_request request = request_of(plan, argv);
    assert_ok(spawn_start(&request, &child, NULL, &err), &err);
    AUTO_CLOSE int listener = plan_take_sent(plan, PLAN_SENT_LISTENER);
    assert_true(listener >= 0);
    assert_int_equal(plan_take_sent(plan, PLAN_SENT_LISTENER), -1);
    AUTO_CLOSE int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(peer >= 0);
    assert_int_equal(write(peer, "42\n", 3), 3);
    spawn_reap(&child, &status);
    assert_int_equal(status, 42 << 8);
    plan_destroy(plan);
}

static void network_is_its_own_and_down_unless_asked_for(void **state)
{
    (void)state;
    assert_says(new_plan(),
                "grep -c : /proc/net/dev; "
                "(: < /dev/tcp/127.0.0.1/80) 2>/dev/null || echo unreachable",
                "1\nunreachable\n");
}

/* ---- filters ---- */

static void add_notifying_filter(struct plan *plan)
{
    static const struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdir, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdirat, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    add(plan, (struct beacon_op){.op = BEACON_OP_NO_NEW_PRIVS, .fd = -1});
    add(plan, (struct beacon_op){.op = BEACON_OP_SECCOMP,
                                 .fd = -1,
                                 .flags = BEACON_SECCOMP_NOTIFY,
                                 .data = filter,
                                 .n = sizeof filter});
}

static void assert_is_asked(struct plan *plan)
{
    const char *const argv[] = {"mkdir", "/nonexistent/dir", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    struct seccomp_notif notice = {0};
    int status = 0;
    add_notifying_filter(plan);
    const struct spawn_request request = request_of(plan, argv);
    assert_ok(spawn_start(&request, &child, NULL, &err), &err);
    AUTO_CLOSE int notifier = plan_take_sent(plan, PLAN_SENT_NOTIFIER);
    assert_true(notifier >= 0);
    assert_int_equal(ioctl(notifier, SECCOMP_IOCTL_NOTIF_RECV, &notice), 0);
    struct seccomp_notif_resp answer = {.id = notice.id}; /* as if it had been made */
    assert_int_equal(ioctl(notifier, SECCOMP_IOCTL_NOTIF_SEND, &answer), 0);
    spawn_reap(&child, &status);
    assert_int_equal(status, 0);
    plan_destroy(plan);
}

static void calls_that_wait_are_asked_of_the_host_with_namespaces(void **state)
{
    (void)state;
    struct plan *plan = new_plan();
    add_lock(plan);
    assert_is_asked(plan);
}

static void calls_that_wait_are_asked_of_the_host_without_namespaces(void **state)
{
    (void)state;
    assert_is_asked(plan_create());
}

/* Without a lock nobody is left who is not filtered. */
static void reaper_of_an_unlocked_plan_is_under_the_same_filter(void **state)
{
    (void)state;
    static const struct sock_filter filter[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const char *const argv[] = {"sh", "-c", "echo ready; read x", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    char path[64], byte = 0;
    int in[2], out[2], status = 0;
    AUTO_TEXT struct text text;
    struct plan *plan = new_plan();
    add(plan, (struct beacon_op){.op = BEACON_OP_NO_NEW_PRIVS, .fd = -1});
    add(plan,
        (struct beacon_op){.op = BEACON_OP_SECCOMP, .fd = -1, .data = filter, .n = sizeof filter});
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    struct spawn_request request = request_of(plan, argv);
    request.in_fd = in[0];
    request.out_fd = out[1];
    assert_ok(spawn_start(&request, &child, NULL, &err), &err);
    assert_int_equal(read(out[0], &byte, 1), 1);
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)child.pid);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    text_init(&text, 65536);
    assert_ok(io_read_all(fd, path, &text, &err), &err);
    assert_non_null(strstr(text_string(&text), "\nSeccomp_filters:\t2\n"));
    for (int i = 0; i < 2; i++) {
        (void)close(in[i]);
        (void)close(out[i]);
    }
    spawn_reap(&child, &status);
    plan_destroy(plan);
}

static bool namespaces_are_possible(void)
{
    const char *const argv[] = {"true", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    int status = 0;
    struct plan *plan = new_plan();
    const struct spawn_request request = request_of(plan, argv);
    const int rc = spawn_start(&request, &child, NULL, &err);
    plan_destroy(plan);
    if (rc != BEACON_OK) {
        print_message("skipped: %s\n", err.message);
        return false;
    }
    spawn_reap(&child, &status);
    return status == 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(tree_is_read_only_but_for_what_is_bound_writable),
        in_temp_dir(file_in_a_writable_tree_can_be_closed_again),
        in_temp_dir(hidden_directories_and_files_are_empty_and_stay_so),
        in_temp_dir(hiding_works_on_kernels_that_copy_only_what_is_mounted),
        in_temp_dir(new_file_systems_take_their_options),
        in_temp_dir(targets_and_links_are_made_in_new_file_systems),
        in_temp_dir(root_can_be_another_directory),
        in_temp_dir(swapped_directory_is_stale),
        in_temp_dir(link_in_the_place_of_a_directory_is_not_followed),
        in_temp_dir(link_on_the_way_is_not_followed_either),
        in_temp_dir(other_file_under_a_mask_is_stale),
        in_temp_dir(missing_target_is_named_with_its_path),
        in_temp_dir(what_need_not_be_there_is_passed_over),
        in_temp_dir(locked_mounts_cannot_be_taken_off),
        in_temp_dir(mounts_without_a_lock_can_be_taken_off_by_root),
        in_temp_dir(mounts_of_the_host_do_not_come_in_and_ours_do_not_go_out),
        in_temp_dir(control_group_is_entered_before_the_command_is_born),
        cmocka_unit_test(command_reaches_what_listens_for_the_host),
        cmocka_unit_test(network_is_its_own_and_down_unless_asked_for),
        cmocka_unit_test(calls_that_wait_are_asked_of_the_host_with_namespaces),
        cmocka_unit_test(calls_that_wait_are_asked_of_the_host_without_namespaces),
        cmocka_unit_test(reaper_of_an_unlocked_plan_is_under_the_same_filter),
    };
    if (!namespaces_are_possible()) {
        return SKIPPED;
    }
    return cmocka_run_group_tests_name("sandbox/plan with namespaces", tests, NULL, NULL);
}
