/* answers.h - the supervisor of a sandbox's commands, as run.c uses it. Private to the room. Thread: [main]. */
#ifndef HOST_SANDBOX_ANSWERS_H
#define HOST_SANDBOX_ANSWERS_H

#include <beacon/error.h>

struct plan;
struct sandbox;
struct supervisor_watch;

/* When the command that was started by `plan` has calls that wait, answer them from now on: *ret_watch is
 * for answers_end(). NULL: there are none. */
int answers_begin(struct sandbox *sandbox, struct plan *plan, void *cookie,
                  struct supervisor_watch **ret_watch, struct beacon_error *err);

/* The command is over: its cookie is released, now or when its last answer is given. */
void answers_end(struct sandbox *sandbox, struct supervisor_watch *watch, void *cookie);

/* The sandbox is over. Closes the backend, unless a judge that was given up is still inside. */
void answers_finish(struct sandbox *sandbox);

#endif
