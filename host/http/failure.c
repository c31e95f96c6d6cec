/* SPDX-License-Identifier: Apache-2.0 */
#include "http/failure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "http/request.h"

#define PEER_CLOSED "try again; if it stays, look at the server's log"
#define CHECK_URL   "check base_url in the provider's configuration"
#define CHECK_CA                                                                                   \
    "name your CA bundle in SSL_CERT_FILE (a file) or SSL_CERT_DIR, or correct base_url; this is " \
    "not retried"

struct failure_row {
    CURLcode code;
    int32_t result;
    uint32_t flags;
    bool with_detail;           /* libcurl's words say more than we can */
    const char *before, *after; /* the message is before + "host:port" + after */
    const char *hint;
};

static const struct failure_row rows[] = {
    {CURLE_COULDNT_RESOLVE_HOST, BEACON_E_IO, 0, false, "cannot find the address of ", "",
     "check the name in base_url, the network and DNS"},
    {CURLE_COULDNT_RESOLVE_PROXY, BEACON_E_IO, 0, false,
     "cannot find the address of the proxy for ", "",
     "check http_proxy, https_proxy and no_proxy in the environment"},
    {CURLE_COULDNT_CONNECT, BEACON_E_IO, 0, true, "cannot connect to ", "",
     "check that the server runs, base_url, and the proxy variables of the environment"},
    {CURLE_OPERATION_TIMEDOUT, BEACON_E_DEADLINE, 0, false, "timeout connecting to ", "",
     "check the network and the proxy variables of the environment"},
    {CURLE_PEER_FAILED_VERIFICATION, BEACON_E_IO, HTTP_ERROR_PERMANENT, true,
     "the TLS certificate of ", " is not trusted", CHECK_CA},
    {CURLE_SSL_CACERT_BADFILE, BEACON_E_IO, HTTP_ERROR_PERMANENT, true,
     "the CA certificates to check ", " with cannot be read", CHECK_CA},
    {CURLE_SSL_CONNECT_ERROR, BEACON_E_IO, 0, true, "no TLS connection with ", "",
     "check that base_url should begin with https:// and that the server speaks TLS 1.2"},
    {CURLE_SSL_CIPHER, BEACON_E_IO, HTTP_ERROR_PERMANENT, true, "no TLS cipher in common with ", "",
     "ask the operator of the server"},
    {CURLE_GOT_NOTHING, BEACON_E_IO, 0, false, "", " closed the connection without an answer",
     PEER_CLOSED},
    {CURLE_UNSUPPORTED_PROTOCOL, BEACON_E_PROTOCOL, 0, false, "", " does not answer in HTTP",
     CHECK_URL},
    {CURLE_WEIRD_SERVER_REPLY, BEACON_E_PROTOCOL, 0, false, "", " does not answer in HTTP",
     CHECK_URL},
    {CURLE_URL_MALFORMAT, BEACON_E_INVALID, HTTP_ERROR_PERMANENT, false, "the URL of ",
     " is not valid", CHECK_URL},
};

static const struct failure_row lost = {CURLE_RECV_ERROR,     BEACON_E_IO, 0,          true,
                                        "the connection to ", " was lost", PEER_CLOSED};

static const struct failure_row *row_of(CURLcode code)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code == code) {
            return &rows[i];
        }
    }
    return &lost;
}

static int permanent(struct beacon_error *err)
{
    err->flags = HTTP_ERROR_PERMANENT;
    return err->code;
}

static int proxy_refused(const struct failure *failure, struct beacon_error *err)
{
    (void)error_set(
        err, BEACON_E_IO,
        failure->proxy_status == 407 ? "put the proxy's user and password into the proxy variable"
                                     : "ask who runs the proxy, or add the host to no_proxy",
        "the proxy answered %ld instead of connecting to %s", failure->proxy_status, failure->peer);
    return permanent(err);
}

int failure_describe(const struct failure *failure, struct beacon_error *err)
{
    if (failure->proxy_status >= 400 && failure->proxy_status < 500) {
        return proxy_refused(failure, err);
    }
    const struct failure_row *row = row_of(failure->code);
    if (failure->code == CURLE_COULDNT_CONNECT && failure->os_errno == ECONNREFUSED) {
        return error_set_errno(err, row->result, failure->os_errno, row->hint,
                               "connection refused by %s", failure->peer);
    }
    if (failure->code == CURLE_SSL_CONNECT_ERROR && strstr(failure->detail, "wrong version")) {
        (void)error_set(err, row->result, row->hint, "%s does not speak TLS", failure->peer);
        return permanent(err);
    }
    bool is_lost_midway = failure->is_answered && row->result != BEACON_E_PROTOCOL;
    row = is_lost_midway ? &lost : row;
    bool with_detail = row->with_detail && failure->detail[0] != '\0';
    (void)error_set_errno(err, row->result, failure->os_errno, row->hint, "%s%s%s%s%s", row->before,
                          failure->peer, row->after, with_detail ? ": " : "",
                          with_detail ? failure->detail : "");
    err->flags = row->flags;
    return row->result;
}

static const char *hint_of_status(int status)
{
    if (status == 401 || status == 403) {
        return "check the API key and what it may be used for";
    }
    if (status == 429) {
        return "wait a while, or look at your quota";
    }
    if (status >= 500) {
        return "try again later; if it stays, ask the operator of the server";
    }
    return "check base_url and the model in the provider's configuration";
}

int failure_of_status(int status, const char *reason, const char *peer, struct beacon_error *err)
{
    if (status >= 300 && status < 400) {
        return error_set(err, BEACON_E_PROTOCOL, "put the final address into base_url",
                         "%s answered %d, a redirect, which is not followed", peer, status);
    }
    int32_t code = status == 401 || status == 403 ? BEACON_E_AUTH
                   : status == 429                ? BEACON_E_LIMIT
                                                  : BEACON_E_PROTOCOL;
    return error_set(err, code, hint_of_status(status), "%s answered %d%s%s", peer, status,
                     reason[0] != '\0' ? " " : "", reason);
}
