/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session_cost.h"

#include <beacon-sdk/json_write.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "base/text.h"
#include "cli/spent.h"
#include "session/cost_report.h"

#define NUMBER_BYTES 32

/* ---- for people ---- */

/* 1234567 as "1,234,567"; what is not known as "?". */
static const char *grouped(int64_t number, char out[NUMBER_BYTES])
{
    char digits[NUMBER_BYTES];
    int n = snprintf(digits, sizeof digits, "%" PRId64, number);
    int at = 0;
    for (int i = 0; i < n; i++) {
        out[at++] = digits[i];
        if ((n - 1 - i) % 3 == 0 && i < n - 1) {
            out[at++] = ',';
        }
    }
    out[at] = '\0';
    return number >= 0 ? out : "?";
}

static void add_request_row(struct text *out, const char *name, const struct cost_row *row)
{
    char input[NUMBER_BYTES], cached[NUMBER_BYTES], output[NUMBER_BYTES];
    (void)text_addf(out, "%-38s %8" PRId64 " %12s %12s %12s%s  ", name, row->n_requests,
                    grouped(row->usage.input, input), grouped(row->usage.cached_input, cached),
                    grouped(row->usage.output, output), row->cost.is_estimated ? "~" : " ");
    spent_add_cost(out, &row->cost);
    (void)text_add_char(out, '\n');
}

static void add_request_rows(struct text *out, const char *title, const struct cost_rows *rows)
{
    (void)text_addf(out, "\n%-38s %8s %12s %12s %12s   %s\n", title, "requests", "input", "cached",
                    "output", "cost");
    for (size_t i = 0; i < rows->n; i++) {
        const char *name = rows->list[i].name;
        add_request_row(out, name[0] != '\0' ? name : "?", &rows->list[i]);
    }
}

static void add_tool_rows(struct text *out, const struct cost_rows *rows)
{
    if (rows->n == 0) {
        return;
    }
    (void)text_addf(out, "\n%-38s %8s %12s %12s %12s   %s\n", "tool", "calls", "bytes", "tokens",
                    "", "cost");
    for (size_t i = 0; i < rows->n; i++) {
        const struct cost_row *row = &rows->list[i];
        char bytes[NUMBER_BYTES], tokens[NUMBER_BYTES];
        (void)text_addf(out, "%-38s %8" PRId64 " %12s %12s~ %12s  ", row->name, row->n_requests,
                        grouped(row->n_bytes, bytes),
                        grouped(row->usage.input > 0 ? row->usage.input : 0, tokens), "");
        spent_add_cost(out, &row->cost);
        (void)text_add_char(out, '\n');
    }
}

/* Tenths of a percent; less than all is never shown as all. */
static int64_t permille(int64_t part, int64_t whole)
{
    return whole > 0 ? (int64_t)((double)part * 1000.0 / (double)whole) : 1000;
}

static int64_t held(const struct cost_report *report)
{
    return report->n_compared - (int64_t)report->n_breaks;
}

static void add_cache(struct text *out, const struct cost_report *report)
{
    const int64_t rate = cost_report_hit_rate(report);
    if (rate < 0) {
        (void)text_add_string(out, "\ncache   not told by the provider\n");
    } else {
        (void)text_addf(out, "\ncache   %" PRId64 ".%" PRId64 " %% of the input came from it\n",
                        rate / 10, rate % 10);
    }
    if (report->n_compared == 0) {
        return;
    }
    const int64_t stable = permille(held(report), report->n_compared);
    (void)text_addf(out,
                    "prefix  %" PRId64 ".%" PRId64 " %% of %" PRId64
                    " requests began with the one before\n",
                    stable / 10, stable % 10, report->n_compared);
    for (size_t i = 0; i < report->n_breaks; i++) {
        (void)text_addf(out, "        request %" PRId64 " did not: %s changed first\n",
                        report->breaks[i].request, report->breaks[i].block);
    }
}

bool session_cost_text(const struct cost_report *report, struct text *out)
{
    (void)text_addf(out, "session %s\n", report->id);
    add_request_rows(out, "turn", &report->turns);
    add_request_row(out, "all", &report->total);
    add_request_rows(out, "model", &report->models);
    add_tool_rows(out, &report->tools);
    add_cache(out, report);
    if (report->n_broken > 0) {
        (void)text_addf(out, "broken  %" PRId64 " answers broke off, and are counted\n",
                        report->n_broken);
    }
    if (report->total.cost.is_estimated || report->tools.n > 0) {
        (void)text_add_string(out, "~ and (estimated): counted by this program at four bytes a "
                                   "token, not by the provider\n");
    }
    return out->len < out->max_bytes;
}

/* ---- for programs ---- */

static void put_number(struct beacon_json_out *out, const char *key, int64_t number)
{
    beacon_json_key(out, key);
    if (number >= 0) {
        beacon_json_put_int(out, number);
    } else {
        beacon_json_put_null(out);
    }
}

static void put_cost(struct beacon_json_out *out, const struct event_cost *cost)
{
    spent_put_usd(out, "usd", cost->pico_usd);
    beacon_json_key(out, "estimated");
    beacon_json_put_bool(out, cost->is_estimated);
    beacon_json_key(out, "partial");
    beacon_json_put_bool(out, cost->is_partial);
}

static void put_request_row(struct beacon_json_out *out, const struct cost_row *row)
{
    put_number(out, "requests", row->n_requests);
    put_number(out, "input_tokens", row->usage.input);
    put_number(out, "cached_input_tokens", row->usage.cached_input);
    put_number(out, "cache_write_input_tokens", row->usage.cache_write);
    put_number(out, "output_tokens", row->usage.output);
    put_number(out, "reasoning_output_tokens", row->usage.reasoning);
    put_cost(out, &row->cost);
}

static void put_tool_row(struct beacon_json_out *out, const struct cost_row *row)
{
    put_number(out, "calls", row->n_requests);
    put_number(out, "output_bytes", row->n_bytes);
    put_number(out, "context_tokens", row->usage.input > 0 ? row->usage.input : 0);
    put_cost(out, &row->cost);
}

static void put_rows(struct beacon_json_out *out, const char *key, const struct cost_rows *rows,
                     void (*put_row)(struct beacon_json_out *, const struct cost_row *))
{
    beacon_json_key(out, key);
    beacon_json_begin_array(out);
    for (size_t i = 0; i < rows->n; i++) {
        beacon_json_begin_object(out);
        beacon_json_put_member(out, "name", beacon_text(rows->list[i].name));
        put_row(out, &rows->list[i]);
        beacon_json_end_object(out);
    }
    beacon_json_end_array(out);
}

static void put_ratio(struct beacon_json_out *out, const char *key, int64_t per_mille)
{
    char text[NUMBER_BYTES];
    (void)snprintf(text, sizeof text, "%" PRId64 ".%03" PRId64, per_mille / 1000, per_mille % 1000);
    beacon_json_key(out, key);
    if (per_mille >= 0) {
        beacon_json_put_raw(out, beacon_text(text));
    } else {
        beacon_json_put_null(out);
    }
}

static void put_prefix(struct beacon_json_out *out, const struct cost_report *report)
{
    beacon_json_key(out, "prefix");
    beacon_json_begin_object(out);
    put_number(out, "requests", report->n_compared);
    put_ratio(out, "stability",
              report->n_compared > 0 ? permille(held(report), report->n_compared) : -1);
    beacon_json_key(out, "breaks");
    beacon_json_begin_array(out);
    for (size_t i = 0; i < report->n_breaks; i++) {
        beacon_json_begin_object(out);
        put_number(out, "request", report->breaks[i].request);
        beacon_json_put_member(out, "turn", beacon_text(report->breaks[i].turn));
        beacon_json_put_member(out, "block", beacon_text(report->breaks[i].block));
        beacon_json_end_object(out);
    }
    beacon_json_end_array(out);
    beacon_json_end_object(out);
}

bool session_cost_json(const struct cost_report *report, struct text *out)
{
    struct beacon_json_out o;
    beacon_json_out_init(&o, INT_MAX);
    beacon_json_begin_object(&o);
    beacon_json_put_member(&o, "session_id", beacon_text(report->id));
    beacon_json_key(&o, "total");
    beacon_json_begin_object(&o);
    put_request_row(&o, &report->total);
    beacon_json_end_object(&o);
    put_rows(&o, "turns", &report->turns, put_request_row);
    put_rows(&o, "models", &report->models, put_request_row);
    put_rows(&o, "tools", &report->tools, put_tool_row);
    put_ratio(&o, "cache_hit_rate", cost_report_hit_rate(report));
    put_prefix(&o, report);
    put_number(&o, "broken_answers", report->n_broken);
    beacon_json_end_object(&o);
    const struct beacon_str json = beacon_json_out_text(&o);
    const bool is_whole = !o.failed && text_add(out, json.p, json.n) && text_add_char(out, '\n');
    beacon_json_out_finish(&o);
    return is_whole;
}
