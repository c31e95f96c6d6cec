/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "plugin/manifest.h"
#include "report.h"
#include "run.h"

#define SECONDS(ns) ((double)(ns) / 1e9)

/* Text of an attribute or element; what XML 1.0 cannot hold becomes '?'. */
static void add_escaped(struct text *out, const char *words)
{
    for (; *words != '\0'; words++) {
        const unsigned char c = (unsigned char)*words;
        switch (c) {
        case '&':
            (void)text_add_string(out, "&amp;");
            break;
        case '<':
            (void)text_add_string(out, "&lt;");
            break;
        case '>':
            (void)text_add_string(out, "&gt;");
            break;
        case '"':
            (void)text_add_string(out, "&quot;");
            break;
        default:
            (void)text_add_char(out, (char)(c >= 0x20 ? c : c == '\n' || c == '\t' ? ' ' : '?'));
        }
    }
}

static void add_result(const struct run_report *report, const struct run_result *result,
                       struct text *out)
{
    static const char *const tags[] = {[CHECK_PASSED] = NULL,
                                       [CHECK_FAILED] = "failure",
                                       [CHECK_SKIPPED] = "skipped",
                                       [CHECK_BROKEN] = "error"};
    const char *tag = tags[result->end.status];
    (void)text_add_string(out, "    <testcase classname=\"");
    add_escaped(out, report->manifest != NULL ? report->manifest->id : report->path);
    (void)text_add_string(out, "\" name=\"");
    report_label(report, result, out);
    (void)text_add_char(out, ' ');
    add_escaped(out, result->check->sentence);
    (void)text_addf(out, "\" time=\"%.3f\"", SECONDS(result->end.took_ns));
    if (tag == NULL) {
        (void)text_add_string(out, "/>\n");
        return;
    }
    (void)text_addf(out, ">\n      <%s message=\"", tag);
    add_escaped(out, result->end.seen);
    (void)text_add_string(out, "\"");
    if (result->end.status == CHECK_SKIPPED) {
        (void)text_add_string(out, "/>\n    </testcase>\n");
        return;
    }
    (void)text_add_string(out, ">seen: ");
    add_escaped(out, result->end.seen);
    (void)text_add_string(out, "\nexpected: ");
    add_escaped(out, result->end.expected);
    (void)text_add_string(out, "\nto do: ");
    add_escaped(out, result->end.remedy);
    (void)text_addf(out, "</%s>\n    </testcase>\n", tag);
}

static void add_suite(const struct run_report *report, struct text *out)
{
    uint64_t took_ns = 0;
    for (size_t i = 0; i < report->n; i++) {
        took_ns += report->results[i].end.took_ns;
    }
    struct text name;
    text_init(&name, 4096);
    report_subject(report, &name);
    (void)text_add_string(out, "  <testsuite name=\"");
    add_escaped(out, text_string(&name));
    (void)text_addf(out,
                    "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" "
                    "time=\"%.3f\">\n",
                    report->n, report->n_failed, report->n_broken, report->n_skipped,
                    SECONDS(took_ns));
    for (size_t i = 0; i < report->n; i++) {
        add_result(report, &report->results[i], out);
    }
    (void)text_add_string(out, "  </testsuite>\n");
    text_finish(&name);
}

bool report_junit(const struct run_report *reports, size_t n, const struct report_style *style,
                  struct text *out)
{
    (void)style;
    (void)text_add_string(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (size_t i = 0; i < n; i++) {
        add_suite(&reports[i], out);
    }
    (void)text_add_string(out, "</testsuites>\n");
    return out->len < out->max_bytes;
}
