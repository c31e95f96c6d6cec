/* SPDX-License-Identifier: Apache-2.0 */
/* Group T: deadlines and memory of exporters. The slots are called directly here. */
#include <beacon/telemetry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "checks.h"
#include "host.h"
#include "instance.h"
#include "memory.h"
#include "plugin/sized.h"
#include "slate.h"

#define NS_PER_MS    UINT64_C(1000000)
#define DEADLINE_MS  200
#define LATE_MS      1500 /* the host has given the thread up by then */
#define TIMES        200
#define FAILURES_MAX 2000

struct exporter {
    struct check_case *c;
    struct instance_maker maker;
    struct beacon_telemetry table; /* complete */
    void *inst;
};

static bool exporter_open(struct exporter *e, struct check_case *c)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    *e = (struct exporter){.c = c};
    if (!instance_maker_init(c, &e->maker)) {
        return false;
    }
    (void)sized_copy(&e->table, sizeof e->table, e->maker.component.vtable, "table", NULL);
    const char *config = maker_config(&e->maker);
    if (maker_create(&e->maker, config, strlen(config), &e->inst, &err) != BEACON_OK) {
        check_skip(c, "create() fails, see C.creates");
        return false;
    }
    return true;
}

/* ---- one batch ---- */

#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static const struct beacon_attr attr = {
    .key = TEXT("key"), .type = BEACON_ATTR_STR, .str = TEXT("value")};
static const struct beacon_record record = {.struct_size = sizeof record,
                                            .type = BEACON_REC_LOG,
                                            .time_unix_ns = 1,
                                            .name = TEXT("check"),
                                            .body = TEXT("hello"),
                                            .attrs = &attr,
                                            .n_attrs = 1};
static const struct beacon_record *const records[] = {&record};
static const struct beacon_batch batch = {
    .struct_size = sizeof batch, .seq = 1, .records = records, .n_records = 1};

static beacon_rc swallow(const struct beacon_http_out *out, const struct beacon_http_request *rq)
{
    (void)out;
    (void)rq;
    return BEACON_OK;
}

static beacon_rc give(const struct exporter *e, const struct beacon_cancel *cancel,
                      struct beacon_error *err)
{
    const struct beacon_http_out out = {.struct_size = sizeof out, .request = swallow};
    beacon_rc rc = BEACON_OK;
    if (e->table.write != NULL) {
        slot_enter("write");
        rc = e->table.write(e->inst, &batch, cancel, err);
    } else {
        slot_enter("encode");
        rc = e->table.encode(e->inst, &batch, &out, err);
    }
    slot_leave();
    return rc;
}

/* ---- deadlines ---- */

/* A slot that takes a deadline; NULL when it is not offered. */
typedef beacon_rc (*timed_fn)(void *inst, const struct beacon_cancel *deadline,
                              struct beacon_error *e);

static void check_time(const struct exporter *e, const char *slot, uint64_t began_ns)
{
    const uint64_t took_ms = (clock_mono_ns() - began_ns) / NS_PER_MS;
    if (took_ms > LATE_MS) {
        check_fail(e->c, "a return at the deadline, whatever the other side does",
                   "wait with poll() or a try, and ask host->deadline_ns() and host->cancelled()",
                   "%s() took %llu ms, its deadline was after %d ms", slot,
                   (unsigned long long)took_ms, DEADLINE_MS);
    }
}

static void call_timed(const struct exporter *e, const char *slot, timed_fn fn)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    const uint64_t now = clock_mono_ns();
    const struct beacon_cancel cancel = {.deadline_ns = now + DEADLINE_MS * NS_PER_MS};
    if (fn != NULL) {
        slot_enter(slot);
        (void)fn(e->inst, &cancel, &err);
        slot_leave();
        check_time(e, slot, now);
    }
}

static void call_all(const struct exporter *e)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    const uint64_t now = clock_mono_ns();
    const struct beacon_cancel cancel = {.deadline_ns = now + DEADLINE_MS * NS_PER_MS};
    (void)give(e, &cancel, &err);
    check_time(e, e->table.write != NULL ? "write" : "encode", now);
    call_timed(e, "flush", e->table.flush);
    call_timed(e, "shutdown", e->table.shutdown);
}

/* Lock every file that create() made here, as another process would that hangs. */
static void lock_all_and_hang(int ready_fd)
{
    const struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    DIR *dir = opendir(".");
    for (const struct dirent *entry = NULL; dir != NULL && (entry = readdir(dir)) != NULL;) {
        int fd = open(entry->d_name, O_RDWR | O_CLOEXEC | O_NONBLOCK);
        if (fd >= 0) {
            (void)flock(fd, LOCK_EX | LOCK_NB);
            (void)fcntl(fd, F_SETLK, &whole);
        }
    }
    (void)!write(ready_fd, "r", 1);
    for (;;) {
        (void)pause();
    }
}

void check_exporter_deadline(struct check_case *c)
{
    struct exporter e;
    int fds[2];
    char byte;
    if (pipe2(fds, O_CLOEXEC) != 0 || !exporter_open(&e, c)) {
        return;
    }
    const pid_t pid = fork();
    if (pid == 0) {
        lock_all_and_hang(fds[1]);
    }
    (void)!read(fds[0], &byte, 1);
    call_all(&e);
    if (pid > 0) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
    }
    maker_destroy(&e.maker, e.inst);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

void check_exporter_cancelled(struct check_case *c)
{
    struct exporter e;
    if (exporter_open(&e, c)) {
        struct beacon_error err = BEACON_INIT(struct beacon_error);
        const struct beacon_cancel gone = {.deadline_ns = 1, .is_cancelled = true};
        const uint64_t now = clock_mono_ns();
        const beacon_rc rc = give(&e, &gone, &err);
        if (rc != BEACON_OK) {
            instance_check_error(c, rc, &err, "a batch with a deadline that is over");
        }
        check_time(&e, "write", now);
        maker_destroy(&e.maker, e.inst);
    }
}

/* ---- memory ---- */

void check_exporter_leaks(struct check_case *c)
{
    struct exporter e;
    if (!exporter_open(&e, c)) {
        return;
    }
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    const struct beacon_cancel never = {0};
    (void)give(&e, &never, &err);
    (void)give(&e, &never, &err);
    const int64_t blocks = memory_live_blocks(), bytes = memory_live_bytes();
    for (int i = 0; i < TIMES; i++) {
        (void)give(&e, &never, &err);
    }
    const int64_t more_blocks = memory_live_blocks() - blocks;
    const int64_t more_bytes = memory_live_bytes() - bytes;
    if (memory_is_ours() ? more_blocks >= TIMES / 2 : more_bytes >= TIMES) {
        check_fail(c, "as much memory after a batch as before",
                   "free or reuse what a batch needs: the host borrows nothing",
                   "%d batches leave %lld bytes behind", TIMES, (long long)more_bytes);
    }
    maker_destroy(&e.maker, e.inst);
}

void check_exporter_no_memory(struct check_case *c)
{
    struct exporter e;
    if (!memory_is_ours()) {
        check_skip(c, "a sanitizer owns the allocator of this build");
        return;
    }
    bool was_reached = true;
    for (uint64_t n = 1; was_reached && n < FAILURES_MAX; n++) {
        struct beacon_error err = BEACON_INIT(struct beacon_error);
        const struct beacon_cancel never = {0};
        if (n == 1 && !exporter_open(&e, c)) {
            return;
        }
        memory_fail_at(n, false);
        (void)give(&e, &never, &err);
        was_reached = memory_has_failed();
        memory_fail_at(0, false);
    }
    maker_destroy(&e.maker, e.inst);
}
