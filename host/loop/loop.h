/* loop.h - the one event loop of the process, its timers, signals and descriptors.
 *
 * A thin owner around libuv: rooms above watch descriptors, children and timers through this header
 * and never see a uv handle. Callbacks come one at a time, from loop_run() only; each may close any
 * handle, its own included, and no closed handle calls back. Thread: [main].
 */
#ifndef HOST_LOOP_LOOP_H
#define HOST_LOOP_LOOP_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;
struct loop_watch;
struct loop_signal;

struct loop *loop_create(void);

/* All watches, timers, signals and workers must be closed; calls of loop_later() that did not come
 * about are dropped. NULL is fine. */
void loop_destroy(struct loop *loop);

void loop_run(struct loop *loop); /* until loop_stop(), or nothing is left that could call it */
void loop_stop(struct loop *loop);
uint64_t loop_now_ms(struct loop *loop); /* monotonic, as of this round */

/* A timer that fires once; start again to move it. */
typedef void (*loop_timer_fn)(void *ctx);
struct loop_timer *loop_timer_create(struct loop *loop, loop_timer_fn fn, void *ctx);
void loop_timer_start(struct loop_timer *timer, uint64_t after_ms);
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_close(struct loop_timer *timer); /* NULL is fine */

/* Watch a descriptor, paused at first. The fd is borrowed, made non-blocking, and watched once at a
 * time: close it after loop_watch_close(). Called in every round in which one of the wanted events
 * holds; when the peer is gone all wanted events hold, and the read or write tells. Regular files
 * and /dev/null are always ready. */
#define LOOP_READABLE 1
#define LOOP_WRITABLE 2
typedef void (*loop_watch_fn)(void *ctx, int events);
struct loop_watch *loop_watch_create(struct loop *loop, int fd, loop_watch_fn fn, void *ctx);
void loop_watch_set(struct loop_watch *watch, int events); /* 0 = pause */
void loop_watch_close(struct loop_watch *watch);           /* NULL is fine */

typedef void (*loop_signal_fn)(void *ctx, int signal_number);
struct loop_signal *loop_signal_create(struct loop *loop, int signal_number, loop_signal_fn fn,
                                       void *ctx);
void loop_signal_close(struct loop_signal *handle); /* NULL is fine */

/* Run `fn` once, after the other callbacks of this round: breaks recursion. In order of asking; what
 * is asked for by such a call comes in the next round. */
void loop_later(struct loop *loop, loop_timer_fn fn, void *ctx);

/* For loop/ itself: the uv loop, and the count of handles loop_destroy() checks. */
struct uv_loop_s *loop_uv(struct loop *loop);
void loop_count_handle(struct loop *loop, int change);

#endif
