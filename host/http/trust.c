/* SPDX-License-Identifier: Apache-2.0 */
#include "http/trust.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "http/curl_table.h"
#include "http/pem_file.h"
#include "http/request.h"

#define CERTIFICATE_MARK "-----BEGIN "
#define KEY_MARK         "PRIVATE KEY-----"
#define BUNDLES          3

struct trust {
    struct pem_file base;           /* instead of the system's: CURL_CA_BUNDLE, SSL_CERT_FILE */
    struct pem_file added[BUNDLES]; /* http.ca_bundle, CODEX_CA_CERTIFICATE */
    size_t n_added;
    struct text all; /* base and added; empty: nothing is added */
    struct pem_file certificate, key;
};

/* An environment variable that is set to something, else NULL. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static void name_base(struct trust *trust)
{
    static const char *const names[] = {"CURL_CA_BUNDLE", "SSL_CERT_FILE"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (variable(names[i]) != NULL) {
            pem_file_init(&trust->base, variable(names[i]), names[i], CERTIFICATE_MARK);
            return;
        }
    }
    pem_file_init(&trust->base, NULL, "the system", CERTIFICATE_MARK);
}

static void add(struct trust *trust, const char *path, const char *name)
{
    if (path != NULL && path[0] != '\0') {
        pem_file_init(&trust->added[trust->n_added++], path, name, CERTIFICATE_MARK);
    }
}

struct trust *trust_create(const struct http_network *network)
{
    struct trust *trust = alloc_zeroed(sizeof *trust);
    const char *certificate = network->client_certificate, *key = network->client_key;
    bool has_key = key != NULL && key[0] != '\0';
    name_base(trust);
    add(trust, network->ca_bundle, "http.ca_bundle");
    add(trust, variable("CODEX_CA_CERTIFICATE"), "CODEX_CA_CERTIFICATE");
    text_init(&trust->all, (size_t)(BUNDLES + 1) * PEM_FILE_MAX);
    pem_file_init(&trust->certificate, certificate, "http.client_certificate", CERTIFICATE_MARK);
    pem_file_init(&trust->key, has_key ? key : certificate,
                  has_key ? "http.client_key" : "http.client_certificate", KEY_MARK);
    return trust;
}

void trust_destroy(struct trust *trust)
{
    if (trust == NULL) {
        return;
    }
    pem_file_finish(&trust->base);
    for (size_t i = 0; i < trust->n_added; i++) {
        pem_file_finish(&trust->added[i]);
    }
    text_finish(&trust->all);
    pem_file_finish(&trust->certificate);
    pem_file_finish(&trust->key);
    free(trust);
}

/* The system's own file, so that adding to it does not replace it. It may be missing: then there is
 * libcurl's folder, which is asked in any case. */
static void name_system_file(struct trust *trust, const struct curl_table *curl)
{
    const curl_version_info_data *version = curl->version_info(CURLVERSION_NOW);
    const char *path = version->age >= CURLVERSION_EIGHTH ? version->cainfo : NULL;
    if (trust->base.path == NULL && path != NULL && access(path, R_OK) == 0) {
        pem_file_init(&trust->base, path, "the system", CERTIFICATE_MARK);
    }
}

static void join(struct trust *trust)
{
    text_reset(&trust->all);
    bool fits = text_add(&trust->all, trust->base.content.data, trust->base.content.len);
    for (size_t i = 0; i < trust->n_added; i++) {
        const struct text *more = &trust->added[i].content;
        fits = fits && text_add_char(&trust->all, '\n') &&
               text_add(&trust->all, more->data, more->len);
    }
    assert(fits); /* each is at most PEM_FILE_MAX */
}

static int refresh_authorities(struct trust *trust, const struct curl_table *curl,
                               struct beacon_error *err)
{
    bool has_changed = false;
    int rc = BEACON_OK;
    if (trust->n_added == 0) {
        return BEACON_OK; /* libcurl reads the files itself */
    }
    name_system_file(trust, curl);
    rc = pem_file_refresh(&trust->base, &has_changed, err);
    for (size_t i = 0; rc == BEACON_OK && i < trust->n_added; i++) {
        rc = pem_file_refresh(&trust->added[i], &has_changed, err);
    }
    if (rc == BEACON_OK && has_changed) {
        join(trust);
    }
    return rc;
}

/* Asked for its password, OpenSSL would read from the terminal and hold up everything. */
static int check_key(const struct pem_file *key, struct beacon_error *err)
{
    if (key->path == NULL || strstr(text_string(&key->content), "ENCRYPTED") == NULL) {
        return BEACON_OK;
    }
    (void)error_set(err, BEACON_E_UNSUPPORTED,
                    "keep it without one in a file that only you may read: openssl pkey -in FILE "
                    "-out NEW",
                    "the key in %s, named by %s, is locked with a password", key->path, key->name);
    if (err != NULL) {
        err->flags |= HTTP_ERROR_PERMANENT;
    }
    return BEACON_E_UNSUPPORTED;
}

int trust_refresh(struct trust *trust, const struct curl_table *curl, struct beacon_error *err)
{
    int rc = refresh_authorities(trust, curl, err);
    if (rc == BEACON_OK) {
        rc = pem_file_refresh(&trust->certificate, NULL, err);
    }
    if (rc == BEACON_OK) {
        rc = pem_file_refresh(&trust->key, NULL, err);
    }
    return rc == BEACON_OK ? check_key(&trust->key, err) : rc;
}

static void set_blob(const struct curl_table *curl, CURL *easy, CURLoption option,
                     const struct text *content)
{
    struct curl_blob blob = {content->data, content->len, CURL_BLOB_COPY};
    CURLcode code = curl->easy_setopt(easy, option, &blob);
    assert(code == CURLE_OK); /* else out of memory */
    (void)code;
}

static void set_text(const struct curl_table *curl, CURL *easy, CURLoption option, const char *text)
{
    CURLcode code = curl->easy_setopt(easy, option, text);
    assert(code != CURLE_OUT_OF_MEMORY);
    (void)code;
}

void trust_apply(const struct trust *trust, const struct curl_table *curl, CURL *easy)
{
    if (trust->all.len > 0) {
        set_blob(curl, easy, CURLOPT_CAINFO_BLOB, &trust->all);
        set_blob(curl, easy, CURLOPT_PROXY_CAINFO_BLOB, &trust->all);
    } else if (trust->base.path != NULL) {
        set_text(curl, easy, CURLOPT_CAINFO, trust->base.path);
        set_text(curl, easy, CURLOPT_PROXY_CAINFO, trust->base.path);
    }
    if (variable("SSL_CERT_DIR") != NULL) {
        set_text(curl, easy, CURLOPT_CAPATH, variable("SSL_CERT_DIR"));
        set_text(curl, easy, CURLOPT_PROXY_CAPATH, variable("SSL_CERT_DIR"));
    }
    if (trust->certificate.is_read && trust->key.is_read) {
        set_blob(curl, easy, CURLOPT_SSLCERT_BLOB, &trust->certificate.content);
        set_blob(curl, easy, CURLOPT_SSLKEY_BLOB, &trust->key.content);
        set_text(curl, easy, CURLOPT_KEYPASSWD, "");
    }
}
