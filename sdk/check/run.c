/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "plugin/manifest.h"

#define AT_ONCE_MAX   8
#define NS_PER_MS     UINT64_C(1000000)
#define STILL_WAITING ((size_t)-1)

/* ---- which checks ---- */

/* Does a list like "S,L,P.cancel" name the check? Whole groups and ids count. */
static bool list_names(const char *list, const char *id)
{
    while (*list != '\0') {
        const size_t n = strcspn(list, ",");
        const size_t group = strcspn(id, ".");
        if ((n == strlen(id) || n == group) && strncmp(list, id, n) == 0) {
            return true;
        }
        list += list[n] == ',' ? n + 1 : n;
    }
    return false;
}

/* Every word of the list must mean something, so that a typing error does not check nothing. */
static int check_list(const char *option, const char *list, struct beacon_error *err)
{
    while (list != NULL && *list != '\0') {
        const size_t n = strcspn(list, ",");
        char word[64];
        bool is_known = false;
        (void)memcpy(word, list, n < sizeof word - 1 ? n : sizeof word - 1);
        word[n < sizeof word - 1 ? n : sizeof word - 1] = '\0';
        for (size_t i = 0; i < check_table_n && !is_known; i++) {
            is_known = list_names(word, check_table[i].id);
        }
        if (!is_known) {
            return error_set(err, BEACON_E_INVALID, "see `beacon plugin check --list`",
                             "%s: there is no check or group '%s'", option, word);
        }
        list += list[n] == ',' ? n + 1 : n;
    }
    return BEACON_OK;
}

static bool is_wanted(const struct run_settings *settings, const struct check *check)
{
    return (settings->only == NULL || list_names(settings->only, check->id)) &&
           (settings->skip == NULL || !list_names(settings->skip, check->id));
}

static void add_result(struct run_report *report, const struct check *check, const char *component)
{
    report->results = alloc_grow(report->results, report->n + 1, sizeof *report->results);
    report->results[report->n++] = (struct run_result){.check = check, .component = component};
}

static void list_results(const struct run_settings *settings, struct run_report *report)
{
    const struct plugin_manifest *manifest = report->manifest;
    for (size_t i = 0; i < check_table_n; i++) {
        const struct check *check = &check_table[i];
        if (!is_wanted(settings, check)) {
            continue;
        }
        if ((check->kinds & CHECK_FILE) != 0) {
            add_result(report, check, NULL);
            continue;
        }
        for (size_t k = 0; manifest != NULL && k < manifest->n_components; k++) {
            const struct manifest_component *component = &manifest->components[k];
            if (component->is_known && (check->kinds & (1u << component->kind)) != 0) {
                add_result(report, check, component->name);
            }
        }
    }
}

/* ---- in which order ---- */

static bool is_over(const struct run_result *result)
{
    return result->end.status != CHECK_NOT_FINISHED;
}

/* The result that `result` depends on: that of the same component, or that of the file. */
static const struct run_result *find_needed(const struct run_report *report,
                                            const struct run_result *result)
{
    for (size_t i = 0; result->check->needs != NULL && i < report->n; i++) {
        const struct run_result *other = &report->results[i];
        if (strcmp(other->check->id, result->check->needs) == 0 &&
            (other->component == NULL ||
             (result->component != NULL && strcmp(other->component, result->component) == 0))) {
            return other;
        }
    }
    return NULL;
}

static void skip(struct run_result *result, const char *needs)
{
    result->end = (struct job_end){
        .status = CHECK_SKIPPED,
        .seen = alloc_printf("it needs what %s checks", needs),
        .expected = alloc_string(""),
        .remedy = alloc_string(""),
    };
}

/* The next result that can be worked on; those whose ground is missing are settled on the way. */
static size_t next_to_start(struct run_report *report, const bool *is_started)
{
    for (size_t i = 0; i < report->n; i++) {
        struct run_result *result = &report->results[i];
        const struct run_result *needed = find_needed(report, result);
        if (is_started[i] || is_over(result) || (needed != NULL && !is_over(needed))) {
            continue;
        }
        if (needed == NULL || needed->end.status == CHECK_PASSED) {
            return i;
        }
        skip(result, result->check->needs);
    }
    return STILL_WAITING;
}

static bool is_all_over(const struct run_report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        if (!is_over(&report->results[i])) {
            return false;
        }
    }
    return true;
}

/* ---- at work ---- */

struct slots {
    struct job jobs[AT_ONCE_MAX];
    size_t result_of[AT_ONCE_MAX];
    size_t n;     /* running */
    size_t limit; /* at once */
    bool *is_started;
};

static int start_some(struct slots *slots, const struct run_settings *settings,
                      struct run_report *report, struct beacon_error *err)
{
    while (slots->n < slots->limit) {
        size_t i = next_to_start(report, slots->is_started);
        if (i == STILL_WAITING) {
            return BEACON_OK;
        }
        const struct run_result *result = &report->results[i];
        int rc = job_start(&slots->jobs[slots->n], result->check, result->component,
                           &settings->request, settings->timeout_s, err);
        if (rc != BEACON_OK) {
            return rc;
        }
        slots->result_of[slots->n++] = i;
        slots->is_started[i] = true;
    }
    return BEACON_OK;
}

static int wait_ms(const struct slots *slots, uint64_t now)
{
    uint64_t first = UINT64_MAX;
    for (size_t i = 0; i < slots->n; i++) {
        first = slots->jobs[i].deadline_ns < first ? slots->jobs[i].deadline_ns : first;
    }
    return first > now ? (int)((first - now) / NS_PER_MS) + 1 : 0;
}

static void wait_for_some(struct slots *slots, struct run_report *report)
{
    struct pollfd fds[AT_ONCE_MAX];
    for (size_t i = 0; i < slots->n; i++) {
        fds[i] = (struct pollfd){.fd = slots->jobs[i].child.pidfd, .events = POLLIN};
    }
    (void)poll(fds, slots->n, wait_ms(slots, clock_mono_ns()));
    const uint64_t now = clock_mono_ns();
    for (size_t i = slots->n; i-- > 0;) {
        if ((fds[i].revents & POLLIN) == 0 && slots->jobs[i].deadline_ns > now) {
            continue;
        }
        job_finish(&slots->jobs[i], &report->results[slots->result_of[i]].end);
        slots->n--;
        slots->jobs[i] = slots->jobs[slots->n];
        slots->result_of[i] = slots->result_of[slots->n];
    }
}

static int run_all(const struct run_settings *settings, struct run_report *report,
                   struct beacon_error *err)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct slots slots = {
        .limit = processors < 1             ? 1
                 : processors > AT_ONCE_MAX ? AT_ONCE_MAX
                                            : (size_t)processors,
        .is_started = alloc_array(report->n + 1, sizeof(bool)),
    };
    int rc = BEACON_OK;
    while (rc == BEACON_OK && !is_all_over(report)) {
        rc = start_some(&slots, settings, report, err);
        if (rc == BEACON_OK && slots.n > 0) {
            wait_for_some(&slots, report);
        }
    }
    while (slots.n > 0) {
        struct job_end ignored;
        job_finish(&slots.jobs[--slots.n], &ignored);
        free(ignored.seen);
        free(ignored.expected);
        free(ignored.remedy);
    }
    free(slots.is_started);
    return rc;
}

static void count(struct run_report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        const enum check_status status = report->results[i].end.status;
        report->n_passed += status == CHECK_PASSED;
        report->n_failed += status == CHECK_FAILED;
        report->n_skipped += status == CHECK_SKIPPED;
        report->n_broken += status == CHECK_BROKEN;
    }
}

int run_checks(const struct run_settings *settings, struct run_report *ret,
               struct beacon_error *err)
{
    struct run_report report = {.path = settings->request.path};
    int rc = check_list("--only", settings->only, err);
    rc = rc == BEACON_OK ? check_list("--skip", settings->skip, err) : rc;
    if (rc != BEACON_OK) {
        return rc;
    }
    rc = manifest_read_file(report.path, &report.manifest, err);
    if (rc == BEACON_E_IO) {
        return rc;
    }
    list_results(settings, &report);
    rc = run_all(settings, &report, err);
    if (rc != BEACON_OK) {
        run_report_finish(&report);
        return rc;
    }
    count(&report);
    *ret = report;
    return BEACON_OK;
}

void run_report_finish(struct run_report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        free(report->results[i].end.seen);
        free(report->results[i].end.expected);
        free(report->results[i].end.remedy);
    }
    free(report->results);
    manifest_destroy(report->manifest);
    *report = (struct run_report){0};
}
