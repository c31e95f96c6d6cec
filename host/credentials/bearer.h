/* bearer.h - the API key from the environment, put on requests after the provider plugin is done with
 * them: a plugin never sees it. Bound to one origin; a request elsewhere goes without.
 * Thread: [main].
 */
#ifndef HOST_CREDENTIALS_BEARER_H
#define HOST_CREDENTIALS_BEARER_H

#include "http/request.h"

#define BEARER_NAMES_MAX 5

struct bearer {
    const char *names[BEARER_NAMES_MAX + 1]; /* variables in order of preference; NULL-terminated */
    const char *asked_name;                  /* the one to ask a person for; set when names are */
    const char *instructions;                /* what to tell a person who has none; may be NULL */
    const char *token;    /* given by configuration, used before any variable; may be NULL */
    const char *base_url; /* its origin is where the key belongs */
};

/* struct http_credentials.attach; `ctx` is a struct bearer. Without any name and token nothing is
 * attached. BEACON_E_AUTH when a key is wanted and no variable has one. */
int bearer_attach(void *ctx, const struct beacon_http_request *rq, struct http_header_sink *out,
                  struct beacon_error *err);

#endif
