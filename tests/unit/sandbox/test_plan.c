/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/spawn.h"
#include "base/text.h"
#include "sandbox/plan.h"

static const char *const test_env[] = {"PATH=/usr/bin:/bin", "A=1", "B=2", NULL};

static struct beacon_str span(const char *s)
{
    return (struct beacon_str){s, strlen(s)};
}

static beacon_rc add(struct plan *plan, struct beacon_op op)
{
    op.struct_size = sizeof op;
    return plan_builder(plan)->op(plan_builder(plan), &op);
}

static int plan_setup(void **state)
{
    *state = plan_create();
    return 0;
}

static int plan_teardown(void **state)
{
    plan_destroy(*state);
    return 0;
}

/* Run a script with the plan; what it printed is in `out`. */
static int run_with(struct plan *plan, const char *script, struct text *out)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    int fds[2], status = 0;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    struct spawn_request request = {.argv = plan_argv(plan, argv),
                                    .env = plan_env(plan, test_env),
                                    .in_fd = -1,
                                    .out_fd = fds[1],
                                    .err_fd = -1};
    plan_equip(plan, &request);
    assert_ok(spawn_start(&request, &child, NULL, &err), &err);
    (void)close(fds[1]);
    text_init(out, 65536);
    assert_ok(io_read_all(fds[0], "the child", out, &err), &err);
    (void)close(fds[0]);
    spawn_reap(&child, &status);
    return WEXITSTATUS(status);
}

static const struct beacon_op namespaces_op = {
    .op = BEACON_OP_NAMESPACES,
    .fd = -1,
    .flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET,
};

static beacon_rc add_mount(struct plan *plan, uint32_t op, struct beacon_mount mount)
{
    mount.struct_size = sizeof mount;
    return add(plan, (struct beacon_op){.op = op, .fd = -1, .data = &mount, .n = sizeof mount});
}

static const struct beacon_mount tmp_over_itself = {
    .source = {"/tmp", 4}, .target = {"/tmp", 4}, .source_fd = -1};

static void unknown_operations_are_unsupported(void **state)
{
    assert_int_equal(add(*state, (struct beacon_op){.op = 0, .fd = -1}), BEACON_E_UNSUPPORTED);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_SYMLINK + 1, .fd = -1}),
                     BEACON_E_UNSUPPORTED);
    assert_int_equal(add(*state, (struct beacon_op){.op = UINT32_MAX, .fd = -1}),
                     BEACON_E_UNSUPPORTED);
}

/* Else it would be the host's network that is brought up, and the host's tree that is changed. */
static void nothing_of_the_namespaces_is_taken_without_them(void **state)
{
    assert_int_equal(add_mount(*state, BEACON_OP_BIND, tmp_over_itself), BEACON_E_INVALID);
    assert_int_equal(add_mount(*state, BEACON_OP_MOUNT_ATTR, tmp_over_itself), BEACON_E_INVALID);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_LOOPBACK_UP, .fd = -1}),
                     BEACON_E_INVALID);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_LISTEN_TO_HOST, .fd = -1}),
                     BEACON_E_INVALID);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_LOCK_USERNS, .fd = -1}),
                     BEACON_E_INVALID);
}

static void mounts_need_a_mount_namespace_and_the_loopback_a_network(void **state)
{
    struct beacon_op op = namespaces_op;
    op.flags = CLONE_NEWUSER | CLONE_NEWPID;
    assert_int_equal(add(*state, op), BEACON_OK);
    assert_int_equal(add_mount(*state, BEACON_OP_BIND, tmp_over_itself), BEACON_E_INVALID);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_LOOPBACK_UP, .fd = -1}),
                     BEACON_E_INVALID);
}

static void namespaces_come_first_and_once_and_with_users_and_processes(void **state)
{
    struct beacon_op op = namespaces_op;
    op.flags = CLONE_NEWNS | CLONE_NEWUSER;
    assert_int_equal(add(*state, op), BEACON_E_INVALID);
    op.flags = CLONE_NEWNS | CLONE_NEWPID;
    assert_int_equal(add(*state, op), BEACON_E_INVALID);
    op.flags = namespaces_op.flags | CLONE_VM;
    assert_int_equal(add(*state, op), BEACON_E_UNSUPPORTED);
    assert_int_equal(add(*state, namespaces_op), BEACON_OK);
    assert_int_equal(add(*state, namespaces_op), BEACON_E_INVALID);
}

static void locked_namespaces_are_changed_no_more(void **state)
{
    const struct beacon_op lock = {.op = BEACON_OP_LOCK_USERNS, .fd = -1};
    assert_int_equal(add(*state, namespaces_op), BEACON_OK);
    assert_int_equal(add_mount(*state, BEACON_OP_BIND, tmp_over_itself), BEACON_OK);
    assert_int_equal(add(*state, lock), BEACON_OK);
    assert_int_equal(add(*state, lock), BEACON_E_INVALID);
    assert_int_equal(add_mount(*state, BEACON_OP_BIND, tmp_over_itself), BEACON_E_INVALID);
}

/* It would lead the command out of its mounts. */
static void directory_of_the_host_is_not_entered_from_other_mounts(void **state)
{
    AUTO_CLOSE int dir = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(add(*state, namespaces_op), BEACON_OK);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_FCHDIR, .fd = dir}),
                     BEACON_E_INVALID);
}

static void hostile_mounts_are_invalid(void **state)
{
    static char long_options[4096];
    struct beacon_mount mount = tmp_over_itself;
    assert_int_equal(add(*state, namespaces_op), BEACON_OK);
    mount.target = (struct beacon_str){"tmp", 3};
    assert_int_equal(add_mount(*state, BEACON_OP_BIND, mount), BEACON_E_INVALID);
    mount.target = (struct beacon_str){"/t\0mp", 5};
    assert_int_equal(add_mount(*state, BEACON_OP_BIND, mount), BEACON_E_INVALID);
    mount = tmp_over_itself;
    mount.source.n = 0;
    assert_int_equal(add_mount(*state, BEACON_OP_BIND, mount), BEACON_E_INVALID);
    mount = tmp_over_itself;
    mount.source_fd = 9999;
    assert_int_equal(add_mount(*state, BEACON_OP_BIND, mount), BEACON_E_INVALID);
    mount = tmp_over_itself;
    mount.flags = 1u << 31;
    assert_int_equal(add_mount(*state, BEACON_OP_BIND, mount), BEACON_E_INVALID);
    mount = tmp_over_itself; /* of which type? */
    assert_int_equal(add_mount(*state, BEACON_OP_MOUNT, mount), BEACON_E_INVALID);
    memset(long_options, ',', sizeof long_options);
    mount.fstype = span("tmpfs");
    mount.options = (struct beacon_str){long_options, sizeof long_options};
    assert_int_equal(add_mount(*state, BEACON_OP_MOUNT, mount), BEACON_E_LIMIT);
}

static void truncated_mount_is_invalid(void **state)
{
    struct beacon_mount mount = tmp_over_itself;
    struct beacon_op op = {.op = BEACON_OP_BIND, .fd = -1, .data = &mount, .n = sizeof mount};
    assert_int_equal(add(*state, namespaces_op), BEACON_OK);
    mount.struct_size = sizeof mount + 1;
    assert_int_equal(add(*state, op), BEACON_E_INVALID);
    mount.struct_size = 8;
    assert_int_equal(add(*state, op), BEACON_E_INVALID);
    op.n = 3;
    assert_int_equal(add(*state, op), BEACON_E_INVALID);
}

static void unknown_flags_are_unsupported(void **state)
{
    const struct sock_filter allow = {.code = BPF_RET | BPF_K, .k = 0x7fff0000};
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_SECCOMP,
                                                    .flags = BEACON_SECCOMP_NOTIFY << 1,
                                                    .data = &allow,
                                                    .n = sizeof allow}),
                     BEACON_E_UNSUPPORTED);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_NO_NEW_PRIVS, .flags = 4}),
                     BEACON_E_UNSUPPORTED);
}

static void data_of_a_wrong_size_is_invalid(void **state)
{
    const struct sock_filter allow = {.code = BPF_RET | BPF_K, .k = 0x7fff0000};
    struct beacon_op op = {.op = BEACON_OP_SECCOMP, .data = &allow, .n = sizeof allow - 1};
    assert_int_equal(add(*state, op), BEACON_E_INVALID);
    op.n = 0;
    assert_int_equal(add(*state, op), BEACON_E_INVALID);
    op.data = NULL;
    op.n = sizeof allow;
    assert_int_equal(add(*state, op), BEACON_E_INVALID);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_UMASK, .data = &allow, .n = 8}),
                     BEACON_E_INVALID);
}

static void truncated_operation_is_invalid(void **state)
{
    const struct beacon_plan *builder = plan_builder(*state);
    struct beacon_op op = {.struct_size = 4, .op = BEACON_OP_NO_NEW_PRIVS};
    assert_int_equal(builder->op(builder, &op), BEACON_E_INVALID);
    assert_int_equal(builder->op(builder, NULL), BEACON_E_INVALID);
}

static void operation_from_an_older_header_is_taken(void **state)
{
    const struct beacon_plan *builder = plan_builder(*state);
    struct beacon_op op = {.op = BEACON_OP_NO_NEW_PRIVS};
    op.struct_size = (uint32_t)offsetof(struct beacon_op, a);
    assert_int_equal(builder->op(builder, &op), BEACON_OK);
}

static void closed_descriptors_are_invalid(void **state)
{
    const struct beacon_plan *builder = plan_builder(*state);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_LANDLOCK, .fd = -1}),
                     BEACON_E_INVALID);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_FCHDIR, .fd = 9999}),
                     BEACON_E_INVALID);
    assert_int_equal(builder->give_fd(builder, 9999, 5), BEACON_E_INVALID);
}

/* It would be a way round everything that is mounted or ruled. */
static void directories_are_not_handed_to_the_command(void **state)
{
    const struct beacon_plan *builder = plan_builder(*state);
    AUTO_CLOSE int dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO_CLOSE int path = open("/", O_PATH | O_CLOEXEC);
    assert_int_equal(builder->give_fd(builder, dir, 5), BEACON_E_INVALID);
    assert_int_equal(builder->give_fd(builder, path, 5), BEACON_E_INVALID);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_DUP_TO, .fd = dir, .a = 5}),
                     BEACON_E_INVALID);
}

static void targets_that_would_hit_our_own_descriptors_are_invalid(void **state)
{
    const struct beacon_plan *builder = plan_builder(*state);
    assert_int_equal(builder->give_fd(builder, 0, PLAN_FD_FLOOR), BEACON_E_INVALID);
    assert_int_equal(builder->give_fd(builder, 0, 2), BEACON_E_INVALID);
    assert_int_equal(
        add(*state, (struct beacon_op){.op = BEACON_OP_DUP_TO, .fd = 0, .a = PLAN_FD_FLOOR}),
        BEACON_E_INVALID);
}

static void endless_plans_hit_a_limit(void **state)
{
    const struct beacon_op op = {.op = BEACON_OP_UMASK, .a = 022, .fd = -1};
    for (int i = 0; i < PLAN_OPERATIONS_MAX; i++) {
        assert_int_equal(add(*state, op), BEACON_OK);
    }
    assert_int_equal(add(*state, op), BEACON_E_LIMIT);
}

static void huge_note_is_refused(void **state)
{
    static char huge[PLAN_DATA_MAX + 1];
    const struct beacon_plan *builder = plan_builder(*state);
    memset(huge, 'x', sizeof huge);
    assert_true(builder->note(builder, (struct beacon_str){huge, sizeof huge}) < 0);
}

static void names_and_values_with_a_nul_byte_are_invalid(void **state)
{
    const struct beacon_plan *builder = plan_builder(*state);
    const struct beacon_str split = {"a\0b", 3};
    assert_int_equal(builder->env_set(builder, span("X"), split), BEACON_E_INVALID);
    assert_int_equal(builder->env_set(builder, split, span("1")), BEACON_E_INVALID);
    assert_int_equal(builder->env_set(builder, span("A=B"), span("1")), BEACON_E_INVALID);
    assert_int_equal(builder->env_set(builder, span(""), span("1")), BEACON_E_INVALID);
    assert_int_equal(builder->wrap(builder, &split, 1), BEACON_E_INVALID);
}

static void variables_are_set_replaced_and_taken_away(void **state)
{
    AUTO_TEXT struct text out;
    const struct beacon_plan *builder = plan_builder(*state);
    assert_int_equal(builder->env_set(builder, span("A"), span("first")), BEACON_OK);
    assert_int_equal(builder->env_set(builder, span("A"), span("last")), BEACON_OK);
    assert_int_equal(builder->env_unset(builder, span("B")), BEACON_OK);
    assert_int_equal(builder->env_set(builder, span("C"), span("")), BEACON_OK);
    assert_int_equal(run_with(*state, "env | grep '^[ABC]=' | sort", &out), 0);
    assert_string_equal(text_string(&out), "A=last\nC=\n");
}

static void command_is_wrapped(void **state)
{
    AUTO_TEXT struct text out;
    const struct beacon_plan *builder = plan_builder(*state);
    const struct beacon_str prefix[] = {span("env"), span("WRAPPED=yes")};
    assert_int_equal(builder->wrap(builder, prefix, 2), BEACON_OK);
    assert_int_equal(run_with(*state, "echo $WRAPPED", &out), 0);
    assert_string_equal(text_string(&out), "yes\n");
}

static void plan_keeps_its_own_copy_of_everything(void **state)
{
    AUTO_TEXT struct text out;
    const struct beacon_plan *builder = plan_builder(*state);
    char value[] = "kept";
    struct sock_filter allow = {.code = BPF_RET | BPF_K, .k = 0x7fff0000};
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(write(fds[1], "through\n", 8), 8);
    assert_int_equal(builder->env_set(builder, span("A"), span(value)), BEACON_OK);
    assert_int_equal(builder->give_fd(builder, fds[0], 7), BEACON_OK);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_NO_NEW_PRIVS}), BEACON_OK);
    assert_int_equal(
        add(*state, (struct beacon_op){.op = BEACON_OP_SECCOMP, .data = &allow, .n = sizeof allow}),
        BEACON_OK);
    memset(value, 'x', 4);
    memset(&allow, 0, sizeof allow); /* would kill every call */
    (void)close(fds[0]);
    (void)close(fds[1]);
    assert_int_equal(run_with(*state, "read x <&7; echo $A $x", &out), 0);
    assert_string_equal(text_string(&out), "kept through\n");
}

static void operations_take_effect_in_order(void **state)
{
    AUTO_TEXT struct text out;
    AUTO_CLOSE int root = open("/", O_PATH | O_CLOEXEC);
    AUTO_CLOSE int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_UMASK, .a = 0777}), 0);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_UMASK, .a = 027}), 0);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_FCHDIR, .fd = root}), 0);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_DUP_TO, .fd = null, .a = 9}),
                     0);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_CLOSE, .fd = 2}), 0);
    assert_int_equal(
        add(*state,
            (struct beacon_op){.op = BEACON_OP_RLIMIT, .a = RLIMIT_NOFILE, .b = 99, .c = 100}),
        0);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_PDEATHSIG, .a = SIGTERM}), 0);
    const char *script = "umask; pwd; ulimit -n; [ -e /proc/self/fd/9 ] && echo nine; "
                         "[ -e /proc/self/fd/2 ] || echo no two";
    (void)run_with(*state, script, &out);
    assert_string_equal(text_string(&out), "0027\n/\n99\nnine\nno two\n");
}

static void failing_operation_reports_its_index_and_errno(void **state)
{
    const char *const argv[] = {"true", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    struct spawn_failure failure = {0};
    AUTO_CLOSE int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_NO_NEW_PRIVS}), BEACON_OK);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_FCHDIR, .fd = file}),
                     BEACON_OK);
    struct spawn_request request = {
        .argv = argv, .env = test_env, .in_fd = -1, .out_fd = -1, .err_fd = -1};
    plan_equip(*state, &request);
    assert_refused(spawn_start(&request, &child, &failure, &err), BEACON_E_REFUSED, &err);
    assert_int_equal(failure.stage, SPAWN_STAGE_PREPARE);
    assert_int_equal(failure.index, 1);
    assert_int_equal(failure.os_errno, ENOTDIR);
    AUTO_TEXT struct text name;
    text_init(&name, 256);
    assert_true(plan_name_operation(*state, 1, &name));
    assert_string_equal(text_string(&name), "enter the working directory");
}

static void plan_can_be_read_by_a_stranger(void **state)
{
    AUTO_TEXT struct text out;
    const struct beacon_plan *builder = plan_builder(*state);
    text_init(&out, 4096);
    assert_int_equal(add(*state, (struct beacon_op){.op = BEACON_OP_NO_NEW_PRIVS}), BEACON_OK);
    assert_int_equal(builder->note(builder, span("Nothing to fear.")), BEACON_OK);
    assert_int_equal(builder->promise(builder, BEACON_SB_FS_WRITE), BEACON_OK);
    assert_int_equal(builder->promise(builder, BEACON_SB_NET), BEACON_OK);
    assert_int_equal(plan_promised(*state), BEACON_SB_FS_WRITE | BEACON_SB_NET);
    assert_true(plan_describe(*state, &out));
    assert_true(plan_name_promises(plan_promised(*state), &out));
    assert_string_equal(text_string(&out), "Before the command starts, in this order:\n"
                                           "   1. give up new privileges\n"
                                           "Notes:\n"
                                           "  - Nothing to fear.\n"
                                           "file writes, network");
}

/* NOLINTNEXTLINE(readability-identifier-naming): reads as in_temp_dir(test) does */
#define with_plan(test) cmocka_unit_test_setup_teardown(test, plan_setup, plan_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_plan(unknown_operations_are_unsupported),
        with_plan(nothing_of_the_namespaces_is_taken_without_them),
        with_plan(mounts_need_a_mount_namespace_and_the_loopback_a_network),
        with_plan(namespaces_come_first_and_once_and_with_users_and_processes),
        with_plan(locked_namespaces_are_changed_no_more),
        with_plan(directory_of_the_host_is_not_entered_from_other_mounts),
        with_plan(hostile_mounts_are_invalid),
        with_plan(truncated_mount_is_invalid),
        with_plan(unknown_flags_are_unsupported),
        with_plan(data_of_a_wrong_size_is_invalid),
        with_plan(truncated_operation_is_invalid),
        with_plan(operation_from_an_older_header_is_taken),
        with_plan(closed_descriptors_are_invalid),
        with_plan(directories_are_not_handed_to_the_command),
        with_plan(targets_that_would_hit_our_own_descriptors_are_invalid),
        with_plan(endless_plans_hit_a_limit),
        with_plan(huge_note_is_refused),
        with_plan(names_and_values_with_a_nul_byte_are_invalid),
        with_plan(variables_are_set_replaced_and_taken_away),
        with_plan(command_is_wrapped),
        with_plan(plan_keeps_its_own_copy_of_everything),
        with_plan(operations_take_effect_in_order),
        with_plan(failing_operation_reports_its_index_and_errno),
        with_plan(plan_can_be_read_by_a_stranger),
    };
    return cmocka_run_group_tests_name("sandbox/plan", tests, NULL, NULL);
}
