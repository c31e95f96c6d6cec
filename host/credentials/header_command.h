/* header_command.h - headers that a program of the person prints: http_headers_command of a provider.
 *
 *     {"headers": {"X-Token": "…"}, "expires_at": "2026-01-02T03:04:05Z"}
 *
 * Run when the first request needs them, in $CODE_HOME with the environment of this program, without
 * input; at most COMMAND_LIMIT_MS and COMMAND_OUTPUT_MAX bytes. What it prints is kept until expires_at
 * (also as seconds since 1970; left out: for the session), or until the server refuses it. Its words
 * are secrets: they are in no error and no log, and what it says on standard error is dropped.
 * Private to attach.c. Thread: [main].
 */
#ifndef HOST_CREDENTIALS_HEADER_COMMAND_H
#define HOST_CREDENTIALS_HEADER_COMMAND_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>

#define COMMAND_LIMIT_MS   10000
#define COMMAND_OUTPUT_MAX (64u << 10)

struct header_command;
struct http;
struct http_header_sink;
struct loop;

struct header_command_settings {
    struct loop *loop;
    struct http *http;       /* whose http_credentials_ready() is called when it has ended */
    const char *const *argv; /* NULL-terminated, copied; argv[0] not empty */
    const char *cwd;         /* copied; NULL: that of this program */
};

struct header_command *header_command_create(const struct header_command_settings *settings);
void header_command_destroy(struct header_command *command); /* kills it; NULL is fine */

/* Add the headers. HTTP_ATTACH_LATER: it runs. AUTH: it gave none, and the sentence says why. `is_late`: the
 * request has waited for other credentials since they were printed; they are not asked for again. */
int header_command_attach(struct header_command *command, bool is_late,
                          struct http_header_sink *out, struct beacon_error *err);

/* The server refused what was attached: run it again for the next request. False: nothing of it was kept.
 * NULL is fine. */
bool header_command_forget(struct header_command *command);

#endif
