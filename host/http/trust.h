/* trust.h - whom we believe and who we are, for TLS: CA certificates and the client certificate.
 *
 * The system's CAs are libcurl's default; CURL_CA_BUNDLE or else SSL_CERT_FILE names another file instead
 * of the system's, SSL_CERT_DIR another folder, as everywhere. What http.ca_bundle and
 * CODEX_CA_CERTIFICATE name is trusted *besides* those: who adds the CA of a company does not mean to
 * lose the rest of the world. Files are looked at for every request and read again when they have
 * changed; a request then gets a connection of its own kind, as libcurl compares what it was made with.
 * Owned by request.c. Thread: [main]. Private to the room.
 */
#ifndef HOST_HTTP_TRUST_H
#define HOST_HTTP_TRUST_H

#include <beacon/error.h>
#include <curl/curl.h>

struct curl_table;
struct http_network;
struct trust;

struct trust *trust_create(const struct http_network *network);
void trust_destroy(struct trust *trust); /* NULL is fine */

/* Read what has changed. A file that cannot be used is a permanent error that names it and its key. */
int trust_refresh(struct trust *trust, const struct curl_table *curl, struct beacon_error *err);

/* Put what was read last onto a handle, which copies it. */
void trust_apply(const struct trust *trust, const struct curl_table *curl, CURL *easy);

#endif
