/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "event/event.h"
#include "telemetry/record.h"
#include "telemetry/redact.h"
#include "telemetry/tracer.h"

#define COMMON                                                                                     \
    " event.timestamp=\"2026-01-02T03:04:05.678Z\" conversation.id=\"c\" app.version=\"1.2.3\""    \
    " auth_mode=\"ApiKey\" originator=\"code_exec\" terminal.type=\"dumb\" model=\"gpt\""          \
    " slug=\"gpt\""

static struct text seen; /* a record per line: name, then key=value; strings in quotes */
static struct redact *redact;
static struct tracer *tracer;

static uint64_t the_time(void)
{
    return UINT64_C(1767323045678);
}

static void see(void *ctx, struct record *record)
{
    const struct beacon_record *view = record_view(record);
    assert_ptr_equal(ctx, &seen);
    assert_int_equal(view->type, BEACON_REC_LOG);
    assert_int_equal(view->severity, 9);
    assert_int_equal(view->time_unix_ns, the_time() * 1000000u);
    assert_int_equal(view->body.n, 0);
    (void)text_add(&seen, view->name.p, view->name.n);
    for (size_t i = 0; i < view->n_attrs; i++) {
        const struct beacon_attr *attr = &view->attrs[i];
        (void)text_addf(&seen, " %.*s=", (int)attr->key.n, attr->key.p);
        if (attr->type == BEACON_ATTR_STR) {
            (void)text_addf(&seen, "\"%.*s\"", (int)attr->str.n, attr->str.p);
        } else {
            (void)text_addf(&seen, "%" PRId64, attr->num.i);
        }
    }
    (void)text_add_char(&seen, '\n');
}

static void tell(const struct event *event)
{
    text_reset(&seen);
    tracer_sink(tracer, event);
}

/* The one record said exactly this behind what every record says. */
static void assert_told(const char *name, const char *attributes)
{
    AUTO_TEXT struct text wanted;
    text_init(&wanted, 1u << 16);
    (void)text_addf(&wanted, "%s event.name=\"%s\"" COMMON "%s\n", name, name, attributes);
    assert_string_equal(text_string(&seen), text_string(&wanted));
}

static void make(void)
{
    const struct tracer_settings settings = {.conversation_id = "c",
                                             .app_version = "1.2.3",
                                             .originator = "code_exec",
                                             .auth_mode = "ApiKey",
                                             .terminal_type = "dumb",
                                             .model = "gpt",
                                             .provider_name = "OpenAI",
                                             .context_window = -1,
                                             .max_output_tokens = 1000,
                                             .auto_compact_token_limit = -1,
                                             .redact = redact,
                                             .now_unix_ms = the_time,
                                             .on_record = see,
                                             .ctx = &seen};
    tracer = tracer_create(&settings);
}

static int setup(void **state)
{
    (void)state;
    text_init(&seen, 1u << 20);
    redact = redact_create();
    make();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tracer_destroy(tracer);
    redact_destroy(redact);
    text_finish(&seen);
    return 0;
}

static void a_session_starts_a_conversation(void **state)
{
    (void)state;
    struct event event = {.kind = EVENT_SESSION_STARTED};
    event.as.session = (struct event_session){.provider = "openai",
                                              .approval = "never",
                                              .sandbox = "read-only",
                                              .effort = "medium",
                                              .summary = "auto"};
    tell(&event);
    assert_told("codex.conversation_starts",
                " provider_name=\"OpenAI\" reasoning_effort=\"medium\" reasoning_summary=\"auto\""
                " max_output_tokens=1000 approval_policy=\"never\" sandbox_policy=\"read-only\""
                " mcp_servers=\"\"");
}

static void a_prompt_is_counted_in_characters_and_hidden(void **state)
{
    (void)state;
    struct event event = {.kind = EVENT_TURN_STARTED};
    event.as.message.text = "gr\xc3\xbc\xc3\x9f dich";
    tell(&event);
    assert_told("codex.user_prompt", " prompt_length=\"9\" prompt=\"[REDACTED]\"");
}

static void a_prompt_is_told_when_a_person_switched_it_on(void **state)
{
    (void)state;
    redact_set(redact, BEACON_CLASS_CONTENT, REDACT_PASS);
    struct event event = {.kind = EVENT_TURN_STARTED};
    event.as.message.text = "hello";
    tell(&event);
    assert_told("codex.user_prompt", " prompt_length=\"5\" prompt=\"hello\"");
}

static void a_request_that_was_answered_has_a_status(void **state)
{
    (void)state;
    struct event event = {.kind = EVENT_REQUEST_ANSWERED};
    event.as.request = (struct event_request){.attempt = 2, .status = 500, .duration_ms = 33};
    tell(&event);
    assert_told("codex.api_request", " duration_ms=\"33\" http.response.status_code=500 attempt=2");
}

static void a_request_without_an_answer_says_why(void **state)
{
    (void)state;
    struct event event = {.kind = EVENT_REQUEST_ANSWERED};
    event.as.request = (struct event_request){.duration_ms = 1, .error = "no route"};
    tell(&event);
    assert_told("codex.api_request", " duration_ms=\"1\" error.message=\"no route\" attempt=0");
}

static void a_frame_is_an_sse_event(void **state)
{
    (void)state;
    struct event event = {.kind = EVENT_FRAME};
    event.as.frame = (struct event_frame){.kind = "response.created", .duration_ms = 7};
    tell(&event);
    assert_told("codex.sse_event", " event.kind=\"response.created\" duration_ms=\"7\"");
}

static void an_answer_that_breaks_off_has_only_an_error(void **state)
{
    (void)state;
    struct event event = {.kind = EVENT_FRAME};
    event.as.frame = (struct event_frame){.error = "idle timeout", .duration_ms = 7};
    tell(&event);
    assert_told("codex.sse_event", " error.message=\"idle timeout\"");
}

static void token_counts_are_strings_where_the_reference_has_strings(void **state)
{
    (void)state;
    struct event event = {.kind = EVENT_USAGE};
    event.as.usage.last = (struct event_usage){100, 20, -1, 30, 10};
    tell(&event);
    char *end = strchr(text_string(&seen), '\n');
    assert_non_null(end);
    assert_non_null(strstr(end + 1, "turn.phase=\"request_completed\""));
    assert_non_null(strstr(end + 1, " token_usage_total_tokens=130 "));
    end[1] = '\0';
    assert_told("codex.sse_event",
                " event.kind=\"response.completed\" input_token_count=\"100\""
                " output_token_count=\"30\" tool_token_count=\"130\" cached_token_count=20"
                " reasoning_token_count=10");
}

static void usage_nobody_counted_is_no_usage_of_0(void **state)
{
    (void)state;
    struct event event = {.kind = EVENT_USAGE};
    event.as.usage.last = (struct event_usage){-1, -1, -1, -1, -1};
    tell(&event);
    assert_null(strstr(text_string(&seen), "token"));
    assert_null(strstr(text_string(&seen), "codex.sse_event"));
}

static void a_decision_says_who_decided(void **state)
{
    (void)state;
    struct event event = {.kind = EVENT_TOOL_DECIDED};
    event.as.decision = (struct event_decision){.call_id = "c1",
                                                .name = "exec_command",
                                                .decision = "denied",
                                                .source = "config",
                                                .by = "rule",
                                                .where = "/rules/a.rules:3",
                                                .layer = "project",
                                                .policy = "never",
                                                .sandbox = "",
                                                .rule_added = ""};
    tell(&event);
    assert_told("codex.tool_decision",
                " tool_name=\"exec_command\" call_id=\"c1\" decision=\"denied\" source=\"config\""
                " decided_by=\"rule\" rule=\"/rules/a.rules:3\" rule_layer=\"project\""
                " approval_policy=\"never\" was_asked=0 is_escalated=0");
}

static void the_words_of_a_tool_are_content(void **state)
{
    (void)state;
    struct event event = {.kind = EVENT_TOOL_FINISHED};
    event.as.tool = (struct event_tool){.call_id = "c1",
                                        .name = "exec_command",
                                        .input = "{}",
                                        .input_bytes = 2,
                                        .output = "secret",
                                        .output_bytes = 6,
                                        .duration_ms = 33};
    tell(&event);
    assert_told("codex.tool_result",
                " tool_name=\"exec_command\" call_id=\"c1\" arguments=\"[REDACTED]\""
                " duration_ms=\"33\" success=\"false\" output=\"[REDACTED]\"");
    redact_set(redact, BEACON_CLASS_CONTENT, REDACT_PASS);
    event.as.tool.is_success = true;
    tell(&event);
    assert_told("codex.tool_result", " tool_name=\"exec_command\" call_id=\"c1\" arguments=\"{}\""
                                     " duration_ms=\"33\" success=\"true\" output=\"secret\"");
}

static void a_request_has_phases(void **state)
{
    (void)state;
    struct event event = {.kind = EVENT_REQUEST_STARTED};
    event.as.request.attempt = 1;
    tell(&event);
    assert_told("codex.turn_latency",
                " turn.phase=\"request_scheduled\" attempt=1 pending_input_count=0"
                " pending_user_input_count=0 pending_background_execs=0"
                " pending_manual_compacts=0 pending_browser_screenshots=0 running_exec_count=0"
                " scratchpad_active=0");
    struct event failed = {.kind = EVENT_TURN_FAILED};
    failed.as.message.text = "server said no";
    tell(&failed);
    assert_non_null(strstr(text_string(&seen), " turn.phase=\"request_failed\" attempt=1 "));
    assert_non_null(strstr(text_string(&seen), " note=\"server said no\" "));
    tell(&failed); /* no request is under way any more */
    assert_string_equal(text_string(&seen), "");
}

static void what_has_no_record_is_passed_over(void **state)
{
    (void)state;
    static const enum event_kind kinds[] = {EVENT_WARNING, EVENT_TEXT_DELTA, EVENT_AGENT_MESSAGE,
                                            EVENT_TURN_COMPLETED, EVENT_COMMAND_STARTED};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        tell(&(struct event){.kind = kinds[i]});
        assert_string_equal(text_string(&seen), "");
    }
}

static void a_secret_in_an_error_is_not_told(void **state)
{
    (void)state;
    redact_add_secret(redact, "sk-very-secret");
    struct event event = {.kind = EVENT_REQUEST_ANSWERED};
    event.as.request.error = "wrong key sk-very-secret";
    tell(&event);
    assert_told("codex.api_request",
                " duration_ms=\"0\" error.message=\"wrong key [REDACTED]\" attempt=0");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_session_starts_a_conversation),
        TEST(a_prompt_is_counted_in_characters_and_hidden),
        TEST(a_prompt_is_told_when_a_person_switched_it_on),
        TEST(a_request_that_was_answered_has_a_status),
        TEST(a_request_without_an_answer_says_why),
        TEST(a_frame_is_an_sse_event),
        TEST(an_answer_that_breaks_off_has_only_an_error),
        TEST(token_counts_are_strings_where_the_reference_has_strings),
        TEST(usage_nobody_counted_is_no_usage_of_0),
        TEST(a_decision_says_who_decided),
        TEST(the_words_of_a_tool_are_content),
        TEST(a_request_has_phases),
        TEST(what_has_no_record_is_passed_over),
        TEST(a_secret_in_an_error_is_not_told),
    };
    return cmocka_run_group_tests_name("telemetry/tracer", tests, NULL, NULL);
}
