/* SPDX-License-Identifier: Apache-2.0 */
#include "http/failure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "http/request.h"
#include "http/tls_failure.h"

#define PEER_CLOSED "try again; if it stays, look at the server's log"
#define CHECK_URL   "check base_url in the provider's configuration"

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
    {CURLE_COULDNT_CONNECT, BEACON_E_IO, 0, true, "cannot connect to ", "",
     "check that the server runs, base_url, and the proxy variables of the environment"},
    {CURLE_OPERATION_TIMEDOUT, BEACON_E_DEADLINE, 0, false, "timeout connecting to ", "",
     "check the network and the proxy variables of the environment"},
    {CURLE_SSL_CONNECT_ERROR, BEACON_E_IO, 0, true, "no TLS connection with ", "",
     "check that base_url should begin with https:// and that the server speaks TLS 1.2"},
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

static bool has_proxy(const struct failure *failure)
{
    return failure->via != NULL && failure->via[0] != '\0';
}

static const char *named_by(const struct failure *failure)
{
    return has_proxy(failure) && failure->via_source != NULL ? failure->via_source
                                                             : "the environment";
}

/* It answered, but not with a connection. A gateway that is down may come back. */
static int proxy_refused(const struct failure *failure, struct beacon_error *err)
{
    const char *via = has_proxy(failure) ? failure->via : "";
    char hint[160];
    (void)snprintf(hint, sizeof hint,
                   failure->proxy_status == 407
                       ? "put user and password into %s: http://user:password@host:port"
                       : "ask who runs the proxy named by %s, or name the host in NO_PROXY",
                   named_by(failure));
    (void)error_set(err, BEACON_E_IO, hint,
                    "the proxy %s%sanswered %ld instead of connecting to %s", via,
                    via[0] != '\0' ? " " : "", failure->proxy_status, failure->peer);
    err->flags = failure->proxy_status < 500 ? HTTP_ERROR_PERMANENT : 0;
    return err->code;
}

static bool is_of_the_proxy(const struct failure *failure)
{
    return has_proxy(failure) &&
           (failure->code == CURLE_COULDNT_CONNECT ||
            failure->code == CURLE_COULDNT_RESOLVE_PROXY || failure->code == CURLE_PROXY);
}

static int proxy_failed(const struct failure *failure, struct beacon_error *err)
{
    char hint[160];
    (void)snprintf(hint, sizeof hint, "check the proxy named by %s, or name the host in NO_PROXY",
                   named_by(failure));
    const char *why = failure->code == CURLE_COULDNT_RESOLVE_PROXY ? "its address is not found"
                      : failure->os_errno == ECONNREFUSED          ? "connection refused"
                                                                   : failure->detail;
    return error_set_errno(err, BEACON_E_IO, failure->os_errno, hint,
                           "the proxy %s on the way to %s cannot be used%s%s", failure->via,
                           failure->peer, why[0] != '\0' ? ": " : "", why);
}

int failure_describe(const struct failure *failure, struct beacon_error *err)
{
    if (failure->proxy_status >= 300) {
        return proxy_refused(failure, err);
    }
    if (is_of_the_proxy(failure)) {
        return proxy_failed(failure, err);
    }
    if (tls_failure_describe(failure, err)) {
        return err->code;
    }
    const struct failure_row *row = row_of(failure->code);
    if (failure->code == CURLE_COULDNT_CONNECT && failure->os_errno == ECONNREFUSED) {
        return error_set_errno(err, row->result, failure->os_errno, row->hint,
                               "connection refused by %s", failure->peer);
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
