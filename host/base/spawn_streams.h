/* spawn_streams.h - the standard descriptors of a program that has its own mounts.
 *
 * A descriptor of the host leads round them: through its /dev/null anybody who is root inside could
 * set the mode of the machine's own. So what has a name is opened anew inside, where the mounts say
 * what may be done to it: devices, terminals, and files that are only read. A file that is written
 * stays what the person gave: where the program may not open it the new mount would not let it be
 * written at all, and elsewhere nothing were won; and the offset is shared with who gave it. Pipes and
 * sockets have no name. Private to base/spawn*.c.
 */
#ifndef HOST_BASE_SPAWN_STREAMS_H
#define HOST_BASE_SPAWN_STREAMS_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

struct spawn_request;

enum spawn_stream_kind {
    SPAWN_STREAM_KEPT,
    SPAWN_STREAM_FILE,     /* read only */
    SPAWN_STREAM_DEVICE,   /* known by its number: which node it is does not matter */
    SPAWN_STREAM_TERMINAL, /* kept when it cannot be had inside */
};

struct spawn_stream {
    enum spawn_stream_kind kind;
    int flags; /* for open() */
    dev_t device, number;
    ino_t inode;
    char path[PATH_MAX];
};

#define SPAWN_STREAMS 3 /* descriptors 0, 1 and 2 */

struct spawn_streams {
    struct spawn_stream list[SPAWN_STREAMS];
    int refused;  /* which one could not be opened */
    int tree_fd;  /* first process: the terminal's node as a mount without a place; -1: none */
    int place_fd; /* of the pseudoterminal whose name the terminal takes; -1: none */
};

/* In the host: what is to be done, by the descriptors of `request`. */
void spawn_streams_plan(const struct spawn_request *request, struct spawn_streams *ret);

/* In the first process: take a terminal out of the host's mounts before prepare() changes them, and
 * give it a name in the new ones afterwards. Without one it is kept as it is. */
void spawn_terminal_take(struct spawn_streams *streams);
void spawn_terminal_place(struct spawn_streams *streams);

/* In the second process, with the new mounts and before any restriction: 0, or -1 with errno. */
int spawn_streams_open(struct spawn_streams *streams);

#endif
