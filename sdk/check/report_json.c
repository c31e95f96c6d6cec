/* SPDX-License-Identifier: Apache-2.0 */
#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "plugin/manifest.h"
#include "report.h"
#include "run.h"

static const char *status_name(enum check_status status)
{
    switch (status) {
    case CHECK_PASSED:
        return "passed";
    case CHECK_FAILED:
        return "failed";
    case CHECK_SKIPPED:
        return "skipped";
    case CHECK_NOT_FINISHED:
    case CHECK_BROKEN:
        break;
    }
    return "error";
}

static void add_string(struct json_object *to, const char *key, const char *value)
{
    (void)json_object_object_add(to, key, value != NULL ? json_object_new_string(value) : NULL);
}

static void add_number(struct json_object *to, const char *key, uint64_t value)
{
    (void)json_object_object_add(to, key, json_object_new_int64((int64_t)value));
}

static struct json_object *result_object(const struct run_result *result)
{
    const char group[] = {result->check->id[0], '\0'};
    struct json_object *object = json_object_new_object();
    add_string(object, "id", result->check->id);
    add_string(object, "group", group);
    add_string(object, "component", result->component);
    add_string(object, "sentence", result->check->sentence);
    add_string(object, "status", status_name(result->end.status));
    add_number(object, "took_us", result->end.took_ns / 1000);
    if (result->end.status == CHECK_SKIPPED) {
        add_string(object, "why", result->end.seen);
    } else if (result->end.status != CHECK_PASSED) {
        add_string(object, "seen", result->end.seen);
        add_string(object, "expected", result->end.expected);
        add_string(object, "remedy", result->end.remedy);
        add_number(object, "count", result->end.n_failures);
    }
    return object;
}

static struct json_object *plugin_object(const struct run_report *report)
{
    const struct plugin_manifest *manifest = report->manifest;
    struct json_object *object = json_object_new_object();
    struct json_object *checks = json_object_new_array();
    AUTO_TEXT struct text verdict;
    text_init(&verdict, 65536);
    report_verdict(report, &verdict);
    add_string(object, "path", report->path);
    add_string(object, "id", manifest != NULL ? manifest->id : NULL);
    add_string(object, "version", manifest != NULL ? manifest->version : NULL);
    add_string(object, "verdict", text_string(&verdict));
    add_number(object, "passed", report->n_passed);
    add_number(object, "failed", report->n_failed);
    add_number(object, "skipped", report->n_skipped);
    add_number(object, "errors", report->n_broken);
    for (size_t i = 0; i < report->n; i++) {
        (void)json_object_array_add(checks, result_object(&report->results[i]));
    }
    (void)json_object_object_add(object, "checks", checks);
    return object;
}

bool report_json(const struct run_report *reports, size_t n, const struct report_style *style,
                 struct text *out)
{
    AUTO_JSON struct json_object *root = json_object_new_object();
    struct json_object *plugins = json_object_new_array();
    (void)style;
    add_number(root, "schema", 1);
    for (size_t i = 0; i < n; i++) {
        (void)json_object_array_add(plugins, plugin_object(&reports[i]));
    }
    (void)json_object_object_add(root, "plugins", plugins);
    const int flags = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE;
    return text_add_string(out, json_object_to_json_string_ext(root, flags)) &&
           text_add_char(out, '\n');
}
