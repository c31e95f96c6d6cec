/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "plugin/quarantine.h"

static const struct quarantine_entry hang = {.id = "com.example.toy",
                                             .version = "1.0.0",
                                             .slot = "stream",
                                             .reason = "did not answer a cancel",
                                             .since_unix_s = 1700000000};

static struct quarantine *loaded(void **state)
{
    struct beacon_error err = {0};
    struct quarantine *list = NULL;
    assert_ok(quarantine_load(temp_dir(state), &list, &err), &err);
    return list;
}

static uint32_t report(void **state, const struct quarantine_entry *incident)
{
    struct beacon_error err = {0};
    uint32_t count = 0;
    assert_ok(quarantine_report(temp_dir(state), incident, &count, &err), &err);
    return count;
}

static void refuse(void **state, const char *text, const char *message)
{
    struct beacon_error err = {0};
    struct quarantine *list = NULL;
    write_text(temp_path(state, QUARANTINE_FILE), text);
    assert_refused(quarantine_load(temp_dir(state), &list, &err), BEACON_E_INVALID, &err);
    if (strstr(err.message, message) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.message, message);
    }
    assert_null(list);
}

static void no_file_and_no_home_are_empty_lists(void **state)
{
    struct beacon_error err = {0};
    struct quarantine *list = loaded(state);
    assert_int_equal(quarantine_count(list), 0);
    quarantine_destroy(list);
    assert_ok(quarantine_load(NULL, &list, &err), &err);
    assert_null(quarantine_find(list, "com.example.toy", "1.0.0"));
    assert_null(quarantine_find(NULL, "com.example.toy", "1.0.0"));
    quarantine_destroy(list);
    quarantine_destroy(NULL);
}

static void the_third_incident_of_a_version_keeps_it_out(void **state)
{
    assert_int_equal(report(state, &hang), 1);
    assert_int_equal(report(state, &hang), 2);
    struct quarantine *list = loaded(state);
    assert_null(quarantine_find(list, hang.id, hang.version));
    quarantine_destroy(list);
    assert_int_equal(report(state, &hang), 3);
    list = loaded(state);
    const struct quarantine_entry *entry = quarantine_find(list, hang.id, hang.version);
    assert_non_null(entry);
    assert_string_equal(entry->slot, "stream");
    assert_string_equal(entry->reason, "did not answer a cancel");
    assert_int_equal(entry->since_unix_s, 1700000000);
    assert_int_equal(entry->count, 3);
    assert_null(quarantine_find(list, hang.id, "1.0.1"));
    assert_null(quarantine_find(list, "com.example.other", hang.version));
    quarantine_destroy(list);
}

static void another_version_begins_at_one(void **state)
{
    struct quarantine_entry newer = hang;
    newer.version = "1.0.1";
    (void)report(state, &hang);
    (void)report(state, &hang);
    assert_int_equal(report(state, &newer), 1);
}

static void a_person_keeps_every_version_out_until_it_is_lifted(void **state)
{
    struct beacon_error err = {0};
    assert_ok(quarantine_put(temp_dir(state), hang.id, "too slow", &err), &err);
    struct quarantine *list = loaded(state);
    const struct quarantine_entry *entry = quarantine_find(list, hang.id, "99");
    assert_non_null(entry);
    assert_string_equal(entry->reason, "too slow");
    assert_string_equal(entry->slot, "");
    quarantine_destroy(list);
    (void)report(state, &hang); /* must not turn it into one incident */
    list = loaded(state);
    assert_non_null(quarantine_find(list, hang.id, "99"));
    quarantine_destroy(list);
    assert_ok(quarantine_lift(temp_dir(state), hang.id, &err), &err);
    list = loaded(state);
    assert_int_equal(quarantine_count(list), 0);
    quarantine_destroy(list);
    assert_refused(quarantine_lift(temp_dir(state), hang.id, &err), BEACON_E_NOT_FOUND, &err);
}

static void the_file_is_private(void **state)
{
    struct stat info;
    (void)report(state, &hang);
    assert_int_equal(stat(temp_path(state, QUARANTINE_FILE), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
}

static void texts_of_strangers_cannot_break_the_file(void **state)
{
    char huge[4000];
    memset(huge, 'x', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    struct quarantine_entry odd = hang;
    odd.reason = "a\n[com.example.victim]\nby = person ; really";
    odd.slot = huge;
    odd.version = "1.0\xff\x01";
    (void)report(state, &odd);
    struct quarantine *list = loaded(state);
    assert_int_equal(quarantine_count(list), 1);
    assert_string_equal(quarantine_entry(list, 0)->reason,
                        "a [com.example.victim] by = person , really");
    quarantine_destroy(list);
    odd.id = "com.example]\n[x";
    struct beacon_error err = {0};
    assert_refused(quarantine_report(temp_dir(state), &odd, NULL, &err), BEACON_E_INVALID, &err);
    assert_refused(quarantine_put(temp_dir(state), "a b", "", &err), BEACON_E_INVALID, &err);
}

static void what_was_written_reads_as_it_was_written(void **state)
{
    struct quarantine_entry odd = hang;
    odd.since_unix_s = UINT64_MAX;
    odd.slot = "  \t ";
    odd.reason = " why \x05";
    (void)report(state, &odd);
    struct quarantine *list = loaded(state);
    assert_int_equal(quarantine_entry(list, 0)->since_unix_s, INT64_MAX);
    assert_string_equal(quarantine_entry(list, 0)->slot, "");
    assert_string_equal(quarantine_entry(list, 0)->reason, "why");
    quarantine_destroy(list);
}

static void a_damaged_file_is_refused_with_its_line(void **state)
{
    refuse(state, "[com.example.toy]\ncount = many\n", "quarantine.ini:2: the count is no number");
    refuse(state, "[com.example.toy]\ncount = 99999999999999999999\n", ":2: the count");
    refuse(state, "[com.example.toy]\nsince = -1\n", ":2: since is no time");
    refuse(state, "\n[com example]\n", ":2: this is no plugin id: \"com example\"");
    refuse(state, "[a]\ncount = 1\ncount = 2\n", ":3: this key was given before: \"count\"");
    refuse(state, "[a]\ncount\n", ":2:");
}

static void what_is_no_file_is_refused_without_waiting(void **state)
{
    struct beacon_error err = {0};
    struct quarantine *list = NULL;
    assert_int_equal(mkfifo(temp_path(state, QUARANTINE_FILE), 0600), 0);
    assert_refused(quarantine_load(temp_dir(state), &list, &err), BEACON_E_INVALID, &err);
}

static void a_huge_file_is_refused(void **state)
{
    struct beacon_error err = {0};
    struct quarantine *list = NULL;
    int fd = open(temp_path(state, QUARANTINE_FILE), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(ftruncate(fd, 1 << 30), 0);
    (void)close(fd);
    assert_refused(quarantine_load(temp_dir(state), &list, &err), BEACON_E_LIMIT, &err);
}

static void keys_of_a_newer_beacon_are_ignored(void **state)
{
    write_text(temp_path(state, QUARANTINE_FILE), "[a.b]\nseverity = high\ncount = 3\n");
    struct quarantine *list = loaded(state);
    assert_non_null(quarantine_find(list, "a.b", "1"));
    quarantine_destroy(list);
}

static void an_incident_is_counted_although_the_file_is_damaged(void **state)
{
    write_text(temp_path(state, QUARANTINE_FILE), "not an ini file");
    assert_int_equal(report(state, &hang), 1);
    assert_string_equal(read_text(temp_path(state, QUARANTINE_FILE ".damaged")), "not an ini file");
    struct quarantine *list = loaded(state);
    assert_int_equal(quarantine_count(list), 1);
    quarantine_destroy(list);
}

static void a_person_is_told_of_a_damaged_file(void **state)
{
    struct beacon_error err = {0};
    write_text(temp_path(state, QUARANTINE_FILE), "not an ini file");
    assert_refused(quarantine_put(temp_dir(state), hang.id, "", &err), BEACON_E_INVALID, &err);
    assert_refused(quarantine_lift(temp_dir(state), hang.id, &err), BEACON_E_INVALID, &err);
    assert_string_equal(read_text(temp_path(state, QUARANTINE_FILE)), "not an ini file");
}

static void a_lock_that_is_never_given_back_is_not_waited_for_long(void **state)
{
    struct beacon_error err = {0};
    int fd = open(temp_path(state, "quarantine.lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_refused(quarantine_put(temp_dir(state), hang.id, "", &err), BEACON_E_BUSY, &err);
    (void)close(fd);
}

static void a_folder_that_cannot_be_written_to_is_an_error(void **state)
{
    struct beacon_error err = {0};
    assert_refused(quarantine_put(temp_path(state, "nowhere"), hang.id, "", &err), BEACON_E_IO,
                   &err);
}

#define WRITERS 8
#define REPORTS 20

static void incidents_of_many_processes_are_all_counted(void **state)
{
    const char *home = temp_dir(state);
    for (int i = 0; i < WRITERS; i++) {
        if (fork() == 0) {
            int failed = 0;
            for (int j = 0; j < REPORTS; j++) {
                failed |= quarantine_report(home, &hang, NULL, NULL);
            }
            _exit(failed != BEACON_OK);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = 0;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    struct quarantine *list = loaded(state);
    assert_int_equal(quarantine_entry(list, 0)->count, WRITERS * REPORTS);
    quarantine_destroy(list);
}

static void a_full_list_says_so(void **state)
{
    struct beacon_error err = {0};
    struct text text;
    text_init(&text, 1u << 20);
    for (int i = 0; i < 512; i++) {
        (void)text_addf(&text, "[com.example.p%d]\ncount = 1\n", i);
    }
    write_text(temp_path(state, QUARANTINE_FILE), text_string(&text));
    text_finish(&text);
    assert_refused(quarantine_put(temp_dir(state), hang.id, "", &err), BEACON_E_LIMIT, &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(no_file_and_no_home_are_empty_lists),
        in_temp_dir(the_third_incident_of_a_version_keeps_it_out),
        in_temp_dir(another_version_begins_at_one),
        in_temp_dir(a_person_keeps_every_version_out_until_it_is_lifted),
        in_temp_dir(the_file_is_private),
        in_temp_dir(texts_of_strangers_cannot_break_the_file),
        in_temp_dir(what_was_written_reads_as_it_was_written),
        in_temp_dir(a_damaged_file_is_refused_with_its_line),
        in_temp_dir(what_is_no_file_is_refused_without_waiting),
        in_temp_dir(a_huge_file_is_refused),
        in_temp_dir(keys_of_a_newer_beacon_are_ignored),
        in_temp_dir(an_incident_is_counted_although_the_file_is_damaged),
        in_temp_dir(a_person_is_told_of_a_damaged_file),
        in_temp_dir(a_lock_that_is_never_given_back_is_not_waited_for_long),
        in_temp_dir(a_folder_that_cannot_be_written_to_is_an_error),
        in_temp_dir(incidents_of_many_processes_are_all_counted),
        in_temp_dir(a_full_list_says_so),
    };
    return cmocka_run_group_tests_name("plugin/quarantine", tests, NULL, NULL);
}
