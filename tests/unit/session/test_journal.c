/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "session/journal.h"

#define ID  "0199a213-81c0-7800-8aa1-bbab2a035a53"
#define NOW UINT64_C(1735787045678) /* 2025-01-02T03:04:05.678Z */

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static void set_zone(const char *zone)
{
    assert_int_equal(setenv("TZ", zone, 1), 0);
    tzset();
}

static struct journal *new_journal(void **state)
{
    struct beacon_error err = {0};
    struct journal *journal = NULL;
    set_zone("UTC");
    assert_ok(journal_create(temp_dir(state), ID, NOW, &journal, &err), &err);
    return journal;
}

static int append(struct journal *journal, const char *type, const char *payload,
                  struct beacon_error *err)
{
    return journal_append(journal, type, payload, strlen(payload), err);
}

static void the_path_is_in_local_time(void **state)
{
    struct beacon_error err = {0};
    struct journal *journal = NULL;
    set_zone("EAST-21"); /* 21 hours east: the next day */
    assert_ok(journal_create(temp_dir(state), ID, NOW, &journal, &err), &err);
    assert_string_equal(
        journal_path(journal),
        temp_path(state, "sessions/2025/01/03/rollout-2025-01-03T00-04-05-" ID ".jsonl"));
    journal_close(journal);
}

static void files_and_folders_are_their_owners_only(void **state)
{
    struct stat status;
    mode_t before = umask(0);
    struct journal *journal = new_journal(state);
    (void)umask(before);
    assert_int_equal(stat(journal_path(journal), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    const char *const folders[] = {"sessions", "sessions/2025", "sessions/2025/01",
                                   "sessions/2025/01/02"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(stat(temp_path(state, folders[i]), &status), 0);
        assert_int_equal(status.st_mode & 0777, 0700);
    }
    journal_close(journal);
}

static void a_payload_is_kept_to_the_byte(void **state)
{
    struct beacon_error err = {0};
    struct journal *journal = new_journal(state);
    assert_ok(append(journal, "response_item", "{\"b\":1.50, \"a\":\"\\u00e9\\/\"}", &err), &err);
    const char *text = read_text(journal_path(journal));
    assert_int_equal(strncmp(text, "{\"timestamp\":\"2", 15), 0);
    assert_non_null(strstr(text, "Z\",\"type\":\"response_item\",\"payload\":{\"b\":1.50, "
                                 "\"a\":\"\\u00e9\\/\"}}\n"));
    journal_close(journal);
}

static void line_breaks_between_tokens_do_not_break_the_line(void **state)
{
    struct beacon_error err = {0};
    struct journal *journal = new_journal(state);
    assert_ok(append(journal, "x", "{\r\n\"a\":\n1}", &err), &err);
    const char *text = read_text(journal_path(journal));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    assert_non_null(strstr(text, "\"payload\":{  \"a\": 1}}"));
    journal_close(journal);
}

static void a_journal_that_never_got_a_line_leaves_no_file(void **state)
{
    struct journal *journal = new_journal(state);
    char *path = strdup(journal_path(journal));
    journal_close(journal);
    assert_int_not_equal(access(path, F_OK), 0);
    free(path);
}

static void a_session_is_never_begun_over_another(void **state)
{
    struct beacon_error err = {0};
    struct journal *first = new_journal(state), *second = NULL;
    assert_refused(journal_create(temp_dir(state), ID, NOW, &second, &err), BEACON_E_IO, &err);
    assert_null(second);
    journal_close(first);
}

static void second_writer_is_refused_with_a_hint(void **state)
{
    struct beacon_error err = {0};
    struct journal *first = new_journal(state), *second = NULL;
    assert_refused(journal_open_append(journal_path(first), &second, &err), BEACON_E_BUSY, &err);
    assert_null(second);
    journal_close(first);
}

static void a_torn_last_line_is_cut_back_and_the_rest_kept(void **state)
{
    struct beacon_error err = {0};
    struct journal *journal = NULL;
    const char *path = temp_path(state, "a.jsonl");
    write_text(path, "{\"one\":1}\n{\"two\":2}\n{\"thr");
    assert_ok(journal_open_append(path, &journal, &err), &err);
    assert_string_equal(read_text(path), "{\"one\":1}\n{\"two\":2}\n");
    assert_ok(append(journal, "x", "3", &err), &err);
    journal_close(journal);
    assert_int_equal(strncmp(read_text(path), "{\"one\":1}\n{\"two\":2}\n{\"timestamp\"", 32), 0);
}

static void a_torn_line_longer_than_a_block_is_cut_back(void **state)
{
    struct beacon_error err = {0};
    struct journal *journal = NULL;
    const char *path = temp_path(state, "a.jsonl");
    char *text = malloc(200001);
    memset(text, 'x', 200000);
    memcpy(text, "whole\n", 6);
    text[200000] = '\0';
    write_text(path, text);
    free(text);
    assert_ok(journal_open_append(path, &journal, &err), &err);
    assert_string_equal(read_text(path), "whole\n");
    journal_close(journal);
}

static void a_file_without_a_torn_line_is_not_touched(void **state)
{
    struct beacon_error err = {0};
    struct journal *journal = NULL;
    const char *path = temp_path(state, "a.jsonl");
    write_text(path, "garbage\nmore\n");
    assert_ok(journal_open_append(path, &journal, &err), &err);
    journal_close(journal);
    assert_string_equal(read_text(path), "garbage\nmore\n");
}

static void a_missing_session_is_not_made(void **state)
{
    struct beacon_error err = {0};
    struct journal *journal = NULL;
    assert_refused(journal_open_append(temp_path(state, "a.jsonl"), &journal, &err), BEACON_E_IO,
                   &err);
    assert_int_not_equal(access(temp_path(state, "a.jsonl"), F_OK), 0);
}

static void a_record_over_the_cap_writes_nothing(void **state)
{
    struct beacon_error err = {0};
    struct journal *journal = new_journal(state);
    size_t n = (size_t)JOURNAL_RECORD_MAX + 1;
    char *payload = calloc(1, n);
    assert_ok(append(journal, "x", "1", &err), &err);
    size_t before = strlen(read_text(journal_path(journal)));
    assert_refused(journal_append(journal, "x", payload, n, &err), BEACON_E_LIMIT, &err);
    assert_int_equal(strlen(read_text(journal_path(journal))), before);
    free(payload);
    journal_close(journal);
}

static void power_loss_durability_writes_the_same_lines(void **state)
{
    struct beacon_error err = {0};
    struct journal *journal = new_journal(state);
    journal_set_durability(journal, JOURNAL_POWER_LOSS);
    assert_ok(append(journal, "x", "1", &err), &err);
    assert_ok(append(journal, "x", "2", &err), &err);
    assert_ok(journal_sync(journal, &err), &err);
    assert_non_null(strstr(read_text(journal_path(journal)), "\"payload\":2}\n"));
    journal_close(journal);
}

/* In the child: append until the disk is full, then see that the file ends on a whole line and takes
 * no more. */
static void fill_disk(struct journal *journal)
{
    struct beacon_error err = {0};
    char payload[3001];
    memset(payload, '1', sizeof payload);
    int rc = BEACON_OK;
    for (int i = 0; i < 1000 && rc == BEACON_OK; i++) {
        rc = journal_append(journal, "x", payload, sizeof payload, &err);
    }
    CHECK(rc == BEACON_E_IO);
    CHECK(strstr(err.hint, "disk space") != NULL);
    FILE *file = fopen(journal_path(journal), "r");
    CHECK(file != NULL && fseek(file, -2, SEEK_END) == 0);
    char end[3] = "";
    CHECK(fread(end, 1, 2, file) == 2 && strcmp(end, "}\n") == 0);
    CHECK(ftell(file) > 3000);
    (void)fclose(file);
}

static void wait_for(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        print_message("no private tmpfs to be had here; skipped\n");
        skip();
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_full_disk_leaves_only_whole_lines(void **state)
{
    const char *mount_point = temp_path(state, "small");
    assert_int_equal(mkdir(mount_point, 0700), 0);
    set_zone("UTC");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("tmpfs", mount_point, "tmpfs", 0, "size=64k") != 0) {
            _exit(77);
        }
        struct beacon_error err = {0};
        struct journal *journal = NULL;
        CHECK(journal_create(mount_point, ID, NOW, &journal, &err) == BEACON_OK);
        fill_disk(journal);
        journal_close(journal);
        _exit(0);
    }
    wait_for(child);
}

static void a_write_cut_short_by_the_size_limit_is_cut_back(void **state)
{
    set_zone("UTC");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit limit = {20000, 20000};
        CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
        CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
        struct beacon_error err = {0};
        struct journal *journal = NULL;
        CHECK(journal_create(temp_dir(state), ID, NOW, &journal, &err) == BEACON_OK);
        fill_disk(journal);
        journal_close(journal);
        _exit(0);
    }
    wait_for(child);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(the_path_is_in_local_time),
        in_temp_dir(files_and_folders_are_their_owners_only),
        in_temp_dir(a_payload_is_kept_to_the_byte),
        in_temp_dir(line_breaks_between_tokens_do_not_break_the_line),
        in_temp_dir(a_journal_that_never_got_a_line_leaves_no_file),
        in_temp_dir(a_session_is_never_begun_over_another),
        in_temp_dir(second_writer_is_refused_with_a_hint),
        in_temp_dir(a_torn_last_line_is_cut_back_and_the_rest_kept),
        in_temp_dir(a_torn_line_longer_than_a_block_is_cut_back),
        in_temp_dir(a_file_without_a_torn_line_is_not_touched),
        in_temp_dir(a_missing_session_is_not_made),
        in_temp_dir(a_record_over_the_cap_writes_nothing),
        in_temp_dir(power_loss_durability_writes_the_same_lines),
        in_temp_dir(a_full_disk_leaves_only_whole_lines),
        in_temp_dir(a_write_cut_short_by_the_size_limit_is_cut_back),
    };
    return cmocka_run_group_tests_name("session/journal", tests, NULL, NULL);
}
