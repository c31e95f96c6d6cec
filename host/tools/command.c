/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/spawn.h"
#include "base/text.h"
#include "event/event.h"
#include "event/fanout.h"
#include "loop/loop.h"
#include "sandbox/sandbox.h"
#include "tools/output_limit.h"
#include "tools/output_spill.h"
#include "tools/quote.h"
#include "tools/tool.h"

#define READ_BYTES      (64u << 10)
#define READS_PER_ROUND 16 /* then other descriptors get their turn */
#define DIAGNOSIS_BYTES 1024
#define TAIL_BYTES      4096 /* of the output, for the sandbox to explain a denial by */

struct command {
    struct command_table *table;
    struct tool_context *context;
    struct sandbox *sandbox; /* that it runs in */
    struct command *next;
    uint32_t id;
    char *call_id, *line, *cwd;
    struct spawn_child child;
    struct sandbox_run *run;
    int out_fd; /* read end of the pipe, or the pty master; -1 after end of file */
    bool has_terminal, has_exited, has_timed_out, is_released;
    bool is_in_callback; /* on_child() is on the stack: not to be freed */
    int exit_code;
    uint64_t started_ns, ended_ns;
    struct loop_watch *exit_watch, *out_watch;
    struct loop_timer *timeout;
    struct output_limit whole, fresh;
    struct spill_file *spill; /* NULL: everything is in `whole` */
    bool has_no_spill;        /* it could not be written */
    struct text diagnosis;
    command_exit_fn on_exit;
    void *on_exit_ctx;
};

struct command_table {
    struct command *first;
    uint32_t last_id;
    pid_t *strangers; /* children that were here before */
    size_t n_strangers;
    struct spill_folder *spills; /* NULL: none wanted */
};

struct command_table *command_table_create(void)
{
    struct command_table *table = alloc_zeroed(sizeof *table);
    table->n_strangers = spawn_list_children(&table->strangers);
    return table;
}

void command_table_spill_to(struct command_table *table, const char *folder, const char *session)
{
    spill_folder_destroy(table->spills);
    table->spills = spill_folder_create(folder, session);
}

static void close_output(struct command *command)
{
    loop_watch_close(command->out_watch);
    command->out_watch = NULL;
    if (command->out_fd >= 0) {
        (void)close(take_fd(&command->out_fd));
    }
}

static void destroy(struct command *command)
{
    close_output(command);
    loop_watch_close(command->exit_watch);
    loop_timer_close(command->timeout);
    if (command->child.pidfd >= 0) {
        (void)close(command->child.pidfd);
    }
    output_limit_finish(&command->whole);
    output_limit_finish(&command->fresh);
    spill_file_close(command->spill);
    text_finish(&command->diagnosis);
    free(command->call_id);
    free(command->line);
    free(command->cwd);
    free(command);
}

static void unlink_and_destroy(struct command *command)
{
    struct command **at = &command->table->first;
    while (*at != command) {
        at = &(*at)->next;
    }
    *at = command->next;
    destroy(command);
}

/* Nobody asks for it any more, it has exited, and no child holds its output. */
static void forget_if_over(struct command *command)
{
    if (command->is_released && command->has_exited && command->out_fd < 0 &&
        !command->is_in_callback) {
        unlink_and_destroy(command);
    }
}

static void emit(struct command *command, enum event_kind kind, enum event_status status,
                 const struct text *output)
{
    struct event event = {.kind = kind, .turn_id = command->context->turn_id};
    event.as.command = (struct event_command){
        .call_id = command->call_id,
        .command = command->line,
        .cwd = command->cwd,
        .output = output != NULL ? text_string(output) : "",
        .output_bytes = output != NULL ? output->len : 0,
        .exit_code = command->exit_code,
        .duration_ms = (command->ended_ns - command->started_ns) / 1000000u,
        .status = status,
    };
    fanout_emit(command->context->events, &event);
}

static void emit_finished(struct command *command)
{
    AUTO_TEXT struct text output;
    text_init(&output, (size_t)OUTPUT_KEPT_BYTES * 4);
    output_limit_copy(&command->whole, &output);
    emit(command, EVENT_COMMAND_FINISHED, command->exit_code == 0 ? EVENT_COMPLETED : EVENT_FAILED,
         &output);
}

/* The file begins with what is in memory, so it is made before the ring forgets any of it. */
static void begin_spill(struct command *command)
{
    if (command->spill != NULL || command->has_no_spill || command->table->spills == NULL) {
        return;
    }
    command->spill = spill_file_create(command->table->spills, command->id);
    command->has_no_spill = command->spill == NULL;
    if (command->spill != NULL) {
        size_t n = 0;
        AUTO_FREE char *kept = output_limit_bytes(&command->whole, &n);
        spill_file_add(command->spill, kept, n);
    }
}

static void keep(struct command *command, const char *p, size_t n)
{
    if (command->whole.total_bytes + n > OUTPUT_KEPT_BYTES) {
        begin_spill(command);
    }
    if (command->spill != NULL) {
        spill_file_add(command->spill, p, n);
    }
    output_limit_add(&command->whole, p, n);
    output_limit_add(&command->fresh, p, n);
}

/* Read what is there. False when nothing more will come. */
static bool drain(struct command *command)
{
    static char buffer[READ_BYTES]; /* one loop thread, never re-entered */
    for (int i = 0; i < READS_PER_ROUND; i++) {
        ssize_t got = read(command->out_fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno == EAGAIN) {
            return true;
        }
        if (got <= 0) { /* a pty master says EIO where a pipe says end of file */
            return false;
        }
        if (!command->has_exited) {
            keep(command, buffer, (size_t)got);
        }
    }
    return true;
}

static void on_output(void *ctx, int events)
{
    struct command *command = ctx;
    (void)events;
    if (!drain(command)) {
        close_output(command);
        forget_if_over(command);
    }
}

static void read_the_rest(struct command *command)
{
    /* The process is gone: what it wrote is in the pipe already, at most one pipe's worth. */
    int passes = 0;
    while (command->out_fd >= 0 && passes++ < 2) {
        if (!drain(command)) {
            close_output(command);
        }
    }
}

static int exit_code_of(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void settle(struct command *command, int wait_status)
{
    read_the_rest(command);
    command->ended_ns = clock_mono_ns();
    command->exit_code = command->has_timed_out ? EXIT_CODE_TIMEOUT : exit_code_of(wait_status);
    loop_timer_close(command->timeout);
    command->timeout = NULL;
    AUTO_TEXT struct text tail;
    text_init(&tail, (size_t)OUTPUT_KEPT_BYTES * 4);
    if (command->exit_code != 0) {
        output_limit_copy(&command->whole, &tail);
    }
    size_t n = tail.len < TAIL_BYTES ? tail.len : TAIL_BYTES;
    sandbox_finish(command->sandbox, command->run, wait_status, text_string(&tail) + tail.len - n,
                   n, &command->diagnosis);
    command->run = NULL;
    command->has_exited = true;
    emit_finished(command);
}

static void on_child(void *ctx, int events)
{
    struct command *command = ctx;
    (void)events;
    siginfo_t info = {0};
    if (waitid(P_PIDFD, (id_t)command->child.pidfd, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid == 0) {
        return;
    }
    int wait_status = 0;
    loop_watch_close(command->exit_watch); /* before its descriptor */
    command->exit_watch = NULL;
    spawn_reap(&command->child, &wait_status);
    command->is_in_callback = true;
    settle(command, wait_status);
    if (command->on_exit != NULL) {
        command->on_exit(command->on_exit_ctx, command);
    }
    command->is_in_callback = false;
    forget_if_over(command);
}

static void on_timeout(void *ctx)
{
    struct command *command = ctx;
    command->has_timed_out = true;
    command_kill(command);
}

struct streams { /* our end and the child's */
    int ours, in, out;
};

static int open_terminal(struct streams *streams)
{
    AUTO_CLOSE int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    char name[64];
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 ||
        ptsname_r(master, name, sizeof name) != 0) {
        return -1;
    }
    int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0) {
        return -1;
    }
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    (void)ioctl(slave, TIOCSWINSZ, &size);
    *streams = (struct streams){take_fd(&master), slave, slave};
    return 0;
}

static int open_pipe(struct streams *streams)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *streams = (struct streams){ends[0], -1, ends[1]};
    return 0;
}

static size_t count_running(const struct command_table *table)
{
    size_t n = 0;
    for (const struct command *c = table->first; c != NULL; c = c->next) {
        n += c->has_exited ? 0 : 1;
    }
    return n;
}

/* Output that nobody came for is kept of the COMMANDS_MAX newest only. */
static void forget_unclaimed(struct command_table *table)
{
    size_t n = 0;
    struct command *next = NULL;
    for (struct command *c = table->first; c != NULL; c = next) {
        next = c->next;
        if (c->has_exited && !c->is_released && ++n >= COMMANDS_MAX) {
            command_release(c);
        }
    }
}

static void watch(struct command *command, uint64_t timeout_ms)
{
    struct loop *loop = command->context->loop;
    command->exit_watch = loop_watch_create(loop, command->child.pidfd, on_child, command);
    loop_watch_set(command->exit_watch, LOOP_READABLE);
    command->out_watch = loop_watch_create(loop, command->out_fd, on_output, command);
    loop_watch_set(command->out_watch, LOOP_READABLE);
    if (timeout_ms > 0) {
        command->timeout = loop_timer_create(loop, on_timeout, command);
        loop_timer_start(command->timeout, timeout_ms);
    }
}

static struct command *describe(struct tool_context *context, const struct command_request *request)
{
    struct command *command = alloc_zeroed(sizeof *command);
    command->table = context->commands;
    command->context = context;
    command->sandbox = request->sandbox != NULL ? request->sandbox : context->sandbox;
    command->call_id = alloc_string(request->call_id);
    command->line = quote_argv(request->shown != NULL ? request->shown : request->argv);
    command->cwd = alloc_string(request->cwd);
    command->has_terminal = request->has_terminal;
    command->child = (struct spawn_child){.pid = -1, .pidfd = -1};
    command->out_fd = -1;
    command->started_ns = command->ended_ns = clock_mono_ns();
    text_init(&command->diagnosis, DIAGNOSIS_BYTES);
    return command;
}

int command_start(struct tool_context *context, const struct command_request *request,
                  struct command **ret, struct beacon_error *err)
{
    struct command_table *table = context->commands;
    if (count_running(table) >= COMMANDS_MAX) {
        return error_set(err, BEACON_E_LIMIT, "end one of them first",
                         "%d commands are running already", COMMANDS_MAX);
    }
    forget_unclaimed(table);
    struct streams streams = {-1, -1, -1};
    if ((request->has_terminal ? open_terminal(&streams) : open_pipe(&streams)) != 0) {
        return error_set_errno(err, BEACON_E_IO, errno, "close other programs",
                               "cannot make a %s for the command: %s",
                               request->has_terminal ? "terminal" : "pipe", strerror(errno));
    }
    struct command *command = describe(context, request);
    command->out_fd = streams.ours;
    struct sandbox_command wanted = {.argv = request->argv,
                                     .env = context->env,
                                     .cwd = request->cwd,
                                     .in_fd = streams.in,
                                     .out_fd = streams.out,
                                     .err_fd = streams.out,
                                     .is_terminal = request->has_terminal};
    int rc = sandbox_start(command->sandbox, &wanted, &command->run, &command->child, err);
    (void)close(streams.out);
    if (rc != BEACON_OK) {
        destroy(command);
        return rc;
    }
    command->id = ++table->last_id;
    command->next = table->first;
    table->first = command;
    watch(command, request->timeout_ms);
    emit(command, EVENT_COMMAND_STARTED, EVENT_IN_PROGRESS, NULL);
    *ret = command;
    return BEACON_OK;
}

void command_on_exit(struct command *command, command_exit_fn fn, void *ctx)
{
    command->on_exit = fn;
    command->on_exit_ctx = ctx;
}

void command_kill(struct command *command)
{
    if (!command->has_exited) {
        spawn_kill(&command->child);
    }
}

void command_release(struct command *command)
{
    command->is_released = true;
    command->on_exit = NULL;
    forget_if_over(command);
}

void command_table_destroy(struct command_table *table)
{
    if (table == NULL) {
        return;
    }
    struct command *next = NULL;
    for (struct command *command = table->first; command != NULL; command = next) {
        next = command->next;
        if (!command->has_exited) {
            command_kill(command);
            int wait_status = 0;
            loop_watch_close(command->exit_watch);
            command->exit_watch = NULL;
            spawn_reap(&command->child, &wait_status);
            sandbox_finish(command->sandbox, command->run, wait_status, "", 0, &command->diagnosis);
        }
        destroy(command);
    }
    (void)spawn_sweep(table->strangers, table->n_strangers);
    spill_folder_destroy(table->spills);
    free(table->strangers);
    free(table);
}

struct command *command_find(struct command_table *table, uint32_t id)
{
    for (struct command *c = table->first; c != NULL; c = c->next) {
        if (c->id == id && !c->is_released) {
            return c;
        }
    }
    return NULL;
}

uint32_t command_id(const struct command *command)
{
    return command->id;
}

bool command_has_exited(const struct command *command)
{
    return command->has_exited;
}

bool command_has_timed_out(const struct command *command)
{
    return command->has_timed_out;
}

int command_exit_code(const struct command *command)
{
    return command->exit_code;
}

uint64_t command_age_ns(const struct command *command)
{
    uint64_t until = command->has_exited ? command->ended_ns : clock_mono_ns();
    return until - command->started_ns;
}

struct output_limit *command_fresh_output(struct command *command)
{
    return &command->fresh;
}

const char *command_spilled(struct command *command, uint64_t *ret_missing)
{
    *ret_missing = 0;
    if (command->whole.total_bytes <= OUTPUT_KEPT_BYTES) {
        begin_spill(command);
    }
    if (command->spill == NULL) {
        return NULL;
    }
    *ret_missing = spill_file_missing(command->spill);
    return spill_file_path(command->spill);
}

const char *command_diagnosis(const struct command *command)
{
    return text_string(&command->diagnosis);
}

int command_write(struct command *command, const char *p, size_t n, struct beacon_error *err)
{
    if (!command->has_terminal || command->out_fd < 0) {
        return error_set(err, BEACON_E_UNSUPPORTED, "start it again with tty set to true",
                         "stdin is closed for this session");
    }
    while (n > 0) {
        ssize_t wrote = write(command->out_fd, p, n);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            return error_set_errno(err, BEACON_E_IO, errno, "read its output first, then go on",
                                   "the terminal took no more input: %s", strerror(errno));
        }
        p += wrote;
        n -= (size_t)wrote;
    }
    return BEACON_OK;
}
