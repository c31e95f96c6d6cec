/* supervisor.h - answers the system calls of confined commands that wait for an answer.
 *
 * One per session, with a thread of its own: a command must not wait for the host's loop. It takes each
 * notification from the kernel, opens the caller's pidfd and memory, makes sure that they are the
 * caller's, asks the backend, and sends back what that says. Whatever goes wrong refuses the call.
 * When one answer takes too long, a second thread gives the supervisor up: the listeners are closed, and
 * the calls of all commands fail with ENOSYS rather than wait.
 * Used by sandbox/run.c. Thread: [main]; the judge runs on the supervisor's.
 */
#ifndef HOST_SANDBOX_SUPERVISOR_H
#define HOST_SANDBOX_SUPERVISOR_H

#include <beacon/sandbox.h>
#include <stdbool.h>
#include <stdint.h>

struct supervisor;
struct supervisor_watch;

/* BEACON_OK and *ret (zeroed before, fd -1), or an error, which refuses the call. A descriptor in *ret is
 * the supervisor's: injected, closed on exec when it is here, and closed. One call at a time. */
typedef int (*supervisor_judge_fn)(void *ctx, void *cookie, const struct beacon_sb_notice *notice,
                                   struct beacon_sb_answer *ret);

struct supervisor_settings {
    supervisor_judge_fn judge;
    void *ctx;
    uint32_t patience_ms; /* for one answer; 0: a sensible time */
};

/* The threads start with the first watch. */
struct supervisor *supervisor_create(const struct supervisor_settings *settings);

/* Answer what comes from `listener` (taken, also on failure) until supervisor_forget(). REFUSED when the
 * supervisor was given up; then the command's calls fail with ENOSYS. */
int supervisor_watch(struct supervisor *supervisor, int listener, void *cookie,
                     struct supervisor_watch **ret, struct beacon_error *err);

/* Begin no more answers; calls that wait, or come, fail with ENOSYS. Does not wait for the judge, so the
 * cookie comes back from supervisor_collect(), at once or later. A NULL watch is fine. */
void supervisor_forget(struct supervisor *supervisor, struct supervisor_watch *watch);

/* A cookie of a forgotten watch that the judge has done with; false: there is none now. */
bool supervisor_collect(struct supervisor *supervisor, void **ret_cookie);

/* Forget every watch and wait for the judge, but not for one that was given up: false, what it holds is
 * lost, and its code and context must stay. Afterwards supervisor_collect() has the rest. */
bool supervisor_stop(struct supervisor *supervisor);

void supervisor_destroy(struct supervisor *supervisor); /* stops it; NULL is fine */

#endif
