/* crowd.h - a host in memory that several processes share: one store, one server of tokens, one person.
 *
 * Made before the processes are forked; each lends it to an instance of its own. Like the real host it lets
 * one acquire(REJECTED) run at a time, in all of them. Thread: [any].
 */
#ifndef SDK_CHECK_CROWD_H
#define SDK_CHECK_CROWD_H

#include <beacon/host.h>
#include <pthread.h>
#include <stdatomic.h>

#define CROWD_THREADS   50
#define CROWD_PROCESSES 3
#define CROWD_ASKERS    150 /* of all processes */
#define CROWD_KEYS      8
#define CROWD_NAME      64
#define CROWD_VALUE     4096

_Static_assert(CROWD_ASKERS == CROWD_THREADS * CROWD_PROCESSES, "everybody is counted");

struct crowd_secret {
    char name[CROWD_NAME];
    char value[CROWD_VALUE];
    size_t n_name, n; /* n_name 0: the place is free */
    uint64_t generation;
    uint32_t is_there;
};

/* What one asker was answered after its credentials had been rejected. */
struct crowd_answer {
    beacon_rc rc;
    uint64_t generation;
    uint64_t hash; /* of the credentials */
};

struct crowd {
    pthread_mutex_t lock;      /* of the store */
    pthread_mutex_t renewal;   /* held around acquire(REJECTED) */
    pthread_barrier_t all_ask; /* everybody has credentials now */
    struct crowd_secret secrets[CROWD_KEYS];
    atomic_uint n_requests; /* to the server, or programs run */
    atomic_uint n_renewals; /* acquire(REJECTED) that made at least one */
    struct crowd_answer answers[CROWD_ASKERS];
};

/* Shared with processes forked later; there until the process ends. */
struct crowd *crowd_create(void);

/* The host that `table` becomes, with `like` for what a crowd has no part in. */
void crowd_lend(struct crowd *crowd, const struct beacon_host *like, struct beacon_host *table);

#endif
