/* loop.h - the one event loop of the process, its timers, signals and descriptors.
 *
 * A thin owner around libuv: rooms above watch descriptors, children and timers through this header
 * and never see a uv handle. Everything here runs on the loop thread. Thread: [main].
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
void loop_destroy(
    struct loop *loop);           /* all watches, timers and signals must be closed; NULL is fine */
void loop_run(struct loop *loop); /* until loop_stop() */
void loop_stop(struct loop *loop);
uint64_t loop_now_ms(struct loop *loop); /* monotonic, as of this round */

/* A timer that fires once; start again to move it. close() also from inside its own callback. */
typedef void (*loop_timer_fn)(void *ctx);
struct loop_timer *loop_timer_create(struct loop *loop, loop_timer_fn fn, void *ctx);
void loop_timer_start(struct loop_timer *timer, uint64_t after_ms);
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_close(struct loop_timer *timer); /* NULL is fine */

/* Watch a descriptor. The fd is borrowed: close it after loop_watch_close(). */
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

/* Run `fn` once in the next round, after the callbacks of this one: breaks recursion. */
void loop_later(struct loop *loop, loop_timer_fn fn, void *ctx);

struct uv_loop_s *loop_uv(struct loop *loop); /* for loop/ itself */

#endif
