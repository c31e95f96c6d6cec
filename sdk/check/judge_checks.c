/* SPDX-License-Identifier: Apache-2.0 */
/* Group P: answers that are failures, and answers that are nonsense. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "check.h"
#include "checks.h"
#include "stage.h"

#define TRIED_BYTES   120
#define GARBAGE_TURNS 400
#define GARBAGE_BYTES 300
#define MUTATIONS     200

#define FATAL    (1u << BEACON_VERDICT_FATAL)
#define RETRY    (1u << BEACON_VERDICT_RETRY)
#define REAUTH   (1u << BEACON_VERDICT_REAUTH)
#define TOO_LONG (1u << BEACON_VERDICT_TOO_LONG)
#define FALLBACK (1u << BEACON_VERDICT_FALLBACK)

/* ---- the table of failures ---- */

static const struct judge_row {
    int32_t status; /* 0: no connection, or one that failed in TLS or by a timeout */
    uint32_t allowed;
    const char *expected, *remedy;
} rows[] = {
    {0, RETRY | FALLBACK, "RETRY: nothing arrived", "judge an exchange without a status as RETRY"},
    {400, FATAL | TOO_LONG | FALLBACK, "FATAL (or TOO_LONG): the same request fails again",
     "judge 400 as FATAL unless the body says that the context is too long"},
    {401, REAUTH, "REAUTH: the host renews the credentials and tries once more",
     "judge 401 as REAUTH"},
    {403, FATAL | REAUTH | FALLBACK, "FATAL or REAUTH", "never judge 403 as RETRY"},
    {404, FATAL | FALLBACK, "FATAL: there is no such model or path", "judge 404 as FATAL"},
    {408, FATAL | RETRY | FALLBACK, "RETRY or FATAL", "judge 408 as RETRY"},
    {409, FATAL | RETRY | FALLBACK, "RETRY or FATAL", "judge 409 as RETRY"},
    {413, TOO_LONG, "TOO_LONG: the host compacts the history", "judge 413 as TOO_LONG"},
    {429, RETRY | FALLBACK, "RETRY, later",
     "judge 429 as RETRY unless the body says that a quota is used up"},
    {500, RETRY | FALLBACK, "RETRY", "judge 500 to 599 as RETRY"},
    {502, RETRY | FALLBACK, "RETRY", "judge 500 to 599 as RETRY"},
    {503, RETRY | FALLBACK, "RETRY", "judge 500 to 599 as RETRY"},
    {529, RETRY | FALLBACK, "RETRY", "judge 500 to 599 as RETRY"},
};

static const char *verdict_name(uint32_t verdict)
{
    static const char *const names[] = {"FATAL", "RETRY", "REAUTH", "TOO_LONG", "FALLBACK"};
    return verdict < sizeof names / sizeof names[0] ? names[verdict] : "one nobody knows";
}

static void judge(struct stage *stage, const struct judge_row *row, const char *kind,
                  const char *body)
{
    char tried[TRIED_BYTES];
    const struct testhost_answer answer = {
        .status = row->status,
        .headers = "content-type: text/html\nretry-after: 2\n",
        .body = body,
        .how = BEACON_END_OK,
        .flags = row->status == 0 ? TESTHOST_ANSWER_NONE : 0,
    };
    const struct testhost_script script = {.answers = &answer, .n_answers = 1};
    const struct testhost_result r = testhost_provider_run(stage->p, TESTHOST_TURN_HELLO, &script);
    (void)snprintf(tried, sizeof tried, row->status == 0 ? "no answer" : "status %d with %s",
                   (int)row->status, kind);
    (void)stage_has_no_findings(stage, NULL, NULL, row->expected, tried);
    if (r.rc == BEACON_OK) {
        check_fail(stage->c, "an error from on_end()", "return BEACON_E_PROTOCOL on HTTP_ERROR",
                   "%s: the turn ends well", tried);
    } else if (!r.has_verdict || (row->allowed & (1u << r.verdict)) == 0) {
        check_fail(stage->c, row->expected, row->remedy, "%s: the verdict is %s", tried,
                   verdict_name(r.verdict));
    } else if (r.code >= 0) {
        check_fail(stage->c, "a code of error.h", "set the verdict's code", "%s: the code is %d",
                   tried, (int)r.code);
    } else if (r.message[0] == '\0' && row->status != 0) {
        check_fail(stage->c, "words for the person", "set the verdict's message",
                   "%s: the verdict has no message", tried);
    }
}

void check_judge_table(struct check_case *c)
{
    static const struct {
        const char *kind, *body;
    } bodies[] = {
        {"an empty body", ""},
        {"an HTML body", "<html><head><title>Oops</title></head><body>\n\nnginx\r\n</body></html>"},
        {"a JSON body", "{\"error\":{\"message\":\"no\",\"type\":\"unknown\",\"code\":null}}"},
        {"a body that is not UTF-8", "{\"error\":{\"message\":\"\xff\xfe\"}}"},
    };
    struct stage stage;
    if (stage_open(&stage, c, NULL)) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            for (size_t k = 0; k < sizeof bodies / sizeof bodies[0]; k++) {
                judge(&stage, &rows[i], bodies[k].kind, bodies[k].body);
            }
        }
    }
    stage_close(&stage);
}

/* ---- nonsense ---- */

/* SplitMix64: the same seed gives the same nonsense everywhere. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Pieces of what servers write, and bytes they never write. */
static size_t write_nonsense(uint64_t *state, char *to, size_t n)
{
    static const char *const pieces[] = {
        "data: ",
        "\n\n",
        "{",
        "}",
        "[",
        "]",
        "\"",
        ":",
        ",",
        "null",
        "true",
        "-1",
        "1e999",
        "\"type\"",
        "\"text\"",
        "\"delta\"",
        "\\ud800",
        "\xff",
        "event: x\n",
        "9223372036854775808",
        "\\",
        "data: {}\n\n",
        "data: [DONE]\n\n",
        "\xe2\x82",
        "{\"a\":{\"a\":{\"a\":",
    };
    size_t used = 0;
    while (used + 24 < n && next_random(state) % 40 != 0) {
        const char *piece = pieces[next_random(state) % (sizeof pieces / sizeof pieces[0])];
        memcpy(to + used, piece, strlen(piece));
        used += strlen(piece);
    }
    to[used] = '\0';
    return used;
}

static bool give(struct stage *stage, const char *turn, const char *body, size_t n,
                 const char *tried)
{
    const struct testhost_answer answer = {
        .status = 200, .headers = "content-type: text/event-stream\n", .body = body, .n_body = n};
    const struct testhost_script script = {.answers = &answer, .n_answers = 1};
    (void)testhost_provider_run(stage->p, turn, &script);
    return stage_has_no_findings(stage, STAGE_RULES_HARD, NULL,
                                 "an error, or nothing: servers and proxies send anything", tried);
}

static bool give_nonsense(struct stage *stage, uint64_t *state)
{
    char body[GARBAGE_BYTES];
    for (int i = 0; i < GARBAGE_TURNS; i++) {
        const size_t n = write_nonsense(state, body, sizeof body);
        if (!give(stage, TESTHOST_TURN_HELLO, body, n, "an answer of random words")) {
            return false;
        }
    }
    return true;
}

/* A recorded answer with a few bytes changed, or a part of it twice. */
static bool give_mutated(struct stage *stage, size_t i, uint64_t *state)
{
    const struct testhost_script whole = testhost_transcript_script(stage->transcripts[i]);
    const char *body = whole.answers[0].body;
    const size_t n = body != NULL ? strlen(body) : 0;
    for (int k = 0; n > 0 && k < MUTATIONS; k++) {
        AUTO_FREE char *copy = alloc_string_n(body, n);
        for (uint64_t left = 1 + next_random(state) % 4; left > 0; left--) {
            copy[next_random(state) % n] = (char)next_random(state);
        }
        if (!give(stage, testhost_transcript_turn(stage->transcripts[i]), copy, n,
                  stage->names[i])) {
            return false;
        }
    }
    return true;
}

void check_judge_garbage(struct check_case *c)
{
    struct stage stage;
    uint64_t state = c->request->seed;
    const struct testhost_options options = {.flags = TESTHOST_ONE_THREAD};
    if (stage_open(&stage, c, &options)) {
        bool is_good = give(&stage, TESTHOST_TURN_HELLO, "", 0, "an answer without a body") &&
                       give(&stage, TESTHOST_TURN_HELLO, "data:\n\n", 7, "an empty event") &&
                       give_nonsense(&stage, &state);
        for (size_t i = 0; is_good && i < stage.n_transcripts; i++) {
            is_good = give_mutated(&stage, i, &state);
        }
    }
    stage_close(&stage);
}

/* ---- the catalogue ---- */

void check_judge_models(struct check_case *c)
{
    static const struct testhost_script no_answer;
    struct stage stage;
    if (stage_open(&stage, c, NULL)) {
        (void)testhost_provider_models(stage.p);
        (void)stage_has_no_findings(&stage, NULL, NULL, "models with an id, given during the call",
                                    "the built-in catalogue");
        const struct testhost_result r = testhost_provider_run(stage.p, NULL, &no_answer);
        (void)stage_has_no_findings(&stage, NULL, NULL, "a request for the models, or UNSUPPORTED",
                                    "open() without a turn");
        if (r.n_requests == 0 && r.rc != BEACON_E_UNSUPPORTED && r.rc != BEACON_OK) {
            check_fail(c, "a request for the list of models, or BEACON_E_UNSUPPORTED",
                       "return BEACON_E_UNSUPPORTED when turn is NULL",
                       "open() without a turn returns %d: %s", (int)r.rc, r.error);
        }
    }
    stage_close(&stage);
}
