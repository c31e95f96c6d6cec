/* report.h - results as text for people, TAP 14, JUnit XML or JSON (docs/protocol/plugin-check.md).
 * Thread: [pure].
 */
#ifndef SDK_CHECK_REPORT_H
#define SDK_CHECK_REPORT_H

#include <stdbool.h>
#include <stddef.h>

struct run_report;
struct run_result;
struct text;

struct report_style {
    bool is_coloured; /* text only */
};

/* False: it would be over the cap of `out`. */
bool report_text(const struct run_report *reports, size_t n, const struct report_style *style,
                 struct text *out);
bool report_tap(const struct run_report *reports, size_t n, const struct report_style *style,
                struct text *out);
bool report_junit(const struct run_report *reports, size_t n, const struct report_style *style,
                  struct text *out);
bool report_json(const struct run_report *reports, size_t n, const struct report_style *style,
                 struct text *out);

/* The one sentence: "com.acme.llm 1.2.3: 61 checks passed, 3 do not apply". */
void report_verdict(const struct run_report *report, struct text *out);

/* "com.acme.llm 1.2.3", or the file's name when it has no manifest. */
void report_subject(const struct run_report *report, struct text *out);

/* "P.judge", with " (acme)" behind it when the file has several components. */
void report_label(const struct run_report *report, const struct run_result *result,
                  struct text *out);

#endif
