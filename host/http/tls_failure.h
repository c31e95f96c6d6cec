/* tls_failure.h - one sentence for what is wrong between two ends of a TLS connection, with the fix in
 * it. Private to failure.c. Thread: [pure].
 */
#ifndef HOST_HTTP_TLS_FAILURE_H
#define HOST_HTTP_TLS_FAILURE_H

#include <beacon/error.h>
#include <stdbool.h>

struct failure;

/* False: it is no matter of certificates. Else `err` is filled, permanent: asked again, certificates are
 * the same. */
bool tls_failure_describe(const struct failure *failure, struct beacon_error *err);

#endif
