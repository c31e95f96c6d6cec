/* job.h - one check in a process of its own: fresh program, empty folder, limits, a deadline.
 *
 * The process is this program again, started with --one (child.h). Its working directory, HOME and CODE_HOME
 * are one new folder; standard input is /dev/null, both outputs are kept; it can open no large file, use no
 * endless time and leave no core. Thread: [main].
 */
#ifndef SDK_CHECK_JOB_H
#define SDK_CHECK_JOB_H

#include <beacon/error.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/spawn.h"
#include "slate.h"

struct check;
struct check_request;

struct job {
    const struct check *check;
    struct spawn_child child; /* pid 0: not running */
    int out_fd, err_fd;
    uint64_t began_ns, deadline_ns; /* of the monotonic clock */
    struct slate *slate;
    char *folder;
};

/* What came of it; the texts are the caller's to free. */
struct job_end {
    enum check_status status;
    uint32_t n_failures;
    char *seen, *expected, *remedy; /* "" when there is none */
    uint64_t took_ns;
};

/* `component` is its name, or NULL for a check of the file. */
int job_start(struct job *job, const struct check *check, const char *component,
              const struct check_request *request, unsigned timeout_s, struct beacon_error *err);

/* The process has ended, or is ended now because its time is over. */
void job_finish(struct job *job, struct job_end *ret);

#endif
