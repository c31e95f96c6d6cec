/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log_file.h"

#define LINE       "0123456789abcde\n" /* 16 bytes */
#define WRITERS    3
#define PER_WRITER 10000
#define PER_APPEND 100

static bool never(void *ctx)
{
    (void)ctx;
    return false;
}

static bool at_once(void *ctx)
{
    (void)ctx;
    return true;
}

static struct log_file *open_log(const char *path, uint64_t max_bytes, unsigned max_files)
{
    struct beacon_error err = {0};
    struct log_file *file = NULL;
    const struct log_file_settings settings = {
        .path = path, .max_bytes = max_bytes, .max_files = max_files};
    assert_ok(log_file_open(&settings, &file, &err), &err);
    return file;
}

static void append(struct log_file *file, const char *lines)
{
    struct beacon_error err = {0};
    const struct beacon_str text = {lines, strlen(lines)};
    assert_ok(log_file_append(file, text, never, NULL, &err), &err);
}

static beacon_rc append_to(const char *path, const char *lines, struct beacon_error *err)
{
    struct log_file *file = open_log(path, 1u << 20, 2);
    const beacon_rc rc =
        log_file_append(file, (struct beacon_str){lines, strlen(lines)}, never, NULL, err);
    log_file_close(file);
    return rc;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void a_new_file_is_for_its_owner_alone(void **state)
{
    const char *path = temp_path(state, "t");
    struct stat info;
    log_file_close(open_log(path, 4096, 2));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void a_full_file_is_rotated_and_the_oldest_goes(void **state)
{
    const char *path = temp_path(state, "t");
    struct log_file *file = open_log(path, 32, 3);
    append(file, "1" LINE); /* 17 bytes: one fits into a file */
    append(file, "2" LINE);
    append(file, "3" LINE);
    assert_string_equal(read_text(path), "3" LINE);
    assert_string_equal(read_text(temp_path(state, "t.1")), "2" LINE);
    assert_string_equal(read_text(temp_path(state, "t.2")), "1" LINE);
    append(file, "4" LINE);
    assert_string_equal(read_text(temp_path(state, "t.2")), "2" LINE);
    assert_false(exists(temp_path(state, "t.3")));
    log_file_close(file);
}

static void a_batch_fills_one_file_and_goes_on_in_the_next(void **state)
{
    const char *path = temp_path(state, "t");
    struct log_file *file = open_log(path, 40, 5);
    append(file, LINE LINE LINE LINE LINE);
    assert_string_equal(read_text(path), LINE);
    assert_string_equal(read_text(temp_path(state, "t.1")), LINE LINE);
    assert_string_equal(read_text(temp_path(state, "t.2")), LINE LINE);
    assert_false(exists(temp_path(state, "t.3")));
    log_file_close(file);
}

static void a_single_file_is_emptied_when_it_is_full(void **state)
{
    const char *path = temp_path(state, "t");
    struct log_file *file = open_log(path, 40, 1);
    append(file, LINE LINE "new\n" LINE);
    assert_string_equal(read_text(path), LINE);
    assert_false(exists(temp_path(state, "t.1")));
    log_file_close(file);
}

static void files_of_a_larger_limit_go_with_the_next_rotation(void **state)
{
    const char *path = temp_path(state, "t");
    write_text(path, LINE LINE);
    write_text(temp_path(state, "t.1"), "one\n");
    write_text(temp_path(state, "t.2"), "two\n");
    write_text(temp_path(state, "t.3"), "three\n");
    struct log_file *file = open_log(path, 40, 2);
    append(file, LINE);
    assert_string_equal(read_text(temp_path(state, "t.1")), LINE LINE);
    assert_false(exists(temp_path(state, "t.2")));
    assert_false(exists(temp_path(state, "t.3")));
    log_file_close(file);
}

static void a_file_that_somebody_moved_is_begun_again(void **state)
{
    const char *path = temp_path(state, "t");
    struct log_file *file = open_log(path, 4096, 2);
    append(file, "a\n");
    assert_int_equal(rename(path, temp_path(state, "moved")), 0);
    append(file, "b\n");
    assert_string_equal(read_text(path), "b\n");
    assert_string_equal(read_text(temp_path(state, "moved")), "a\n");
    assert_int_equal(unlink(path), 0);
    append(file, "c\n");
    assert_string_equal(read_text(path), "c\n");
    log_file_close(file);
}

static void what_cannot_be_opened_is_a_sentence(void **state)
{
    static const struct {
        const char *name, *says;
    } cases[] = {
        {"folder", "it is a folder"},
        {"none/t", "its folder does not exist"},
        {"link", "it is a symbolic link"},
        {"fifo", "it is no regular file"},
        {"plain/t", "a part of its path is no folder"},
    };
    assert_int_equal(mkdir(temp_path(state, "folder"), 0700), 0);
    assert_int_equal(symlink("elsewhere", temp_path(state, "link")), 0);
    assert_int_equal(mkfifo(temp_path(state, "fifo"), 0600), 0);
    write_text(temp_path(state, "plain"), "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct beacon_error err = {0};
        struct log_file *file = NULL;
        const struct log_file_settings settings = {
            .path = temp_path(state, cases[i].name), .max_bytes = 4096, .max_files = 2};
        assert_refused(log_file_open(&settings, &file, &err), BEACON_E_IO, &err);
        assert_null(file);
        assert_non_null(strstr(err.message, cases[i].says));
        assert_non_null(strstr(err.message, settings.path));
    }
}

/* As on a full disk: the kernel takes a part and then refuses. */
static void a_file_that_may_not_grow_ends_on_a_whole_line(void **state)
{
    const char *path = temp_path(state, "t");
    struct beacon_error err = {0};
    struct rlimit before;
    assert_int_equal(append_to(path, LINE, &err), BEACON_OK);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit tight = {.rlim_cur = 40, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    const beacon_rc rc = append_to(path, LINE LINE, &err);
    const beacon_rc smaller = append_to(path, LINE, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(rc, BEACON_E_IO);
    assert_int_equal(smaller, BEACON_OK);
    assert_string_equal(read_text(path), LINE LINE);
}

static void a_lock_that_is_never_released_ends_with_the_deadline(void **state)
{
    const char *path = temp_path(state, "t");
    struct beacon_error err = {0};
    struct log_file *file = open_log(path, 4096, 2);
    const int other = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(other, LOCK_EX), 0);
    const struct beacon_str line = {LINE, strlen(LINE)};
    assert_refused(log_file_append(file, line, at_once, NULL, &err), BEACON_E_BUSY, &err);
    (void)close(other);
    append(file, LINE);
    assert_string_equal(read_text(path), LINE);
    log_file_close(file);
}

/* ---- several processes on one file ---- */

static int write_many(const char *path, int who)
{
    struct beacon_error err = {0};
    struct log_file *file = NULL;
    const struct log_file_settings settings = {.path = path, .max_bytes = 100000, .max_files = 100};
    if (log_file_open(&settings, &file, &err) != BEACON_OK) {
        return 1;
    }
    for (int i = 0; i < PER_WRITER; i += PER_APPEND) {
        char lines[PER_APPEND * 32] = "";
        size_t n = 0;
        for (int k = i; k < i + PER_APPEND; k++) {
            n += (size_t)snprintf(lines + n, sizeof lines - n, "writer %d line %05d.\n", who, k);
        }
        if (log_file_append(file, (struct beacon_str){lines, n}, never, NULL, &err) != BEACON_OK) {
            return 2;
        }
    }
    log_file_close(file);
    return 0;
}

/* Count the lines; each is whole, and the lines of one writer come in order within a file. */
static size_t count_lines(const char *path, uint64_t max_bytes)
{
    const char *text = read_text(path);
    size_t n = 0;
    assert_true(strlen(text) <= max_bytes);
    for (const char *at = text; *at != '\0'; n++) {
        int who = 0, line = 0, end = 0;
        assert_int_equal(sscanf(at, "writer %d line %d.%n", &who, &line, &end), 2);
        assert_int_equal(at[end], '\n');
        at += end + 1;
    }
    return n;
}

static void lines_of_several_processes_stay_whole_through_rotations(void **state)
{
    const char *path = temp_path(state, "t");
    pid_t children[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            _exit(write_many(path, i));
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    size_t n = count_lines(path, 100000);
    int rotated = 0;
    for (char name[16]; rotated < 100; rotated++) {
        (void)snprintf(name, sizeof name, "t.%d", rotated + 1);
        if (!exists(temp_path(state, name))) {
            break;
        }
        n += count_lines(temp_path(state, name), 100000);
    }
    assert_true(rotated > 2);
    assert_int_equal(n, WRITERS * PER_WRITER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_new_file_is_for_its_owner_alone),
        in_temp_dir(a_full_file_is_rotated_and_the_oldest_goes),
        in_temp_dir(a_batch_fills_one_file_and_goes_on_in_the_next),
        in_temp_dir(a_single_file_is_emptied_when_it_is_full),
        in_temp_dir(files_of_a_larger_limit_go_with_the_next_rotation),
        in_temp_dir(a_file_that_somebody_moved_is_begun_again),
        in_temp_dir(what_cannot_be_opened_is_a_sentence),
        in_temp_dir(a_file_that_may_not_grow_ends_on_a_whole_line),
        in_temp_dir(a_lock_that_is_never_released_ends_with_the_deadline),
        in_temp_dir(lines_of_several_processes_stay_whole_through_rotations),
    };
    return cmocka_run_group_tests_name("telemetry_file/log_file", tests, NULL, NULL);
}
