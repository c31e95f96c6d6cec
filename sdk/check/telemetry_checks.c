/* SPDX-License-Identifier: Apache-2.0 */
/* Group T: what an exporter does with batches, answers and deadlines. */
#include <beacon-sdk/testhost_telemetry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "check.h"
#include "checks.h"
#include "plugin/manifest.h"
#include "stage.h"

#define BATCH_MAX   ((size_t)16 << 20)
#define ENOUGH      "a code, a message and a hint"
#define FILL_ERRORS "fill the error with beacon_error_fill()"

#define RECORD_LOG                                                                                 \
    "{\"type\":\"log\",\"time_unix_ns\":1700000000000000000,\"severity\":9,\"name\":\"check\","    \
    "\"body\":\"hello\",\"attrs\":{\"text\":\"a \\u2713\",\"n\":-1,\"f\":1.5,\"ok\":true,"         \
    "\"list\":[1,2]}}"
#define RECORD_SPAN   "{\"type\":\"span\",\"time_unix_ns\":1,\"end_unix_ns\":2,\"name\":\"turn\"}"
#define RECORD_METRIC "{\"type\":\"metric\",\"name\":\"tokens\",\"value\":1.5,\"unit\":\"1\"}"

/* ---- the exporter on its stage ---- */

struct dock {
    struct stage stage;
    struct testhost_telemetry *e;
};

static bool dock_open(struct dock *dock, struct check_case *c,
                      const struct testhost_options *options)
{
    *dock = (struct dock){0};
    if (!stage_load(&dock->stage, c, options)) {
        return false;
    }
    dock->e = testhost_telemetry_create(dock->stage.t, c->component->name, dock->stage.config);
    if (dock->e == NULL) {
        check_skip(c, "create() fails, see C.creates");
        return false;
    }
    testhost_forget_findings(dock->stage.t);
    return true;
}

static void dock_close(struct dock *dock)
{
    testhost_telemetry_destroy(dock->e);
    stage_close(&dock->stage);
}

/* By whichever form the exporter has. */
static beacon_rc give(struct dock *dock, const char *batch, const char **ret_request)
{
    *ret_request = "";
    const beacon_rc rc = testhost_telemetry_encode(dock->e, batch, ret_request);
    return rc == BEACON_E_UNSUPPORTED ? testhost_telemetry_write(dock->e, batch) : rc;
}

static void try_batch(struct dock *dock, const char *batch, const char *tried, bool may_fail)
{
    const char *request = "";
    const beacon_rc rc = give(dock, batch, &request);
    const char *words = testhost_error(dock->stage.t);
    if (rc != BEACON_OK && !may_fail && rc != BEACON_E_LIMIT) {
        check_fail(dock->stage.c, "BEACON_OK, or LIMIT when a batch is too large",
                   "take every batch that the host may give", "%s: %d, %s", tried, (int)rc, words);
    } else if (rc != BEACON_OK && (words[0] == '\0' || words[0] == ';')) {
        check_fail(dock->stage.c, ENOUGH, FILL_ERRORS, "%s: %d without words", tried, (int)rc);
    }
    (void)stage_has_no_findings(&dock->stage, NULL, NULL, "a batch that is taken", tried);
}

void check_telemetry_batches(struct check_case *c)
{
    static const struct {
        const char *batch, *tried;
    } batches[] = {
        {"{\"seq\":1,\"records\":[]}", "a batch without records"},
        {"{\"seq\":2,\"records\":[" RECORD_LOG "]}", "a batch of one record"},
        {"{\"seq\":3,\"dropped_before\":7,\"resource\":{\"service.name\":\"check\"},\"records\":["
         "{\"type\":\"log\",\"name\":\"check\",\"body\":\"b\",\"repeat\":10000}]}",
         "a batch of 10000 records"},
    };
    struct dock dock;
    if (dock_open(&dock, c, NULL)) {
        for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
            try_batch(&dock, batches[i].batch, batches[i].tried, false);
        }
    }
    dock_close(&dock);
}

void check_telemetry_records(struct check_case *c)
{
    static const char *const batches[] = {
        "{\"records\":[" RECORD_LOG "," RECORD_SPAN "," RECORD_METRIC "]}",
        "{\"records\":[{\"type\":\"log\"}]}",
        "{\"records\":[{\"type\":\"log\",\"name\":\"\",\"body\":\"a\\u0000b\\u001f\\\"\\\\\"}]}",
        "{\"records\":[{\"type\":\"log\",\"body\":\"a\xff\xc3(\",\"attrs\":{\"k\xff\":\"v\xfe\"}}]"
        "}",
        "{\"records\":[{\"type\":\"metric\",\"name\":\"m\",\"value\":1e400}]}",
        "{\"records\":[{\"type\":\"span\",\"time_unix_ns\":9,\"end_unix_ns\":1,\"name\":\"back\"}]"
        "}",
        "{\"records\":[{\"type\":\"log\",\"attrs\":{\"json\":{\"a\":[{}]},\"empty\":\"\"}}]}",
        "{\"seq\":18446744073709551615,\"dropped_before\":18446744073709551615,\"records\":[]}",
    };
    struct dock dock;
    if (dock_open(&dock, c, NULL)) {
        for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
            char tried[64];
            (void)snprintf(tried, sizeof tried, "odd batch %zu", i + 1);
            try_batch(&dock, batches[i], tried, false);
        }
    }
    dock_close(&dock);
}

/* One attribute of 1 MiB. */
void check_telemetry_huge(struct check_case *c)
{
    struct dock dock;
    AUTO_TEXT struct text batch;
    text_init(&batch, BATCH_MAX);
    (void)text_add_string(&batch, "{\"records\":[{\"type\":\"log\",\"body\":\"");
    char *words = text_reserve(&batch, (size_t)1 << 20);
    memset(words, 'w', (size_t)1 << 20);
    text_commit(&batch, (size_t)1 << 20);
    (void)text_add_string(&batch, "\"}]}");
    if (dock_open(&dock, c, NULL)) {
        try_batch(&dock, text_string(&batch), "a record of 1 MiB", true);
        try_batch(&dock, "{\"records\":[" RECORD_LOG "]}", "the batch behind it", false);
    }
    dock_close(&dock);
}

/* ---- answers (form A) ---- */

struct answer_row {
    const char *body;
    int32_t status;
    uint32_t retry; /* 0, 1, or EITHER */
};
#define EITHER 2u

static void try_answer(struct dock *dock, const struct answer_row *row)
{
    struct beacon_export_result result;
    char tried[64];
    (void)snprintf(tried, sizeof tried, "an answer of status %d", (int)row->status);
    const beacon_rc rc = testhost_telemetry_reply(
        dock->e, row->status, "content-type: text/plain\nretry-after: 2\n", row->body, &result);
    if (rc == BEACON_OK && row->retry != EITHER && result.retry != row->retry) {
        check_fail(dock->stage.c,
                   row->retry == 1 ? "retry 1: later it may work"
                                   : "retry 0: the same batch fails again",
                   "set retry for 429 and 5xx only", "%s: retry is %u", tried, result.retry);
    }
    (void)stage_has_no_findings(&dock->stage, NULL, NULL, "a result, or an error", tried);
}

void check_telemetry_replies(struct check_case *c)
{
    static const struct answer_row rows[] = {
        {"", 200, 0},
        {"{}", 200, 0},
        {"{\"partialSuccess\":{\"rejectedLogRecords\":\"3\",\"errorMessage\":\"no\"}}", 200, 0},
        {"<html>\r\n</html>", 200, EITHER},
        {"\xff\xfe\x01", 200, EITHER},
        {"", 400, 0},
        {"", 429, 1},
        {"<html></html>", 502, 1},
        {"", 503, 1},
    };
    struct dock dock;
    if (dock_open(&dock, c, NULL)) {
        struct beacon_export_result result;
        if (testhost_telemetry_reply(dock.e, 200, NULL, "", &result) == BEACON_E_UNSUPPORTED) {
            check_skip(c, "the exporter writes by itself");
        } else {
            for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                try_answer(&dock, &rows[i]);
            }
        }
    }
    dock_close(&dock);
}

/* The same batch makes the same request: the host sends it again after a failure. */
void check_telemetry_repeats(struct check_case *c)
{
    static const char batch[] = "{\"seq\":4,\"records\":[" RECORD_LOG "," RECORD_SPAN "]}";
    struct dock dock;
    if (dock_open(&dock, c, NULL)) {
        const char *first = "", *second = "";
        (void)give(&dock, batch, &first);
        (void)give(&dock, batch, &second);
        if (first[0] == '\0') {
            check_skip(c, "the exporter writes by itself");
        } else if (strcmp(first, second) != 0) {
            check_fail(c, "byte by byte the same request",
                       "leave out times and counters of its own",
                       "encode() of one batch gives two requests");
        }
        testhost_forget_findings(dock.stage.t);
    }
    dock_close(&dock);
}

/* A host that is longer, with noise in what must be ignored: nothing is refused, nothing is read. */
void check_telemetry_long_structs(struct check_case *c)
{
    const struct testhost_options newer = {.flags = TESTHOST_NEWER_HOST | TESTHOST_NOISE};
    struct dock dock;
    if (dock_open(&dock, c, &newer)) {
        try_batch(&dock, "{\"records\":[" RECORD_LOG "," RECORD_SPAN "," RECORD_METRIC "]}",
                  "a batch of a newer host", false);
    }
    dock_close(&dock);
}

void check_telemetry_secret(struct check_case *c)
{
    struct dock dock;
    if (dock_open(&dock, c, NULL)) {
        testhost_plant_secret(dock.stage.t, "sk-canary-telemetry-4711");
        const char *request = "";
        (void)give(&dock,
                   "{\"records\":[{\"type\":\"log\",\"body\":\"sk-canary-telemetry-4711\"}]}",
                   &request);
        (void)stage_has_no_findings(&dock.stage, "secret", "!request gets",
                                    "what is exported in no other place", "a planted secret");
    }
    dock_close(&dock);
}
