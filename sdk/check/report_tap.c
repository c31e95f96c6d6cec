/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "report.h"
#include "run.h"

/* TAP reads '#' and '\' in a description as its own. */
static void add_escaped(struct text *out, const char *words)
{
    for (; *words != '\0'; words++) {
        if (*words == '#' || *words == '\\') {
            (void)text_add_char(out, '\\');
        }
        (void)text_add_char(out, (char)(*words == '\n' ? ' ' : *words));
    }
}

/* A YAML string in double quotes. */
static void add_quoted(struct text *out, const char *name, const char *words)
{
    (void)text_addf(out, "  %s: \"", name);
    for (; *words != '\0'; words++) {
        const unsigned char c = (unsigned char)*words;
        if (c == '"' || c == '\\') {
            (void)text_addf(out, "\\%c", c);
        } else if (c < 0x20) {
            (void)text_addf(out, "\\x%02x", c);
        } else {
            (void)text_add_char(out, (char)c);
        }
    }
    (void)text_add_string(out, "\"\n");
}

static void add_result(const struct run_report *report, const struct run_result *result,
                       size_t number, struct text *out)
{
    const enum check_status status = result->end.status;
    const bool is_good = status == CHECK_PASSED || status == CHECK_SKIPPED;
    (void)text_addf(out, "%s %zu - ", is_good ? "ok" : "not ok", number);
    report_label(report, result, out);
    (void)text_add_char(out, ' ');
    add_escaped(out, result->check->sentence);
    if (status == CHECK_SKIPPED) {
        (void)text_add_string(out, " # SKIP ");
        add_escaped(out, result->end.seen);
    }
    (void)text_add_char(out, '\n');
    if (!is_good) {
        (void)text_add_string(out, "  ---\n");
        add_quoted(out, "seen", result->end.seen);
        add_quoted(out, "expected", result->end.expected);
        add_quoted(out, "remedy", result->end.remedy);
        (void)text_add_string(out, "  ...\n");
    }
}

bool report_tap(const struct run_report *reports, size_t n, const struct report_style *style,
                struct text *out)
{
    size_t all = 0, number = 0;
    (void)style;
    for (size_t i = 0; i < n; i++) {
        all += reports[i].n;
    }
    (void)text_addf(out, "TAP version 14\n1..%zu\n", all);
    for (size_t i = 0; i < n; i++) {
        (void)text_add_string(out, "# ");
        report_verdict(&reports[i], out);
        (void)text_add_char(out, '\n');
        for (size_t k = 0; k < reports[i].n; k++) {
            add_result(&reports[i], &reports[i].results[k], ++number, out);
        }
    }
    return out->len < out->max_bytes;
}
