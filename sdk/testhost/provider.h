/* SPDX-License-Identifier: Apache-2.0
 * provider.h - one call of each slot of a provider, with everything it borrows. Thread: the test's.
 */
#ifndef TESTHOST_PROVIDER_H
#define TESTHOST_PROVIDER_H

#include <beacon-sdk/testhost_provider.h>

#include "events.h"
#include "instance.h"

struct testhost_provider {
    struct beacon_provider table; /* complete in size; slots may be NULL */
    struct instance i;
};

/* A turn that is going on. */
struct run {
    struct testhost_provider *p;
    const struct testhost_script *script;
    struct beacon_exchange *x; /* NULL before open() and after close() */
    struct events events;
    struct buffer request;
    bool is_cancelled;
    struct testhost_result result;
    /* Of the latest poll(). */
    uint32_t kind, wait_ms, framing;
};

/* Each makes one call. False: the turn is over, because the call failed, faulted, or was the one to be
 * replaced by a cancel. */
bool slot_open(struct run *r, const char *turn);
bool slot_poll(struct run *r);
bool slot_on_response(struct run *r, const struct testhost_answer *answer);
bool slot_on_frame(struct run *r, struct beacon_str event, struct beacon_str data);
bool slot_on_end(struct run *r, uint32_t how);
void slot_judge(struct run *r);
void slot_close(struct run *r);

#endif
