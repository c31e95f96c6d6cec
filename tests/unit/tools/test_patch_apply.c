/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/text.h"
#include "event/event.h"
#include "tools/patch_apply.h"
#include "tools/patch_match.h"
#include "tools/patch_parse.h"

/* A test works in "in" below its directory; "out" beside it must stay as it is. */
struct place {
    char *in, *out;
    int fd;
    struct patch_roots roots;
    struct text why;
    struct beacon_error err;
};

static void place_init(struct place *place, void **state)
{
    *place = (struct place){.in = alloc_string(temp_path(state, "in")),
                            .out = alloc_string(temp_path(state, "out"))};
    assert_int_equal(mkdir(place->in, 0755), 0);
    assert_int_equal(mkdir(place->out, 0755), 0);
    place->fd = open(place->in, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(place->fd >= 0);
    place->roots =
        (struct patch_roots){.fds = &place->fd, .paths = (const char *const *)&place->in, .n = 1};
    text_init(&place->why, PATCH_WHY_MAX);
}

static void place_finish(struct place *place)
{
    (void)close(place->fd);
    free(place->in);
    free(place->out);
    text_finish(&place->why);
}

/* path_of(&place.in…) without a copy to free in every test: one name at a time. */
static const char *inside(const struct place *place, const char *name)
{
    static char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", place->in, name);
    return path;
}

static const char *outside(const struct place *place, const char *name)
{
    static char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", place->out, name);
    return path;
}

static int verify(struct place *place, const char *sections, struct patch_plan **ret)
{
    AUTO_TEXT struct text text;
    text_init(&text, PATCH_TEXT_MAX);
    (void)text_addf(&text, "*** Begin Patch\n%s*** End Patch", sections);
    struct patch *patch = NULL;
    assert_ok(patch_parse(text_string(&text), text.len, &patch, NULL, &place->err), &place->err);
    int rc = patch_verify(patch, place->in, &place->roots, ret, &place->why, &place->err);
    patch_destroy(patch);
    return rc;
}

static void assert_applied(struct place *place, const char *sections, const char *summary)
{
    struct patch_plan *plan = NULL;
    AUTO_TEXT struct text said;
    text_init(&said, PATCH_WHY_MAX);
    assert_ok(verify(place, sections, &plan), &place->err);
    assert_ok(patch_commit(plan, &said, &place->err), &place->err);
    assert_string_equal(text_string(&said), summary);
    patch_plan_destroy(plan);
}

static void assert_not_verified(struct place *place, const char *sections, int code)
{
    struct patch_plan *plan = NULL;
    assert_refused(verify(place, sections, &plan), code, &place->err);
    assert_null(plan);
    assert_string_not_equal(text_string(&place->why), "");
}

#define DONE "Success. Updated the following files:\n"

static void all_kinds_of_sections_are_written(void **state)
{
    struct place place;
    place_init(&place, state);
    write_text(inside(&place, "u"), "1\n2\n");
    write_text(inside(&place, "d"), "x\n");
    write_text(inside(&place, "m"), "old\n");
    assert_applied(
        &place,
        "*** Delete File: d\n*** Update File: u\n@@\n-1\n+one\n"
        "*** Add File: a/b/c\n+new\n*** Update File: m\n*** Move to: n/m2\n-old\n+moved\n",
        DONE "A a/b/c\nM u\nM n/m2\nD d\n");
    assert_string_equal(read_text(inside(&place, "u")), "one\n2\n");
    assert_string_equal(read_text(inside(&place, "a/b/c")), "new\n");
    assert_string_equal(read_text(inside(&place, "n/m2")), "moved\n");
    assert_int_equal(access(inside(&place, "d"), F_OK), -1);
    assert_int_equal(access(inside(&place, "m"), F_OK), -1);
    place_finish(&place);
}

static void nothing_is_written_when_one_section_does_not_match(void **state)
{
    struct place place;
    place_init(&place, state);
    write_text(inside(&place, "u"), "1\n");
    assert_not_verified(&place, "*** Add File: a\n+x\n*** Update File: u\n-2\n+3\n",
                        BEACON_E_INVALID);
    AUTO_FREE char *expected =
        alloc_printf("Failed to find expected lines in %s:\n2", inside(&place, "u"));
    assert_string_equal(text_string(&place.why), expected);
    assert_int_equal(access(inside(&place, "a"), F_OK), -1);
    place_finish(&place);
}

static void later_sections_see_what_earlier_ones_would_do(void **state)
{
    struct place place;
    place_init(&place, state);
    write_text(inside(&place, "u"), "1\n");
    assert_applied(&place,
                   "*** Update File: u\n-1\n+2\n*** Update File: u\n*** Move to: v\n-2\n+3\n"
                   "*** Add File: u\n+4\n*** Update File: v\n-3\n+5\n",
                   DONE "A u\nM u\nM v\nM v\n");
    assert_string_equal(read_text(inside(&place, "u")), "4\n");
    assert_string_equal(read_text(inside(&place, "v")), "5\n");
    assert_not_verified(&place, "*** Delete File: u\n*** Update File: u\n-4\n+5\n",
                        BEACON_E_INVALID);
    assert_not_verified(&place, "*** Delete File: u\n*** Delete File: u\n", BEACON_E_INVALID);
    place_finish(&place);
}

static void changes_tell_each_file_once(void **state)
{
    struct place place;
    place_init(&place, state);
    write_text(inside(&place, "m"), "1\n");
    write_text(inside(&place, "d"), "1\n");
    struct patch_plan *plan = NULL;
    assert_ok(verify(&place,
                     "*** Add File: a\n+x\n*** Update File: a\n-x\n+y\n*** Delete File: d\n"
                     "*** Update File: m\n*** Move to: n\n-1\n+2\n",
                     &plan),
              &place.err);
    size_t n = 0;
    const struct event_change *changes = patch_plan_changes(plan, &n);
    assert_int_equal(n, 3);
    assert_string_equal(changes[0].path, inside(&place, "a"));
    assert_string_equal(changes[0].kind, "add");
    assert_string_equal(changes[1].kind, "delete");
    assert_string_equal(changes[2].path, inside(&place, "m"));
    assert_string_equal(changes[2].kind, "update");
    assert_string_equal(changes[2].move_path, inside(&place, "n"));
    AUTO_TEXT struct text diff;
    text_init(&diff, 1u << 20);
    patch_plan_diff(plan, &diff);
    assert_string_equal(text_string(&diff), "--- /dev/null\n+++ b/a\n@@ -0,0 +1,1 @@\n+y\n"
                                            "--- a/d\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-1\n"
                                            "--- a/m\n+++ b/n\n@@ -1,1 +1,1 @@\n-1\n+2\n");
    patch_plan_destroy(plan);
    place_finish(&place);
}

static void a_diff_over_its_cap_says_that_it_goes_on(void **state)
{
    struct place place;
    place_init(&place, state);
    struct patch_plan *plan = NULL;
    assert_ok(verify(&place, "*** Add File: a\n+one line\n+another line that is longer\n", &plan),
              &place.err);
    AUTO_TEXT struct text diff;
    text_init(&diff, 80);
    patch_plan_diff(plan, &diff);
    assert_string_equal(text_string(&diff),
                        "--- /dev/null\n+++ b/a\n@@ -0,0 +1,2 @@\n+one line\n(the diff goes on)\n");
    patch_plan_destroy(plan);
    place_finish(&place);
}

static void the_diff_of_a_binary_file_shows_no_bytes(void **state)
{
    struct place place;
    place_init(&place, state);
    write_text(inside(&place, "b"), "\xff\xfe");
    struct patch_plan *plan = NULL;
    assert_ok(verify(&place, "*** Delete File: b\n", &plan), &place.err);
    AUTO_TEXT struct text diff;
    text_init(&diff, 1000);
    patch_plan_diff(plan, &diff);
    assert_string_equal(text_string(&diff), "Binary files a/b and /dev/null differ\n");
    patch_plan_destroy(plan);
    place_finish(&place);
}

static void a_path_that_leaves_the_roots_is_refused(void **state)
{
    struct place place;
    place_init(&place, state);
    write_text(outside(&place, "f"), "1\n");
    AUTO_FREE char *absolute = alloc_printf("*** Add File: %s\n+x\n", outside(&place, "new"));
    AUTO_FREE char *root_itself = alloc_printf("*** Delete File: %s\n", place.in);
    assert_not_verified(&place, "*** Update File: ../out/f\n-1\n+2\n", BEACON_E_REFUSED);
    assert_not_verified(&place, "*** Delete File: a/../../out/f\n", BEACON_E_REFUSED);
    assert_not_verified(&place, absolute, BEACON_E_REFUSED);
    assert_not_verified(&place, "*** Add File: ../in2\n+x\n", BEACON_E_REFUSED);
    assert_not_verified(&place, root_itself, BEACON_E_INVALID);
    write_text(inside(&place, "u"), "1\n");
    assert_not_verified(&place, "*** Update File: u\n*** Move to: ../out/u\n-1\n+2\n",
                        BEACON_E_REFUSED);
    assert_string_equal(read_text(outside(&place, "f")), "1\n");
    place_finish(&place);
}

static void a_symlink_that_leaves_the_roots_is_refused(void **state)
{
    struct place place;
    place_init(&place, state);
    write_text(outside(&place, "f"), "1\n");
    assert_int_equal(symlink(place.out, inside(&place, "dir")), 0);
    assert_int_equal(symlink("../out/f", inside(&place, "file")), 0);
    assert_int_equal(symlink("../out/new", inside(&place, "dangling")), 0);
    assert_int_equal(symlink("/proc/self/root", inside(&place, "magic")), 0);
    assert_not_verified(&place, "*** Update File: dir/f\n-1\n+2\n", BEACON_E_REFUSED);
    assert_not_verified(&place, "*** Add File: dir/new\n+2\n", BEACON_E_REFUSED);
    assert_not_verified(&place, "*** Delete File: dir/f\n", BEACON_E_REFUSED);
    assert_not_verified(&place, "*** Update File: file\n-1\n+2\n", BEACON_E_REFUSED);
    assert_not_verified(&place, "*** Add File: file\n+2\n", BEACON_E_REFUSED);
    assert_not_verified(&place, "*** Add File: dangling\n+2\n", BEACON_E_REFUSED);
    assert_not_verified(&place, "*** Add File: magic/tmp/x\n+2\n", BEACON_E_REFUSED);
    assert_string_equal(read_text(outside(&place, "f")), "1\n");
    assert_int_equal(access(outside(&place, "new"), F_OK), -1);
    place_finish(&place);
}

static void a_symlink_that_stays_inside_is_followed(void **state)
{
    struct place place;
    place_init(&place, state);
    assert_int_equal(mkdir(inside(&place, "real"), 0755), 0);
    write_text(inside(&place, "real/f"), "1\n");
    AUTO_FREE char *real = alloc_string(inside(&place, "real"));
    assert_int_equal(symlink(real, inside(&place, "dir")), 0);
    assert_int_equal(symlink("dir/f", inside(&place, "file")), 0);
    assert_applied(&place, "*** Update File: file\n-1\n+2\n*** Update File: dir/f\n-2\n+3\n",
                   DONE "M file\nM dir/f\n");
    assert_string_equal(read_text(inside(&place, "real/f")), "3\n");
    struct stat st;
    assert_int_equal(lstat(inside(&place, "file"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    place_finish(&place);
}

static void a_deleted_symlink_leaves_its_target(void **state)
{
    struct place place;
    place_init(&place, state);
    write_text(inside(&place, "target"), "1\n");
    assert_int_equal(symlink("target", inside(&place, "link")), 0);
    assert_applied(&place, "*** Delete File: link\n*** Add File: link\n+2\n",
                   DONE "A link\nD link\n");
    assert_string_equal(read_text(inside(&place, "target")), "1\n");
    assert_string_equal(read_text(inside(&place, "link")), "2\n");
    place_finish(&place);
}

static void a_folder_swapped_for_a_symlink_after_verifying_leads_nowhere(void **state)
{
    struct place place;
    place_init(&place, state);
    assert_int_equal(mkdir(inside(&place, "d"), 0755), 0);
    write_text(inside(&place, "d/f"), "1\n");
    write_text(outside(&place, "f"), "1\n");
    struct patch_plan *plan = NULL;
    assert_ok(verify(&place, "*** Update File: d/f\n-1\n+2\n*** Add File: d/new\n+x\n", &plan),
              &place.err);
    AUTO_FREE char *away = alloc_string(inside(&place, "away"));
    assert_int_equal(rename(inside(&place, "d"), away), 0);
    assert_int_equal(symlink(place.out, inside(&place, "d")), 0);
    AUTO_TEXT struct text said;
    text_init(&said, 1000);
    int rc = patch_commit(plan, &said, &place.err);
    assert_int_not_equal(rc, BEACON_OK);
    assert_string_equal(read_text(outside(&place, "f")), "1\n");
    assert_int_equal(access(outside(&place, "new"), F_OK), -1);
    patch_plan_destroy(plan);
    place_finish(&place);
}

static void protected_names_are_refused_at_any_depth(void **state)
{
    struct place place;
    place_init(&place, state);
    assert_int_equal(mkdir(inside(&place, ".git"), 0755), 0);
    assert_int_equal(symlink(".git", inside(&place, "alias")), 0);
    assert_not_verified(&place, "*** Add File: .git/hooks/x\n+x\n", BEACON_E_REFUSED);
    assert_not_verified(&place, "*** Add File: alias/x\n+x\n", BEACON_E_REFUSED);
    assert_not_verified(&place, "*** Add File: sub/.git\n+x\n", BEACON_E_REFUSED);
    assert_not_verified(&place, "*** Add File: sub/.Git/config\n+x\n", BEACON_E_REFUSED);
    assert_not_verified(&place, "*** Add File: .code/config.toml\n+x\n", BEACON_E_REFUSED);
    assert_not_verified(&place, "*** Add File: a/.codex/b\n+x\n", BEACON_E_REFUSED);
    assert_applied(&place, "*** Add File: .gitignore\n+x\n", DONE "A .gitignore\n");
    place_finish(&place);
}

static void without_roots_any_path_may_be_written(void **state)
{
    struct place place;
    place_init(&place, state);
    place.roots = (struct patch_roots){0};
    assert_int_equal(symlink(place.out, inside(&place, "dir")), 0);
    assert_applied(&place,
                   "*** Add File: ../out/a\n+1\n*** Add File: dir/b\n+2\n*** Add File: .git/x\n",
                   DONE "A ../out/a\nA dir/b\nA .git/x\n");
    assert_string_equal(read_text(outside(&place, "a")), "1\n");
    assert_string_equal(read_text(outside(&place, "b")), "2\n");
    place_finish(&place);
}

static void what_is_no_regular_file_is_refused_and_never_waited_for(void **state)
{
    struct place place;
    place_init(&place, state);
    assert_int_equal(mkdir(inside(&place, "dir"), 0755), 0);
    assert_int_equal(mkfifo(inside(&place, "fifo"), 0644), 0);
    assert_not_verified(&place, "*** Update File: fifo\n-a\n+b\n", BEACON_E_INVALID);
    assert_not_verified(&place, "*** Add File: fifo\n+b\n", BEACON_E_INVALID);
    assert_not_verified(&place, "*** Delete File: fifo\n", BEACON_E_INVALID);
    assert_not_verified(&place, "*** Update File: dir\n-a\n+b\n", BEACON_E_INVALID);
    assert_not_verified(&place, "*** Add File: dir\n+b\n", BEACON_E_INVALID);
    assert_not_verified(&place, "*** Delete File: dir\n", BEACON_E_INVALID);
    place.roots = (struct patch_roots){0};
    assert_not_verified(&place, "*** Add File: /dev/null\n+b\n", BEACON_E_INVALID);
    assert_not_verified(&place, "*** Update File: /dev/zero\n-a\n+b\n", BEACON_E_INVALID);
    place_finish(&place);
}

static void a_file_as_a_folder_is_refused_before_anything_is_written(void **state)
{
    struct place place;
    place_init(&place, state);
    write_text(inside(&place, "f"), "1\n");
    assert_not_verified(&place, "*** Add File: a\n+x\n*** Add File: f/x\n+x\n", BEACON_E_INVALID);
    assert_not_verified(&place, "*** Add File: a\n+x\n*** Add File: a/x\n+x\n", BEACON_E_INVALID);
    assert_applied(&place, "*** Delete File: f\n*** Add File: f/x\n+x\n", DONE "A f/x\nD f\n");
    assert_string_equal(read_text(inside(&place, "f/x")), "x\n");
    place_finish(&place);
}

static void a_symlink_loop_is_an_error(void **state)
{
    struct place place;
    place_init(&place, state);
    assert_int_equal(symlink("loop", inside(&place, "loop")), 0);
    assert_not_verified(&place, "*** Update File: loop\n-a\n+b\n", BEACON_E_INVALID);
    assert_not_verified(&place, "*** Add File: loop/x\n+b\n", BEACON_E_INVALID);
    place_finish(&place);
}

static void a_file_over_the_cap_is_refused(void **state)
{
    struct place place;
    place_init(&place, state);
    write_text(inside(&place, "huge"), "");
    assert_int_equal(truncate(inside(&place, "huge"), (off_t)PATCH_FILE_MAX + 1), 0);
    assert_not_verified(&place, "*** Update File: huge\n-a\n+b\n", BEACON_E_LIMIT);
    place_finish(&place);
}

static void mode_is_kept_also_across_a_move(void **state)
{
    struct place place;
    place_init(&place, state);
    write_text(inside(&place, "u"), "1\n");
    write_text(inside(&place, "m"), "1\n");
    assert_int_equal(chmod(inside(&place, "u"), 0751), 0);
    assert_int_equal(chmod(inside(&place, "m"), 0700), 0);
    assert_applied(&place,
                   "*** Update File: u\n-1\n+2\n*** Update File: m\n*** Move to: n\n-1\n+2\n",
                   DONE "M u\nM n\n");
    struct stat st;
    assert_int_equal(stat(inside(&place, "u"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0751);
    assert_int_equal(stat(inside(&place, "n"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    place_finish(&place);
}

static void both_names_of_a_hard_link_see_the_change(void **state)
{
    struct place place;
    place_init(&place, state);
    write_text(inside(&place, "one"), "1\n");
    AUTO_FREE char *other = alloc_string(inside(&place, "other"));
    assert_int_equal(link(inside(&place, "one"), other), 0);
    assert_applied(&place, "*** Update File: one\n-1\n+a longer line\n", DONE "M one\n");
    assert_string_equal(read_text(other), "a longer line\n");
    place_finish(&place);
}

static void a_move_onto_itself_is_an_update(void **state)
{
    struct place place;
    place_init(&place, state);
    write_text(inside(&place, "f"), "1\n");
    assert_int_equal(symlink("f", inside(&place, "link")), 0);
    assert_applied(&place, "*** Update File: f\n*** Move to: ./f\n-1\n+2\n", DONE "M ./f\n");
    assert_string_equal(read_text(inside(&place, "f")), "2\n");
    assert_applied(&place, "*** Update File: f\n*** Move to: link\n-2\n+3\n", DONE "M link\n");
    assert_string_equal(read_text(inside(&place, "f")), "3\n");
    place_finish(&place);
}

static void a_file_changed_after_verifying_is_left_alone(void **state)
{
    struct place place;
    place_init(&place, state);
    write_text(inside(&place, "f"), "1\n");
    struct patch_plan *plan = NULL;
    assert_ok(verify(&place, "*** Update File: f\n-1\n+2\n", &plan), &place.err);
    write_text(inside(&place, "f"), "1\nmine\n");
    assert_refused(patch_commit(plan, NULL, &place.err), BEACON_E_BUSY, &place.err);
    assert_string_equal(read_text(inside(&place, "f")), "1\nmine\n");
    patch_plan_destroy(plan);
    place_finish(&place);
}

static void the_innermost_root_decides_what_is_protected(void **state)
{
    struct place place;
    place_init(&place, state);
    assert_int_equal(mkdir(inside(&place, ".code"), 0755), 0);
    assert_int_equal(mkdir(inside(&place, ".code/work"), 0755), 0);
    AUTO_FREE char *work = alloc_string(inside(&place, ".code/work"));
    AUTO_CLOSE int work_fd = open(work, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int fds[] = {place.fd, work_fd};
    const char *paths[] = {place.in, work};
    place.roots = (struct patch_roots){.fds = fds, .paths = paths, .n = 2};
    assert_applied(&place, "*** Add File: .code/work/f\n+1\n", DONE "A .code/work/f\n");
    assert_not_verified(&place, "*** Add File: .code/f\n+1\n", BEACON_E_REFUSED);
    place_finish(&place);
}

static void an_empty_patch_modifies_no_files(void **state)
{
    struct place place;
    place_init(&place, state);
    assert_not_verified(&place, "", BEACON_E_INVALID);
    assert_string_equal(text_string(&place.why), "No files were modified.");
    place_finish(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(all_kinds_of_sections_are_written),
        in_temp_dir(nothing_is_written_when_one_section_does_not_match),
        in_temp_dir(later_sections_see_what_earlier_ones_would_do),
        in_temp_dir(changes_tell_each_file_once),
        in_temp_dir(a_diff_over_its_cap_says_that_it_goes_on),
        in_temp_dir(the_diff_of_a_binary_file_shows_no_bytes),
        in_temp_dir(a_path_that_leaves_the_roots_is_refused),
        in_temp_dir(a_symlink_that_leaves_the_roots_is_refused),
        in_temp_dir(a_symlink_that_stays_inside_is_followed),
        in_temp_dir(a_deleted_symlink_leaves_its_target),
        in_temp_dir(a_folder_swapped_for_a_symlink_after_verifying_leads_nowhere),
        in_temp_dir(protected_names_are_refused_at_any_depth),
        in_temp_dir(without_roots_any_path_may_be_written),
        in_temp_dir(what_is_no_regular_file_is_refused_and_never_waited_for),
        in_temp_dir(a_file_as_a_folder_is_refused_before_anything_is_written),
        in_temp_dir(a_symlink_loop_is_an_error),
        in_temp_dir(a_file_over_the_cap_is_refused),
        in_temp_dir(mode_is_kept_also_across_a_move),
        in_temp_dir(both_names_of_a_hard_link_see_the_change),
        in_temp_dir(a_move_onto_itself_is_an_update),
        in_temp_dir(a_file_changed_after_verifying_is_left_alone),
        in_temp_dir(the_innermost_root_decides_what_is_protected),
        in_temp_dir(an_empty_patch_modifies_no_files),
    };
    return cmocka_run_group_tests_name("tools/patch_apply", tests, NULL, NULL);
}
