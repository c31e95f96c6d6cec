/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/testhost_auth.h - an auth plugin asked for credentials, without a network or a person.
 *
 * What it may use is filled in through testhost.h: environment, secrets, a person, programs, HTTP.
 * Errors and lifetimes as in testhost.h.
 */
#ifndef BEACON_SDK_TESTHOST_AUTH_H
#define BEACON_SDK_TESTHOST_AUTH_H

#include <beacon-sdk/testhost.h>
#include <beacon/auth.h>

BEACON_BEGIN_DECLS

struct testhost_auth;

/* create() of the auth component `name` (NULL: the first one); NULL: testhost_error() says why. */
struct testhost_auth *testhost_auth_create(struct testhost *t, const char *name,
                                           const char *config);
void testhost_auth_destroy(struct testhost_auth *a);

/* acquire(): what was given, one line each in the order given:
 *     header authorization: Bearer …
 *     query key=…
 *     base_url https://…
 *     client_cert file:a.pem file:a.key
 *     expires 0 generation 1
 * A prompt or a browser during the call is a finding. `origin` such as "https://llm.acme.example". On
 * failure *ret_lines is what was given before. */
beacon_rc testhost_auth_acquire(struct testhost_auth *a, uint32_t why, const char *origin,
                                uint64_t rejected_gen, const char **ret_lines);

/* sign() of a finished request with this method, URL and body; lines as above. UNSUPPORTED: no slot. */
beacon_rc testhost_auth_sign(struct testhost_auth *a, const char *method, const char *url,
                             const char *body, const char **ret_lines);

/* status(): zeroed and filled. Use of http, exec or ui during the call is a finding. */
beacon_rc testhost_auth_status(struct testhost_auth *a, struct beacon_auth_status *ret);

/* accounts(): one name per line. UNSUPPORTED: no slot; so for login and logout. */
beacon_rc testhost_auth_accounts(struct testhost_auth *a, const char **ret_lines);
beacon_rc testhost_auth_login(struct testhost_auth *a, uint32_t method);
beacon_rc testhost_auth_logout(struct testhost_auth *a);

BEACON_END_DECLS
#endif
