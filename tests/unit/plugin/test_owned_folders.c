/* SPDX-License-Identifier: Apache-2.0 */
/* Many files of few folders: what is remembered of the way must never open more than a new walk. */
#include "hostile.h"

#include <dirent.h>

#include "plugin/ownership.h"

static void plant_text(void **state)
{
    make_folder(temp_path(state, "a"));
    make_folder(temp_path(state, "a/b"));
    write_text(temp_path(state, "a/b/x.so"), "x");
    write_text(temp_path(state, "a/b/y.so"), "y");
}

static char opened(struct owned_folders *known, const char *path, bool is_strict)
{
    struct beacon_error err = {0};
    char first = '\0';
    int fd = -1;
    assert_ok(trust_open_owned_in(known, path, is_strict, &fd, &err), &err);
    assert_int_equal(read(fd, &first, 1), 1);
    assert_int_equal(close(fd), 0);
    return first;
}

static void assert_stays_shut(struct owned_folders *known, const char *path, int code,
                              const char *part)
{
    struct beacon_error err = {0};
    int fd = -1;
    assert_refused(trust_open_owned_in(known, path, false, &fd, &err), code, &err);
    assert_int_equal(fd, -1);
    assert_says(err.message, part);
}

static size_t open_descriptors(void)
{
    size_t n = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        n++;
    }
    assert_int_equal(closedir(folder), 0);
    return n;
}

static void files_of_a_known_folder_open_like_the_first(void **state)
{
    plant_text(state);
    const size_t before = open_descriptors();
    struct owned_folders *known = owned_folders_create();
    assert_int_equal(opened(known, temp_path(state, "a/b/x.so"), false), 'x');
    assert_int_equal(opened(known, temp_path(state, "a/b/y.so"), false), 'y');
    assert_int_equal(opened(known, temp_path(state, "a/../a//b/./y.so"), true), 'y');
    assert_int_equal(open_descriptors(), before + 2); /* one for each strictness */
    assert_stays_shut(known, temp_path(state, "a/b/no.so"), BEACON_E_NOT_FOUND, "b/no.so does not");
    owned_folders_destroy(known);
    assert_int_equal(open_descriptors(), before);
}

static void a_file_in_a_known_folder_is_judged_on_its_own(void **state)
{
    plant_text(state);
    struct owned_folders *known = owned_folders_create();
    assert_int_equal(opened(known, temp_path(state, "a/b/x.so"), false), 'x');
    assert_int_equal(chmod(temp_path(state, "a/b/y.so"), 0602), 0);
    assert_stays_shut(known, temp_path(state, "a/b/y.so"), BEACON_E_REFUSED,
                      "y.so can be changed by others");
    assert_int_equal(symlink("x.so", temp_path(state, "a/b/link.so")), 0);
    assert_stays_shut(known, temp_path(state, "a/b/link.so"), BEACON_E_REFUSED,
                      "link.so is a symbolic link");
    make_folder(temp_path(state, "a/b/folder.so"));
    assert_stays_shut(known, temp_path(state, "a/b/folder.so"), BEACON_E_INVALID, "is a folder");
    owned_folders_destroy(known);
}

static void a_known_folder_that_others_may_write_now_is_refused(void **state)
{
    plant_text(state);
    struct owned_folders *known = owned_folders_create();
    assert_int_equal(opened(known, temp_path(state, "a/b/x.so"), false), 'x');
    assert_int_equal(chmod(temp_path(state, "a/b"), 0777), 0);
    assert_stays_shut(known, temp_path(state, "a/b/x.so"), BEACON_E_REFUSED,
                      "/b can be changed by others");
    assert_int_equal(chmod(temp_path(state, "a/b"), 0755), 0);
    assert_int_equal(opened(known, temp_path(state, "a/b/x.so"), false), 'x');
    owned_folders_destroy(known);
}

static void a_known_folder_of_somebody_else_now_is_refused(void **state)
{
    if (geteuid() != 0) {
        skip();
    }
    plant_text(state);
    struct owned_folders *known = owned_folders_create();
    assert_int_equal(opened(known, temp_path(state, "a/b/x.so"), false), 'x');
    assert_int_equal(chown(temp_path(state, "a/b"), NOBODY, 0), 0);
    assert_stays_shut(known, temp_path(state, "a/b/x.so"), BEACON_E_REFUSED,
                      "/b belongs to user 65534");
    owned_folders_destroy(known);
}

static void a_folder_that_took_the_place_of_a_known_one_is_walked_to(void **state)
{
    plant_text(state);
    struct owned_folders *known = owned_folders_create();
    assert_int_equal(opened(known, temp_path(state, "a/b/x.so"), false), 'x');
    assert_int_equal(rename(temp_path(state, "a/b"), temp_path(state, "a/old")), 0);
    assert_stays_shut(known, temp_path(state, "a/b/x.so"), BEACON_E_NOT_FOUND, "/b does not exist");
    make_folder(temp_path(state, "a/b"));
    write_text(temp_path(state, "a/b/x.so"), "new");
    assert_int_equal(opened(known, temp_path(state, "a/b/x.so"), false), 'n');
    assert_int_equal(rename(temp_path(state, "a/b"), temp_path(state, "a/newer")), 0);
    make_folder(temp_path(state, "a/b"));
    assert_int_equal(chmod(temp_path(state, "a/b"), 0777), 0);
    write_text(temp_path(state, "a/b/x.so"), "evil");
    assert_stays_shut(known, temp_path(state, "a/b/x.so"), BEACON_E_REFUSED,
                      "/b can be changed by others");
    owned_folders_destroy(known);
}

static void a_refused_folder_is_not_remembered(void **state)
{
    plant_text(state);
    struct owned_folders *known = owned_folders_create();
    assert_int_equal(chmod(temp_path(state, "a"), 0777), 0);
    assert_stays_shut(known, temp_path(state, "a/b/x.so"), BEACON_E_REFUSED, "/a can be changed");
    assert_stays_shut(known, temp_path(state, "a/b/x.so"), BEACON_E_REFUSED, "/a can be changed");
    owned_folders_destroy(known);
}

static void what_is_tolerated_is_not_tolerated_strictly_for_being_known(void **state)
{
    if (geteuid() != 0) {
        skip();
    }
    struct beacon_error err = {0};
    int fd = -1;
    plant_text(state);
    struct owned_folders *known = owned_folders_create();
    assert_int_equal(chmod(temp_path(state, "a/b"), 0775), 0);
    assert_int_equal(opened(known, temp_path(state, "a/b/x.so"), false), 'x');
    assert_refused(trust_open_owned_in(known, temp_path(state, "a/b/x.so"), true, &fd, &err),
                   BEACON_E_REFUSED, &err);
    owned_folders_destroy(known);
}

static void more_folders_than_are_remembered_open_all_the_same(void **state)
{
    struct owned_folders *known = owned_folders_create();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 40; i++) {
            char name[32];
            (void)snprintf(name, sizeof name, "f%d", i);
            if (round == 0) {
                make_folder(temp_path(state, name));
            }
            (void)snprintf(name, sizeof name, "f%d/x.so", i);
            write_text(temp_path(state, name), "x");
            assert_int_equal(opened(known, temp_path(state, name), false), 'x');
        }
    }
    owned_folders_destroy(known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(files_of_a_known_folder_open_like_the_first),
        in_temp_dir(a_file_in_a_known_folder_is_judged_on_its_own),
        in_temp_dir(a_known_folder_that_others_may_write_now_is_refused),
        in_temp_dir(a_known_folder_of_somebody_else_now_is_refused),
        in_temp_dir(a_folder_that_took_the_place_of_a_known_one_is_walked_to),
        in_temp_dir(a_refused_folder_is_not_remembered),
        in_temp_dir(what_is_tolerated_is_not_tolerated_strictly_for_being_known),
        in_temp_dir(more_folders_than_are_remembered_open_all_the_same),
    };
    return cmocka_run_group_tests_name("plugin/owned_folders", tests, NULL, NULL);
}
