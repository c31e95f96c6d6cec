/* SPDX-License-Identifier: Apache-2.0
 * instance.h - create() and destroy() are alike in every kind.
 *
 * Thread: the test's.
 */
#ifndef TESTHOST_INSTANCE_H
#define TESTHOST_INSTANCE_H

#include "internal.h"

typedef beacon_rc (*instance_create_fn)(void *plugin_state, const struct beacon_host *h,
                                        struct beacon_str config, void **inst,
                                        struct beacon_error *e);
typedef void (*instance_destroy_fn)(void *inst);

struct instance {
    struct testhost *t;
    void *inst;
    bool is_broken; /* a call faulted: nothing of it is called again */
};

/* The table of the component, copied into `table` of `size` bytes, zeroed where it is shorter. False, and a
 * finding: there is none. */
bool instance_table(struct testhost *t, uint32_t kind, const char *name, void *table, size_t size);

/* OK, or what create() returned; INTERNAL after a fault. */
beacon_rc instance_create(struct testhost *t, instance_create_fn create, const char *config,
                          struct instance *ret);
void instance_destroy(struct instance *i, instance_destroy_fn destroy);

/* A call of a slot that returns a code. `fn` sets *rc and is given `arg`; `err` (lent, may be NULL) is
 * kept when the code is not OK. */
struct instance_call {
    struct instance *i;
    beacon_rc rc;
    struct beacon_error *err;
    void (*fn)(struct instance_call *call);
    void *arg;
};

beacon_rc instance_call(struct instance_call *call, const char *slot, bool is_pure);

#endif
