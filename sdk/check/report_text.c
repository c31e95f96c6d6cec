/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "report.h"
#include "run.h"

#define COLUMNS 92
#define INDENT  16 /* of the words behind "seen", "expected", "to do" */

struct page {
    struct text *out;
    const struct report_style *style;
};

static void add_paint(const struct page *page, const char *code)
{
    if (page->style->is_coloured) {
        (void)text_addf(page->out, "\033[%sm", code);
    }
}

static void add_spaces(struct text *out, size_t n)
{
    while (n-- > 0) {
        (void)text_add_char(out, ' ');
    }
}

/* Words in lines of COLUMNS, each line but the first indented. */
static void add_wrapped(struct text *out, const char *words)
{
    size_t column = INDENT;
    while (*words != '\0') {
        const size_t n = strcspn(words, " ");
        if (column > INDENT && column + 1 + n > COLUMNS) {
            (void)text_add_char(out, '\n');
            add_spaces(out, INDENT);
            column = INDENT;
        } else if (column > INDENT) {
            (void)text_add_char(out, ' ');
            column++;
        }
        (void)text_add(out, words, n);
        column += n;
        words += n + strspn(words + n, " ");
    }
    (void)text_add_char(out, '\n');
}

static void add_line(const struct page *page, const char *name, const char *words)
{
    if (words[0] != '\0') {
        (void)text_addf(page->out, "      %-10s", name);
        add_wrapped(page->out, words);
    }
}

static void add_bad_result(const struct page *page, const struct run_report *report,
                           const struct run_result *result)
{
    struct text *out = page->out;
    (void)text_add_string(out, "\n  ");
    add_paint(page, "1;31");
    report_label(report, result, out);
    add_paint(page, "0");
    (void)text_addf(out, "  %s\n", result->check->sentence);
    add_line(page, "seen", result->end.seen);
    add_line(page, "expected", result->end.expected);
    add_line(page, "to do", result->end.remedy);
    if (result->end.n_failures > 1) {
        (void)text_addf(out, "      and %u more like this\n", result->end.n_failures - 1);
    }
}

/* "  S static audit   9 passed, 1 failed" */
static void add_group(const struct page *page, const struct run_report *report, char group)
{
    size_t n[CHECK_BROKEN + 1] = {0};
    static const char *const words[] = {[CHECK_PASSED] = "passed",
                                        [CHECK_FAILED] = "failed",
                                        [CHECK_SKIPPED] = "not applicable",
                                        [CHECK_BROKEN] = "could not be run"};
    size_t all = 0;
    for (size_t i = 0; i < report->n; i++) {
        if (report->results[i].check->id[0] == group) {
            n[report->results[i].end.status]++;
            all++;
        }
    }
    if (all == 0) {
        return;
    }
    (void)text_addf(page->out, "  %c %-14s", group, check_group_title(group));
    const char *separator = " ";
    for (size_t status = CHECK_PASSED; status <= CHECK_BROKEN; status++) {
        if (n[status] > 0) {
            (void)text_addf(page->out, "%s%zu %s", separator, n[status], words[status]);
            separator = ", ";
        }
    }
    (void)text_add_char(page->out, '\n');
}

static void add_report(const struct page *page, const struct run_report *report)
{
    const bool is_good = report->n_failed + report->n_broken == 0;
    add_paint(page, is_good ? "1;32" : "1;31");
    report_verdict(report, page->out);
    add_paint(page, "0");
    (void)text_add_char(page->out, '\n');
    for (size_t i = 0; i < report->n; i++) {
        const enum check_status status = report->results[i].end.status;
        if (status == CHECK_FAILED || status == CHECK_BROKEN) {
            add_bad_result(page, report, &report->results[i]);
        }
    }
    (void)text_add_char(page->out, '\n');
    char last = '\0';
    for (size_t i = 0; i < check_table_n; i++) {
        const char group = check_table[i].id[0];
        if (group != last) {
            add_group(page, report, group);
            last = group;
        }
    }
}

bool report_text(const struct run_report *reports, size_t n, const struct report_style *style,
                 struct text *out)
{
    const struct page page = {.out = out, .style = style};
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            (void)text_add_char(out, '\n');
        }
        add_report(&page, &reports[i]);
    }
    return out->len < out->max_bytes;
}
