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
    bool with_detail;           /* libcurl's words say more */
    const char *words;          /* of libcurl or OpenSSL; NULL: any */
    const char *before, *after; /* the message is before + "host:port" + after */
    const char *hint;
};

/* The first that fits. The words are OpenSSL's, those of the two TLS versions differ. */
static const struct tls_row rows[] = {
    {CURLE_PEER_FAILED_VERIFICATION, false, "has expired", "the TLS certificate of ",
     " has expired",
     "ask who runs the server to renew it, and check the clock of this machine; this is not "
     "retried"},
    {CURLE_PEER_FAILED_VERIFICATION, false, "not yet valid", "the TLS certificate of ",
     " is not valid yet", "check the clock of this machine; this is not retried"},
    {CURLE_PEER_FAILED_VERIFICATION, true, "subject name", "the TLS certificate of ",
     " is for another name",
     "write the name that is in the certificate into base_url, or ask who runs the server for one "
     "with this name; this is not retried"},
    {CURLE_PEER_FAILED_VERIFICATION, true, NULL, "the TLS certificate of ", " is not trusted",
     ADD_CA},
    {CURLE_SSL_CACERT_BADFILE, true, NULL, "the CA certificates to check ", " with cannot be read",
     "correct http.ca_bundle of config.toml, CODEX_CA_CERTIFICATE or SSL_CERT_FILE; this is not "
     "retried"},
    {CURLE_SSL_CERTPROBLEM, true, NULL, "the client certificate for ", " cannot be used",
     "check that http.client_certificate and http.client_key are PEM files that belong together; "
     "this is not retried"},
    {ANY_CODE, false, "alert certificate required", "", " asks for a client certificate",
     NEW_CERTIFICATE},
    {CURLE_SSL_CONNECT_ERROR, false, "alert handshake failure", "",
     " refused the TLS handshake, as servers do that ask for a client certificate",
     NEW_CERTIFICATE},
    {ANY_CODE, true, "alert bad certificate", "", " does not accept the client certificate",
     NEW_CERTIFICATE},
    {ANY_CODE, true, "alert unsupported certificate", "", " does not accept the client certificate",
     NEW_CERTIFICATE},
    {ANY_CODE, true, "alert certificate expired", "", " does not accept the client certificate",
     NEW_CERTIFICATE},
    {ANY_CODE, true, "alert certificate revoked", "", " does not accept the client certificate",
     NEW_CERTIFICATE},
    {ANY_CODE, true, "alert certificate unknown", "", " does not accept the client certificate",
     NEW_CERTIFICATE},
    {ANY_CODE, true, "alert unknown ca", "", " does not accept the client certificate",
     NEW_CERTIFICATE},
    {ANY_CODE, true, "alert access denied", "", " does not accept the client certificate",
     NEW_CERTIFICATE},
    {CURLE_SSL_CIPHER, true, NULL, "no TLS cipher in common with ", "",
     "ask the operator of the server; this is not retried"},
    {CURLE_SSL_CONNECT_ERROR, false, "wrong version", "", " does not speak TLS",
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
