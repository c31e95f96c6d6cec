/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials/header_command.h"

#include <beacon-sdk/retry_after.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/spawn.h"
#include "base/text.h"
#include "http/request.h"
#include "loop/loop.h"

#define TRY_IT "run it by hand in $CODE_HOME and look at what it prints; see http_headers_command"

struct header {
    char *name, *value;
};

struct header_command {
    struct loop *loop;
    struct http *http;
    char **argv;
    char *cwd;
    /* While it runs. */
    bool is_running;
    struct spawn_child child;
    int out_fd;
    struct loop_watch *out_watch, *exit_watch;
    struct loop_timer *limit;
    struct text output;
    struct beacon_error failure; /* code 0 = none; told to the next who asks */
    /* What it printed. */
    struct header *headers;
    size_t n_headers;
    int64_t expires_unix_ms; /* 0: never */
    bool is_answered;        /* those who waited are served, however long it lasts */
};

extern char **environ;

struct header_command *header_command_create(const struct header_command_settings *settings)
{
    struct header_command *command = alloc_zeroed(sizeof *command);
    size_t n = 0;
    while (settings->argv[n] != NULL) {
        n++;
    }
    command->loop = settings->loop;
    command->http = settings->http;
    command->cwd = settings->cwd != NULL ? alloc_string(settings->cwd) : NULL;
    command->argv = alloc_array(n + 1, sizeof *command->argv);
    for (size_t i = 0; i < n; i++) {
        command->argv[i] = alloc_string(settings->argv[i]);
    }
    command->argv[n] = NULL;
    command->out_fd = -1;
    text_init(&command->output, COMMAND_OUTPUT_MAX);
    return command;
}

static void forget_headers(struct header_command *command)
{
    for (size_t i = 0; i < command->n_headers; i++) {
        struct header *header = &command->headers[i];
        explicit_bzero(header->value, strlen(header->value));
        free(header->value);
        free(header->name);
    }
    free(take_pointer(command->headers));
    command->n_headers = 0;
    command->expires_unix_ms = 0;
}

static void wipe_output(struct header_command *command)
{
    if (command->output.data != NULL) {
        explicit_bzero(command->output.data, command->output.capacity);
    }
    text_finish(&command->output);
    text_init(&command->output, COMMAND_OUTPUT_MAX);
}

/* It is over, or is killed now; *ret_status is that of waitpid(). */
static void end_child(struct header_command *command, int *ret_status)
{
    spawn_kill(&command->child); /* what it left behind, too */
    spawn_reap(&command->child, ret_status);
    loop_watch_close(take_pointer(command->out_watch));
    loop_watch_close(take_pointer(command->exit_watch));
    loop_timer_close(take_pointer(command->limit));
    (void)close(take_fd(&command->out_fd));
    command->is_running = false;
}

void header_command_destroy(struct header_command *command)
{
    int unused = 0;
    if (command == NULL) {
        return;
    }
    if (command->is_running) {
        end_child(command, &unused);
    }
    forget_headers(command);
    wipe_output(command);
    text_finish(&command->output);
    for (char **word = command->argv; *word != NULL; word++) {
        free(*word);
    }
    free(command->argv);
    free(command->cwd);
    free(command);
}

static int fail(struct header_command *command, const char *what)
{
    return error_set(&command->failure, BEACON_E_AUTH, TRY_IT, "the command for headers, %s, %s",
                     command->argv[0], what);
}

/* ---- what it printed ---- */

/* RFC 3339, or seconds since 1970. False: neither. */
static bool read_expiry(struct json_object *value, int64_t *ret_unix_ms)
{
    if (json_object_is_type(value, json_type_int)) {
        int64_t seconds = json_object_get_int64(value);
        bool is_time = seconds > 0 && seconds < INT64_MAX / 1000;
        *ret_unix_ms = is_time ? seconds * 1000 : 0;
        return is_time;
    }
    if (!json_object_is_type(value, json_type_string)) {
        return false;
    }
    const char *text = json_object_get_string(value);
    struct beacon_retry_cursor cursor = {text, text + strlen(text)};
    struct beacon_retry_date date = {0};
    bool is_time = beacon_retry_iso_date(&cursor, &date) && cursor.p == cursor.end &&
                   beacon_retry_date_is_real(&date);
    *ret_unix_ms = is_time ? beacon_retry_unix_ms(&date) : 0;
    return is_time;
}

static int take_headers(struct header_command *command, struct json_object *headers)
{
    if (!json_object_is_type(headers, json_type_object) ||
        json_object_object_length(headers) == 0) {
        return fail(command, "printed an object without a table of \"headers\"");
    }
    command->headers =
        alloc_array((size_t)json_object_object_length(headers), sizeof *command->headers);
    json_object_object_foreach(headers, name, value)
    {
        if (!json_object_is_type(value, json_type_string)) {
            return fail(command, "printed a header that is no string");
        }
        command->headers[command->n_headers++] =
            (struct header){alloc_string(name), alloc_string(json_object_get_string(value))};
    }
    return BEACON_OK;
}

static int take_object(struct header_command *command, struct json_object *object)
{
    json_object_object_foreach(object, name, value)
    {
        if (strcmp(name, "expires_at") == 0 && value != NULL) {
            if (!read_expiry(value, &command->expires_unix_ms)) {
                return fail(command, "printed an expires_at that is no time");
            }
        } else if (strcmp(name, "headers") != 0 && value != NULL) {
            return fail(command, "printed an object with more than headers and expires_at");
        }
    }
    return take_headers(command, json_member(object, "headers"));
}

static int take_output(struct header_command *command)
{
    AUTO_JSON struct json_object *object = NULL;
    int rc =
        json_parse(text_string(&command->output), command->output.len, "output", &object, NULL);
    if (rc != BEACON_OK || !json_object_is_type(object, json_type_object)) {
        return fail(command, "printed no JSON object");
    }
    rc = take_object(command, object);
    if (rc != BEACON_OK) {
        forget_headers(command);
    }
    return rc;
}

/* ---- while it runs ---- */

static void tell(struct header_command *command)
{
    command->is_answered = true;
    http_credentials_ready(command->http);
    command->is_answered = false;
    command->failure = (struct beacon_error){0};
}

/* False: it printed too much, and that is told. */
static bool read_output(struct header_command *command)
{
    char bytes[4096];
    ssize_t n = 0;
    while ((n = read(command->out_fd, bytes, sizeof bytes)) > 0) {
        bool fits = text_add(&command->output, bytes, (size_t)n);
        explicit_bzero(bytes, (size_t)n);
        if (!fits) {
            return false;
        }
    }
    if (n == 0) {
        loop_watch_set(command->out_watch, 0); /* its end is told by the process */
    }
    return true;
}

static void give_up(struct header_command *command, const char *what)
{
    int unused = 0;
    end_child(command, &unused);
    wipe_output(command);
    (void)fail(command, what);
    tell(command);
}

static void on_output(void *ctx, int events)
{
    struct header_command *command = ctx;
    (void)events;
    if (!read_output(command)) {
        give_up(command, "printed more than 64 KiB");
    }
}

static void on_limit(void *ctx)
{
    give_up(ctx, "did not end within 10 seconds");
}

static void on_child_exit(void *ctx, int events)
{
    struct header_command *command = ctx;
    int status = 0;
    (void)events;
    if (!read_output(command)) {
        give_up(command, "printed more than 64 KiB");
        return;
    }
    end_child(command, &status);
    if (WIFSIGNALED(status)) {
        (void)fail(command, "was ended by a signal");
    } else if (WEXITSTATUS(status) != 0) {
        (void)error_set(&command->failure, BEACON_E_AUTH, TRY_IT,
                        "the command for headers, %s, ended with status %d", command->argv[0],
                        WEXITSTATUS(status));
    } else {
        (void)take_output(command);
    }
    wipe_output(command);
    tell(command);
}

static int start(struct header_command *command, struct beacon_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_set_errno(err, BEACON_E_IO, errno, "end other programs, then try again",
                               "no pipe for the command for headers: %s", strerror(errno));
    }
    AUTO_CLOSE int out = ends[0], in = ends[1];
    const struct spawn_request request = {.argv = (const char *const *)command->argv,
                                          .env = (const char *const *)environ,
                                          .cwd = command->cwd,
                                          .in_fd = -1,
                                          .out_fd = in,
                                          .err_fd = -1};
    int rc = spawn_start(&request, &command->child, NULL, err);
    if (rc != BEACON_OK) {
        return err != NULL ? error_wrap(err, "http_headers_command") : rc;
    }
    forget_headers(command);
    command->is_running = true;
    command->out_fd = take_fd(&out);
    command->out_watch = loop_watch_create(command->loop, command->out_fd, on_output, command);
    command->exit_watch =
        loop_watch_create(command->loop, command->child.pidfd, on_child_exit, command);
    command->limit = loop_timer_create(command->loop, on_limit, command);
    loop_watch_set(command->out_watch, LOOP_READABLE);
    loop_watch_set(command->exit_watch, LOOP_READABLE);
    loop_timer_start(command->limit, COMMAND_LIMIT_MS);
    return BEACON_OK;
}

/* ---- who asks ---- */

static int add_all(const struct header_command *command, struct http_header_sink *out,
                   struct beacon_error *err)
{
    int rc = BEACON_OK;
    for (size_t i = 0; rc == BEACON_OK && i < command->n_headers; i++) {
        const struct header *header = &command->headers[i];
        rc = out->add(out->ctx, (struct beacon_str){header->name, strlen(header->name)},
                      (struct beacon_str){header->value, strlen(header->value)}, err);
    }
    return rc;
}

static bool still_lasts(const struct header_command *command)
{
    return command->expires_unix_ms == 0 || (int64_t)clock_unix_ms() < command->expires_unix_ms;
}

int header_command_attach(struct header_command *command, bool is_late,
                          struct http_header_sink *out, struct beacon_error *err)
{
    if (command->failure.code != BEACON_OK) {
        if (err != NULL) {
            *err = command->failure;
        }
        return command->failure.code;
    }
    if (command->is_running) {
        return HTTP_ATTACH_LATER;
    }
    if (command->n_headers > 0 && (command->is_answered || is_late || still_lasts(command))) {
        return add_all(command, out, err);
    }
    int rc = start(command, err);
    return rc == BEACON_OK ? HTTP_ATTACH_LATER : rc;
}

bool header_command_forget(struct header_command *command)
{
    bool had_any = command != NULL && command->n_headers > 0;
    if (had_any) {
        forget_headers(command);
    }
    return had_any;
}
