/* failure.h - what a transport failure means: code, sentence, next action. Private to the room. */
#ifndef HOST_HTTP_FAILURE_H
#define HOST_HTTP_FAILURE_H

#include <beacon/error.h>
#include <curl/curl.h>
#include <stdbool.h>

struct failure {
    CURLcode code;
    int os_errno;           /* CURLINFO_OS_ERRNO */
    long proxy_status;      /* of a CONNECT that the proxy refused, else 0 */
    const char *detail;     /* libcurl's words, may be "" */
    const char *peer;       /* "host:port" */
    const char *via;        /* "host:port" of the proxy; NULL or "": none */
    const char *via_source; /* what named it: "HTTPS_PROXY" */
    bool is_answered;       /* the headers of the answer had come */
};

/* Fill `err`; never credentials, a path or a query string. Flag HTTP_ERROR_PERMANENT where a retry
 * cannot help. Returns the code. */
int failure_describe(const struct failure *failure, struct beacon_error *err);

/* The answer's status is not 2xx. `reason` may be "". */
int failure_of_status(int status, const char *reason, const char *peer, struct beacon_error *err);

#endif
