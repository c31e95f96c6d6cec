/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/testhost_sandbox.h - a sandbox backend that plans commands; no command is run.
 *
 * Errors and lifetimes as in testhost.h.
 */
#ifndef BEACON_SDK_TESTHOST_SANDBOX_H
#define BEACON_SDK_TESTHOST_SANDBOX_H

#include <beacon-sdk/testhost.h>
#include <beacon/sandbox.h>

BEACON_BEGIN_DECLS

struct testhost_sandbox;

/* probe(): zeroed and filled; needs no instance. `name` NULL: the first component. */
beacon_rc testhost_sandbox_probe(struct testhost *t, const char *name,
                                 struct beacon_sandbox_report *ret);

/* create(); NULL: testhost_error() says why. */
struct testhost_sandbox *testhost_sandbox_create(struct testhost *t, const char *name,
                                                 const char *config);
void testhost_sandbox_destroy(struct testhost_sandbox *s);

/* A policy as JSON. Every member may be left out:
 * {"require": 0, "prefer": 0, "net": "none|loopback|allow_list|full", "git": 0, "proxy_port": 0,
 *  "paths": [{"path": "/tmp", "access": 3}], "net_allow": ["host"], "unix_allow": ["/run/x"],
 *  "argv": ["/bin/true"], "env": {"PATH": "/bin"}, "cwd": "/"} */

/* What prepare() planned. */
struct testhost_plan {
    beacon_rc rc;
    uint32_t promised; /* BEACON_SB_*; more than probe() said is a finding */
    size_t n_ops;
    const char *lines; /* "op 2 fd flags=0 a=0 b=0 c=0 bytes=8", "wrap bwrap", "env_set K=V",
                           "env_unset K", "give_fd 3", "promise 5", "note …", in order */
};

/* prepare(), then release(). Operations this header does not know are refused, and a plan that is then
 * still made is a finding. */
struct testhost_plan testhost_sandbox_plan(struct testhost_sandbox *s, const char *policy);

BEACON_END_DECLS
#endif
