/* SPDX-License-Identifier: Apache-2.0 */
/* From path rules to mounts, as data: nothing is mounted here. */
#include "support/beacon_test.h"

#include <beacon-sdk/text.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mount_table.h"
#include "mounts.h"
#include "mounts_rules.h"

#define ALL     (BEACON_PATH_READ | BEACON_PATH_WRITE | BEACON_PATH_EXEC)
#define LOOK    (BEACON_PATH_READ | BEACON_PATH_EXEC)
#define CLOSED  (BEACON_PATH_DENY | BEACON_PATH_WRITE)
#define HIDDEN  (BEACON_PATH_DENY | BEACON_PATH_READ | BEACON_PATH_WRITE)
#define MAX     32
#define PLAIN   "1 0 8:1 / / rw,relatime - ext4 /dev/vda rw\n"
#define SPECIAL PLAIN "2 1 0:2 / %s rw - %s none rw\n"

/* The rules of one test; "/" is always the first. */
struct scene {
    struct beacon_path_rule rules[MAX];
    const struct beacon_path_rule *list[MAX];
    char *paths[MAX];
    size_t n;
    struct mount_table table;
    struct mount_list mounts;
    bool is_stable;
};

static void add_rule(struct scene *scene, const char *path, uint32_t access)
{
    char *copy = strdup(path);
    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    scene->rules[scene->n] = (struct beacon_path_rule){.struct_size = sizeof scene->rules[0],
                                                       .access = access,
                                                       .path = {copy, strlen(copy)},
                                                       .fd = fd};
    scene->paths[scene->n] = copy;
    scene->list[scene->n] = &scene->rules[scene->n];
    scene->n++;
}

static void begin(struct scene *scene)
{
    *scene = (struct scene){0};
    mount_table_init(&scene->table);
    assert_true(mount_table_parse(&scene->table, strdup(PLAIN)));
    add_rule(scene, "/", LOOK);
}

static void forget_plan(struct scene *scene)
{
    mount_list_finish(&scene->mounts);
}

static void end(struct scene *scene)
{
    for (size_t i = 0; i < scene->n; i++) {
        free(scene->paths[i]);
        if (scene->rules[i].fd >= 0) {
            (void)close(scene->rules[i].fd);
        }
    }
    forget_plan(scene);
    mount_table_finish(&scene->table);
}

static int plan(struct scene *scene, struct beacon_error *err)
{
    const struct beacon_sandbox_policy policy = {
        .struct_size = sizeof policy, .paths = scene->list, .n_paths = scene->n, .cwd_fd = -1};
    forget_plan(scene);
    return mounts_plan(&policy, &scene->table, &scene->mounts, &scene->is_stable, err);
}

static void plan_well(struct scene *scene)
{
    struct beacon_error err = {0};
    assert_ok(plan(scene, &err), &err);
}

static char letter_of_bind(const struct beacon_mount *mount)
{
    if ((mount->attr_clr & MOUNT_ATTR_NODEV) != 0) {
        return 'd';
    }
    if ((mount->attr_clr & MOUNT_ATTR_RDONLY) != 0) {
        return 'w';
    }
    return (mount->attr_set & MOUNT_ATTR_RDONLY) != 0 ? 'r' : 'p';
}

static char letter_of(const struct mount_op *op)
{
    switch (op->op) {
    case BEACON_OP_MASK:
        return 'm';
    case BEACON_OP_MOUNT:
        return 't';
    case BEACON_OP_MOUNT_ATTR:
        return (op->mount.attr_clr & MOUNT_ATTR_RDONLY) != 0 ? 'W' : 'R';
    default:
        return letter_of_bind(&op->mount);
    }
}

/* What happens to `path`, in one letter for each mount: w(ritable), r(ead-only), p(inned), m(asked),
 * t(mpfs), d(evice), W and R for attributes changed in place. */
static const char *fate(const struct scene *scene, const char *path)
{
    static char letters[MAX];
    size_t n = 0;
    for (size_t i = 0; i < scene->mounts.n; i++) {
        if (beacon_span_is(scene->mounts.ops[i].mount.target, path)) {
            letters[n++] = letter_of(&scene->mounts.ops[i]);
        }
    }
    letters[n] = '\0';
    return letters;
}

static size_t position(const struct scene *scene, const char *path)
{
    for (size_t i = 0; i < scene->mounts.n; i++) {
        if (beacon_span_is(scene->mounts.ops[i].mount.target, path)) {
            return i;
        }
    }
    fail_msg("%s is not mounted", path);
    return 0;
}

static const char *make_dir(void **state, const char *name)
{
    const char *path = temp_path(state, name);
    assert_int_equal(mkdir(path, 0755), 0);
    return path;
}

static void everything_is_read_only_before_anything_else(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    plan_well(&scene);
    assert_string_equal(fate(&scene, "/"), "R");
    assert_int_equal(position(&scene, "/"), 0);
    assert_int_equal(scene.mounts.ops[0].mount.flags, BEACON_MOUNT_RECURSIVE);
    assert_int_equal(scene.mounts.ops[0].mount.attr_set,
                     MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    assert_string_equal(fate(&scene, "/proc"), "t");
    assert_true((scene.mounts.ops[position(&scene, "/proc")].mount.attr_set & MOUNT_ATTR_RDONLY) !=
                0);
    assert_string_equal(fate(&scene, "/dev/null"), "d");
    end(&scene);
}

static void root_within_a_root_is_no_mount_of_its_own(void **state)
{
    struct scene scene;
    begin(&scene);
    const char *outer = make_dir(state, "outer");
    const char *inner = make_dir(state, "outer/inner");
    add_rule(&scene, outer, ALL);
    add_rule(&scene, inner, ALL);
    plan_well(&scene);
    assert_string_equal(fate(&scene, outer), "w");
    assert_string_equal(fate(&scene, inner), "");
    assert_true(scene.is_stable);
    end(&scene);
}

static void name_taken_away_is_shut_and_its_ancestors_are_pinned(void **state)
{
    struct scene scene;
    begin(&scene);
    const char *work = make_dir(state, "work");
    const char *git = make_dir(state, "work/.git");
    const char *hooks = make_dir(state, "work/.git/hooks");
    add_rule(&scene, work, ALL);
    add_rule(&scene, hooks, CLOSED);
    plan_well(&scene);
    assert_string_equal(fate(&scene, work), "w");
    assert_string_equal(fate(&scene, git), "p");
    assert_string_equal(fate(&scene, hooks), "r");
    assert_true(position(&scene, work) < position(&scene, git));
    assert_true(position(&scene, git) < position(&scene, hooks));
    end(&scene);
}

/* The flags of the mount on `path` that is neither opened nor shut. */
static uint32_t flags_of(const struct scene *scene, const char *path)
{
    for (size_t i = 0; i < scene->mounts.n; i++) {
        const struct beacon_mount *mount = &scene->mounts.ops[i].mount;
        if (beacon_span_is(mount->target, path)) {
            return mount->flags;
        }
    }
    fail_msg("nothing is mounted on %s", path);
    return 0;
}

static void what_holds_a_hidden_socket_may_be_gone_by_then(void **state)
{
    struct scene scene;
    begin(&scene);
    const char *work = make_dir(state, "work");
    const char *held = make_dir(state, "work/held");
    const char *other = make_dir(state, "work/other");
    write_text(temp_path(state, "work/held/socket"), "");
    write_text(temp_path(state, "work/other/socket"), "");
    const char *hooks = make_dir(state, "work/other/hooks");
    add_rule(&scene, work, ALL);
    add_rule(&scene, temp_path(state, "work/held/socket"), HIDDEN | BEACON_PATH_SOFT);
    add_rule(&scene, temp_path(state, "work/other/socket"), HIDDEN | BEACON_PATH_SOFT);
    add_rule(&scene, hooks, CLOSED);
    plan_well(&scene);
    assert_int_equal(flags_of(&scene, held) & BEACON_MOUNT_IF_THERE, BEACON_MOUNT_IF_THERE);
    assert_int_equal(flags_of(&scene, other) & BEACON_MOUNT_IF_THERE, 0);
    end(&scene);
}

static void rules_may_come_in_any_order(void **state)
{
    struct scene scene;
    begin(&scene);
    const char *work = make_dir(state, "work");
    const char *git = make_dir(state, "work/.git");
    const char *objects = make_dir(state, "work/.git/objects");
    add_rule(&scene, objects, ALL);
    add_rule(&scene, git, CLOSED);
    add_rule(&scene, work, ALL);
    plan_well(&scene);
    assert_string_equal(fate(&scene, work), "w");
    assert_string_equal(fate(&scene, git), "r");
    assert_string_equal(fate(&scene, objects), "w");
    end(&scene);
}

static void what_was_never_writable_needs_no_mount(void **state)
{
    struct scene scene;
    begin(&scene);
    const char *outside = make_dir(state, "outside");
    add_rule(&scene, outside, CLOSED);
    plan_well(&scene);
    assert_string_equal(fate(&scene, outside), "");
    end(&scene);
}

static void unreadable_file_is_masked_wherever_it_is(void **state)
{
    struct scene scene;
    begin(&scene);
    const char *secret = temp_path(state, "auth.json");
    write_text(secret, "{}");
    add_rule(&scene, secret, BEACON_PATH_DENY | BEACON_PATH_READ);
    plan_well(&scene);
    assert_string_equal(fate(&scene, secret), "m");
    end(&scene);
}

/* Sockets come and go between the look of the host and the start of the command. */
static void soft_mask_may_find_nothing_and_a_hard_one_may_not(void **state)
{
    struct scene scene;
    begin(&scene);
    const char *hard = temp_path(state, "hard"), *soft = temp_path(state, "soft");
    write_text(hard, "");
    write_text(soft, "");
    add_rule(&scene, hard, HIDDEN);
    add_rule(&scene, soft, HIDDEN | BEACON_PATH_SOFT);
    plan_well(&scene);
    assert_int_equal(scene.mounts.ops[position(&scene, hard)].mount.flags, 0);
    assert_int_equal(scene.mounts.ops[position(&scene, soft)].mount.flags, BEACON_MOUNT_IF_THERE);
    end(&scene);
}

static void workspace_beneath_a_mask_is_brought_back(void **state)
{
    struct scene scene;
    begin(&scene);
    const char *run = make_dir(state, "run");
    const char *user = make_dir(state, "run/user");
    const char *work = make_dir(state, "run/user/work");
    add_rule(&scene, run, HIDDEN);
    add_rule(&scene, work, ALL);
    plan_well(&scene);
    assert_string_equal(fate(&scene, run), "tR");
    assert_string_equal(fate(&scene, user), "tR");
    assert_string_equal(fate(&scene, work), "pW");
    assert_string_equal(fate(&scene, "/proc"), "tt");
    size_t last = scene.mounts.n - 1;
    assert_true(beacon_span_is(scene.mounts.ops[last].mount.fstype, "proc"));
    end(&scene);
}

static void hard_denial_of_a_missing_name_stays_in_the_plan(void **state)
{
    struct scene scene;
    begin(&scene);
    const char *work = make_dir(state, "work");
    const char *missing = temp_path(state, "work/.vscode");
    add_rule(&scene, work, ALL);
    add_rule(&scene, missing, CLOSED);
    plan_well(&scene);
    assert_string_equal(fate(&scene, missing), "r");
    assert_false(scene.is_stable);
    end(&scene);
}

static void soft_denial_of_a_missing_name_is_noted(void **state)
{
    struct scene scene;
    begin(&scene);
    const char *work = make_dir(state, "work");
    const char *missing = temp_path(state, "work/.vscode");
    add_rule(&scene, work, ALL);
    add_rule(&scene, missing, CLOSED | BEACON_PATH_SOFT);
    plan_well(&scene);
    assert_string_equal(fate(&scene, missing), "");
    assert_int_equal(scene.mounts.n_notes, 1);
    assert_non_null(strstr(scene.mounts.notes[0], ".vscode"));
    end(&scene);
}

static void soft_denial_in_a_missing_directory_pins_nothing(void **state)
{
    struct scene scene;
    begin(&scene);
    const char *work = make_dir(state, "work");
    add_rule(&scene, work, ALL);
    add_rule(&scene, temp_path(state, "work/.codex/auth.json"), HIDDEN | BEACON_PATH_SOFT);
    plan_well(&scene);
    assert_string_equal(fate(&scene, temp_path(state, "work/.codex")), "");
    end(&scene);
}

static void very_many_notes_end_in_one(void **state)
{
    struct mount_list list = {0};
    (void)state;
    for (int i = 0; i < 1000; i++) {
        mount_list_note(&list, "note %d", i);
    }
    assert_int_equal(list.n_notes, 32);
    assert_string_equal(list.notes[31], "And more of the same.");
    mount_list_finish(&list);
}

static void root_directory_is_never_writable(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct scene scene;
    begin(&scene);
    scene.rules[0].access = ALL;
    assert_refused(plan(&scene, &err), BEACON_E_UNSUPPORTED, &err);
    end(&scene);
}

static void file_systems_of_the_kernel_are_never_writable(void **state)
{
    struct beacon_error err = {0};
    struct scene scene;
    char text[8192];
    begin(&scene);
    const char *work = make_dir(state, "work");
    (void)snprintf(text, sizeof text, SPECIAL, work, "proc");
    assert_true(mount_table_parse(&scene.table, strdup(text)));
    add_rule(&scene, work, ALL);
    assert_refused(plan(&scene, &err), BEACON_E_UNSUPPORTED, &err);
    assert_non_null(strstr(err.message, "of the kernel's own"));
    end(&scene);
}

/* A chroot with its own /proc in the workspace: as root its switches would be the machine's. */
static void kernel_mounts_beneath_a_root_stay_read_only(void **state)
{
    struct scene scene;
    char text[8192], proc[4096];
    begin(&scene);
    const char *work = make_dir(state, "work");
    (void)snprintf(proc, sizeof proc, "%s/rootfs/proc", work);
    (void)snprintf(text, sizeof text, SPECIAL, proc, "proc");
    assert_true(mount_table_parse(&scene.table, strdup(text)));
    add_rule(&scene, work, ALL);
    plan_well(&scene);
    assert_string_equal(fate(&scene, work), "pW");
    assert_int_equal(scene.mounts.ops[position(&scene, work) + 1].mount.flags, 0);
    assert_string_equal(fate(&scene, proc), "");
    end(&scene);
}

static void root_on_a_read_only_file_system_stays_so(void **state)
{
    struct scene scene;
    begin(&scene);
    const char *work = make_dir(state, "work");
    assert_true(mount_table_parse(
        &scene.table, strdup("1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/vda ro,discard\n")));
    add_rule(&scene, work, ALL);
    plan_well(&scene);
    assert_string_equal(fate(&scene, work), "");
    assert_int_equal(scene.mounts.n_notes, 1);
    end(&scene);
}

static void shared_memory_is_the_commands_own(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    add_rule(&scene, "/dev/shm", BEACON_PATH_READ | BEACON_PATH_WRITE);
    plan_well(&scene);
    assert_string_equal(fate(&scene, "/dev/shm"), "t");
    end(&scene);
}

static void shared_memory_that_a_person_named_is_the_machines(void **state)
{
    (void)state;
    struct scene scene;
    char path[] = "/dev/shm/beacon-test-XXXXXX";
    begin(&scene);
    assert_non_null(mkdtemp(path));
    add_rule(&scene, path, ALL);
    plan_well(&scene);
    assert_string_equal(fate(&scene, "/dev/shm"), "");
    assert_string_equal(fate(&scene, path), "w");
    assert_int_equal(rmdir(path), 0);
    end(&scene);
}

static void mount_table_is_read_with_its_escapes(void **state)
{
    (void)state;
    struct mount_table table;
    mount_table_init(&table);
    assert_true(mount_table_parse(
        &table, strdup("22 1 0:21 / /a\\040b\\134c ro,nosuid shared:7 master:1 - tmpfs none rw\n"
                       "broken\n\n23 1 0:2 / /x\\04 rw - proc proc rw")));
    assert_int_equal(table.n, 2);
    assert_true(beacon_span_is(table.entries[0].path, "/a b\\c"));
    assert_true(table.entries[0].is_read_only && !table.entries[0].is_kernel);
    assert_true(beacon_span_is(table.entries[1].path, "/x\\04"));
    assert_true(table.entries[1].is_kernel && !table.entries[1].is_read_only);
    assert_ptr_equal(mount_table_of(&table, BEACON_STR("/a b\\c/d")), &table.entries[0]);
    assert_null(mount_table_of(&table, BEACON_STR("/a bc")));
    mount_table_finish(&table);
}

static void mount_table_of_this_machine_is_read_once(void **state)
{
    (void)state;
    struct mount_table table;
    bool has_changed = false;
    mount_table_init(&table);
    assert_true(mount_table_refresh(&table, &has_changed));
    assert_true(has_changed);
    assert_non_null(mount_table_of(&table, BEACON_STR("/usr")));
    assert_true(mount_table_refresh(&table, &has_changed));
    assert_false(has_changed);
    mount_table_finish(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_read_only_before_anything_else),
        in_temp_dir(root_within_a_root_is_no_mount_of_its_own),
        in_temp_dir(name_taken_away_is_shut_and_its_ancestors_are_pinned),
        in_temp_dir(what_holds_a_hidden_socket_may_be_gone_by_then),
        in_temp_dir(rules_may_come_in_any_order),
        in_temp_dir(what_was_never_writable_needs_no_mount),
        in_temp_dir(unreadable_file_is_masked_wherever_it_is),
        in_temp_dir(soft_mask_may_find_nothing_and_a_hard_one_may_not),
        in_temp_dir(workspace_beneath_a_mask_is_brought_back),
        in_temp_dir(hard_denial_of_a_missing_name_stays_in_the_plan),
        in_temp_dir(soft_denial_of_a_missing_name_is_noted),
        in_temp_dir(soft_denial_in_a_missing_directory_pins_nothing),
        cmocka_unit_test(very_many_notes_end_in_one),
        cmocka_unit_test(root_directory_is_never_writable),
        in_temp_dir(file_systems_of_the_kernel_are_never_writable),
        in_temp_dir(kernel_mounts_beneath_a_root_stay_read_only),
        in_temp_dir(root_on_a_read_only_file_system_stays_so),
        cmocka_unit_test(shared_memory_is_the_commands_own),
        cmocka_unit_test(shared_memory_that_a_person_named_is_the_machines),
        cmocka_unit_test(mount_table_is_read_with_its_escapes),
        cmocka_unit_test(mount_table_of_this_machine_is_read_once),
    };
    return cmocka_run_group_tests_name("sandbox_landlock/mounts", tests, NULL, NULL);
}
