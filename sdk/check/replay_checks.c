/* SPDX-License-Identifier: Apache-2.0 */
/* Group P: recorded answers, whole and disturbed at every place. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "check.h"
#include "checks.h"
#include "stage.h"

#define TRIED_BYTES     200
#define SMALL_BODY      2000 /* bytes of an answer that is cut at every size */
#define GRAMMAR         "events in the order of the grammar in provider.h, as they were recorded"
#define NOT_ABOUT_USAGE "!USAGE with"
#define ABOUT_USAGE     "USAGE with"

static struct testhost_result play(struct stage *stage, size_t i,
                                   const struct testhost_script *script)
{
    return testhost_replay(stage->t, stage->transcripts[i], script);
}

/* How it goes undisturbed; what is wrong with that is another check's. */
static struct testhost_result play_whole(struct stage *stage, size_t i)
{
    const struct testhost_result r = play(stage, i, NULL);
    testhost_forget_findings(stage->t);
    return r;
}

void check_replay_events(struct check_case *c)
{
    struct stage stage;
    for (size_t i = stage_open_recorded(&stage, c, NULL) ? 0 : stage.n_transcripts;
         i < stage.n_transcripts; i++) {
        const struct testhost_result r = play(&stage, i, NULL);
        if (strcmp(r.slot, "create") == 0) {
            check_fail(c, "a transcript whose `config` line makes an instance",
                       "correct the config line of the transcript", "%s: create() fails",
                       stage.names[i]);
        }
        (void)stage_has_no_findings(&stage, NULL, NOT_ABOUT_USAGE, GRAMMAR, stage.names[i]);
    }
    stage_close(&stage);
}

/* A prompt is never empty, so a count of 0 means that it was not known. */
static void check_counts(struct check_case *c, const char *name, const char *events)
{
    for (const char *line = events; *line != '\0';) {
        const size_t n = strcspn(line, "\n");
        if (strncmp(line, "USAGE in=0 ", 11) == 0) {
            check_fail(c, "-1 for a count that the server did not give",
                       "begin with beacon_usage_unknown()", "%s: \"%.*s\"", name, (int)n, line);
        }
        line += n + (line[n] == '\n');
    }
}

void check_replay_usage(struct check_case *c)
{
    struct stage stage;
    bool has_usage = false;
    for (size_t i = stage_open_recorded(&stage, c, NULL) ? 0 : stage.n_transcripts;
         i < stage.n_transcripts; i++) {
        const struct testhost_result r = play(&stage, i, NULL);
        has_usage = has_usage || strstr(r.events, "USAGE ") != NULL;
        check_counts(c, stage.names[i], r.events);
        (void)stage_has_no_findings(&stage, "grammar", ABOUT_USAGE,
                                    "counts that fit each other and the flags", stage.names[i]);
    }
    if (stage.n_transcripts > 0 && !has_usage) {
        check_skip(c, "no transcript has a usage");
    }
    stage_close(&stage);
}

/* ---- cut into pieces ---- */

static bool play_in_chunks(struct stage *stage, size_t i, size_t chunk,
                           const struct testhost_result *whole, size_t *ret_frames)
{
    char tried[TRIED_BYTES];
    const struct testhost_script script = {.chunk = chunk};
    const struct testhost_result r = play(stage, i, &script);
    *ret_frames = r.n_frames;
    (void)snprintf(tried, sizeof tried, "%s in pieces of %zu bytes", stage->names[i], chunk);
    bool is_good = stage_has_no_findings(stage, STAGE_RULES_HARD, NULL, GRAMMAR, tried);
    if (is_good && (strcmp(r.events, whole->events) != 0 || r.rc != whole->rc)) {
        check_fail(stage->c, "the events of the whole answer",
                   "keep what is not a whole message yet until more arrives",
                   "%s gives other events", tried);
        is_good = false;
    }
    return is_good;
}

/* Framing by the host gives whole messages, whatever the pieces; then two sizes show it. */
void check_replay_chunks(struct check_case *c)
{
    struct stage stage;
    for (size_t i = stage_open_recorded(&stage, c, NULL) ? 0 : stage.n_transcripts;
         i < stage.n_transcripts; i++) {
        const struct testhost_result whole = play_whole(&stage, i);
        size_t frames = 0;
        bool is_good = play_in_chunks(&stage, i, 1, &whole, &frames);
        const size_t most =
            frames > whole.n_frames ? (frames < SMALL_BODY ? frames : SMALL_BODY) : 2;
        for (size_t chunk = 2; is_good && chunk <= most; chunk++) {
            is_good = play_in_chunks(&stage, i, chunk, &whole, &frames);
        }
    }
    stage_close(&stage);
}

/* ---- cut short ---- */

static bool play_cut(struct stage *stage, size_t i, size_t frames,
                     const struct testhost_result *whole)
{
    char tried[TRIED_BYTES];
    const struct testhost_script script = {.is_cut = true, .frames = frames};
    const struct testhost_result r = play(stage, i, &script);
    (void)snprintf(tried, sizeof tried, "%s cut after frame %zu", stage->names[i], frames);
    if (!stage_has_no_findings(stage, STAGE_RULES_HARD, NULL, GRAMMAR, tried)) {
        return false;
    }
    if (!r.is_finished && r.rc == BEACON_OK) {
        check_fail(stage->c, "BEACON_E_PROTOCOL from on_end()",
                   "return an error from on_end() unless FINISH was emitted",
                   "%s: on_end() takes it for a good end", tried);
        return false;
    }
    if (!r.is_finished && whole->rc == BEACON_OK && r.has_verdict &&
        r.verdict != BEACON_VERDICT_RETRY && r.verdict != BEACON_VERDICT_FALLBACK) {
        check_fail(stage->c, "RETRY: nothing but the connection failed",
                   "judge an answer that was cut short as RETRY", "%s: the verdict is %u", tried,
                   r.verdict);
        return false;
    }
    return true;
}

void check_replay_truncated(struct check_case *c)
{
    struct stage stage;
    for (size_t i = stage_open_recorded(&stage, c, NULL) ? 0 : stage.n_transcripts;
         i < stage.n_transcripts; i++) {
        const struct testhost_result whole = play_whole(&stage, i);
        bool is_good = true;
        for (size_t frames = 0; is_good && frames <= whole.n_frames; frames++) {
            is_good = play_cut(&stage, i, frames, &whole);
        }
    }
    stage_close(&stage);
}

void check_replay_cancel(struct check_case *c)
{
    struct stage stage;
    for (size_t i = stage_open_recorded(&stage, c, NULL) ? 0 : stage.n_transcripts;
         i < stage.n_transcripts; i++) {
        const struct testhost_result whole = play_whole(&stage, i);
        bool is_good = true;
        for (size_t calls = 1; is_good && calls <= whole.n_calls; calls++) {
            char tried[TRIED_BYTES];
            const struct testhost_script script = {.cancel_after = calls};
            (void)play(&stage, i, &script);
            (void)snprintf(tried, sizeof tried, "%s closed after call %zu", stage.names[i], calls);
            is_good = stage_has_no_findings(&stage, STAGE_RULES_HARD, NULL,
                                            "close() is right after any call", tried);
        }
    }
    stage_close(&stage);
}

static bool play_refused(struct stage *stage, size_t i, size_t events)
{
    char tried[TRIED_BYTES];
    const struct testhost_script script = {.is_refusing = true, .events = events};
    const struct testhost_result r = play(stage, i, &script);
    (void)snprintf(tried, sizeof tried, "%s, whose events are refused after %zu", stage->names[i],
                   events);
    if (!stage_has_no_findings(stage, "grammar", "the host said stop",
                               "nothing more once emit() returned an error", tried) ||
        !stage_has_no_findings(stage, STAGE_RULES_HARD, NULL, GRAMMAR, tried)) {
        return false;
    }
    if (r.rc != BEACON_E_CANCELLED) {
        check_fail(stage->c, "the slot returns what emit() returned",
                   "look at the result of every emit(), and return it when it is below 0",
                   "%s: the slot returns %d instead of %d", tried, (int)r.rc, BEACON_E_CANCELLED);
        return false;
    }
    return true;
}

void check_replay_refused(struct check_case *c)
{
    struct stage stage;
    for (size_t i = stage_open_recorded(&stage, c, NULL) ? 0 : stage.n_transcripts;
         i < stage.n_transcripts; i++) {
        const struct testhost_result whole = play_whole(&stage, i);
        bool is_good = true;
        for (size_t events = 0; is_good && events < whole.n_events; events++) {
            is_good = play_refused(&stage, i, events);
        }
    }
    stage_close(&stage);
}
