/* SPDX-License-Identifier: Apache-2.0 */
#include "hostile.h"

/* A file in a folder in the temporary folder. */
static const char *planted(void **state)
{
    make_folder(temp_path(state, "a"));
    make_folder(temp_path(state, "a/b"));
    write_text(temp_path(state, "a/b/x.so"), "x");
    return temp_path(state, "a/b/x.so");
}

static void assert_opens(const char *path, bool is_strict)
{
    struct beacon_error err = {0};
    int fd = -1;
    assert_ok(trust_open_owned(path, is_strict, &fd, &err), &err);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(close(fd), 0);
}

static void assert_stays_shut(const char *path, int code, const char *part, const char *hint)
{
    struct beacon_error err = {0};
    int fd = -1;
    assert_refused(trust_open_owned(path, false, &fd, &err), code, &err);
    assert_int_equal(fd, -1);
    assert_says(err.message, part);
    assert_says(err.hint, hint);
}

static void need_root(void)
{
    if (geteuid() != 0) {
        skip();
    }
}

static void ones_own_file_in_ones_own_folder_opens(void **state)
{
    const char *path = planted(state);
    assert_opens(path, false);
    assert_opens(path, true);
}

static void a_file_others_may_write_is_refused_with_the_chmod(void **state)
{
    const char *path = planted(state);
    assert_int_equal(chmod(path, 0602), 0);
    assert_stays_shut(path, BEACON_E_REFUSED, "a/b/x.so can be changed by others: its mode is 0602",
                      "chmod go-w /");
    assert_int_equal(chmod(path, 0644), 0);
    assert_opens(path, true);
}

static void a_folder_others_may_write_is_refused_wherever_it_stands(void **state)
{
    const char *path = planted(state);
    assert_int_equal(chmod(temp_path(state, "a/b"), 0777), 0);
    assert_stays_shut(path, BEACON_E_REFUSED, "the folder ", "/a/b, after looking");
    assert_int_equal(chmod(temp_path(state, "a/b"), 0755), 0);
    assert_int_equal(chmod(temp_path(state, "a"), 0757), 0);
    assert_stays_shut(path, BEACON_E_REFUSED, "/a can be changed by others: its mode is 0757",
                      "chmod go-w /");
    assert_int_equal(chmod(temp_path(state, "a"), 0755), 0);
    assert_opens(path, true);
}

static void a_sticky_folder_is_fine_as_a_parent(void **state)
{
    const char *path = planted(state);
    assert_int_equal(chmod(temp_path(state, "a"), 01777), 0);
    assert_opens(path, true);
}

static void a_second_name_in_a_sticky_folder_is_refused(void **state)
{
    const char *path = planted(state);
    assert_int_equal(link(path, temp_path(state, "a/b/y.so")), 0);
    assert_opens(path, true); /* in a folder of one's own it is one's own doing */
    assert_int_equal(chmod(temp_path(state, "a/b"), 01777), 0);
    assert_stays_shut(path, BEACON_E_REFUSED, "has 2 names and stands in a folder that everybody",
                      "move it into a folder");
    assert_int_equal(unlink(temp_path(state, "a/b/y.so")), 0);
    assert_opens(path, true);
}

static void a_file_of_somebody_else_is_refused_with_the_chown(void **state)
{
    need_root();
    const char *path = planted(state);
    assert_int_equal(chown(path, NOBODY, 0), 0);
    assert_stays_shut(path, BEACON_E_REFUSED,
                      "a/b/x.so belongs to user 65534, it must belong to root or to you (0)",
                      "chown root /");
    assert_int_equal(chown(path, 0, 0), 0);
    assert_opens(path, true);
}

static void a_folder_of_somebody_else_is_refused_wherever_it_stands(void **state)
{
    need_root();
    const char *path = planted(state);
    assert_int_equal(chown(temp_path(state, "a"), NOBODY, 0), 0);
    assert_stays_shut(path, BEACON_E_REFUSED, "the folder ", "chown root /");
    assert_int_equal(chown(temp_path(state, "a"), 0, 0), 0);
    assert_opens(path, true);
}

static void a_group_of_ones_own_is_tolerated_but_not_strictly(void **state)
{
    struct beacon_error err = {0};
    int fd = -1;
    need_root(); /* whose group is called root, like root */
    const char *path = planted(state);
    assert_int_equal(chmod(temp_path(state, "a"), 0775), 0);
    assert_opens(path, false);
    assert_refused(trust_open_owned(path, true, &fd, &err), BEACON_E_REFUSED, &err);
    assert_says(err.message, "its mode is 0775");
    assert_int_equal(chown(temp_path(state, "a"), 0, 2), 0); /* a group of many */
    assert_stays_shut(path, BEACON_E_REFUSED, "can be changed by others", "chmod go-w");
}

static void a_link_is_never_the_file(void **state)
{
    const char *path = planted(state);
    assert_int_equal(symlink(path, temp_path(state, "link.so")), 0);
    assert_stays_shut(temp_path(state, "link.so"), BEACON_E_REFUSED,
                      "link.so is a symbolic link, which may lead elsewhere tomorrow",
                      "give the real path: /");
    assert_int_equal(symlink("nowhere", temp_path(state, "dangling.so")), 0);
    assert_stays_shut(temp_path(state, "dangling.so"), BEACON_E_REFUSED, "is a symbolic link",
                      "the link leads nowhere");
}

static void a_link_among_the_parents_counts_when_only_root_can_have_made_it(void **state)
{
    need_root();
    (void)planted(state);
    make_folder(temp_path(state, "roots"));
    assert_int_equal(symlink("../a/./b", temp_path(state, "roots/link")), 0);
    assert_opens(temp_path(state, "roots/link/x.so"), true);
    assert_int_equal(chmod(temp_path(state, "roots"), 01777), 0);
    assert_stays_shut(temp_path(state, "roots/link/x.so"), BEACON_E_REFUSED,
                      "roots/link is a symbolic link", "/a/b");
    assert_int_equal(chmod(temp_path(state, "roots"), 0755), 0);
    assert_int_equal(lchown(temp_path(state, "roots/link"), NOBODY, 0), 0);
    assert_stays_shut(temp_path(state, "roots/link/x.so"), BEACON_E_REFUSED,
                      "roots/link is a symbolic link", "give the real path: ");
}

static void what_a_followed_link_leads_to_is_checked_as_well(void **state)
{
    need_root();
    (void)planted(state);
    make_folder(temp_path(state, "roots"));
    assert_int_equal(symlink(temp_path(state, "a/b"), temp_path(state, "roots/link")), 0);
    assert_int_equal(chmod(temp_path(state, "a"), 0777), 0);
    assert_stays_shut(temp_path(state, "roots/link/x.so"), BEACON_E_REFUSED,
                      "/a can be changed by others", "chmod go-w");
}

static void links_in_a_circle_end(void **state)
{
    need_root();
    assert_int_equal(symlink("two", temp_path(state, "one")), 0);
    assert_int_equal(symlink("one", temp_path(state, "two")), 0);
    assert_stays_shut(temp_path(state, "one/x.so"), BEACON_E_REFUSED,
                      "leads over more than 16 symbolic links", "real path");
}

static void what_is_no_regular_file_is_refused_without_opening_it(void **state)
{
    (void)planted(state);
    assert_int_equal(mkfifo(temp_path(state, "fifo.so"), 0600), 0);
    make_folder(temp_path(state, "folder.so"));
    assert_stays_shut(temp_path(state, "fifo.so"), BEACON_E_INVALID, "is no regular file",
                      "remove it");
    assert_stays_shut(temp_path(state, "folder.so"), BEACON_E_INVALID, "is a folder", "remove it");
    assert_stays_shut("/dev/null", BEACON_E_INVALID, "/dev/null is no regular file", "remove it");
    assert_stays_shut("/", BEACON_E_NOT_FOUND, "does not exist", "check the path");
}

static void what_is_not_there_is_told_apart_from_what_is_refused(void **state)
{
    assert_stays_shut(temp_path(state, "no.so"), BEACON_E_NOT_FOUND, "no.so does not exist",
                      "install");
    assert_stays_shut(temp_path(state, "no/such/no.so"), BEACON_E_NOT_FOUND, "/no does not exist",
                      "install");
    write_text(temp_path(state, "file"), "");
    assert_stays_shut(temp_path(state, "file/x.so"), BEACON_E_IO, "/file: Not a directory",
                      "readable");
}

static void dots_in_a_path_are_taken_as_text(void **state)
{
    (void)planted(state);
    assert_opens(temp_path(state, "a/../a//b/./x.so"), true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(ones_own_file_in_ones_own_folder_opens),
        in_temp_dir(a_file_others_may_write_is_refused_with_the_chmod),
        in_temp_dir(a_folder_others_may_write_is_refused_wherever_it_stands),
        in_temp_dir(a_sticky_folder_is_fine_as_a_parent),
        in_temp_dir(a_second_name_in_a_sticky_folder_is_refused),
        in_temp_dir(a_file_of_somebody_else_is_refused_with_the_chown),
        in_temp_dir(a_folder_of_somebody_else_is_refused_wherever_it_stands),
        in_temp_dir(a_group_of_ones_own_is_tolerated_but_not_strictly),
        in_temp_dir(a_link_is_never_the_file),
        in_temp_dir(a_link_among_the_parents_counts_when_only_root_can_have_made_it),
        in_temp_dir(what_a_followed_link_leads_to_is_checked_as_well),
        in_temp_dir(links_in_a_circle_end),
        in_temp_dir(what_is_no_regular_file_is_refused_without_opening_it),
        in_temp_dir(what_is_not_there_is_told_apart_from_what_is_refused),
        in_temp_dir(dots_in_a_path_are_taken_as_text),
    };
    return cmocka_run_group_tests_name("plugin/ownership", tests, NULL, NULL);
}
