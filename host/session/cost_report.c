/* SPDX-License-Identifier: Apache-2.0 */
#include "session/cost_report.h"

#include <beacon-sdk/json_scan.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/money.h"
#include "base/uuid.h"
#include "session/cost_record.h"
#include "session/journal.h"
#include "session/line_reader.h"
#include "session/rollout_line.h"

#define LINE_BYTES_MAX  (JOURNAL_RECORD_MAX + 4096u)
#define BYTES_PER_TOKEN 4 /* as agent/estimate.h has it */

/* A call of a tool whose answer has not come, or was not asked about yet. */
struct open_call {
    char *call_id;
    size_t tool; /* row */
};

struct reading {
    struct cost_report *report;
    struct cost_state state;
    struct open_call *calls;
    size_t n_calls;
    int64_t *unpriced; /* tokens by tool, since the last request */
    size_t n_unpriced;
    char *turn_id, *model; /* as told last; "" before */
};

/* ---- rows ---- */

static const struct event_usage nothing = {-1, -1, -1, -1, -1};

static size_t row_of(struct cost_rows *rows, const char *name)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (strcmp(rows->list[i].name, name) == 0) {
            return i;
        }
    }
    rows->list = alloc_grow(rows->list, rows->n + 1, sizeof *rows->list);
    rows->list[rows->n] = (struct cost_row){
        .name = alloc_string(name), .usage = nothing, .cost = {.pico_usd = MONEY_UNKNOWN}};
    return rows->n++;
}

static void add_tokens(int64_t *total, int64_t tokens)
{
    if (tokens >= 0) {
        *total = money_add(*total > 0 ? *total : 0, tokens);
    }
}

static void add_usage(struct event_usage *total, const struct event_usage *usage)
{
    add_tokens(&total->input, usage->input);
    add_tokens(&total->cached_input, usage->cached_input);
    add_tokens(&total->cache_write, usage->cache_write);
    add_tokens(&total->output, usage->output);
    add_tokens(&total->reasoning, usage->reasoning);
}

static void add_cost(struct event_cost *total, const struct event_cost *cost)
{
    total->is_estimated |= cost->is_estimated;
    total->is_partial |= cost->is_partial || cost->pico_usd < 0;
    add_tokens(&total->pico_usd, cost->pico_usd);
}

static void add_request(struct cost_row *row, const struct cost_record *record)
{
    add_usage(&row->usage, &record->usage);
    add_cost(&row->cost, &record->cost);
    row->n_requests++;
}

/* ---- tools ---- */

static void open_call(struct reading *reading, struct beacon_str item)
{
    AUTO_FREE char *call_id = rollout_string(item, "call_id");
    AUTO_FREE char *name = rollout_string(item, "name");
    if (call_id == NULL || name == NULL) {
        return;
    }
    reading->calls = alloc_grow(reading->calls, reading->n_calls + 1, sizeof *reading->calls);
    reading->calls[reading->n_calls++] =
        (struct open_call){take_pointer(call_id), row_of(&reading->report->tools, name)};
}

static void add_unpriced(struct reading *reading, size_t tool, int64_t tokens)
{
    while (reading->n_unpriced <= tool) {
        reading->unpriced =
            alloc_grow(reading->unpriced, reading->n_unpriced + 1, sizeof *reading->unpriced);
        reading->unpriced[reading->n_unpriced++] = 0;
    }
    reading->unpriced[tool] = money_add(reading->unpriced[tool], tokens);
}

/* Bytes as they stand in the record: escapes count too, which is close enough for a guess. */
static void close_call(struct reading *reading, struct beacon_str item)
{
    AUTO_FREE char *call_id = rollout_string(item, "call_id");
    struct beacon_str output;
    if (call_id == NULL || !beacon_json_member(item, "output", &output)) {
        return;
    }
    for (size_t i = reading->n_calls; i-- > 0;) {
        struct open_call *call = &reading->calls[i];
        if (strcmp(call->call_id, call_id) != 0) {
            continue;
        }
        struct cost_row *row = &reading->report->tools.list[call->tool];
        const int64_t bytes =
            (int64_t)(output.n > 2 && output.p[0] == '"' ? output.n - 2 : output.n);
        const int64_t tokens = (bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
        row->n_requests++;
        row->n_bytes = money_add(row->n_bytes, bytes);
        add_tokens(&row->usage.input, tokens);
        row->cost.is_estimated = true;
        add_unpriced(reading, call->tool, tokens);
        free(call->call_id);
        *call = reading->calls[--reading->n_calls];
        return;
    }
}

static void take_item(struct reading *reading, struct beacon_str item)
{
    struct beacon_str type;
    if (!beacon_json_member_string(item, "type", &type)) {
        return;
    }
    if (beacon_json_key_is(type, "function_call") || beacon_json_key_is(type, "custom_tool_call")) {
        open_call(reading, item);
    } else if (beacon_json_key_is(type, "function_call_output") ||
               beacon_json_key_is(type, "custom_tool_call_output")) {
        close_call(reading, item);
    }
}

/* The request that follows carries what the tools have answered. */
static void price_tools(struct reading *reading, int64_t input_price)
{
    for (size_t i = 0; i < reading->n_unpriced; i++) {
        const int64_t tokens = reading->unpriced[i];
        const struct event_cost cost = {
            .pico_usd = input_price >= 0 ? money_times(tokens, input_price) : MONEY_UNKNOWN,
            .is_estimated = true};
        if (tokens > 0) {
            add_cost(&reading->report->tools.list[i].cost, &cost);
        }
        reading->unpriced[i] = 0;
    }
}

/* ---- requests ---- */

static void take_string(char **at, struct beacon_str object, const char *key)
{
    char *value = rollout_string(object, key);
    if (value != NULL) {
        free(*at);
        *at = value;
    }
}

static int64_t count_of(struct beacon_str object, const char *key)
{
    struct beacon_str raw;
    struct beacon_json j;
    int64_t value = -1;
    if (!beacon_json_member(object, key, &raw)) {
        return -1;
    }
    beacon_json_init(&j, raw);
    return beacon_json_int64(&j, &value) && value >= 0 ? value : -1;
}

/* A record without a cost: what everybody writes of one request. */
static bool read_plain(struct reading *reading, struct beacon_str message, struct cost_record *ret)
{
    struct beacon_str info, last;
    if (!beacon_json_member(message, "info", &info) ||
        !beacon_json_member(info, "last_token_usage", &last)) {
        return false;
    }
    *ret = (struct cost_record){
        .turn_id = alloc_string(reading->turn_id),
        .model = alloc_string(reading->model),
        .broken_at = alloc_string(""),
        .usage = {.input = count_of(last, "input_tokens"),
                  .cached_input = count_of(last, "cached_input_tokens"),
                  .cache_write = count_of(last, "cache_write_input_tokens"),
                  .output = count_of(last, "output_tokens"),
                  .reasoning = count_of(last, "reasoning_output_tokens")},
        .cost = {.pico_usd = MONEY_UNKNOWN, .is_partial = true},
        .input_price = MONEY_UNKNOWN,
    };
    return true;
}

static void take_prefix(struct cost_report *report, const struct cost_record *record)
{
    report->n_compared += record->has_prefix ? 1 : 0;
    if (record->broken_at[0] == '\0') {
        return;
    }
    report->breaks = alloc_grow(report->breaks, report->n_breaks + 1, sizeof *report->breaks);
    report->breaks[report->n_breaks++] =
        (struct cost_break){.request = report->total.n_requests,
                            .block = alloc_string(record->broken_at),
                            .turn = alloc_string(record->turn_id)};
}

static void take_tokens(struct reading *reading, struct beacon_str message)
{
    struct cost_report *report = reading->report;
    struct cost_record record;
    if (!cost_record_read(message, &reading->state, &record) &&
        !read_plain(reading, message, &record)) {
        return;
    }
    add_request(&report->total, &record);
    const size_t turn = row_of(&report->turns, record.turn_id);
    const size_t model = row_of(&report->models, record.model);
    add_request(&report->turns.list[turn], &record);
    add_request(&report->models.list[model], &record);
    report->n_broken += record.is_broken ? 1 : 0;
    if (record.usage.cached_input >= 0) {
        add_tokens(&report->cache_known_input, record.usage.input);
    }
    take_prefix(report, &record);
    price_tools(reading, record.input_price);
    cost_record_finish(&record);
}

/* ---- lines ---- */

static void take_meta(struct reading *reading, struct beacon_str payload)
{
    AUTO_FREE char *id = rollout_string(payload, "id");
    if (reading->report->id == NULL && id != NULL && uuid_is_valid(id)) {
        reading->report->id = take_pointer(id);
    }
}

static void take_line(struct reading *reading, struct beacon_str text)
{
    struct rollout_line line;
    struct beacon_str message, type;
    if (!rollout_line_read(text, &line)) {
        return;
    }
    if (beacon_json_key_is(line.type, "session_meta")) {
        take_meta(reading, line.payload);
    } else if (beacon_json_key_is(line.type, "response_item")) {
        take_item(reading, line.payload);
    } else if (beacon_json_key_is(line.type, "turn_context")) {
        take_string(&reading->turn_id, line.payload, "turn_id");
        take_string(&reading->model, line.payload, "model");
    } else if (rollout_line_event(&line, &message, &type) &&
               beacon_json_key_is(type, "token_count")) {
        take_tokens(reading, message);
    }
}

static void finish(struct reading *reading)
{
    price_tools(reading, MONEY_UNKNOWN);
    for (size_t i = 0; i < reading->n_calls; i++) {
        free(reading->calls[i].call_id);
    }
    free(reading->calls);
    free(reading->unpriced);
    free(reading->turn_id);
    free(reading->model);
    cost_state_finish(&reading->state);
}

static int check(const struct line_reader *reader, const struct cost_report *report,
                 const char *path, struct beacon_error *err)
{
    if (reader->os_errno != 0) {
        return error_set_errno(err, BEACON_E_IO, reader->os_errno, "check the disk",
                               "cannot read the session: %s", strerror(reader->os_errno));
    }
    if (report->id == NULL) {
        return error_set(err, BEACON_E_INVALID, "name another session",
                         "%s is not the file of a session", path);
    }
    return BEACON_OK;
}

int cost_report_read(const char *path, struct cost_report *ret, struct beacon_error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return error_set_errno(err, errno == ENOENT ? BEACON_E_NOT_FOUND : BEACON_E_IO, errno,
                               "check the session's file", "cannot open session %s: %s", path,
                               strerror(errno));
    }
    struct cost_report report = {.total = {.usage = nothing, .cost = {.pico_usd = MONEY_UNKNOWN}}};
    struct reading reading = {
        .report = &report, .turn_id = alloc_string(""), .model = alloc_string("")};
    struct line_reader reader;
    struct beacon_str line;
    line_reader_init(&reader, fd, LINE_BYTES_MAX);
    while (line_reader_next(&reader, &line)) {
        take_line(&reading, line);
    }
    finish(&reading);
    int rc = check(&reader, &report, path, err);
    line_reader_finish(&reader);
    if (rc != BEACON_OK) {
        cost_report_finish(&report);
        return rc;
    }
    *ret = report;
    return BEACON_OK;
}

static void finish_rows(struct cost_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        free(rows->list[i].name);
    }
    free(rows->list);
}

void cost_report_finish(struct cost_report *report)
{
    finish_rows(&report->turns);
    finish_rows(&report->models);
    finish_rows(&report->tools);
    for (size_t i = 0; i < report->n_breaks; i++) {
        free(report->breaks[i].block);
        free(report->breaks[i].turn);
    }
    free(report->breaks);
    free(report->id);
    *report = (struct cost_report){0};
}

int64_t cost_report_hit_rate(const struct cost_report *report)
{
    const int64_t cached = report->total.usage.cached_input, all = report->cache_known_input;
    if (cached < 0 || all <= 0) {
        return -1;
    }
    return cached < all ? (int64_t)((double)cached * 1000.0 / (double)all) : 1000;
}
