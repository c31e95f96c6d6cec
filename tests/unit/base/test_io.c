/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/text.h"

static void a_whole_file_is_read(void **state)
{
    struct beacon_error err = {0};
    AUTO_TEXT struct text text;
    text_init(&text, 100);
    write_text(temp_path(state, "a"), "content");
    assert_ok(io_read_file(temp_path(state, "a"), &text, &err), &err);
    assert_string_equal(text_string(&text), "content");
}

static void an_empty_file_reads_as_nothing(void **state)
{
    struct beacon_error err = {0};
    AUTO_TEXT struct text text;
    text_init(&text, 100);
    write_text(temp_path(state, "a"), "");
    assert_ok(io_read_file(temp_path(state, "a"), &text, &err), &err);
    assert_int_equal(text.len, 0);
}

static void a_file_as_large_as_the_cap_is_read(void **state)
{
    struct beacon_error err = {0};
    AUTO_TEXT struct text text;
    text_init(&text, 7);
    write_text(temp_path(state, "a"), "content");
    assert_ok(io_read_file(temp_path(state, "a"), &text, &err), &err);
    assert_int_equal(text.len, 7);
}

static void a_file_over_the_cap_is_refused(void **state)
{
    struct beacon_error err = {0};
    AUTO_TEXT struct text text;
    text_init(&text, 6);
    write_text(temp_path(state, "a"), "content");
    assert_refused(io_read_file(temp_path(state, "a"), &text, &err), BEACON_E_LIMIT, &err);
}

static void an_endless_source_is_refused(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    AUTO_TEXT struct text text;
    text_init(&text, 300000);
    assert_refused(io_read_file("/dev/zero", &text, &err), BEACON_E_LIMIT, &err);
}

static void a_missing_file_is_not_found(void **state)
{
    struct beacon_error err = {0};
    AUTO_TEXT struct text text;
    text_init(&text, 6);
    assert_refused(io_read_file(temp_path(state, "no"), &text, &err), BEACON_E_NOT_FOUND, &err);
    assert_int_equal(err.os_errno, ENOENT);
    assert_non_null(strstr(err.message, temp_path(state, "no")));
}

static void a_folder_is_not_read(void **state)
{
    struct beacon_error err = {0};
    AUTO_TEXT struct text text;
    text_init(&text, 6);
    assert_refused(io_read_file(temp_dir(state), &text, &err), BEACON_E_IO, &err);
    assert_int_equal(err.os_errno, EISDIR);
}

static void lines_are_appended(void **state)
{
    const char *path = temp_path(state, "log");
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(io_append_line(fd, "one", 3));
    assert_true(io_append_line(fd, "", 0));
    assert_true(io_append_line(fd, "three", 5));
    assert_string_equal(read_text(path), "one\n\nthree\n");
}

/* Files of this process may not grow over `n` bytes; writing more fails with EFBIG. */
static void limit_files_to(rlim_t n)
{
    (void)signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {0};
    (void)getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = n;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_line_that_does_not_fit_is_cut_back(void **state)
{
    const char *path = temp_path(state, "log");
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(io_append_line(fd, "one", 3));
    limit_files_to(7);
    bool is_written = io_append_line(fd, "too long", 8);
    int saved = errno;
    limit_files_to(RLIM_INFINITY);
    assert_false(is_written);
    assert_int_equal(saved, EFBIG);
    assert_string_equal(read_text(path), "one\n");
}

static void a_replaced_file_has_the_new_bytes_and_mode(void **state)
{
    struct beacon_error err = {0};
    const char *path = temp_path(state, "a");
    write_text(path, "old");
    assert_int_equal(chmod(path, 0644), 0);
    assert_ok(io_replace_file(path, "new", 3, 0600, &err), &err);
    assert_string_equal(read_text(path), "new");
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
}

static void a_failed_replacement_leaves_the_old_file_alone(void **state)
{
    struct beacon_error err = {0};
    const char *path = temp_path(state, "a");
    write_text(path, "old");
    limit_files_to(2);
    int rc = io_replace_file(path, "new", 3, 0600, &err);
    limit_files_to(RLIM_INFINITY);
    assert_refused(rc, BEACON_E_IO, &err);
    assert_string_equal(read_text(path), "old");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(temp_dir(state)), 0); /* nothing else was left behind */
    assert_int_equal(mkdir(temp_dir(state), 0700), 0);
}

static void a_file_in_no_folder_cannot_be_replaced(void **state)
{
    struct beacon_error err = {0};
    int rc = io_replace_file(temp_path(state, "no/a"), "new", 3, 0600, &err);
    assert_refused(rc, BEACON_E_IO, &err);
    assert_int_equal(err.os_errno, ENOENT);
}

static void folders_are_made_down_to_the_last(void **state)
{
    struct beacon_error err = {0};
    assert_ok(io_make_directories(temp_path(state, "a//b/c/"), 0700, &err), &err);
    assert_ok(io_make_directories(temp_path(state, "a/b/c"), 0700, &err), &err);
    assert_int_equal(access(temp_path(state, "a/b/c"), X_OK), 0);
    assert_ok(io_make_directories("/", 0700, &err), &err);
}

static void a_file_in_the_way_of_a_folder_is_an_error(void **state)
{
    struct beacon_error err = {0};
    write_text(temp_path(state, "file"), "");
    int rc = io_make_directories(temp_path(state, "file/below"), 0700, &err);
    assert_refused(rc, BEACON_E_IO, &err);
    rc = io_make_directories(temp_path(state, "file"), 0700, &err);
    assert_refused(rc, BEACON_E_IO, &err);
    assert_int_equal(err.os_errno, ENOTDIR);
}

static void no_name_is_no_folder(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    assert_refused(io_make_directories("", 0700, &err), BEACON_E_IO, &err);
}

static void a_link_to_a_folder_counts_as_one(void **state)
{
    struct beacon_error err = {0};
    assert_int_equal(mkdir(temp_path(state, "real"), 0700), 0);
    assert_int_equal(symlink("real", temp_path(state, "link")), 0);
    assert_ok(io_make_directories(temp_path(state, "link"), 0700, &err), &err);
}

static void writing_to_nobody_fails(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)close(ends[0]);
    (void)signal(SIGPIPE, SIG_IGN);
    assert_false(io_write_all(ends[1], "x", 1));
    assert_int_equal(errno, EPIPE);
    (void)close(ends[1]);
}

/* Closed standard files cannot be had in the test program itself: it reports on them. */
static int held_in_a_child(int closed)
{
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(closed);
        bool is_held = io_hold_standard_files();
        struct stat null_file = {0}, held = {0};
        bool is_null = stat("/dev/null", &null_file) == 0 && fstat(closed, &held) == 0 &&
                       held.st_rdev == null_file.st_rdev;
        _exit(is_held && is_null && open("/", O_RDONLY | O_CLOEXEC) > STDERR_FILENO ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void a_closed_standard_file_becomes_the_null_device(void **state)
{
    (void)state;
    assert_int_equal(held_in_a_child(STDIN_FILENO), 0);
    assert_int_equal(held_in_a_child(STDOUT_FILENO), 0);
    assert_int_equal(held_in_a_child(STDERR_FILENO), 0);
}

/* Of the process, as the kernel tells it; 0 where it does not. */
static int descriptor_table(void)
{
    int n = 0;
    char line[256];
    FILE *status = fopen("/proc/self/status", "re");
    while (status != NULL && n == 0 && fgets(line, sizeof line, status) != NULL) {
        n = strncmp(line, "FDSize:", 7) == 0 ? (int)strtol(line + 7, NULL, 10) : 0;
    }
    if (status != NULL) {
        assert_int_equal(fclose(status), 0);
    }
    return n;
}

static void room_for_files_is_made_without_opening_one(void **state)
{
    (void)state;
    if (descriptor_table() == 0) {
        skip();
    }
    const int free_before = dup(STDIN_FILENO);
    assert_int_equal(close(free_before), 0);
    io_expect_files();
    assert_true(descriptor_table() >= IO_FILES_EXPECTED);
    assert_int_equal(fcntl(IO_FILES_EXPECTED - 1, F_GETFD), -1);
    const int free_after = dup(STDIN_FILENO);
    assert_int_equal(close(free_after), 0);
    assert_int_equal(free_after, free_before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_whole_file_is_read),
        in_temp_dir(an_empty_file_reads_as_nothing),
        in_temp_dir(a_file_as_large_as_the_cap_is_read),
        in_temp_dir(a_file_over_the_cap_is_refused),
        in_temp_dir(an_endless_source_is_refused),
        in_temp_dir(a_missing_file_is_not_found),
        in_temp_dir(a_folder_is_not_read),
        in_temp_dir(lines_are_appended),
        in_temp_dir(a_line_that_does_not_fit_is_cut_back),
        in_temp_dir(a_replaced_file_has_the_new_bytes_and_mode),
        in_temp_dir(a_failed_replacement_leaves_the_old_file_alone),
        in_temp_dir(a_file_in_no_folder_cannot_be_replaced),
        in_temp_dir(folders_are_made_down_to_the_last),
        in_temp_dir(a_file_in_the_way_of_a_folder_is_an_error),
        cmocka_unit_test(no_name_is_no_folder),
        in_temp_dir(a_link_to_a_folder_counts_as_one),
        cmocka_unit_test(writing_to_nobody_fails),
        cmocka_unit_test(a_closed_standard_file_becomes_the_null_device),
        cmocka_unit_test(room_for_files_is_made_without_opening_one),
    };
    return cmocka_run_group_tests_name("base/io", tests, NULL, NULL);
}
