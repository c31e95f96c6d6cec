/* SPDX-License-Identifier: Apache-2.0 */
#include "toys.h"

#include "plugin/breadcrumb.h"
#include "plugin/incident.h"
#include "plugin/manifest.h"
#include "plugin/quarantine.h"

#define PENDING CRASH_LOG_DIR "/" CRASH_INCIDENTS_FILE

static void begin(void **state)
{
    struct beacon_error err = {0};
    assert_ok(incident_begin(temp_dir(state), &err), &err);
}

static void end(void)
{
    incident_know(NULL);
    (void)incident_begin(NULL, NULL);
}

/* The count of `id` in the quarantine, and in *ret_reason (may be NULL) why. */
static uint32_t count_of(void **state, const char *id, char ret_reason[64])
{
    struct beacon_error err = {0};
    struct quarantine *list = NULL;
    uint32_t count = 0;
    assert_ok(quarantine_load(temp_dir(state), &list, &err), &err);
    for (size_t i = 0; i < quarantine_count(list); i++) {
        const struct quarantine_entry *entry = quarantine_entry(list, i);
        if (strcmp(entry->id, id) == 0) {
            count = entry->count;
            if (ret_reason != NULL) {
                (void)strncpy(ret_reason, entry->reason, 63);
                ret_reason[63] = '\0';
            }
        }
    }
    quarantine_destroy(list);
    return count;
}

static void a_hang_is_named_and_counted_with_the_version(void **state)
{
    char sentence[INCIDENT_SENTENCE_BYTES];
    struct beacon_error err = {0};
    struct plugin_set *set = set_of(GOOD_TOYS);
    begin(state);
    incident_know(set);
    plugin_set_close(set);
    incident_hang("com.example.toy", "stream", 250, sentence);
    assert_string_equal(sentence,
                        "plugin com.example.toy did not answer a cancel in stream() within 250 ms; "
                        "its thread is left alone (1 of 3 times before it is not used any more)");
    incident_hang("com.example.toy", "stream", 250, sentence);
    incident_hang("com.example.toy", "stream", 250, sentence);
    assert_says(sentence, "`beacon plugin quarantine com.example.toy --lift`");
    struct quarantine *list = NULL;
    assert_ok(quarantine_load(temp_dir(state), &list, &err), &err);
    assert_non_null(quarantine_find(list, "com.example.toy", quarantine_entry(list, 0)->version));
    assert_string_not_equal(quarantine_entry(list, 0)->version, "");
    quarantine_destroy(list);
    end();
}

static void without_a_home_a_hang_is_only_named(void **state)
{
    char sentence[INCIDENT_SENTENCE_BYTES];
    (void)state;
    end();
    incident_hang("com.example.toy", "stream", 250, sentence);
    assert_string_equal(sentence, "plugin com.example.toy did not answer a cancel in stream() "
                                  "within 250 ms; its thread is left alone");
}

static void crashes_are_counted_by_the_next_start_once(void **state)
{
    char reason[64] = "";
    make_folder(temp_path(state, CRASH_LOG_DIR));
    write_text(temp_path(state, PENDING), "1 SIGSEGV 1700000000 com.example.toy 1.0.0 on_frame\n"
                                          "1 SIGABRT 1700000001 com.example.toy 1.0.0 poll\n");
    begin(state);
    assert_int_equal(count_of(state, "com.example.toy", reason), 2);
    assert_string_equal(reason, "crashed with SIGABRT");
    assert_int_not_equal(access(temp_path(state, PENDING), F_OK), 0);
    begin(state);
    assert_int_equal(count_of(state, "com.example.toy", NULL), 2);
    end();
}

static void lines_that_are_torn_or_foreign_count_for_nothing(void **state)
{
    make_folder(temp_path(state, CRASH_LOG_DIR));
    write_text(temp_path(state, PENDING),
               "2 SIGSEGV 1700000000 com.example.toy 1.0.0 on_frame\n"
               "1 SIGSEGV 1700000000 com.example.toy 1.0.0\n"
               "1 SIGSEGV 1700000000 com.example.toy 1.0.0 on_frame more\n"
               "\n\n   \n"
               "1 SIGSEGV 1700000000 ][ 1.0.0 on_frame\n"
               "1 SIGSEGV 1700000000 com.example.good 1.0.0 on_frame\n"
               "1 SIGSEGV 1700000000 com.example.toy 1.0.0 on_fr");
    begin(state);
    assert_int_equal(count_of(state, "com.example.toy", NULL), 0);
    assert_int_equal(count_of(state, "com.example.good", NULL), 1);
    end();
}

static void a_huge_or_odd_list_of_crashes_is_an_error_once(void **state)
{
    struct beacon_error err = {0};
    make_folder(temp_path(state, CRASH_LOG_DIR));
    write_text(temp_path(state, PENDING), "");
    assert_int_equal(truncate(temp_path(state, PENDING), 1 << 30), 0);
    assert_refused(incident_begin(temp_dir(state), &err), BEACON_E_LIMIT, &err);
    begin(state);
    assert_int_equal(symlink("/dev/zero", temp_path(state, PENDING)), 0);
    assert_refused(incident_begin(temp_dir(state), &err), BEACON_E_IO, &err);
    begin(state);
    end();
}

static void the_place_of_a_crash_has_the_version_of_its_plugin(void **state)
{
    struct plugin_set *set = set_of(GOOD_TOYS);
    (void)state;
    incident_know(set);
    assert_null(incident_place().plugin_id);
    struct breadcrumb before = breadcrumb_enter("com.example.toy", "poll");
    assert_string_equal(incident_place().plugin_id, "com.example.toy");
    assert_string_equal(incident_place().version, entry_named(set, "toy.so")->manifest->version);
    assert_string_equal(incident_place().slot, "poll");
    breadcrumb_leave(before);
    before = breadcrumb_enter("com.example.stranger", "poll");
    assert_string_equal(incident_place().version, "?");
    breadcrumb_leave(before);
    plugin_set_close(set);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_hang_is_named_and_counted_with_the_version),
        in_temp_dir(without_a_home_a_hang_is_only_named),
        in_temp_dir(crashes_are_counted_by_the_next_start_once),
        in_temp_dir(lines_that_are_torn_or_foreign_count_for_nothing),
        in_temp_dir(a_huge_or_odd_list_of_crashes_is_an_error_once),
        in_temp_dir(the_place_of_a_crash_has_the_version_of_its_plugin),
    };
    return cmocka_run_group_tests_name("plugin/incident", tests, NULL, NULL);
}
