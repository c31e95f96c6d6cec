/* supervisor_parts.h - what a supervisor is made of. Private to supervisor*.c. */
#ifndef HOST_SANDBOX_SUPERVISOR_PARTS_H
#define HOST_SANDBOX_SUPERVISOR_PARTS_H

#include <pthread.h>
#include <stddef.h>

#include "sandbox/supervisor.h"

struct supervisor_watch {
    uint64_t id; /* never used again, so that an old event finds nothing */
    int listener;
    void *cookie;
    bool is_busy; /* the judge has the cookie */
    struct supervisor_watch *next;
};

struct supervisor {
    struct supervisor_settings settings;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a watch came, or the end is near: for the watchdog */
    struct supervisor_watch *watches, *forgotten;
    uint64_t next_id, calls; /* calls: begun so far */
    bool is_in_call, is_stopping, is_lost, has_threads;
    int epoll, wake, hole; /* hole: /dev/null, which takes the place of a given-up listener */
    pthread_t answerer, watchdog;
};

/* Take one notification from the listener and answer it. */
void supervisor_answer(const struct supervisor_settings *settings, int listener, void *cookie);

#endif
