/* SPDX-License-Identifier: Apache-2.0
 *
 * A session of fifty requests through one wire plugin, each after the answer to the one before.
 *
 *     test_wire_prefix PLUGIN [QUIRKS [once]]     QUIRKS as JSON; once: the person asks one question only
 */
#include "support/beacon_test.h"

#include <beacon-sdk/json_string.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/provider_harness.h"
#include "wire_script.h"

#define REQUESTS     50
#define MESSAGES_MAX 600

static const char *plugin_name, *quirks = "{}";
static bool asks_once;
static struct harness h;

/* The conversation so far. Everything in it is the test's, until the end of the session. */
static const struct beacon_message *messages[MESSAGES_MAX];
static size_t n_messages;
static void *kept[8 * MESSAGES_MAX];
static size_t n_kept;
static size_t n_calls, n_items, n_finishes; /* of the latest answer */

static void *keep(void *p)
{
    assert_non_null(p);
    assert_true(n_kept < sizeof kept / sizeof kept[0]);
    kept[n_kept++] = p;
    return p;
}

static struct beacon_str copied(struct beacon_str s)
{
    char *p = keep(malloc(s.n + 1));
    memcpy(p, s.n > 0 ? s.p : "", s.n);
    return beacon_span(p, s.n);
}

/* One message per item, as the host's history gives them. */
static void append_item(uint32_t role, const struct beacon_part *from)
{
    struct beacon_message *message = keep(calloc(1, sizeof *message));
    struct beacon_part *part = keep(calloc(1, sizeof *part));
    const struct beacon_part **list = keep(calloc(1, sizeof(void *)));
    *part = *from;
    part->struct_size = (uint32_t)sizeof *part;
    part->text = copied(from->text);
    part->call_id = copied(from->call_id);
    part->name = copied(from->name);
    part->opaque = copied(from->opaque);
    part->id = copied(from->id);
    part->ns = copied(from->ns);
    list[0] = part;
    *message = (struct beacon_message){.struct_size = (uint32_t)sizeof *message,
                                       .role = role,
                                       .parts = (const struct beacon_part *const *)list,
                                       .n_parts = 1};
    assert_true(n_messages < MESSAGES_MAX);
    messages[n_messages++] = message;
}

static void say(uint32_t role, const char *format, int i)
{
    char text[128];
    (void)snprintf(text, sizeof text, format, i);
    append_item(role, PART(.type = BEACON_PART_TEXT, .text = beacon_text(text)));
}

static beacon_rc take(const struct beacon_events *sink, const struct beacon_event *event)
{
    (void)sink;
    n_finishes += event->type == BEACON_EV_FINISH;
    if (event->type == BEACON_EV_ITEM_DONE) {
        n_items++;
        n_calls += event->part->type == BEACON_PART_TOOL_CALL;
        append_item(BEACON_ROLE_ASSISTANT, event->part);
    }
    return BEACON_OK;
}

static int begin(void **state)
{
    (void)state;
    n_messages = 0;
    char config[256];
    (void)snprintf(config, sizeof config, "{\"base_url\":\"http://127.0.0.1:1/v1\",\"quirks\":%s}",
                   quirks);
    harness_init(&h, plugin_name);
    h.sink.emit = take;
    assert_ok(harness_create(&h, config), &h.err);
    return 0;
}

static int end(void **state)
{
    (void)state;
    harness_close(&h);
    while (n_kept > 0) {
        free(kept[--n_kept]);
    }
    return 0;
}

/* ---- requests and answers ---- */

static char *ask(void)
{
    struct beacon_turn turn =
        *TURN(.model = SPAN("m"), .session_id = SPAN("s1"), .effort = SPAN("low"),
              .reasoning_summary = SPAN("auto"), .parallel_tools = 1,
              TOOLS(TOOL(.name = SPAN("exec_command"), .description = SPAN("Run it."),
                         .parameters = SPAN("{\"type\":\"object\",\"properties\":{\"cmd\":{"
                                            "\"type\":\"string\"}}}")),
                    TOOL(.name = SPAN("apply_patch"), .flags = BEACON_TOOL_FREEFORM,
                         .grammar_syntax = SPAN("lark"), .grammar = SPAN("start: /.+/"))));
    turn.messages = messages;
    turn.n_messages = n_messages;
    assert_ok(harness_open(&h, &turn), &h.err);
    const struct beacon_http_request *rq = harness_request(&h);
    char *body = malloc(rq->body.n + 1);
    assert_non_null(body);
    memcpy(body, rq->body.p, rq->body.n);
    body[rq->body.n] = '\0';
    return body;
}

static void answer(const struct wire_script *script, int i, int calls)
{
    const char *frames[WIRE_FRAMES_MAX];
    const size_t n = script->answer(i, calls, frames);
    n_calls = n_items = n_finishes = 0;
    assert_ok(harness_status(&h, 200, NULL, 0), &h.err);
    for (size_t at = 0; at < n; at++) {
        assert_ok(harness_frame(&h, frames[at]), &h.err);
    }
    assert_ok(harness_end(&h, BEACON_END_OK), &h.err);
    assert_int_equal(n_finishes, 1);
    assert_int_equal(n_calls, calls);
    assert_int_equal(n_items, 2 + calls);
}

/* The outputs of the calls that the latest answer ended with. */
static void run_calls(int i)
{
    const size_t first = n_messages - n_calls;
    for (size_t c = 0; c < n_calls; c++) {
        const struct beacon_part *call = messages[first + c]->parts[0];
        char text[64];
        (void)snprintf(text, sizeof text, "output %d of call %zu\n", i, c);
        append_item(BEACON_ROLE_TOOL,
                    PART(.type = BEACON_PART_TOOL_RESULT, .call_id = call->call_id,
                         .name = call->name, .flags = call->flags & BEACON_PART_FREEFORM,
                         .text = beacon_text(text)));
    }
}

/* ---- what must not change ---- */

/* Marks for the server's cache move along with the end; they are no part of what it compares. */
static void drop_marks(char *body)
{
    static const char mark[] = ",\"cache_control\":{\"type\":\"ephemeral\"}";
    for (char *at = strstr(body, mark); at != NULL; at = strstr(at, mark)) {
        memmove(at, at + sizeof mark - 1, strlen(at + sizeof mark - 1) + 1);
    }
}

/* `later` begins with everything of `earlier` up to the end of the last item of its conversation, and
 * what stands behind the conversation is the same in both. */
static void assert_continues(const char *earlier, const char *later, const char *key)
{
    struct beacon_str before = {NULL, 0}, after = {NULL, 0};
    assert_true(beacon_json_member(beacon_text(earlier), key, &before));
    assert_true(beacon_json_member(beacon_text(later), key, &after));
    const size_t n = (size_t)(before.p - earlier) + before.n - 1; /* without the bracket */
    if (strncmp(earlier, later, n) != 0) {
        size_t at = 0;
        while (earlier[at] == later[at]) {
            at++;
        }
        at = at > 80 ? at - 80 : 0;
        fail_msg("the prefix breaks:\n  …%.200s\n  …%.200s", earlier + at, later + at);
    }
    assert_string_equal(before.p + before.n, after.p + after.n);
}

static void fifty_requests_of_a_session_continue_each_other(void **state)
{
    const struct wire_script *script = wire_script_find(plugin_name);
    char *earlier = NULL;
    (void)state;
    assert_non_null(script);
    say(BEACON_ROLE_SYSTEM, "Be brief.", 0);
    say(BEACON_ROLE_USER, "Environment.", 0);
    n_calls = 0;
    for (int i = 0; i < REQUESTS; i++) {
        if (n_calls == 0) {
            say(BEACON_ROLE_USER, "Question %d.", i);
        }
        char *body = ask();
        drop_marks(body);
        if (earlier != NULL) {
            assert_continues(earlier, body, script->history);
        }
        free(earlier);
        earlier = body;
        const int calls = i % 4 < 3 ? i % 4 : 0; /* none, one, two, none */
        answer(script, i, asks_once && calls == 0 ? 1 : calls);
        run_calls(i);
    }
    free(earlier);
}

static void the_same_conversation_gives_the_same_bytes(void **state)
{
    const struct wire_script *script = wire_script_find(plugin_name);
    (void)state;
    assert_non_null(script);
    say(BEACON_ROLE_USER, "Question.", 0);
    free(ask());
    answer(script, 0, 2);
    run_calls(0);
    char *first = ask();
    char *second = ask();
    assert_string_equal(first, second);
    free(first);
    free(second);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fifty_requests_of_a_session_continue_each_other, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_same_conversation_gives_the_same_bytes, begin, end),
    };
    if (argc < 2 || argc > 4) {
        (void)fprintf(stderr, "usage: test_wire_prefix PLUGIN [QUIRKS [once]]\n");
        return 2;
    }
    plugin_name = argv[1];
    quirks = argc > 2 ? argv[2] : quirks;
    asks_once = argc > 3;
    return cmocka_run_group_tests_name(plugin_name, tests, NULL, NULL);
}
