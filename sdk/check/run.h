/* run.h - every check of one plugin file, in an order in which each makes sense, a few at a time.
 * Thread: [main].
 */
#ifndef SDK_CHECK_RUN_H
#define SDK_CHECK_RUN_H

#include <beacon/error.h>
#include <stddef.h>

#include "check.h"
#include "job.h"

struct run_settings {
    struct check_request request; /* its path is that of the file */
    const char *only, *skip;      /* "S,P.cancel", or NULL */
    unsigned timeout_s;           /* of one check */
};

struct run_result {
    const struct check *check;
    const char *component; /* name, or NULL; borrowed from the manifest */
    struct job_end end;
};

/* What is known of one file afterwards. */
struct run_report {
    const char *path;
    struct plugin_manifest *manifest; /* NULL: the file has none that can be read */
    struct run_result *results;
    size_t n;
    size_t n_passed, n_failed, n_skipped, n_broken;
};

/* NOT_FOUND, IO: the file cannot be read. INVALID: --only or --skip name no check. */
int run_checks(const struct run_settings *settings, struct run_report *ret,
               struct beacon_error *err);
void run_report_finish(struct run_report *report);

#endif
