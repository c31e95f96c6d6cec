/* verify_stage.h - the place where canaries are tried: what they may reach, what they may not, and a
 * host's processes and listeners for them to disturb. Private to verify*.c.
 */
#ifndef HOST_VERIFY_VERIFY_STAGE_H
#define HOST_VERIFY_VERIFY_STAGE_H

#include <beacon/error.h>
#include <stdbool.h>
#include <time.h>

#include "base/spawn.h"

#define STAGE_DESCRIPTOR 50 /* of the folder outside, inheritable on purpose */

struct stage {
    char *dir, *work, *outside, *home; /* work: a repository, with a .git of a few files */
    int dir_fd;
    int tcp, udp, stream, datagram, abstract; /* listening, nonblocking */
    unsigned tcp_port, udp_port;
    char *stream_path, *datagram_path, *abstract_name, *fifo;
    int fifo_fd; /* read end, nonblocking */
    int shm;     /* id; -1: this kernel has none */
    const char *const *program;
    struct spawn_child victim;
    int victim_input;        /* it ends when this is closed */
    struct timespec changed; /* of outside/other */
};

/* BEACON_E_IO: the temporary folder or a listener cannot be made. stage_close() in any case. */
int stage_open(struct stage *stage, const char *const *program, struct beacon_error *err);
void stage_close(struct stage *stage);

/* Everything as it was in the beginning: files and silence. */
int stage_reset(struct stage *stage, struct beacon_error *err);

/* A living victim that nobody has touched. There is none before the first call. */
int stage_renew_victim(struct stage *stage, struct beacon_error *err);

bool stage_outside_changed(const struct stage *stage);
bool stage_work_changed(const struct stage *stage, const char *name); /* or appeared */
bool stage_was_heard(const struct stage *stage, int listener);
bool stage_victim_lives(const struct stage *stage);
bool stage_is_fifo_held(const struct stage *stage);

#endif
