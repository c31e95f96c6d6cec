/* SPDX-License-Identifier: Apache-2.0
 * Recorded turns: parsing the file that testhost_provider.h shows, and playing it. */
#include <beacon-sdk/testhost_provider.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

#define EXCHANGES_MAX 32

/* Texts point into `text`, which has a NUL where each of them ends. */
struct testhost_transcript {
    char *text;
    const char *config, *turn, *events;  /* events NULL: not to be compared */
    const char *requests[EXCHANGES_MAX]; /* NULL: not to be compared */
    struct testhost_answer answers[EXCHANGES_MAX];
    size_t n;
};

/* What is left to read, line by line. */
struct reader {
    struct testhost *t;
    char *p;
    unsigned line;
    const char *complaint;
};

static char *take_line(struct reader *r)
{
    if (*r->p == '\0') {
        return NULL;
    }
    char *line = r->p, *stop = strchr(line, '\n');
    r->line++;
    r->p = stop != NULL ? stop + 1 : line + strlen(line);
    if (stop != NULL) {
        *stop = '\0';
    }
    return line;
}

static bool at_section(const struct reader *r, const char *name)
{
    return strncmp(r->p, "--- ", 4) == 0 && strncmp(r->p + 4, name, strlen(name)) == 0;
}

/* Everything up to the next section; ended with a NUL by the caller, once that has been looked at. */
static char *skip_to_section(struct reader *r)
{
    char *start = r->p;
    while (*r->p != '\0' && !at_section(r, "")) {
        const char *stop = strchr(r->p, '\n');
        r->p = stop != NULL ? r->p + (stop + 1 - r->p) : r->p + strlen(r->p);
        r->line++;
    }
    return start;
}

/* A copy, because the NUL would stand on the dashes of the next section. */
static const char *take_text(struct reader *r)
{
    const char *start = skip_to_section(r);
    return testhost_keep(r->t, testhost_copy(beacon_span(start, (size_t)(r->p - start))));
}

static void read_head(struct reader *r, struct testhost_transcript *tr)
{
    while (*r->p != '\0' && !at_section(r, "")) {
        char *line = take_line(r);
        if (strncmp(line, "config ", 7) == 0) {
            tr->config = line + 7;
        } else if (strncmp(line, "turn ", 5) == 0) {
            tr->turn = line + 5;
        } else if (line[0] != '#' && line[0] != '\0') {
            r->complaint = "a line before the first section is config, turn or a # comment";
            return;
        }
    }
}

static const char *take_headers(struct reader *r)
{
    struct buffer headers = {0};
    while (*r->p != '\0' && *r->p != '\n' && !at_section(r, "")) {
        buffer_add(&headers, "%s\n", take_line(r));
    }
    if (*r->p == '\n') {
        (void)take_line(r);
    }
    return testhost_keep_buffer(r->t, &headers);
}

/* "--- response 200" … "--- end ok" */
static void read_response(struct reader *r, struct testhost_answer *answer)
{
    if (!at_section(r, "response ")) {
        r->complaint = "here must be `--- response` and a status";
        return;
    }
    answer->status = (int32_t)strtol(take_line(r) + strlen("--- response "), NULL, 10);
    if (answer->status < 100 || answer->status > 599) {
        r->complaint = "the status of a response is 100 to 599";
        return;
    }
    answer->headers = take_headers(r);
    answer->body = take_text(r);
    answer->n_body = strlen(answer->body);
    if (at_section(r, "end ok")) {
        answer->how = BEACON_END_OK;
    } else if (at_section(r, "end truncated")) {
        answer->how = BEACON_END_TRUNCATED;
    } else {
        r->complaint = "a response ends with `--- end ok` or `--- end truncated`";
        return;
    }
    (void)take_line(r);
    (void)skip_to_section(r);
}

static void read_exchanges(struct reader *r, struct testhost_transcript *tr)
{
    while (r->complaint == NULL && (at_section(r, "request") || at_section(r, "response"))) {
        if (tr->n == EXCHANGES_MAX) {
            r->complaint = "a transcript has at most 32 exchanges";
            return;
        }
        if (at_section(r, "request")) {
            (void)take_line(r);
            tr->requests[tr->n] = take_text(r);
        }
        read_response(r, &tr->answers[tr->n]);
        tr->n++;
    }
}

struct testhost_transcript *testhost_transcript_parse(struct testhost *t, const char *text)
{
    struct testhost_transcript *tr = testhost_alloc(sizeof *tr);
    tr->text = testhost_copy(beacon_text(text));
    tr->config = "{}";
    tr->turn = TESTHOST_TURN_HELLO;
    struct reader r = {t, tr->text, 0, NULL};
    read_head(&r, tr);
    read_exchanges(&r, tr);
    if (r.complaint == NULL && at_section(&r, "events")) {
        (void)take_line(&r);
        tr->events = take_text(&r);
    }
    if (r.complaint == NULL && (*r.p != '\0' || tr->n == 0)) {
        r.complaint =
            tr->n == 0 ? "there is no `--- response`" : "no such section is expected here";
    }
    if (r.complaint != NULL) {
        testhost_find(t, "value", "transcript line %u: %s", r.line + 1, r.complaint);
        testhost_transcript_free(tr);
        return NULL;
    }
    return tr;
}

static char *read_all(FILE *file)
{
    struct buffer all = {0};
    char piece[4096];
    for (size_t n; (n = fread(piece, 1, sizeof piece, file)) > 0;) {
        buffer_bytes(&all, piece, n);
    }
    if (ferror(file) != 0) {
        buffer_free(&all);
        return NULL;
    }
    return all.p != NULL ? all.p : testhost_alloc(1);
}

struct testhost_transcript *testhost_transcript_read(struct testhost *t, const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = file != NULL ? read_all(file) : NULL;
    if (file == NULL || text == NULL) {
        testhost_find(t, "value", "%s: %s", path, strerror(errno));
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    struct testhost_transcript *tr = text != NULL ? testhost_transcript_parse(t, text) : NULL;
    free(text);
    return tr;
}

void testhost_transcript_free(struct testhost_transcript *transcript)
{
    if (transcript != NULL) {
        free(transcript->text);
        free(transcript);
    }
}

const char *testhost_transcript_config(const struct testhost_transcript *transcript)
{
    return transcript->config;
}

const char *testhost_transcript_turn(const struct testhost_transcript *transcript)
{
    return transcript->turn;
}

struct testhost_script testhost_transcript_script(const struct testhost_transcript *transcript)
{
    const struct testhost_script script = {.answers = transcript->answers,
                                           .n_answers = transcript->n};
    return script;
}

/* ---- playing ---- */

static void compare(struct testhost *t, const char *what, const char *got, const char *wanted)
{
    size_t line = 1, at = 0;
    while (got[at] != '\0' && got[at] == wanted[at]) {
        line += got[at] == '\n' ? 1 : 0;
        at++;
    }
    if (got[at] == wanted[at]) {
        return;
    }
    while (at > 0 && got[at - 1] != '\n') {
        at--;
    }
    testhost_find(t, "value", "%s, line %zu is \"%.*s\" and was recorded as \"%.*s\"", what, line,
                  (int)strcspn(got + at, "\n"), got + at, (int)strcspn(wanted + at, "\n"),
                  wanted + at);
}

static bool has_line(const char *text, const char *line, size_t n)
{
    while (*text != '\0' && *text != '\n') { /* up to the empty line before the body */
        if (strncmp(text, line, n) == 0 && text[n] == '\n') {
            return true;
        }
        const char *stop = strchr(text, '\n');
        text = stop != NULL ? stop + 1 : text + strlen(text);
    }
    return false;
}

/* Each recorded line of the head must be there; the body is compared when one was recorded. */
static void compare_request(struct testhost *t, const char *got, const char *wanted)
{
    while (*wanted != '\0' && *wanted != '\n') {
        const size_t n = strcspn(wanted, "\n");
        if (!has_line(got, wanted, n)) {
            testhost_find(t, "value", "the request has no line \"%.*s\"", (int)n, wanted);
        }
        wanted += n + (wanted[n] == '\n' ? 1 : 0);
    }
    const char *body = strstr(got, "\n\n");
    size_t n = strlen(wanted);
    while (n > 0 && wanted[n - 1] == '\n') {
        n--;
    }
    if (n > 1 && body != NULL) {
        char *recorded = testhost_copy(beacon_span(wanted + 1, n - 1));
        compare(t, "the body of the request", body + 2, recorded);
        free(recorded);
    }
}

struct testhost_result testhost_replay(struct testhost *t,
                                       const struct testhost_transcript *transcript,
                                       const struct testhost_script *script)
{
    struct testhost_script played = testhost_transcript_script(transcript);
    if (script != NULL) {
        played = *script;
        played.answers = transcript->answers;
        played.n_answers = transcript->n;
    }
    struct testhost_provider *p = testhost_provider_create(t, NULL, transcript->config);
    struct testhost_result result = {.rc = BEACON_E_INVALID,
                                     .slot = "create",
                                     .error = "",
                                     .events = "",
                                     .request = "",
                                     .url = "",
                                     .body = "",
                                     .message = ""};
    if (p == NULL) {
        return result;
    }
    result = testhost_provider_run(p, transcript->turn, &played);
    const bool is_whole = script == NULL;
    if (is_whole && transcript->events != NULL) {
        compare(t, "the events", result.events, transcript->events);
    }
    const size_t last = result.n_requests - 1;
    if (is_whole && last < transcript->n && transcript->requests[last] != NULL) {
        compare_request(t, result.request, transcript->requests[last]);
    }
    testhost_provider_destroy(p);
    return result;
}
