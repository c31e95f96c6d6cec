/* spawn_send.h - the host's end of the socket to a child being born. Private to base/spawn*.c. */
#ifndef HOST_BASE_SPAWN_SEND_H
#define HOST_BASE_SPAWN_SEND_H

#include "base/spawn.h"

/* Two ends, both ≥ SPAWN_FD_FLOOR and close-on-exec. 0, or -1 with errno. */
int spawn_channel_open(int *ret_host_end, int *ret_child_end);

/* The pipe by which a reaper or keeper tells the states of a program. A full one must not hold that up,
 * nor an empty one spawn_reap(). 0, or -1 with errno; descriptors as above. */
int spawn_status_open(int *ret_ours, int *ret_theirs);

/* Take what is sent until every other end is closed: by execve, or by death. What does not fit into
 * `sent` (NULL: nothing does) is closed. */
void spawn_channel_drain(int host_end, struct spawn_sent *sent);

/* Close what was received: the birth failed. NULL is fine. */
void spawn_sent_close(struct spawn_sent *sent);

/* The number of `fd` moved to SPAWN_FD_FLOOR or above; the old one is closed in any case. */
int spawn_raise_fd(int fd);

#endif
