/* cover_guard.h - the process that removes the covers of a host that was killed.
 *
 * It is started when the first cover is about to be made, with the paths it is to look after as its
 * arguments, and waits for the other end of a pipe to close. A path that comes later needs a new one,
 * which replaces the old. In an orderly end there is nothing left for it to do. Thread: [main].
 */
#ifndef HOST_SANDBOX_COVER_GUARD_H
#define HOST_SANDBOX_COVER_GUARD_H

struct beacon_error;
struct cover_guard;

struct cover_guard *cover_guard_create(void);        /* starts nothing yet */
void cover_guard_destroy(struct cover_guard *guard); /* ends and reaps it; NULL is fine */

void cover_guard_stop(struct cover_guard *guard); /* until it is started again */

/* A cover may be made at `path`. */
void cover_guard_watch(struct cover_guard *guard, const char *path);

/* Have it running and knowing every path. BEACON_E_IO: it cannot be started. */
int cover_guard_start(struct cover_guard *guard, struct beacon_error *err);

#endif
