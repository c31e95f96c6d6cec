/* auth_grant.h - what an auth plugin gave for one request: headers, checked and copied.
 *
 * The sink refuses what could not be a header, so nothing else ever gets near a request. Secrets are
 * wiped when the grant is emptied. Filled by the adapter auth.c, kept by credentials/.
 * Thread: one owner.
 */
#ifndef HOST_PLUGIN_AUTH_GRANT_H
#define HOST_PLUGIN_AUTH_GRANT_H

#include <beacon/auth.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUTH_GRANT_HEADERS_MAX 16
#define AUTH_GRANT_BYTES_MAX   (64u << 10) /* of one value */

struct auth_header {
    char *name, *value;
};

struct auth_grant {
    struct auth_header headers[AUTH_GRANT_HEADERS_MAX];
    size_t n_headers;
    uint64_t expires_unix_ms; /* 0 = never */
    uint64_t generation;
};

/* A zeroed grant is empty and valid. */
void auth_grant_finish(struct auth_grant *grant); /* wipes and frees; zeroes it */

/* A sink over `grant`: a header of the same name is replaced. INVALID: not a header. LIMIT: too many or
 * too long. The slots for parameters of the address, certificates and another address answer
 * UNSUPPORTED. */
struct beacon_cred_sink auth_grant_sink(struct auth_grant *grant);

#endif
