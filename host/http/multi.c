/* SPDX-License-Identifier: Apache-2.0 */
#include "http/multi.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "http/curl_table.h"
#include "loop/loop.h"

struct multi {
    const struct curl_table *curl;
    struct loop *loop;
    struct multi_callbacks callbacks;
    CURLM *handle;
    struct loop_timer *timer;
    struct watched *sockets; /* those that libcurl wants watched */
    bool is_inside;
};

/* One socket of libcurl's. */
struct watched {
    struct multi *multi;
    struct watched *prev, *next;
    struct loop_watch *watch;
    curl_socket_t fd;
};

static void must(CURLMcode code)
{
    assert(code == CURLM_OK);
    (void)code;
}

static void take_messages(struct multi *multi)
{
    int left = 0;
    for (CURLMsg *message = multi->curl->multi_info_read(multi->handle, &left); message != NULL;
         message = multi->curl->multi_info_read(multi->handle, &left)) {
        CURL *easy = message->easy_handle; /* the message dies with the next call */
        CURLcode code = message->data.result;
        multi_remove(multi, easy);
        multi->callbacks.on_done(multi->callbacks.ctx, easy, code);
    }
}

static void act(struct multi *multi, curl_socket_t fd, int events)
{
    int running = 0;
    multi->is_inside = true;
    CURLMcode code = multi->curl->multi_socket_action(multi->handle, fd, events, &running);
    multi->is_inside = false;
    /* A socket that is gone by now is libcurl's to ignore. */
    assert(code == CURLM_OK || code == CURLM_BAD_SOCKET);
    multi->callbacks.on_idle(multi->callbacks.ctx);
    take_messages(multi);
}

static void on_ready(void *ctx, int events)
{
    const struct watched *watched = ctx;
    int bits = (events & LOOP_READABLE ? CURL_CSELECT_IN : 0) |
               (events & LOOP_WRITABLE ? CURL_CSELECT_OUT : 0);
    act(watched->multi, watched->fd, bits);
}

static void on_timeout(void *ctx)
{
    act(ctx, CURL_SOCKET_TIMEOUT, 0);
}

static struct watched *watch(struct multi *multi, curl_socket_t fd)
{
    struct watched *watched = alloc_zeroed(sizeof *watched);
    watched->multi = multi;
    watched->fd = fd;
    watched->watch = loop_watch_create(multi->loop, fd, on_ready, watched);
    watched->next = multi->sockets;
    if (watched->next != NULL) {
        watched->next->prev = watched;
    }
    multi->sockets = watched;
    must(multi->curl->multi_assign(multi->handle, fd, watched));
    return watched;
}

static void unwatch(struct watched *watched)
{
    struct watched **link = watched->prev != NULL ? &watched->prev->next : &watched->multi->sockets;
    *link = watched->next;
    if (watched->next != NULL) {
        watched->next->prev = watched->prev;
    }
    loop_watch_close(watched->watch);
    free(watched);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *assigned)
{
    (void)easy;
    struct multi *multi = ctx;
    struct watched *watched = assigned;
    if (what == CURL_POLL_REMOVE) {
        if (watched != NULL) {
            must(multi->curl->multi_assign(multi->handle, fd, NULL));
            unwatch(watched);
        }
        return 0;
    }
    watched = watched != NULL ? watched : watch(multi, fd);
    loop_watch_set(watched->watch, (what & CURL_POLL_IN ? LOOP_READABLE : 0) |
                                       (what & CURL_POLL_OUT ? LOOP_WRITABLE : 0));
    return 0;
}

static int on_timer_wanted(CURLM *handle, long timeout_ms, void *ctx)
{
    (void)handle;
    const struct multi *multi = ctx;
    if (timeout_ms < 0) {
        loop_timer_stop(multi->timer);
    } else {
        loop_timer_start(multi->timer, (uint64_t)timeout_ms);
    }
    return 0;
}

struct multi *multi_create(struct loop *loop, const struct curl_table *curl,
                           const struct multi_callbacks *callbacks)
{
    struct multi *multi = alloc_zeroed(sizeof *multi);
    *multi = (struct multi){.curl = curl, .loop = loop, .callbacks = *callbacks};
    multi->handle = curl->multi_init();
    assert(multi->handle != NULL); /* out of memory */
    multi->timer = loop_timer_create(loop, on_timeout, multi);
    must(curl->multi_setopt(multi->handle, CURLMOPT_SOCKETFUNCTION, on_socket));
    must(curl->multi_setopt(multi->handle, CURLMOPT_SOCKETDATA, multi));
    must(curl->multi_setopt(multi->handle, CURLMOPT_TIMERFUNCTION, on_timer_wanted));
    must(curl->multi_setopt(multi->handle, CURLMOPT_TIMERDATA, multi));
    return multi;
}

void multi_destroy(struct multi *multi)
{
    if (multi == NULL) {
        return;
    }
    (void)multi->curl->multi_cleanup(multi->handle);
    while (multi->sockets != NULL) { /* idle connections are closed without a word */
        struct watched *watched = multi->sockets;
        multi->sockets = watched->next;
        loop_watch_close(watched->watch);
        free(watched);
    }
    loop_timer_close(multi->timer);
    free(multi);
}

void multi_add(struct multi *multi, CURL *easy)
{
    assert(!multi->is_inside);
    must(multi->curl->multi_add_handle(multi->handle, easy));
}

void multi_remove(struct multi *multi, CURL *easy)
{
    assert(!multi->is_inside);
    must(multi->curl->multi_remove_handle(multi->handle, easy));
}

bool multi_is_inside(const struct multi *multi)
{
    return multi->is_inside;
}
