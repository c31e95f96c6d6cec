/* SPDX-License-Identifier: Apache-2.0
 * cmd_exec.c - `beacon exec`: one turn without a person, for scripts and SDKs.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/command_table.h"
#include "cli/exec_human.h"
#include "cli/exec_json.h"
#include "cli/exec_options.h"
#include "cli/exec_prompt.h"
#include "cli/printable.h"
#include "cli/record.h"
#include "cli/stuck.h"
#include "cli/wire.h"
#include "event/event.h"
#include "event/fanout.h"
#include "loop/loop.h"
#include "tools/command.h"

#define SCHEMA_MAX (1u << 20)

struct run {
    struct exec_options options;
    struct wire_start start;
    struct agent_prompt prompt;
    char *schema; /* compact JSON text, "" when none */
    struct exec_json *json;
    struct exec_human *human;
    char *last_message;
    struct wire wire;
    struct loop_signal *on_interrupt, *on_terminate, *on_hangup;
    struct stuck *stuck;
    struct record *record; /* NULL: not recorded */
    int signal_number;     /* that ended the turn, 0 = none */
    int status;
};

static int say(const char *message)
{
    (void)fprintf(stderr, "%s\n", message);
    return EXIT_STATUS_FAILED;
}

/* ---- events ---- */

/* SDKs abort a turn with SIGTERM and then expect the stream to end: a `turn.failed` would reach their
 * callers as a failure of the turn. The exit status tells. */
static bool is_for_client(const struct run *run, const struct event *event)
{
    return event->kind != EVENT_TURN_FAILED || run->signal_number != SIGTERM;
}

static void on_event(void *ctx, const struct event *event)
{
    struct run *run = ctx;
    if (event->kind == EVENT_AGENT_MESSAGE) {
        free(run->last_message);
        run->last_message = alloc_string(event->as.message.text);
    }
    if (run->json != NULL) {
        if (is_for_client(run, event)) {
            exec_json_sink(run->json, event);
        }
        if (exec_json_errno(run->json) != 0 && run->wire.agent != NULL) {
            agent_interrupt(run->wire.agent);
        }
    } else {
        exec_human_sink(run->human, event);
    }
}

static void on_turn_end(void *ctx, enum agent_outcome outcome, const struct beacon_error *err)
{
    struct run *run = ctx;
    if (outcome == AGENT_COMPLETED) {
        run->status = EXIT_STATUS_OK;
    } else if (outcome == AGENT_INTERRUPTED) {
        run->status = run->signal_number == SIGTERM  ? EXIT_STATUS_TERMINATED
                      : run->signal_number == SIGINT ? EXIT_STATUS_INTERRUPTED
                                                     : EXIT_STATUS_FAILED;
    } else if (outcome == AGENT_OVER_BUDGET) {
        run->status = err->code == BEACON_E_DEADLINE ? EXIT_STATUS_TIME_LIMIT : EXIT_STATUS_BUDGET;
    } else {
        run->status = err->code == BEACON_E_POLICY    ? EXIT_STATUS_POLICY
                      : err->code == BEACON_E_REFUSED ? EXIT_STATUS_DENIED
                                                      : EXIT_STATUS_FAILED;
    }
    loop_stop(run->wire.loop);
}

/* The first signal ends the turn in order; a second one does not wait for anything. */
static void on_signal(void *ctx, int signal_number)
{
    struct run *run = ctx;
    if (run->signal_number != 0) {
        command_table_destroy(take_pointer(run->wire.commands));
        _exit(signal_number == SIGTERM ? EXIT_STATUS_TERMINATED : EXIT_STATUS_INTERRUPTED);
    }
    run->signal_number = signal_number;
    agent_interrupt(run->wire.agent);
}

static void watch_signals(struct run *run)
{
    struct loop *loop = run->wire.loop;
    run->on_interrupt = loop_signal_create(loop, SIGINT, on_signal, run);
    run->on_terminate = loop_signal_create(loop, SIGTERM, on_signal, run);
    run->on_hangup = loop_signal_create(loop, SIGHUP, on_signal, run);
}

static void forget_signals(struct run *run)
{
    loop_signal_close(run->on_interrupt);
    loop_signal_close(run->on_terminate);
    loop_signal_close(run->on_hangup);
}

/* ---- before the turn ---- */

static int load_config(struct run *run)
{
    const struct exec_options *o = &run->options;
    AUTO_TEXT struct text display;
    text_init(&display, 64u << 10);
    struct wire_start_request request = {.cwd = o->cwd,
                                         .profile = o->profile,
                                         .overrides = o->overrides.list,
                                         .n_overrides = o->overrides.n,
                                         .flags = o->flags,
                                         .n_flags = o->n_flags,
                                         .display = &display};
    struct beacon_error err = {0};
    if (config_check_overrides(o->overrides.list, o->overrides.n, &err) != BEACON_OK) {
        (void)fprintf(stderr, "Error parsing -c overrides: %s\n", err.message);
        return EXIT_STATUS_FAILED;
    }
    if (wire_start(&request, &run->start, &err) == BEACON_OK) {
        return EXIT_STATUS_OK;
    }
    if (display.len > 0) {
        (void)fprintf(stderr, "Error loading config.toml:\n%s\n", text_string(&display));
    } else if (err.code == BEACON_E_INVALID) {
        (void)fprintf(stderr, "Error loading config.toml: %s\n  %s\n", err.message, err.hint);
    } else {
        (void)fprintf(stderr, "Error: %s; %s\n", err.message, err.hint);
    }
    return (int)error_exit_status(err.code);
}

static int check_repository(struct run *run)
{
    if (run->options.skips_git_check || run->options.is_unsandboxed ||
        config_is_project_trusted(run->start.config)) {
        return EXIT_STATUS_OK;
    }
    AUTO_FREE char *root = path_find_upwards(run->start.cwd, ".git");
    if (root != NULL) {
        return EXIT_STATUS_OK;
    }
    return say("Not inside a trusted directory and --skip-git-repo-check was not specified.");
}

static int read_schema(struct run *run)
{
    const char *path = run->options.schema_file;
    if (path == NULL) {
        run->schema = alloc_string("");
        return EXIT_STATUS_OK;
    }
    AUTO_TEXT struct text content;
    text_init(&content, SCHEMA_MAX);
    struct beacon_error err = {0};
    if (io_read_file(path, &content, &err) != BEACON_OK) {
        (void)fprintf(stderr, "Failed to read output schema file %s: %s\n", path,
                      err.os_errno != 0 ? strerror(err.os_errno) : err.message);
        return EXIT_STATUS_FAILED;
    }
    AUTO_JSON struct json_object *schema = NULL;
    if (json_parse(text_string(&content), content.len, "schema", &schema, &err) != BEACON_OK) {
        (void)fprintf(stderr, "Output schema file %s is not valid JSON: %s\n", path, err.message);
        return EXIT_STATUS_FAILED;
    }
    run->schema = alloc_string(json_object_to_json_string_ext(
        schema, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    return EXIT_STATUS_OK;
}

static int read_prompt(struct run *run)
{
    struct beacon_error err = {0};
    int rc = exec_prompt_read(&run->options, &run->prompt, &err);
    return rc == BEACON_OK ? EXIT_STATUS_OK : say(err.message);
}

static int lock_home(struct run *run)
{
    struct beacon_error err = {0};
    enum home_lock_mode mode = home_lock_mode(config_string(run->start.config, "home_lock"));
    int rc = home_lock(&run->start.home, mode, &run->start.home_lock_fd, &err);
    if (rc == BEACON_OK) {
        return EXIT_STATUS_OK;
    }
    (void)fprintf(stderr, "Error: %s; %s\n", err.message, err.hint);
    return EXIT_STATUS_FAILED;
}

static bool wants_color(const struct exec_options *options)
{
    const char *no_color = getenv("NO_COLOR");
    if (options->color != EXEC_COLOR_AUTO) {
        return options->color == EXEC_COLOR_ALWAYS;
    }
    return isatty(STDERR_FILENO) && (no_color == NULL || no_color[0] == '\0');
}

static void open_sinks(struct run *run)
{
    if (run->options.wants_json) {
        run->json = exec_json_create(STDOUT_FILENO);
    }
    struct exec_human_settings settings = {
        .has_color = wants_color(&run->options),
        .hides_reasoning = config_bool(run->start.config, "hide_agent_reasoning"),
    };
    run->human = exec_human_create(&settings);
}

static int open_session(struct run *run)
{
    const struct exec_options *o = &run->options;
    run->record = o->record_file != NULL ? session_record_create(o->record_file) : NULL;
    struct wire_request request = {.source = "exec",
                                   .can_ask = false, /* nobody is there */
                                   .resume_id = o->resume_id,
                                   .resumes_last = o->is_resume && o->resumes_last,
                                   .resumes_any_cwd = o->resumes_any_cwd,
                                   .is_ephemeral = o->is_ephemeral,
                                   .is_safe_mode = o->is_safe_mode,
                                   .add_dirs = o->add_dirs.list,
                                   .n_add_dirs = o->add_dirs.n,
                                   .output_schema = run->schema,
                                   .sink = on_event,
                                   .sink_ctx = run,
                                   .on_end = on_turn_end,
                                   .on_end_ctx = run,
                                   .record = run->record};
    struct beacon_error err = {0};
    int rc = wire_open(&run->start, &request, &run->wire, &err);
    if (rc == BEACON_OK) {
        return EXIT_STATUS_OK;
    }
    if (o->is_resume && rc == BEACON_E_NOT_FOUND &&
        strncmp(err.message, "no rollout found", strlen("no rollout found")) == 0) {
        (void)fprintf(stderr, "Error: thread/resume: thread/resume failed: %s (code -32600)\n",
                      err.message);
    } else {
        (void)fprintf(stderr, "Error: %s; %s\n", err.message, err.hint);
    }
    return (int)error_exit_status(rc);
}

/* ---- after the turn ---- */

static int write_last_message(const struct run *run)
{
    const char *path = run->options.output_file;
    if (path == NULL) {
        return EXIT_STATUS_OK;
    }
    const char *message =
        run->last_message != NULL && run->status == EXIT_STATUS_OK ? run->last_message : "";
    if (message[0] == '\0') {
        (void)fprintf(stderr, "Warning: no last agent message; wrote empty content to %s\n", path);
    }
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || !io_write_all(fd, message, strlen(message))) {
        (void)fprintf(stderr, "Failed to write last message file %s: %s\n", path, strerror(errno));
        return EXIT_STATUS_FAILED;
    }
    return EXIT_STATUS_OK;
}

/* A script must not take silence for the answer. */
static int cannot_write(int write_errno)
{
    (void)fprintf(stderr, "cannot write to stdout: %s\n", strerror(write_errno));
    return EXIT_STATUS_FAILED;
}

static int print_answer(const struct run *run)
{
    if (run->json != NULL) {
        int write_errno = exec_json_errno(run->json);
        return write_errno != 0 ? cannot_write(write_errno) : EXIT_STATUS_OK;
    }
    if (run->status != EXIT_STATUS_OK || run->last_message == NULL) {
        return EXIT_STATUS_OK;
    }
    const char *message = run->last_message;
    size_t n = strlen(message);
    if (isatty(STDOUT_FILENO)) {
        printable_write(stdout, message, n);
    } else {
        (void)fwrite(message, 1, n, stdout);
    }
    (void)fputs(n > 0 && message[n - 1] == '\n' ? "" : "\n", stdout);
    return fflush(stdout) != 0 ? cannot_write(errno) : EXIT_STATUS_OK;
}

/* The one command of the prompt there is; a prompt of more than that is a prompt. */
static bool asks_for_room(const struct agent_prompt *prompt)
{
    const size_t n = strcspn(prompt->text, " \t\r\n");
    return n == strlen("/compact") && strncmp(prompt->text, "/compact", n) == 0 &&
           prompt->text[n + strspn(prompt->text + n, " \t\r\n")] == '\0' && prompt->n_images == 0;
}

static int submit(struct run *run, struct beacon_error *err)
{
    struct agent *agent = run->wire.agent;
    return asks_for_room(&run->prompt) ? agent_compact(agent, err)
                                       : agent_submit(agent, &run->prompt, err);
}

static void run_turn(struct run *run)
{
    struct beacon_error err = {0};
    run->status = EXIT_STATUS_FAILED;
    watch_signals(run);
    exec_human_count_on(run->human, run->wire.loop);
    stuck_follow(run->stuck);
    if (run->record != NULL) {
        session_record_prompt(run->record, &run->wire, &run->prompt);
    }
    if (submit(run, &err) == BEACON_OK) {
        loop_run(run->wire.loop);
    }
    /* While signals are still caught: one that comes later ends this program, but no command. */
    command_table_destroy(take_pointer(run->wire.commands));
    forget_signals(run);
    exec_human_count_on(run->human, NULL);
    stuck_follow(run->stuck);
}

static void clean_up(struct run *run)
{
    stuck_forget(run->stuck);
    session_record_destroy(run->record);
    exec_json_destroy(run->json);
    exec_human_destroy(run->human);
    exec_prompt_finish(&run->prompt);
    wire_start_finish(&run->start);
    exec_options_finish(&run->options);
    free(run->schema);
    free(run->last_message);
}

static int (*const preparations[])(struct run *) = {load_config, check_repository, read_schema,
                                                    read_prompt, lock_home};

static int run_exec(struct run *run)
{
    int status = EXIT_STATUS_OK;
    for (size_t i = 0; i < sizeof preparations / sizeof preparations[0]; i++) {
        status = preparations[i](run);
        if (status != EXIT_STATUS_OK) {
            exec_prompt_discard(&run->options);
            return status;
        }
    }
    open_sinks(run);
    run->stuck = stuck_watch(); /* plugins are called from here on */
    status = open_session(run);
    if (status != EXIT_STATUS_OK) {
        return status;
    }
    run_turn(run);
    wire_close_session(&run->wire);
    int printed = print_answer(run); /* telemetry that is slow to end holds up no answer */
    int wrote = write_last_message(run);
    wire_close(&run->wire);
    return run->status != EXIT_STATUS_OK ? run->status
           : printed != EXIT_STATUS_OK   ? printed
                                         : wrote;
}

int cmd_exec(int argc, char **argv)
{
    struct run run = {.start.home_lock_fd = -1};
    struct beacon_error err = {0};
    if (exec_options_parse(argc, argv, &run.options, &err) != BEACON_OK) {
        return args_report(&exec_options_table, &err);
    }
    if (run.options.wants_help) {
        exec_options_print_help();
        exec_options_finish(&run.options);
        return EXIT_STATUS_OK;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    int status = run_exec(&run);
    clean_up(&run);
    return status;
}
