/* SPDX-License-Identifier: Apache-2.0
 * policy.h - a sandbox policy and a command out of the JSON of testhost_sandbox.h, lent. Thread: the
 * test's. */
#ifndef TESTHOST_POLICY_H
#define TESTHOST_POLICY_H

#include <beacon/sandbox.h>

#include "internal.h"

#define POLICY_FDS_MAX 64

struct lent_policy {
    const struct beacon_sandbox_policy *policy;
    const struct beacon_exec *exec;
    int fds[POLICY_FDS_MAX]; /* of the working directory and of the rules */
    size_t n_fds;
};

/* False: not a JSON object, a finding. Else policy_finish() closes the descriptors. */
bool policy_lend(struct testhost *t, const char *json, struct lent_policy *ret);
void policy_finish(struct lent_policy *policy);

#endif
