/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/io.h"
#include "session/catalog.h"
#include "unit/session/rollout_sample.h"

#define ID_A "0199a213-81c0-7800-8aa1-aaaaaaaaaaaa"
#define ID_B "0199a213-81c0-7800-8aa1-bbbbbbbbbbbb"
#define ID_C "0199c213-81c0-7800-8aa1-cccccccccccc"

#define SAID_AT(time)                                                                              \
    "{\"timestamp\":\"" time                                                                       \
    "\",\"type\":\"event_msg\",\"payload\":{\"type\":\"user_message\",\"message\":\"x\"}}\n"

/* A rollout that began on 2025-01-`day` and whose file was last changed at `changed`. */
static void put_session(void **state, const char *day, const char *id, const char *text,
                        time_t changed)
{
    struct beacon_error err = {0};
    char *folder = alloc_printf("%s/sessions/2025/01/%s", temp_dir(state), day);
    assert_ok(io_make_directories(folder, 0700, &err), &err);
    char *path = alloc_printf("%s/rollout-2025-01-%sT03-04-05-%s.jsonl", folder, day, id);
    const struct timespec times[2] = {{changed, 0}, {changed, 0}};
    write_text(path, text);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    free(folder);
    free(path);
}

static void assert_last(void **state, const char *cwd, const char *id)
{
    struct beacon_error err = {0};
    struct catalog_entry entry = {0};
    assert_ok(catalog_find_last(temp_dir(state), cwd, &entry, &err), &err);
    assert_string_equal(entry.id, id);
    assert_non_null(strstr(entry.path, id));
    assert_int_equal(access(entry.path, R_OK), 0);
    catalog_entry_finish(&entry);
}

static void assert_none(void **state, const char *cwd)
{
    struct beacon_error err = {0};
    struct catalog_entry entry = {0};
    assert_refused(catalog_find_last(temp_dir(state), cwd, &entry, &err), BEACON_E_NOT_FOUND, &err);
    assert_string_equal(err.message,
                        "No recent sessions found to resume. Start a session with `code` first.");
}

static void assert_found(void **state, const char *text, const char *id)
{
    struct beacon_error err = {0};
    struct catalog_entry entry = {0};
    assert_ok(catalog_find(temp_dir(state), text, &entry, &err), &err);
    assert_string_equal(entry.id, id);
    catalog_entry_finish(&entry);
}

static void a_session_is_found_by_id_or_unique_prefix(void **state)
{
    put_session(state, "02", ID_A, META, 1000);
    put_session(state, "03", ID_C, META, 1000);
    assert_found(state, ID_A, ID_A);
    assert_found(state, "0199a", ID_A);
    assert_found(state, "0199C213", ID_C);
}

static void a_prefix_of_several_is_refused(void **state)
{
    struct beacon_error err = {0};
    struct catalog_entry entry = {0};
    put_session(state, "02", ID_A, META, 1000);
    put_session(state, "03", ID_B, META, 1000);
    assert_refused(catalog_find(temp_dir(state), "0199a213-", &entry, &err), BEACON_E_INVALID,
                   &err);
    assert_non_null(strstr(err.message, "2 sessions"));
    assert_null(entry.path);
}

static void ids_that_are_not_there_have_their_own_sentences(void **state)
{
    struct beacon_error err = {0};
    struct catalog_entry entry = {0};
    assert_refused(catalog_find(temp_dir(state), ID_A, &entry, &err), BEACON_E_NOT_FOUND, &err);
    assert_string_equal(err.message, "no rollout found for thread id " ID_A);
    const char *const names[] = {"abc", "", "../../x", ID_A ID_A};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_refused(catalog_find(temp_dir(state), names[i], &entry, &err), BEACON_E_NOT_FOUND,
                       &err);
        assert_int_equal(strncmp(err.message, "No recorded session found with id", 33), 0);
    }
}

static void a_copy_from_an_older_day_does_not_make_an_id_ambiguous(void **state)
{
    struct beacon_error err = {0};
    struct catalog_entry entry = {0};
    put_session(state, "02", ID_A, META, 1000);
    put_session(state, "05", ID_A, META, 1000);
    assert_ok(catalog_find(temp_dir(state), ID_A, &entry, &err), &err);
    assert_non_null(strstr(entry.path, "/05/"));
    catalog_entry_finish(&entry);
}

static void last_is_the_one_written_last_not_begun_last(void **state)
{
    put_session(state, "02", ID_A, META SAID_AT("2025-01-09T00:00:00.000Z"), 1736380800);
    put_session(state, "05", ID_B, META SAID_AT("2025-01-05T00:00:00.000Z"), 1736035200);
    assert_last(state, NULL, ID_A);
}

static void copied_files_are_ordered_by_what_their_last_line_says(void **state)
{
    put_session(state, "02", ID_A, META SAID_AT("2025-01-09T00:00:00.500Z"), 1800000000);
    put_session(state, "03", ID_C, META SAID_AT("2025-01-09T00:00:00.499Z"), 1800000002);
    put_session(state, "05", ID_B, META SAID_AT("2025-01-05T00:00:00.000Z"), 1800000001);
    assert_last(state, NULL, ID_A);
}

static void a_torn_last_line_does_not_hide_the_time_before_it(void **state)
{
    put_session(state, "02", ID_A, META SAID_AT("2025-01-09T00:00:00.000Z") "{\"timest",
                1800000000);
    put_session(state, "05", ID_B, META SAID_AT("2025-01-05T00:00:00.000Z"), 1800000001);
    assert_last(state, NULL, ID_A);
}

static void last_looks_at_the_folder_unless_told_otherwise(void **state)
{
    put_session(state, "02", ID_A,
                META_OF(ID_A, "exec", "/here") SAID_AT("2025-01-02T00:00:00.000Z"), 1735776000);
    put_session(state, "03", ID_B,
                META_OF(ID_B, "exec", "/there") SAID_AT("2025-01-03T00:00:00.000Z"), 1735862400);
    assert_last(state, "/here", ID_A);
    assert_last(state, NULL, ID_B);
    assert_none(state, "/nowhere");
}

static void two_names_of_one_folder_are_the_same_folder(void **state)
{
    assert_int_equal(mkdir(temp_path(state, "real"), 0700), 0);
    assert_int_equal(symlink("real", temp_path(state, "link")), 0);
    char *text = alloc_printf("{\"type\":\"session_meta\",\"payload\":{\"id\":\"%s\",\"cwd\":"
                              "\"%s/link\",\"source\":\"cli\"}}\n%s",
                              ID_A, temp_dir(state), PROMPTED);
    put_session(state, "02", ID_A, text, 1000);
    free(text);
    assert_last(state, temp_path(state, "real"), ID_A);
}

static void sessions_no_person_spoke_in_are_not_resumed(void **state)
{
    put_session(state, "02", ID_A, META SAID("<environment_context>") ANSWERED("x"), 3000);
    put_session(state, "03", ID_B, META_OF(ID_B, "mcp", "/w") PROMPTED, 2000);
    put_session(state, "04", ID_C, "", 1000);
    assert_none(state, NULL);
}

static void a_message_of_the_person_counts_as_item_or_as_event(void **state)
{
    put_session(state, "02", ID_A, META SAID("hello"), 1000);
    assert_last(state, NULL, ID_A);
}

static void foreign_files_and_folders_are_passed_over(void **state)
{
    struct beacon_error err = {0};
    put_session(state, "02", ID_A, META PROMPTED, 1000);
    assert_ok(io_make_directories(temp_path(state, "sessions/index/01/02"), 0700, &err), &err);
    write_text(temp_path(state, "sessions/2025/01/02/rollout-x.jsonl"), META);
    write_text(temp_path(state, "sessions/2025/01/02/rollout-" ID_B ".snapshot.json"), META);
    write_text(temp_path(state, "sessions/2025/01/07"), "a file where a day is expected");
    write_text(temp_path(state, "sessions/2025/01/02/"
                                "rollout-2025-01-02T03-04-05-" ID_C ".jsonl"),
               "\xff\xfe garbage");
    assert_last(state, NULL, ID_A);
}

static void a_home_without_sessions_has_none(void **state)
{
    assert_none(state, NULL);
}

static void the_newest_of_ten_thousand_is_found_without_opening_the_rest(void **state)
{
    char id[40];
    for (int i = 0; i < 10000; i++) {
        char day[3] = {(char)('0' + i % 28 / 10), (char)('0' + i % 28 % 10), '\0'};
        (void)snprintf(id, sizeof id, "0199a213-81c0-7800-8aa1-%012d", i);
        put_session(state, day, id, "", 1000000 + i);
    }
    put_session(state, "01", ID_A, META SAID_AT("2025-01-09T00:00:00.000Z"), 1736380801);
    assert_last(state, "/w", ID_A);
    assert_none(state, "/elsewhere");
    assert_found(state, "0199a213-81c0-7800-8aa1-000000009999",
                 "0199a213-81c0-7800-8aa1-000000009999");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_session_is_found_by_id_or_unique_prefix),
        in_temp_dir(a_prefix_of_several_is_refused),
        in_temp_dir(ids_that_are_not_there_have_their_own_sentences),
        in_temp_dir(a_copy_from_an_older_day_does_not_make_an_id_ambiguous),
        in_temp_dir(last_is_the_one_written_last_not_begun_last),
        in_temp_dir(copied_files_are_ordered_by_what_their_last_line_says),
        in_temp_dir(a_torn_last_line_does_not_hide_the_time_before_it),
        in_temp_dir(last_looks_at_the_folder_unless_told_otherwise),
        in_temp_dir(two_names_of_one_folder_are_the_same_folder),
        in_temp_dir(sessions_no_person_spoke_in_are_not_resumed),
        in_temp_dir(a_message_of_the_person_counts_as_item_or_as_event),
        in_temp_dir(foreign_files_and_folders_are_passed_over),
        in_temp_dir(a_home_without_sessions_has_none),
        in_temp_dir(the_newest_of_ten_thousand_is_found_without_opening_the_rest),
    };
    return cmocka_run_group_tests_name("session/catalog", tests, NULL, NULL);
}
