/* SPDX-License-Identifier: Apache-2.0 */
/* Group P: the request that a provider makes of a conversation. */
#include <beacon-sdk/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"
#include "check.h"
#include "checks.h"
#include "plugin/manifest.h"
#include "stage.h"

#define REQUEST_MAX ((size_t)64 << 20)
#define HUGE_BYTES  ((size_t)1 << 20)
#define REFUSED     "a request, or an error that says what cannot be sent"

/* No answer: the request is all that is wanted. */
static const struct testhost_script no_answer;

static struct testhost_result ask(const struct stage *stage, const char *turn)
{
    return testhost_provider_run(stage->p, turn, &no_answer);
}

static bool has_request(struct stage *stage, const struct testhost_result *r)
{
    if (r->n_requests == 0) {
        check_fail(stage->c, "poll() asks for HTTP after open()",
                   "fill the action with kind HTTP and a request",
                   "an ordinary turn makes no request: %s", r->error);
        return false;
    }
    return true;
}

/* ---- the same again ---- */

static void compare_requests(struct check_case *c, const char *first, const char *second,
                             const char *tried)
{
    size_t at = 0;
    while (first[at] != '\0' && first[at] == second[at]) {
        at++;
    }
    if (first[at] == second[at]) {
        return;
    }
    const size_t from = at > 20 ? at - 20 : 0;
    check_fail(c, "byte by byte the same request: prompt caches depend on it",
               "keep the order of keys and tools, and leave out times and counters",
               "%s the request changes at byte %zu: \"%.60s\" and \"%.60s\"", tried, at,
               first + from, second + from);
}

void check_request_repeats(struct check_case *c)
{
    struct stage stage;
    if (stage_open(&stage, c, NULL)) {
        const struct testhost_result first = ask(&stage, stage_turn_rich);
        const struct testhost_result again = ask(&stage, stage_turn_rich);
        testhost_advance_ms(stage.t, 86400000);
        struct testhost_provider *other =
            testhost_provider_create(stage.t, c->component->name, stage.config);
        if (has_request(&stage, &first) && other != NULL) {
            const struct testhost_result anew =
                testhost_provider_run(other, stage_turn_rich, &no_answer);
            compare_requests(c, first.request, again.request, "asked twice");
            compare_requests(c, first.request, anew.request, "asked a day later by a new instance");
        }
        testhost_provider_destroy(other);
    }
    stage_close(&stage);
}

/* ---- growing at the end only ---- */

#define PREFIX_HEAD                                                                                \
    "{\"model\":\"m\",\"session_id\":\"s\",\"tools\":[{\"name\":\"t\",\"parameters\":{}}],"        \
    "\"messages\":[{\"role\":\"user\",\"text\":\"first-check-message\"},"                          \
    "{\"role\":\"assistant\",\"text\":\"second-check-message\"}"

void check_request_prefix(struct check_case *c)
{
    static const char shorter[] = PREFIX_HEAD "]}";
    static const char longer[] = PREFIX_HEAD ",{\"role\":\"user\",\"text\":\"third-message\"}]}";
    static const char last[] = "second-check-message";
    struct stage stage;
    if (stage_open(&stage, c, NULL)) {
        const struct testhost_result a = ask(&stage, shorter), b = ask(&stage, longer);
        const char *end = has_request(&stage, &a) ? strstr(a.body, last) : NULL;
        size_t same = 0;
        while (same < a.n_body && same < b.n_body && a.body[same] == b.body[same]) {
            same++;
        }
        if (a.n_requests > 0 && end == NULL) {
            check_skip(c, "the messages are not in the body as plain text");
        } else if (end != NULL && same < (size_t)(end - a.body) + sizeof last - 1) {
            check_fail(c, "the old request and then more: the messages stand where they stood",
                       "put what changes with the length of the history behind the messages",
                       "with one more message the body changes at byte %zu, before the end of the "
                       "old messages",
                       same);
        }
    }
    stage_close(&stage);
}

/* ---- headers ---- */

#define EVIL "x\\r\\nX-Evil: 1\\u0000\\n"

static void try_turn_with_line_ends(struct stage *stage)
{
    static const char *const turns[] = {
        "{\"model\":\"" EVIL "\",\"messages\":[{\"role\":\"user\",\"text\":\"a\"}]}",
        "{\"model\":\"m\",\"session_id\":\"" EVIL
        "\",\"messages\":[{\"role\":\"user\",\"text\":\"a\"}]}",
        "{\"model\":\"m\",\"idempotency_key\":\"" EVIL
        "\",\"messages\":[{\"role\":\"user\",\"text\":\"a\"}]}",
    };
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
        (void)ask(stage, turns[i]);
        (void)stage_has_no_findings(stage, NULL, NULL, "no line end in a header or URL: refuse it",
                                    "a turn with line ends in a name");
    }
}

static void try_config_with_line_ends(struct stage *stage, struct json_object *config,
                                      const char *key)
{
    AUTO_JSON struct json_object *copy = NULL;
    (void)json_object_deep_copy(config, &copy, NULL);
    const char *old = json_string_of(copy, key, "x");
    AUTO_FREE char *value = alloc_printf("%s\r\nX-Evil: 1", old);
    (void)json_object_object_add(copy, key, json_object_new_string(value));
    struct testhost_provider *p =
        testhost_provider_create(stage->t, stage->c->component->name,
                                 json_object_to_json_string_ext(copy, JSON_C_TO_STRING_PLAIN));
    if (p != NULL) {
        (void)testhost_provider_run(p, TESTHOST_TURN_HELLO, &no_answer);
        testhost_provider_destroy(p);
    }
    (void)stage_has_no_findings(stage, NULL, NULL, "no line end in a header or URL: refuse it",
                                key);
}

/* Every key that the schema says is a text. */
static void try_configs_with_line_ends(struct stage *stage)
{
    const char *schema =
        stage->component->config_schema != NULL ? stage->component->config_schema : "{}";
    AUTO_JSON struct json_object *config = NULL, *tree = NULL;
    (void)json_parse(stage->config, strlen(stage->config), "config", &config, NULL);
    (void)json_parse(schema, strlen(schema), "schema", &tree, NULL);
    struct json_object *properties = json_member(tree, "properties");
    if (json_object_is_type(properties, json_type_object)) {
        json_object_object_foreach(properties, key, property)
        {
            if (strcmp(json_string_of(property, "type", ""), "string") == 0) {
                try_config_with_line_ends(stage, config, key);
            }
        }
    }
}

void check_request_injection(struct check_case *c)
{
    struct stage stage;
    if (stage_open(&stage, c, NULL)) {
        try_turn_with_line_ends(&stage);
        try_configs_with_line_ends(&stage);
    }
    stage_close(&stage);
}

/* ---- where to, and with which credentials ---- */

void check_request_origin(struct check_case *c)
{
    struct stage stage;
    if (stage_open(&stage, c, NULL)) {
        const struct testhost_result r = ask(&stage, TESTHOST_TURN_HELLO);
        const char *host = strstr(r.url, "://");
        const size_t n = host != NULL ? (size_t)(host - r.url) + 3 + strcspn(host + 3, "/?#") : 0;
        AUTO_FREE char *origin = alloc_string_n(r.url, n);
        if (!has_request(&stage, &r)) {
            /* told */
        } else if (strchr(origin, '@') != NULL) {
            check_fail(c, "a URL without a user", "leave credentials to the host",
                       "the URL has a user or password in it");
        } else if (!manifest_has_capability(c->manifest, "net:", origin)) {
            check_fail(c, "an origin that a capability net:… of the manifest covers",
                       "add the origin to the capabilities in plugin.json",
                       "the request goes to %s", n > 0 ? origin : r.url);
        }
    }
    stage_close(&stage);
}

static bool is_credential_header(const char *line, size_t n)
{
    static const char *const names[] = {
        "authorization",  "proxy-authorization", "cookie", "x-api-key", "api-key",
        "x-goog-api-key", "x-amz-security-token"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const size_t length = strlen(names[i]);
        if (n > length && line[length] == ':' && strncasecmp(line, names[i], length) == 0) {
            return true;
        }
    }
    return false;
}

/* Whatever a plugin could find in the environment or in a file: none of it may leave. */
#define CANARY "sk-canary-2f8c1a9e7b"

static void plant(struct stage *stage)
{
    static const char *const names[] = {"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "API_KEY",
                                        "GEMINI_API_KEY", "TOKEN"};
    testhost_plant_secret(stage->t, CANARY);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        testhost_set_env(stage->t, names[i], CANARY);
        testhost_set_secret(stage->t, names[i], CANARY);
        (void)setenv(names[i], CANARY, 1);
    }
}

void check_request_credentials(struct check_case *c)
{
    struct stage stage;
    if (stage_open(&stage, c, NULL)) {
        plant(&stage);
        struct testhost_provider *p =
            testhost_provider_create(stage.t, c->component->name, stage.config);
        const struct testhost_result r =
            testhost_provider_run(p != NULL ? p : stage.p, TESTHOST_TURN_HELLO, &no_answer);
        const char *line = strchr(r.request, '\n');
        for (line = line != NULL ? line + 1 : ""; *line != '\0' && *line != '\n';) {
            const size_t n = strcspn(line, "\n");
            if (is_credential_header(line, n)) {
                check_fail(c, "no credentials: the host adds them to the origin they belong to",
                           "leave the header out, and say BEACON_AUTH_INSTANCE in the request",
                           "the request has a header %.*s", (int)strcspn(line, ":"), line);
            }
            line += n + (line[n] == '\n');
        }
        (void)stage_has_no_findings(&stage, "secret", NULL, "no credentials in anything it writes",
                                    "a planted key");
        testhost_provider_destroy(p);
    }
    stage_close(&stage);
}

/* ---- hard texts ---- */

static bool is_json(const struct testhost_result *r)
{
    return r->n_body > 0 && (r->body[0] == '{' || r->body[0] == '[');
}

static void check_body(struct stage *stage, const struct testhost_result *r, const char *tried)
{
    struct beacon_error err = {0};
    struct json_object *tree = NULL;
    if (r->n_requests == 0) {
        if (r->error[0] == '\0' || strcmp(r->error, "; ") == 0) {
            check_fail(stage->c, REFUSED, "fill the error", "%s: refused without words", tried);
        }
        return;
    }
    if (!beacon_utf8_is_valid(beacon_span(r->body, r->n_body))) {
        check_fail(stage->c, "a body in UTF-8", "use beacon_json_put_str(), which repairs text",
                   "%s: the body is not UTF-8", tried);
    } else if (is_json(r) && json_parse(r->body, r->n_body, "body", &tree, &err) != BEACON_OK) {
        check_fail(stage->c, "a body that is JSON", "use beacon-sdk/json_write.h", "%s: %s", tried,
                   err.message);
    }
    (void)json_object_put(tree);
}

void check_request_hard_text(struct check_case *c)
{
    static const char *const turns[] = {
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"text\":\"a\\u0000b\"}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"text\":\"a\xff\xc3(\xed\xa0\x80"
        "b\"}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"text\":"
        "\"\\u0001\\u001f\\u007f\\\"\\\\\"}]"
        "}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"text\":\"\"}]}",
        "{\"model\":\"m\",\"messages\":[]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"tool\",\"parts\":[{\"type\":\"tool_result\","
        "\"call_id\":\"c\xff\",\"text\":\"\xf0\x9f\"}]}]}",
    };
    static const char *const tried[] = {
        "a NUL in a text", "invalid UTF-8 in a text", "control characters",
        "an empty text",   "an empty conversation",   "invalid UTF-8 in a tool's result"};
    struct stage stage;
    if (stage_open(&stage, c, NULL)) {
        for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
            const struct testhost_result r = ask(&stage, turns[i]);
            (void)stage_has_no_findings(&stage, STAGE_RULES_HARD, NULL, REFUSED, tried[i]);
            check_body(&stage, &r, tried[i]);
        }
    }
    stage_close(&stage);
}

void check_request_huge(struct check_case *c)
{
    struct stage stage;
    if (stage_open(&stage, c, NULL)) {
        AUTO_TEXT struct text turn;
        text_init(&turn, REQUEST_MAX);
        (void)text_add_string(&turn,
                              "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"text\":\"");
        char *words = text_reserve(&turn, HUGE_BYTES);
        memset(words, 'w', HUGE_BYTES);
        text_commit(&turn, HUGE_BYTES);
        (void)text_add_string(&turn, "\"}]}");
        const struct testhost_result r = ask(&stage, text_string(&turn));
        (void)stage_has_no_findings(&stage, STAGE_RULES_HARD, NULL, REFUSED, "a message of 1 MiB");
        check_body(&stage, &r, "a message of 1 MiB");
        if (r.n_requests > 0 && r.n_body < HUGE_BYTES && is_json(&r)) {
            check_fail(c, "the whole message, or an error", "never cut what the person wrote",
                       "a message of 1 MiB makes a body of %zu bytes", r.n_body);
        }
    }
    stage_close(&stage);
}
