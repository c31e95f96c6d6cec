/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include "base/path.h"
#include "base/text.h"
#include "plugin/manifest.h"
#include "run.h"

void report_subject(const struct run_report *report, struct text *out)
{
    if (report->manifest == NULL) {
        (void)text_add_string(out, path_base(report->path));
        return;
    }
    (void)text_addf(out, "%s %s", report->manifest->id, report->manifest->version);
}

void report_label(const struct run_report *report, const struct run_result *result,
                  struct text *out)
{
    (void)text_add_string(out, result->check->id);
    if (result->component != NULL && report->manifest->n_components > 1) {
        (void)text_addf(out, " (%s)", result->component);
    }
}

static void add_counted(struct text *out, size_t n, const char *one, const char *many)
{
    (void)text_addf(out, "%zu %s", n, n == 1 ? one : many);
}

static void add_labels(const struct run_report *report, enum check_status status, struct text *out)
{
    const char *separator = ": ";
    for (size_t i = 0; i < report->n; i++) {
        if (report->results[i].end.status == status) {
            (void)text_add_string(out, separator);
            report_label(report, &report->results[i], out);
            separator = ", ";
        }
    }
}

void report_verdict(const struct run_report *report, struct text *out)
{
    const size_t n_run = report->n_passed + report->n_failed;
    report_subject(report, out);
    if (report->n_broken > 0) {
        (void)text_add_string(out, ": ");
        add_counted(out, report->n_broken, "check", "checks");
        (void)text_add_string(out, " could not be run");
        add_labels(report, CHECK_BROKEN, out);
    } else if (report->n_failed > 0) {
        (void)text_addf(out, " fails %zu of ", report->n_failed);
        add_counted(out, n_run, "check", "checks");
        add_labels(report, CHECK_FAILED, out);
    } else {
        (void)text_add_string(out, ": ");
        add_counted(out, n_run, "check passed", "checks passed");
        if (report->n_skipped > 0) {
            (void)text_add_string(out, ", ");
            add_counted(out, report->n_skipped, "does not apply", "do not apply");
        }
    }
}
