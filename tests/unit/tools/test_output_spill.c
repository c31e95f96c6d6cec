/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/path.h"
#include "base/text.h"
#include "tools/output_spill.h"

#define SESSION "01990000-0000-7000-8000-000000000001"
#define KILLED  "01990000-0000-7000-8000-000000000002"
#define BLOCK   (1u << 20)

static const char *outputs(void **state)
{
    return temp_path(state, "outputs");
}

static const char *beneath(void **state, const char *name)
{
    AUTO_FREE char *relative = alloc_printf("outputs/%s", name);
    return temp_path(state, relative);
}

static bool is_there(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static void nothing_is_made_before_something_spills(void **state)
{
    spill_folder_destroy(spill_folder_create(outputs(state), SESSION));
    assert_false(is_there(outputs(state)));
    spill_folder_destroy(NULL);
    spill_file_close(NULL);
}

static void a_file_holds_what_was_added_until_the_session_ends(void **state)
{
    struct spill_folder *folder = spill_folder_create(outputs(state), SESSION);
    struct spill_file *file = spill_file_create(folder, 7);
    AUTO_TEXT struct text content;
    text_init(&content, 1024);
    struct beacon_error err = {0};
    assert_non_null(file);
    spill_file_add(file, "one\n", 4);
    spill_file_add(file, "two", 3);
    AUTO_FREE char *path = alloc_string(spill_file_path(file));
    assert_string_equal(path, beneath(state, SESSION "/command-7.txt"));
    assert_ok(io_read_file(path, &content, &err), &err);
    assert_string_equal(text_string(&content), "one\ntwo");
    assert_int_equal(spill_file_missing(file), 0);
    struct stat st;
    assert_int_equal(stat(beneath(state, SESSION), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    spill_file_close(file);
    assert_true(is_there(path));
    spill_folder_destroy(folder);
    assert_false(is_there(beneath(state, SESSION)));
    assert_true(is_there(outputs(state)));
}

static void a_file_and_a_session_are_bounded(void **state)
{
    struct spill_folder *folder = spill_folder_create(outputs(state), SESSION);
    AUTO_FREE char *block = alloc_zeroed(BLOCK);
    uint64_t on_disk = 0;
    for (uint32_t id = 1; id <= 10; id++) {
        struct spill_file *file = spill_file_create(folder, id);
        struct stat st;
        assert_non_null(file);
        for (int i = 0; i < 33; i++) {
            spill_file_add(file, block, BLOCK - 1);
        }
        assert_int_equal(stat(spill_file_path(file), &st), 0);
        assert_true((uint64_t)st.st_size <= SPILL_FILE_MAX);
        assert_int_equal((uint64_t)st.st_size + spill_file_missing(file), 33 * (BLOCK - 1));
        on_disk += (uint64_t)st.st_size;
        spill_file_close(file);
    }
    assert_int_equal(on_disk, SPILL_SESSION_MAX);
    spill_folder_destroy(folder);
}

static void what_a_killed_session_left_is_removed_and_nothing_else(void **state)
{
    assert_int_equal(mkdir(outputs(state), 0700), 0);
    assert_int_equal(mkdir(beneath(state, KILLED), 0700), 0);
    assert_int_equal(close(creat(beneath(state, KILLED "/command-1.txt"), 0600)), 0);
    assert_int_equal(mkdir(beneath(state, "mine"), 0700), 0);
    assert_int_equal(close(creat(beneath(state, "mine/command-1.txt"), 0600)), 0);
    struct spill_folder *folder = spill_folder_create(outputs(state), SESSION);
    struct spill_file *file = spill_file_create(folder, 1);
    assert_non_null(file);
    assert_false(is_there(beneath(state, KILLED)));
    assert_true(is_there(beneath(state, "mine/command-1.txt")));
    spill_file_close(file);
    spill_folder_destroy(folder);
}

static void the_folder_of_a_living_session_stays(void **state)
{
    struct spill_folder *other = spill_folder_create(outputs(state), KILLED);
    struct spill_file *theirs = spill_file_create(other, 1);
    struct spill_folder *folder = spill_folder_create(outputs(state), SESSION);
    struct spill_file *file = spill_file_create(folder, 1);
    assert_non_null(file);
    assert_true(is_there(beneath(state, KILLED "/command-1.txt")));
    spill_file_close(file);
    spill_folder_destroy(folder);
    assert_true(is_there(beneath(state, KILLED "/command-1.txt")));
    spill_file_close(theirs);
    spill_folder_destroy(other);
    assert_false(is_there(beneath(state, KILLED)));
}

static void a_link_in_the_way_is_neither_followed_nor_emptied(void **state)
{
    const char *elsewhere = temp_path(state, "elsewhere");
    assert_int_equal(mkdir(elsewhere, 0700), 0);
    assert_int_equal(mkdir(outputs(state), 0700), 0);
    assert_int_equal(symlink(elsewhere, beneath(state, SESSION)), 0);
    assert_int_equal(symlink(elsewhere, beneath(state, KILLED)), 0);
    AUTO_FREE char *kept = path_join(elsewhere, "command-1.txt");
    assert_int_equal(close(creat(kept, 0600)), 0);
    struct spill_folder *folder = spill_folder_create(outputs(state), SESSION);
    assert_null(spill_file_create(folder, 2));
    assert_null(spill_file_create(folder, 3));
    spill_folder_destroy(folder);
    assert_true(is_there(kept));
}

static void a_place_that_cannot_be_written_gives_no_file(void **state)
{
    const char *file = temp_path(state, "file");
    assert_int_equal(close(creat(file, 0600)), 0);
    struct spill_folder *folder = spill_folder_create(file, SESSION);
    assert_null(spill_file_create(folder, 1));
    spill_folder_destroy(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(nothing_is_made_before_something_spills),
        in_temp_dir(a_file_holds_what_was_added_until_the_session_ends),
        in_temp_dir(a_file_and_a_session_are_bounded),
        in_temp_dir(what_a_killed_session_left_is_removed_and_nothing_else),
        in_temp_dir(the_folder_of_a_living_session_stays),
        in_temp_dir(a_link_in_the_way_is_neither_followed_nor_emptied),
        in_temp_dir(a_place_that_cannot_be_written_gives_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
