/* SPDX-License-Identifier: Apache-2.0 */
/* Group C: making and unmaking instances, again and again, and when memory runs out. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "check.h"
#include "checks.h"
#include "fence.h"
#include "instance.h"
#include "memory.h"
#include "process_state.h"

#define CYCLES       1000
#define WARM_UP      10
#define PHRASE_BYTES 512
#define FAILURES_MAX 2000 /* allocations of one create() that are made to fail, at most */

void check_cycle_creates(struct check_case *c)
{
    struct instance_maker maker;
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    void *inst = NULL;
    if (!instance_maker_init(c, &maker)) {
        return;
    }
    const char *config = maker_config(&maker);
    beacon_rc rc = maker_create(&maker, config, strlen(config), &inst, &err);
    if (rc != BEACON_OK) {
        check_fail(c, "BEACON_OK with a configuration that fits the schema",
                   "name what must be there under \"required\" in config_schema, or give a "
                   "configuration with --config",
                   "create(%s) returned %d: %s", config, (int)rc, err.message);
        return;
    }
    maker_destroy(&maker, inst);
}

/* False: a cycle failed, which C.creates reports. */
static bool cycle(const struct instance_maker *maker, const char *config, int times)
{
    for (int i = 0; i < times; i++) {
        struct beacon_error err = BEACON_INIT(struct beacon_error);
        void *inst = NULL;
        if (maker_create(maker, config, strlen(config), &inst, &err) != BEACON_OK) {
            return false;
        }
        maker_destroy(maker, inst);
    }
    return true;
}

static void compare_memory(struct check_case *c, int64_t blocks, int64_t bytes)
{
    /* Less than one block in two cycles is a cache that grows now and then. */
    const bool is_leak = memory_is_ours() ? blocks >= CYCLES / 2 : bytes >= CYCLES;
    if (is_leak) {
        check_fail(c, "as much memory after destroy() as before create()",
                   "free in destroy() what create() made; -fsanitize=address names the place",
                   "%d times create() and destroy() leave %lld bytes behind", CYCLES,
                   (long long)bytes);
    }
}

void check_cycle_leaks(struct check_case *c)
{
    struct instance_maker maker;
    char phrase[PHRASE_BYTES] = "";
    if (!instance_maker_init(c, &maker)) {
        return;
    }
    const char *config = maker_config(&maker);
    if (!cycle(&maker, config, WARM_UP)) {
        check_skip(c, "create() fails, see C.creates");
        return;
    }
    struct process_state *before = process_state_take();
    const int64_t blocks = memory_live_blocks(), bytes = memory_live_bytes();
    (void)cycle(&maker, config, CYCLES);
    compare_memory(c, memory_live_blocks() - blocks, memory_live_bytes() - bytes);
    struct process_state *after = process_state_take();
    if (process_state_files_differ(before, after, phrase, sizeof phrase) ||
        process_state_sockets_differ(before, after, phrase, sizeof phrase) ||
        process_state_threads_differ(before, after, phrase, sizeof phrase)) {
        check_fail(c, "nothing left of an instance that was destroyed",
                   "close and join in destroy() what create() made", "%s", phrase);
    }
    process_state_free(before);
    process_state_free(after);
}

/* ---- allocations that fail ---- */

struct shortage {
    struct check_case *c;
    const struct instance_maker *maker;
    const char *config;
    int64_t n_bytes, n_blocks; /* left behind by create() that failed */
};

/* One create() whose n-th allocation fails; false: it has fewer than n. */
static bool create_without(struct shortage *s, uint64_t n, bool is_for_good)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    void *inst = NULL;
    const int64_t blocks = memory_live_blocks(), bytes = memory_live_bytes();
    memory_fail_at(n, is_for_good);
    beacon_rc rc = maker_create(s->maker, s->config, strlen(s->config), &inst, &err);
    const bool was_reached = memory_has_failed();
    memory_fail_at(0, false);
    if (rc == BEACON_OK) {
        maker_destroy(s->maker, inst);
    } else if (was_reached) {
        char tried[80];
        s->n_blocks += memory_live_blocks() - blocks;
        s->n_bytes += memory_live_bytes() - bytes;
        (void)snprintf(tried, sizeof tried, "create() without its allocation %u", (unsigned)n);
        instance_check_error(s->c, rc, &err, tried);
    }
    return was_reached;
}

/* Everything once with a single failure, once with all that follow. Returns how many there are. */
static uint64_t fail_all(struct shortage *s)
{
    uint64_t n = 0;
    for (int is_for_good = 0; is_for_good <= 1; is_for_good++) {
        n = 1;
        while (n < FAILURES_MAX && create_without(s, n, is_for_good != 0)) {
            n++;
        }
    }
    return n - 1;
}

void check_cycle_no_memory(struct check_case *c)
{
    struct instance_maker maker;
    if (!memory_is_ours()) {
        check_skip(c, "a sanitizer owns the allocator of this build");
        return;
    }
    if (!instance_maker_init(c, &maker)) {
        return;
    }
    struct shortage s = {.c = c, .maker = &maker, .config = maker_config(&maker)};
    const uint64_t n = fail_all(&s); /* also fills what is kept for ever */
    if (n == 0) {
        check_skip(c, "create() allocates nothing");
        return;
    }
    s.n_blocks = s.n_bytes = 0;
    (void)fail_all(&s);
    if (s.n_blocks > 0) {
        check_fail(c, "a create() that fails leaves nothing behind",
                   "free on every way out of create() what there is by then",
                   "%lld bytes are left by create() failing at each of its %u allocations",
                   (long long)s.n_bytes, (unsigned)n);
    }
}

/* ---- errors of any size ---- */

void check_cycle_short_errors(struct check_case *c)
{
    static const char config[] = "{\"\":"; /* nobody can read this */
    static const size_t sizes[] = {
        offsetof(struct beacon_error, os_errno),
        offsetof(struct beacon_error, flags),
        offsetof(struct beacon_error, message),
        offsetof(struct beacon_error, hint),
        sizeof(struct beacon_error),
    };
    struct instance_maker maker;
    if (!instance_maker_init(c, &maker)) {
        return;
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct beacon_error *err = fence_make(NULL, sizes[i]);
        void *inst = NULL;
        err->struct_size = (uint32_t)sizes[i];
        if (maker_create(&maker, config, sizeof config - 1, &inst, err) == BEACON_OK) {
            maker_destroy(&maker, inst);
        }
        if (err->struct_size != sizes[i]) {
            check_fail(c, "the struct_size that the host wrote",
                       "write through BEACON_SET only, never the whole struct",
                       "the error's struct_size became %u, it was %zu", err->struct_size, sizes[i]);
        }
    }
}
