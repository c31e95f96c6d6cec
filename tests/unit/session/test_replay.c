/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "session/history.h"
#include "session/journal.h"
#include "session/replay.h"
#include "unit/session/rollout_sample.h"

#define SESSION                                                                                    \
    META EVENT("{\"type\":\"task_started\"}")                                                      \
        PROMPTED LINE("turn_context", "{\"cwd\":\"/w\",\"model\":\"m1\"}") SAID("hi") CALLED("1")  \
            RETURNED("1") TOKENS("100", "100") ANSWERED("ok")                                      \
                EVENT("{\"type\":\"task_complete\"}")

static struct replay replayed(const char *text)
{
    struct beacon_error err = {0};
    struct replay replay = {0};
    assert_ok(replay_read_bytes(text, strlen(text), &replay, &err), &err);
    return replay;
}

static void assert_item(const struct replay *replay, size_t index, const char *part_of_it)
{
    assert_true(index < history_count(replay->history));
    struct beacon_str item = history_item(replay->history, index);
    char *copy = strndup(item.p, item.n);
    if (strstr(copy, part_of_it) == NULL) {
        fail_msg("item %zu is %s", index, copy);
    }
    free(copy);
}

static void a_session_comes_back_whole(void **state)
{
    write_text(temp_path(state, "a.jsonl"), SESSION);
    struct beacon_error err = {0};
    struct replay replay = {0};
    assert_ok(replay_read(temp_path(state, "a.jsonl"), &replay, &err), &err);
    assert_string_equal(replay.id, SAMPLE_ID);
    assert_string_equal(replay.cwd, "/w");
    assert_string_equal(replay.source, "exec");
    assert_string_equal(replay.originator, "code_exec");
    assert_string_equal(replay.model_provider, "mock");
    assert_string_equal(replay.base_instructions, "Be good.");
    assert_string_equal(replay.turn_context, "{\"cwd\":\"/w\",\"model\":\"m1\"}");
    assert_int_equal(history_count(replay.history), 4);
    assert_item(&replay, 3, "\"ok\"");
    assert_int_equal(replay.n_user_messages, 1);
    assert_int_equal(replay.n_skipped_lines, 0);
    replay_finish(&replay);
}

static void the_last_token_count_is_the_threads_total(void **state)
{
    (void)state;
    struct replay replay =
        replayed(SESSION TOKENS("250", "150") EVENT("{\"type\":\"token_count\",\"info\":null}"));
    assert_true(replay.has_usage);
    assert_int_equal(replay.total.input, 250);
    assert_int_equal(replay.total.cached_input, 20);
    assert_int_equal(replay.total.cache_write, 0);
    assert_int_equal(replay.total.output, 30);
    assert_int_equal(replay.total.reasoning, 10);
    assert_int_equal(replay.last.input, 150);
    replay_finish(&replay);
}

static void an_item_is_kept_to_the_byte(void **state)
{
    (void)state;
    static const char item[] = "{ \"type\" : \"reasoning\", \"n\":1.50, \"e\":\"\\u00e9\\/\" }";
    struct replay replay =
        replayed(META ITEM("{ \"type\" : \"reasoning\", \"n\":1.50, \"e\":\"\\u00e9\\/\" }"));
    struct beacon_str kept = history_item(replay.history, 0);
    assert_int_equal(kept.n, strlen(item));
    assert_memory_equal(kept.p, item, kept.n);
    replay_finish(&replay);
}

static void every_truncation_still_resumes_with_what_was_whole(void **state)
{
    (void)state;
    const size_t first = strlen(META), all = strlen(SESSION);
    for (size_t n = 0; n <= all; n++) {
        struct beacon_error err = {0};
        struct replay replay = {0};
        char *cut = malloc(n + 1); /* exact, so that a read behind it is seen */
        memcpy(cut, SESSION, n);
        int rc = replay_read_bytes(cut, n, &replay, &err);
        assert_int_equal(rc, n < first ? BEACON_E_INVALID : BEACON_OK);
        if (rc == BEACON_OK) {
            size_t n_lines = 0;
            for (size_t i = 0; i < n; i++) {
                n_lines += cut[i] == '\n';
            }
            bool is_torn = n > 0 && cut[n - 1] != '\n';
            assert_int_equal(replay.n_skipped_lines, is_torn ? 1 : 0);
            assert_true(history_count(replay.history) <= n_lines);
            replay_finish(&replay);
        }
        free(cut);
    }
}

static void every_truncated_file_takes_the_next_turn(void **state)
{
    const char *path = temp_path(state, "a.jsonl");
    const size_t first = strlen(META), all = strlen(SESSION);
    for (size_t n = first; n <= all; n += 7) {
        struct beacon_error err = {0};
        struct journal *journal = NULL;
        struct replay replay = {0};
        char *cut = strndup(SESSION, n);
        write_text(path, cut);
        free(cut);
        assert_ok(journal_open_append(path, &journal, &err), &err);
        const char next[] = "{\"type\":\"message\",\"role\":\"user\",\"content\":\"next\"}";
        assert_ok(journal_append(journal, "response_item", next, strlen(next), &err), &err);
        journal_close(journal);
        assert_ok(replay_read(path, &replay, &err), &err);
        assert_int_equal(replay.n_skipped_lines, 0);
        assert_item(&replay, history_count(replay.history) - 1, "next");
        replay_finish(&replay);
    }
}

/* Write records as fast as possible until killed. */
static void write_for_ever(const char *home)
{
    struct beacon_error err = {0};
    struct journal *journal = NULL;
    char item[9000];
    if (journal_create(home, SAMPLE_ID, 1735787045678u, &journal, &err) != BEACON_OK) {
        _exit(1);
    }
    const char meta[] = "{\"id\":\"" SAMPLE_ID "\",\"cwd\":\"/w\",\"source\":\"exec\"}";
    int rc = journal_append(journal, "session_meta", meta, strlen(meta), &err);
    (void)memset(item, 'x', sizeof item);
    (void)io_write_all(STDOUT_FILENO, journal_path(journal), strlen(journal_path(journal)));
    for (size_t i = 0; rc == BEACON_OK && i < 100000; i++) {
        size_t n = 40 + i * 37 % 8000;
        int head = snprintf(item, sizeof item, "{\"type\":\"message\",\"n\":\"");
        memset(item + head, 'x', n);
        item[n] = '"';
        item[n + 1] = '}';
        rc = journal_append(journal, "response_item", item, n + 2, &err);
    }
    _exit(1);
}

static void wait_for_size(const char *path, off_t size)
{
    struct stat status = {0};
    do {
        assert_int_equal(stat(path, &status), 0);
    } while (status.st_size < size);
}

static void killing_the_writer_at_any_moment_leaves_a_session(void **state)
{
    for (int round = 0; round < 40; round++) {
        struct beacon_error err = {0};
        struct replay replay = {0};
        char name[16], path[4096] = "";
        int told[2];
        (void)snprintf(name, sizeof name, "home%d", round);
        const char *home = temp_path(state, name);
        assert_int_equal(pipe2(told, O_CLOEXEC), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            (void)dup2(told[1], STDOUT_FILENO);
            write_for_ever(home);
        }
        assert_true(read(told[0], path, sizeof path - 1) > 0);
        wait_for_size(path, round * (off_t)20011);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        struct journal *journal = NULL;
        assert_ok(journal_open_append(path, &journal, &err), &err);
        assert_ok(replay_read(path, &replay, &err), &err);
        assert_int_equal(replay.n_skipped_lines, 0);
        assert_string_equal(replay.id, SAMPLE_ID);
        replay_finish(&replay);
        journal_close(journal);
        (void)close(told[0]);
        (void)close(told[1]);
    }
}

static void an_empty_file_and_one_without_an_id_are_told_apart(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct replay replay = {0};
    assert_refused(replay_read_bytes("", 0, &replay, &err), BEACON_E_INVALID, &err);
    assert_string_equal(err.message, "empty session file");
    const char *const without[] = {"\n", "garbage\n", SAID("hi"),
                                   LINE("session_meta", "{\"id\":\"no-uuid\"}"),
                                   LINE("session_meta", "[]")};
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        assert_refused(replay_read_bytes(without[i], strlen(without[i]), &replay, &err),
                       BEACON_E_INVALID, &err);
        assert_string_equal(err.message, "failed to parse conversation ID from rollout file");
    }
}

static void unreadable_and_unknown_lines_are_passed_over(void **state)
{
    (void)state;
    struct replay replay = replayed(META "not json\n"
                                         "{\"type\":\"x\"}\n"
                                         "\n" LINE("from_the_future", "{\"a\":[1,2]}")
                                             LINE("response_item", "7") SAID("hi") "{}\n");
    assert_int_equal(history_count(replay.history), 1);
    assert_int_equal(replay.n_skipped_lines, 5);
    replay_finish(&replay);
}

static void both_generations_of_events_are_read(void **state)
{
    (void)state;
    struct replay replay = replayed(
        META LINE("event", "{\"id\":\"1\",\"event_seq\":3,\"msg\":{\"type\":\"user_message\","
                           "\"message\":\"x\"}}")
            LINE("event", "{\"id\":\"1\",\"event_seq\":4,\"msg\":{"
                          "\"type\":\"token_count\",\"info\":{"
                          "\"total_token_usage\":{\"input_tokens\":7}}}}") PROMPTED);
    assert_int_equal(replay.n_user_messages, 2);
    assert_int_equal(replay.total.input, 7);
    replay_finish(&replay);
}

static void lines_of_a_newer_codex_are_read(void **state)
{
    (void)state;
    struct replay replay = replayed(
        "{\"timestamp\":\"" SAMPLE_TIME "\",\"ordinal\":0,\"type\":\"session_meta\",\"payload\":{"
        "\"id\":\"0199A213-81C0-7800-8AA1-BBAB2A035A53\",\"forked_from_id\":\"x\",\"cwd\":\"/w\","
        "\"source\":\"exec\"}}\n"
        "{\"ordinal\":1,\"payload\":{\"big\":[1,2,3]},\"type\":\"world_state\",\"timestamp\":\"x\"}"
        "\n"
        "{\"timestamp\":\"x\",\"type\":\"token_usage_record\",\"payload\":{},\"ordinal\":2}\n"
        "{\"timestamp\":\"x\",\"type\":\"response_item\",\"payload\":{\"type\":\"message\","
        "\"role\":"
        "\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"hi\"}]},\"ordinal\":3}"
        "\n" META_OF("0199a213-81c0-7800-8aa1-000000000000", "cli", "/other"));
    assert_string_equal(replay.id, SAMPLE_ID);
    assert_string_equal(replay.cwd, "/w");
    assert_int_equal(history_count(replay.history), 1);
    assert_int_equal(replay.n_skipped_lines, 0);
    replay_finish(&replay);
}

static void carriage_returns_do_not_matter(void **state)
{
    (void)state;
    struct text crlf;
    text_init(&crlf, 1u << 20);
    for (const char *p = SESSION; *p != '\0'; p++) {
        assert_true(*p == '\n' ? text_add_string(&crlf, "\r\n") : text_add_char(&crlf, *p));
    }
    struct replay replay = replayed(text_string(&crlf));
    assert_int_equal(history_count(replay.history), 4);
    assert_int_equal(replay.n_skipped_lines, 0);
    replay_finish(&replay);
    text_finish(&crlf);
}

static void user_messages_are_counted_among_items_when_no_event_tells(void **state)
{
    (void)state;
    struct replay replay = replayed(META SAID("<environment_context>x") SAID("<user_instructions>x")
                                        SAID("one") ANSWERED("x") SAID("two"));
    assert_int_equal(replay.n_user_messages, 2);
    replay_finish(&replay);
}

static void a_compaction_with_a_replacement_leaves_just_that(void **state)
{
    (void)state;
    struct replay replay = replayed(SESSION LINE(
        "compacted", "{\"message\":\"sum\",\"replacement_history\":[{\"type\":\"message\",\"role\":"
                     "\"user\",\"content\":\"kept\"},7,{\"type\":\"reasoning\"}]}") SAID("after"));
    assert_int_equal(history_count(replay.history), 3);
    assert_item(&replay, 0, "kept");
    assert_item(&replay, 1, "reasoning");
    assert_item(&replay, 2, "after");
    replay_finish(&replay);
}

static void a_compaction_without_one_keeps_what_was_said_and_the_summary(void **state)
{
    (void)state;
    struct replay replay = replayed(
        META SAID("<environment_context>here") SAID("one") ANSWERED("x") CALLED("1") RETURNED("1")
            SAID("two") LINE("compacted", "{\"message\":\"the sum\"}") ANSWERED("later"));
    assert_int_equal(history_count(replay.history), 5);
    assert_item(&replay, 0, "here");
    assert_item(&replay, 1, "\"one\"");
    assert_item(&replay, 2, "\"two\"");
    assert_item(&replay, 3, "the sum");
    assert_item(&replay, 4, "later");
    replay_finish(&replay);
}

static void compaction_keeps_the_newest_words_when_there_are_too_many(void **state)
{
    (void)state;
    struct text text;
    text_init(&text, 1u << 20);
    assert_true(text_add_string(&text, META SAID("oldest")));
    assert_true(text_add_string(
        &text, "{\"type\":\"response_item\",\"payload\":{\"type\":\"message\",\"role\":\"user\","
               "\"content\":\""));
    for (int i = 0; i < 50000; i++) {
        assert_true(text_add_string(&text, "\xc3\xa9"));
    }
    assert_true(
        text_add_string(&text, "\"}}\n" SAID("newest") LINE("compacted", "{\"message\":\"sum\"}")));
    struct replay replay = replayed(text_string(&text));
    assert_int_equal(history_count(replay.history), 3);
    assert_true(history_item(replay.history, 0).n < 82200);
    assert_item(&replay, 1, "newest");
    replay_finish(&replay);
    text_finish(&text);
}

static void a_compaction_without_a_message_changes_nothing(void **state)
{
    (void)state;
    struct replay replay =
        replayed(META SAID("one") LINE("compacted", "{\"replacement_history\":7}"));
    assert_int_equal(history_count(replay.history), 1);
    replay_finish(&replay);
}

static void a_line_longer_than_a_record_may_be_is_passed_over(void **state)
{
    (void)state;
    struct text text;
    text_init(&text, JOURNAL_RECORD_MAX + 100000u);
    assert_true(text_add_string(&text, META));
    size_t huge = (size_t)JOURNAL_RECORD_MAX + 10000;
    char *middle = text_reserve(&text, huge);
    assert_non_null(middle);
    memset(middle, 'x', huge);
    text_commit(&text, huge);
    assert_true(text_add_string(&text, "\n" SAID("hi")));
    struct replay replay = replayed(text_string(&text));
    assert_int_equal(replay.n_skipped_lines, 1);
    assert_int_equal(history_count(replay.history), 1);
    replay_finish(&replay);
    text_finish(&text);
}

static void an_item_larger_than_a_chunk_is_read_from_the_file(void **state)
{
    struct beacon_error err = {0};
    struct replay replay = {0};
    struct text text;
    text_init(&text, 4u << 20);
    assert_true(text_add_string(&text, META "{\"type\":\"response_item\",\"payload\":{\"type\":"
                                            "\"message\",\"role\":\"user\",\"content\":\""));
    size_t start = text.len;
    for (int i = 0; i < 100000; i++) {
        assert_true(text_addf(&text, "%d ", i));
    }
    size_t words = text.len - start;
    assert_true(text_add_string(&text, "\"}}\n" SAID("hi")));
    write_text(temp_path(state, "a.jsonl"), text_string(&text));
    assert_ok(replay_read(temp_path(state, "a.jsonl"), &replay, &err), &err);
    assert_int_equal(history_count(replay.history), 2);
    assert_int_equal(history_item(replay.history, 0).n,
                     words + strlen("{\"type\":\"message\",\"role\":\"user\",\"content\":\"\"}"));
    replay_finish(&replay);
    text_finish(&text);
}

static void hostile_depth_is_passed_over(void **state)
{
    (void)state;
    struct text text;
    text_init(&text, 1u << 20);
    assert_true(text_add_string(&text, META "{\"type\":\"response_item\",\"payload\":"));
    for (int i = 0; i < 200000; i++) {
        assert_true(text_add_char(&text, '['));
    }
    assert_true(text_add_string(&text, "\n" SAID("hi")));
    struct replay replay = replayed(text_string(&text));
    assert_int_equal(replay.n_skipped_lines, 1);
    assert_int_equal(history_count(replay.history), 1);
    replay_finish(&replay);
    text_finish(&text);
}

static void a_missing_file_is_told_as_such(void **state)
{
    struct beacon_error err = {0};
    struct replay replay = {0};
    assert_refused(replay_read(temp_path(state, "none"), &replay, &err), BEACON_E_NOT_FOUND, &err);
    assert_refused(replay_read(temp_dir(state), &replay, &err), BEACON_E_IO, &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_session_comes_back_whole),
        cmocka_unit_test(the_last_token_count_is_the_threads_total),
        cmocka_unit_test(an_item_is_kept_to_the_byte),
        cmocka_unit_test(every_truncation_still_resumes_with_what_was_whole),
        in_temp_dir(every_truncated_file_takes_the_next_turn),
        in_temp_dir(killing_the_writer_at_any_moment_leaves_a_session),
        cmocka_unit_test(an_empty_file_and_one_without_an_id_are_told_apart),
        cmocka_unit_test(unreadable_and_unknown_lines_are_passed_over),
        cmocka_unit_test(both_generations_of_events_are_read),
        cmocka_unit_test(lines_of_a_newer_codex_are_read),
        cmocka_unit_test(carriage_returns_do_not_matter),
        cmocka_unit_test(user_messages_are_counted_among_items_when_no_event_tells),
        cmocka_unit_test(a_compaction_with_a_replacement_leaves_just_that),
        cmocka_unit_test(a_compaction_without_one_keeps_what_was_said_and_the_summary),
        cmocka_unit_test(compaction_keeps_the_newest_words_when_there_are_too_many),
        cmocka_unit_test(a_compaction_without_a_message_changes_nothing),
        cmocka_unit_test(a_line_longer_than_a_record_may_be_is_passed_over),
        in_temp_dir(an_item_larger_than_a_chunk_is_read_from_the_file),
        cmocka_unit_test(hostile_depth_is_passed_over),
        in_temp_dir(a_missing_file_is_told_as_such),
    };
    return cmocka_run_group_tests_name("session/replay", tests, NULL, NULL);
}
