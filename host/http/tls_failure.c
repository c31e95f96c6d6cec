/* SPDX-License-Identifier: Apache-2.0 */
#include "http/tls_failure.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "http/failure.h"
#include "http/request.h"

#define ADD_CA                                                                                     \
    "put the certificate of the CA that signed it into a file and name that in http.ca_bundle of " \
    "config.toml, or in SSL_CERT_FILE; this is not retried"
#define NEW_CERTIFICATE                                                                            \
    "set http.client_certificate (and http.client_key) in config.toml to one that the server "     \
    "accepts; this is not retried"

#define ANY_CODE CURLE_OK /* by the words alone */

struct tls_row {
    CURLcode code;
    const char *words;          /* of libcurl or OpenSSL; NULL: any */
    const char *before, *after; /* the message is before + "host:port" + after */
    bool with_detail;
    const char *hint;
};

/* The first that fits. The words are OpenSSL's, those of the two TLS versions differ. */
static const struct tls_row rows[] = {
    {CURLE_PEER_FAILED_VERIFICATION, "has expired", "the TLS certificate of ", " has expired",
     false,
     "ask who runs the server to renew it, and check the clock of this machine; this is not "
     "retried"},
    {CURLE_PEER_FAILED_VERIFICATION, "not yet valid", "the TLS certificate of ",
     " is not valid yet", false, "check the clock of this machine; this is not retried"},
    {CURLE_PEER_FAILED_VERIFICATION, "subject name", "the TLS certificate of ",
     " is for another name", true,
     "write the name that is in the certificate into base_url, or ask who runs the server for one "
     "with this name; this is not retried"},
    {CURLE_PEER_FAILED_VERIFICATION, NULL, "the TLS certificate of ", " is not trusted", true,
     ADD_CA},
    {CURLE_SSL_CACERT_BADFILE, NULL, "the CA certificates to check ", " with cannot be read", true,
     "correct http.ca_bundle of config.toml, CODEX_CA_CERTIFICATE or SSL_CERT_FILE; this is not "
     "retried"},
    {CURLE_SSL_CERTPROBLEM, NULL, "the client certificate for ", " cannot be used", true,
     "check that http.client_certificate and http.client_key are PEM files that belong together; "
     "this is not retried"},
    {ANY_CODE, "alert certificate required", "", " asks for a client certificate", false,
     NEW_CERTIFICATE},
    {CURLE_SSL_CONNECT_ERROR, "alert handshake failure", "",
     " refused the TLS handshake, as servers do that ask for a client certificate", false,
     NEW_CERTIFICATE},
    {ANY_CODE, "alert bad certificate", "", " does not accept the client certificate", true,
     NEW_CERTIFICATE},
    {ANY_CODE, "alert unsupported certificate", "", " does not accept the client certificate", true,
     NEW_CERTIFICATE},
    {ANY_CODE, "alert certificate expired", "", " does not accept the client certificate", true,
     NEW_CERTIFICATE},
    {ANY_CODE, "alert certificate revoked", "", " does not accept the client certificate", true,
     NEW_CERTIFICATE},
    {ANY_CODE, "alert certificate unknown", "", " does not accept the client certificate", true,
     NEW_CERTIFICATE},
    {ANY_CODE, "alert unknown ca", "", " does not accept the client certificate", true,
     NEW_CERTIFICATE},
    {ANY_CODE, "alert access denied", "", " does not accept the client certificate", true,
     NEW_CERTIFICATE},
    {CURLE_SSL_CIPHER, NULL, "no TLS cipher in common with ", "", true,
     "ask the operator of the server; this is not retried"},
    {CURLE_SSL_CONNECT_ERROR, "wrong version", "", " does not speak TLS", false,
     "check that base_url should begin with https:// and that the server speaks TLS 1.2"},
};

static bool fits(const struct tls_row *row, const struct failure *failure)
{
    return (row->code == ANY_CODE || row->code == failure->code) &&
           (row->words == NULL || strcasestr(failure->detail, row->words) != NULL);
}

bool tls_failure_describe(const struct failure *failure, struct beacon_error *err)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct tls_row *row = &rows[i];
        if (fits(row, failure)) {
            bool with_detail = row->with_detail && failure->detail[0] != '\0';
            (void)error_set_errno(err, BEACON_E_IO, failure->os_errno, row->hint, "%s%s%s%s%s",
                                  row->before, failure->peer, row->after, with_detail ? ": " : "",
                                  with_detail ? failure->detail : "");
            err->flags = HTTP_ERROR_PERMANENT;
            return true;
        }
    }
    return false;
}
