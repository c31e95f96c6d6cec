/* header_list.h - the headers of one request, checked and copied, as libcurl wants them.
 *
 * They may hold secrets, so every byte is zeroed before it is freed. Thread: one owner.
 */
#ifndef HOST_HTTP_HEADER_LIST_H
#define HOST_HTTP_HEADER_LIST_H

#include <beacon/plugin.h>

struct curl_slist;

struct header_list {
    struct curl_slist *first; /* for CURLOPT_HTTPHEADER; NULL when empty */
};

/* Append "name: value". BEACON_E_INVALID, permanent: a name that is no HTTP token, a control
 * character in the value, or a header that belongs to the host (Content-Length, Host, …). */
int header_list_add(struct header_list *list, struct beacon_str name, struct beacon_str value,
                    struct beacon_error *err);

/* As above, after dropping what has the same name. */
int header_list_replace(struct header_list *list, struct beacon_str name, struct beacon_str value,
                        struct beacon_error *err);

/* Keep libcurl from adding its own default for a header that is not in the list. */
void header_list_suppress(struct header_list *list, const char *name);

void header_list_finish(struct header_list *list);

#endif
