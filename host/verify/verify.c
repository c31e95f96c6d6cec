/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "verify/canary.h"
#include "verify/verify_stage.h"
#include "verify/verify_table.h"

#define WORDS_MAX     8
#define TRIES         3
#define DETAIL_BYTES  300 /* a reason, and the message of an error */
#define ARGUMENT_SPAN (PATH_BYTES + 64)
#define PATH_BYTES    4096

extern char **environ;

struct verification {
    const struct verify_request *request;
    struct stage stage;
    struct sandbox *sandbox;
    int descriptor; /* of the folder outside, left open for commands to find; -1: none */
    int terminal, slave;
    pid_t *strangers; /* children this process had before: not ours to end */
    size_t n_strangers;
    char argument[ARGUMENT_SPAN];
    char detail[DETAIL_BYTES];
};

const char *verify_state_name(enum verify_state state)
{
    return state == VERIFY_ENFORCED       ? "enforced"
           : state == VERIFY_NOT_ENFORCED ? "not enforced"
                                          : "not applicable";
}

/* ---- what a canary is told ---- */

static void write_argument(struct verification *it, const struct verify_row *row)
{
    char *to = it->argument;
    const size_t n = sizeof it->argument;
    const struct stage *stage = &it->stage;
    switch (row->object) {
    case VERIFY_OUTSIDE:
        (void)snprintf(to, n, "%s/%s", stage->outside, row->name);
        break;
    case VERIFY_WORKSPACE:
    case VERIFY_FIFO:
        (void)snprintf(to, n, "%s/%s", stage->work, row->name);
        break;
    case VERIFY_SECRET:
        (void)snprintf(to, n, "%s/%s", stage->home, row->name);
        break;
    case VERIFY_VICTIM:
        (void)snprintf(to, n, "%d", (int)stage->victim.pid);
        break;
    case VERIFY_TCP:
    case VERIFY_UDP:
        (void)snprintf(to, n, "%u", row->object == VERIFY_TCP ? stage->tcp_port : stage->udp_port);
        break;
    case VERIFY_STREAM:
    case VERIFY_DATAGRAM:
        (void)snprintf(to, n, "%s",
                       row->object == VERIFY_STREAM ? stage->stream_path : stage->datagram_path);
        break;
    case VERIFY_ABSTRACT:
        (void)snprintf(to, n, "%s", stage->abstract_name);
        break;
    case VERIFY_SHM:
        (void)snprintf(to, n, "%d", stage->shm);
        break;
    case VERIFY_PATH:
    case VERIFY_STDIN:
    case VERIFY_DESCRIPTOR:
    case VERIFY_NOTHING:
    case VERIFY_TERMINAL:
        (void)snprintf(to, n, "%s", row->name);
        break;
    }
}

/* ---- running one ---- */

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(take_fd(fd));
    }
}

static int open_outside(const struct verification *it)
{
    return open(it->stage.outside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A terminal of our own; the child makes it its controlling one. */
static int open_terminal(struct verification *it)
{
    char name[64];
    it->terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (it->terminal < 0 || grantpt(it->terminal) != 0 || unlockpt(it->terminal) != 0 ||
        ptsname_r(it->terminal, name, sizeof name) != 0) {
        return -1;
    }
    it->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    return it->slave;
}

static int input_of(struct verification *it, const struct verify_row *row)
{
    return row->object == VERIFY_STDIN      ? open_outside(it)
           : row->object == VERIFY_TERMINAL ? open_terminal(it)
                                            : -1;
}

static void list_words(const struct verification *it, const struct verify_row *row,
                       const char *argv[WORDS_MAX])
{
    size_t n = 0;
    for (; it->request->program[n] != NULL && n < WORDS_MAX - 3; n++) {
        argv[n] = it->request->program[n];
    }
    argv[n++] = row->canary;
    argv[n++] = it->argument;
    argv[n] = NULL;
}

static int status_of(int wait_status)
{
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : CANARY_DENIED; /* killed: stopped */
}

/* What outlives its try is ended, as a session does it. The victim is the last of those to be kept. */
static void sweep(struct verification *it)
{
    it->strangers[it->n_strangers] = it->stage.victim.pid;
    (void)spawn_sweep(it->strangers, it->n_strangers + 1);
}

/* As nobody would be stopped: the proof that it can be done at all. */
static int run_free(struct verification *it, const struct verify_row *row, struct beacon_error *err)
{
    const char *argv[WORDS_MAX];
    list_words(it, row, argv);
    AUTO_CLOSE int in = input_of(it, row);
    AUTO_CLOSE int folder = open_outside(it);
    const struct spawn_fd fds[] = {{folder, STAGE_DESCRIPTOR}};
    const struct spawn_request request = {
        .argv = argv,
        .env = (const char *const *)environ,
        .cwd = it->stage.work,
        .in_fd = in,
        .out_fd = -1,
        .err_fd = -1,
        .fds = fds,
        .n_fds = row->object == VERIFY_DESCRIPTOR ? 1 : 0,
        .is_terminal = row->object == VERIFY_TERMINAL,
    };
    struct spawn_child child = {0};
    int status = 0;
    if (spawn_start(&request, &child, NULL, err) != BEACON_OK) {
        return -1;
    }
    spawn_reap(&child, &status);
    return status_of(status);
}

/* Where canaries may write is the workspace alone: the stage itself stands in a temporary folder. */
static int open_sandbox(struct verification *it, struct beacon_error *err)
{
    const struct verify_request *request = it->request;
    const struct sandbox_settings settings = {
        .mode = request->mode,
        .backend = request->backend,
        .cwd = it->stage.work,
        .home = it->stage.home,
        .exclude_tmpdir = true,
        .exclude_slash_tmp = true,
        .admin_require = request->admin_require,
        .admin_where = request->admin_where,
    };
    return sandbox_create(request->plugins, &settings, &it->sandbox, err);
}

/* In a sandbox of its own: it holds what it found when it was made, and the stage was just renewed. */
static int run_confined(struct verification *it, const struct verify_row *row,
                        struct beacon_error *err)
{
    const char *argv[WORDS_MAX];
    list_words(it, row, argv);
    AUTO_CLOSE int in = input_of(it, row);
    const struct sandbox_command command = {
        .argv = argv,
        .env = (const char *const *)environ,
        .in_fd = in,
        .out_fd = -1,
        .err_fd = -1,
        .is_terminal = row->object == VERIFY_TERMINAL,
    };
    struct sandbox_run *run = NULL;
    struct spawn_child child = {0};
    int status = 0;
    if (row->object == VERIFY_DESCRIPTOR) { /* inheritable, as a careless library leaves them */
        AUTO_CLOSE int folder = open_outside(it);
        it->descriptor = dup2(folder, STAGE_DESCRIPTOR);
    }
    int rc = open_sandbox(it, err);
    rc = rc == BEACON_OK ? sandbox_start(it->sandbox, &command, &run, &child, err) : rc;
    close_fd(&it->descriptor);
    if (rc == BEACON_OK) {
        spawn_reap(&child, &status);
        sandbox_finish(it->sandbox, run, status, NULL, 0, NULL);
    }
    sandbox_destroy(take_pointer(it->sandbox));
    sweep(it);
    return rc == BEACON_OK ? status_of(status) : -1;
}

/* ---- the verdict ---- */

static bool was_done(const struct verification *it, const struct verify_row *row, int status)
{
    const struct stage *stage = &it->stage;
    switch (row->object) {
    case VERIFY_OUTSIDE:
    case VERIFY_STDIN:
    case VERIFY_DESCRIPTOR:
        return stage_outside_changed(stage);
    case VERIFY_WORKSPACE:
        return stage_work_changed(stage, row->name);
    case VERIFY_TCP:
        return stage_was_heard(stage, stage->tcp);
    case VERIFY_UDP:
        return stage_was_heard(stage, stage->udp);
    case VERIFY_STREAM:
        return stage_was_heard(stage, stage->stream);
    case VERIFY_DATAGRAM:
        return stage_was_heard(stage, stage->datagram);
    case VERIFY_ABSTRACT:
        return stage_was_heard(stage, stage->abstract);
    case VERIFY_FIFO:
        return stage_is_fifo_held(stage);
    case VERIFY_VICTIM:
        return status == CANARY_THROUGH || !stage_victim_lives(stage);
    case VERIFY_NOTHING:
    case VERIFY_PATH:
    case VERIFY_SECRET:
    case VERIFY_SHM:
    case VERIFY_TERMINAL:
        break;
    }
    return status == CANARY_THROUGH;
}

static void close_terminal(struct verification *it)
{
    it->slave = -1; /* it was the input, and is closed */
    close_fd(&it->terminal);
}

/* One try: was the thing done? False with `err` set when it could not be tried. */
static int try_row(struct verification *it, const struct verify_row *row,
                   int (*run)(struct verification *, const struct verify_row *,
                              struct beacon_error *),
                   bool *ret_done, struct beacon_error *err)
{
    int rc = stage_reset(&it->stage, err);
    if (rc == BEACON_OK && row->object == VERIFY_VICTIM) {
        rc = stage_renew_victim(&it->stage, err);
    }
    if (rc != BEACON_OK) {
        return rc;
    }
    write_argument(it, row);
    const int status = run(it, row, err);
    close_terminal(it);
    if (status < 0) {
        return err->code;
    }
    if (status == CANARY_UNKNOWN || (status != CANARY_THROUGH && status != CANARY_DENIED)) {
        return error_set(err, BEACON_E_IO, "run it again, then report this",
                         "the canary %s ended with status %d", row->canary, status);
    }
    *ret_done = was_done(it, row, status);
    sweep(it);
    return BEACON_OK;
}

static enum verify_state judge(struct verification *it, const struct verify_row *row)
{
    struct beacon_error err = {0};
    bool is_done = false;
    it->detail[0] = '\0';
    if (try_row(it, row, run_free, &is_done, &err) != BEACON_OK || !is_done) {
        (void)snprintf(it->detail, sizeof it->detail, "%s",
                       err.message[0] != '\0' ? err.message : "cannot be done here at all");
        return VERIFY_NOT_APPLICABLE;
    }
    int rc = BEACON_E_IO;
    for (int i = 0; i < TRIES && rc != BEACON_OK;
         i++) { /* the machine around it goes on meanwhile */
        rc = try_row(it, row, run_confined, &is_done, &err);
    }
    if (rc != BEACON_OK) {
        (void)snprintf(it->detail, sizeof it->detail, "could not be tried: %s", err.message);
        return VERIFY_NOT_ENFORCED;
    }
    const bool must_work = (row->flags & VERIFY_MUST_WORK) != 0;
    return is_done == must_work ? VERIFY_ENFORCED : VERIFY_NOT_ENFORCED;
}

static void tell(struct verification *it, const struct verify_row *row, verify_result_fn on_result,
                 void *ctx, struct verify_report *report)
{
    struct verify_result result = {
        .id = row->id,
        .what = row->what,
        .state = judge(it, row),
        .is_promised = (row->promise & report->promised) != 0,
        .must_work = (row->flags & VERIFY_MUST_WORK) != 0,
        .detail = it->detail,
    };
    report->n_enforced += result.state == VERIFY_ENFORCED ? 1 : 0;
    report->n_open += result.state == VERIFY_NOT_ENFORCED ? 1 : 0;
    report->n_not_applicable += result.state == VERIFY_NOT_APPLICABLE ? 1 : 0;
    report->n_broken += result.state == VERIFY_NOT_ENFORCED && result.is_promised ? 1 : 0;
    if (on_result != NULL) {
        on_result(ctx, &result);
    }
}

/* Which backend it is, and what it promises. */
static int introduce(struct verification *it, struct verify_report *ret, struct beacon_error *err)
{
    int rc = open_sandbox(it, err);
    if (rc == BEACON_OK) {
        rc = sandbox_promise(it->sandbox, &ret->promised, err);
        (void)snprintf(ret->backend, sizeof ret->backend, "%s", sandbox_backend_label(it->sandbox));
    }
    sandbox_destroy(take_pointer(it->sandbox));
    return rc;
}

int verify_run(const struct verify_request *request, verify_result_fn on_result, void *ctx,
               struct verify_report *ret, struct beacon_error *err)
{
    struct verification it = {.request = request, .descriptor = -1, .terminal = -1, .slave = -1};
    const unsigned mode =
        request->mode == SANDBOX_READ_ONLY ? VERIFY_IN_READ_ONLY : VERIFY_IN_WORKSPACE;
    *ret = (struct verify_report){0};
    it.n_strangers = spawn_list_children(&it.strangers);
    it.strangers = alloc_grow(it.strangers, it.n_strangers + 1, sizeof *it.strangers);
    spawn_adopt_orphans();
    int rc = stage_open(&it.stage, request->program, err);
    rc = rc == BEACON_OK ? stage_reset(&it.stage, err) : rc;
    rc = rc == BEACON_OK ? introduce(&it, ret, err) : rc;
    for (size_t i = 0; rc == BEACON_OK && i < verify_row_count; i++) {
        if ((verify_rows[i].flags & mode) != 0) {
            tell(&it, &verify_rows[i], on_result, ctx, ret);
        }
    }
    stage_close(&it.stage);
    free(it.strangers);
    return rc;
}
