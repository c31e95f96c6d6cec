/* multi.h - libcurl's multi handle on our loop: its sockets are loop watches, its timeout is a loop
 * timer. Private to request.c, which owns it. Thread: [main].
 */
#ifndef HOST_HTTP_MULTI_H
#define HOST_HTTP_MULTI_H

#include <curl/curl.h>
#include <stdbool.h>

struct loop;
struct curl_table;
struct multi;

struct multi_callbacks {
    /* A transfer is over and out of the multi handle. New ones may be added from here. */
    void (*on_done)(void *ctx, CURL *easy, CURLcode code);
    /* libcurl has returned: what could not be done inside its callbacks can be done now. */
    void (*on_idle)(void *ctx);
    void *ctx;
};

struct multi *multi_create(struct loop *loop, const struct curl_table *curl,
                           const struct multi_callbacks *callbacks);
void multi_destroy(struct multi *multi); /* every transfer is removed; NULL is fine */

/* Both only while multi_is_inside() is false. */
void multi_add(struct multi *multi, CURL *easy);
void multi_remove(struct multi *multi, CURL *easy);

bool multi_is_inside(const struct multi *multi); /* called from a callback of libcurl? */

#endif
