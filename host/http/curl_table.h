/* curl_table.h - libcurl, opened with the first request and never before.
 *
 * Loading libcurl and its thirty libraries costs 4.3 ms and its initialisation 0.6 ms, more than all
 * the rest of a start-up; a command that makes no request does not pay. It is opened RTLD_LOCAL: its
 * symbols never meet those of a plugin. The table lives until the process ends. Thread: [main].
 */
#ifndef HOST_HTTP_CURL_TABLE_H
#define HOST_HTTP_CURL_TABLE_H

#include <beacon/error.h>
#include <curl/curl.h>

struct curl_table {
    CURL *(*easy_init)(void);
    void (*easy_cleanup)(CURL *easy);
    CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
    CURLcode (*easy_getinfo)(CURL *easy, CURLINFO info, ...);
    const char *(*easy_strerror)(CURLcode code);
    CURLM *(*multi_init)(void);
    CURLMcode (*multi_cleanup)(CURLM *multi);
    CURLMcode (*multi_setopt)(CURLM *multi, CURLMoption option, ...);
    CURLMcode (*multi_add_handle)(CURLM *multi, CURL *easy);
    CURLMcode (*multi_remove_handle)(CURLM *multi, CURL *easy);
    CURLMcode (*multi_socket_action)(CURLM *multi, curl_socket_t fd, int events, int *running);
    CURLMcode (*multi_assign)(CURLM *multi, curl_socket_t fd, void *p);
    CURLMsg *(*multi_info_read)(CURLM *multi, int *left);
    CURLcode (*global_init)(long flags);
    curl_version_info_data *(*version_info)(CURLversion age);
};

/* Load on the first call. BEACON_E_NOT_FOUND, naming the Debian package, when there is no libcurl or
 * one too old; a later call tries again. */
int curl_table_get(const struct curl_table **ret, struct beacon_error *err);

#endif
