/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/countdown.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "loop/loop.h"

#define ERASE "\r\x1b[K"

struct countdown {
    struct loop *loop;
    struct loop_timer *timer;
    uint64_t due_ms;
    bool is_shown;
};

static void show(struct countdown *countdown)
{
    uint64_t now_ms = loop_now_ms(countdown->loop);
    uint64_t left_ms = countdown->due_ms > now_ms ? countdown->due_ms - now_ms : 0;
    (void)fprintf(stderr, ERASE "  trying again in %" PRIu64 " s", (left_ms + 999) / 1000);
    (void)fflush(stderr);
    countdown->is_shown = true;
    if (left_ms > 0) { /* at the next whole second */
        loop_timer_start(countdown->timer, (left_ms - 1) % 1000 + 1);
    }
}

static void on_second(void *ctx)
{
    show(ctx);
}

struct countdown *countdown_create(struct loop *loop)
{
    struct countdown *countdown = alloc_zeroed(sizeof *countdown);
    countdown->loop = loop;
    countdown->timer = loop_timer_create(loop, on_second, countdown);
    return countdown;
}

void countdown_destroy(struct countdown *countdown)
{
    if (countdown != NULL) {
        countdown_stop(countdown);
        loop_timer_close(countdown->timer);
        free(countdown);
    }
}

void countdown_start(struct countdown *countdown, uint64_t ms)
{
    countdown->due_ms = loop_now_ms(countdown->loop) + ms;
    show(countdown);
}

void countdown_stop(struct countdown *countdown)
{
    if (countdown == NULL || !countdown->is_shown) {
        return;
    }
    loop_timer_stop(countdown->timer);
    countdown->is_shown = false;
    (void)fputs(ERASE, stderr);
    (void)fflush(stderr);
}
