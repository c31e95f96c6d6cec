/* slate.h - the page that a check's process shares with the checker: its result, and which slot of the
 * plugin it is inside of, so that a crash, an exit or an endless loop has a name.
 *
 * Made by run.c in a memfd that the child inherits as SLATE_FD. Thread: written by the child's, read by
 * the checker after the child is gone.
 */
#ifndef SDK_CHECK_SLATE_H
#define SDK_CHECK_SLATE_H

#include <stdbool.h>
#include <stdint.h>

#define SLATE_FD         100
#define SLATE_TEXT_BYTES 1024

enum check_status {
    CHECK_NOT_FINISHED, /* the process ended before it could say anything else */
    CHECK_PASSED,
    CHECK_FAILED,
    CHECK_SKIPPED, /* does not apply; `seen` says why */
    CHECK_BROKEN,  /* the checker could not do its work; `seen` says why */
};

struct slate {
    uint32_t status; /* enum check_status */
    uint32_t n_failures;
    char slot[48]; /* "create", or empty: not in the plugin */
    char seen[SLATE_TEXT_BYTES];
    char expected[SLATE_TEXT_BYTES];
    char remedy[SLATE_TEXT_BYTES];
};

/* A memfd with one slate, mapped; *ret_fd is the caller's. NULL with errno. */
struct slate *slate_create(int *ret_fd);
/* The slate that was inherited as `fd`, which is closed. NULL when there is none. */
struct slate *slate_inherit(int fd);
void slate_destroy(struct slate *slate); /* NULL is fine */

/* Around every call into the plugin. `slot` is static. Allocations made between them on this thread are
 * the plugin's (memory.h), and host callbacks in between say so with slot_pause(). Calls do not nest. */
void slot_use(struct slate *slate);
void slot_enter(const char *slot);
void slot_leave(void);
bool slot_pause(void);         /* in a callback of ours: the allocations are not the plugin's */
void slot_resume(bool was_in); /* with what slot_pause() returned */

#endif
