/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/login_person.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/io.h"
#include "cli/printable.h"
#include "plugin/host_api.h"

#define ANSWER_MAX 65536

struct answer {
    char text[ANSWER_MAX];
    size_t n;
    bool is_over; /* end of input */
};

static bool is_cancelled(const struct beacon_cancel *cancel)
{
    return cancel != NULL && cancel->is_cancelled != NULL && cancel->is_cancelled(cancel->ctx);
}

/* Wait until there is input, or a cancel. */
static int wait_for_input(const struct beacon_cancel *cancel)
{
    struct pollfd watched[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                {.fd = cancel != NULL ? cancel->fd : -1, .events = POLLIN}};
    while (!is_cancelled(cancel)) {
        if (poll(watched, 2, -1) < 0 && errno != EINTR) {
            return BEACON_E_IO;
        }
        if (watched[0].revents != 0 && !is_cancelled(cancel)) {
            return BEACON_OK;
        }
    }
    return BEACON_E_CANCELLED;
}

static int read_more(struct answer *answer, const struct beacon_cancel *cancel)
{
    int rc = wait_for_input(cancel);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (answer->n == sizeof answer->text) {
        return BEACON_E_LIMIT;
    }
    ssize_t got = read(STDIN_FILENO, answer->text + answer->n, sizeof answer->text - answer->n);
    if (got < 0 && errno != EINTR && errno != EAGAIN) {
        return BEACON_E_IO;
    }
    answer->is_over = got == 0;
    answer->n += got > 0 ? (size_t)got : 0;
    return BEACON_OK;
}

/* One line of a terminal, all of a pipe. */
static int read_answer(struct answer *answer, bool is_line, const struct beacon_cancel *cancel)
{
    int rc = BEACON_OK;
    while (rc == BEACON_OK && !answer->is_over &&
           !(is_line && memchr(answer->text, '\n', answer->n) != NULL)) {
        rc = read_more(answer, cancel);
    }
    return rc;
}

static int ask_terminal(struct beacon_str label, bool is_secret, struct answer *answer,
                        const struct beacon_cancel *cancel)
{
    struct termios before;
    bool is_hidden = is_secret && tcgetattr(STDIN_FILENO, &before) == 0;
    if (is_hidden) {
        struct termios hidden = before;
        hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
        is_hidden = tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
    }
    if (is_secret && !is_hidden) {
        return BEACON_E_IO; /* not for everybody to see */
    }
    printable_print(stderr, "%.*s: ", (int)label.n, label.p);
    int rc = read_answer(answer, true, cancel);
    if (is_hidden) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        (void)fputc('\n', stderr);
    }
    return rc;
}

static int prompt(void *ctx, const char *plugin_id, struct beacon_str label, bool is_secret,
                  const struct beacon_sink *out, const struct beacon_cancel *cancel)
{
    struct answer answer;
    (void)ctx;
    (void)plugin_id;
    answer.n = 0;
    answer.is_over = false;
    int rc = BEACON_OK;
    if (isatty(STDIN_FILENO)) {
        rc = ask_terminal(label, is_secret, &answer, cancel);
    } else {
        printable_print(stderr, "Reading %.*s from stdin...\n", (int)label.n, label.p);
        rc = read_answer(&answer, false, cancel);
    }
    if (rc == BEACON_OK) {
        rc = out->put(out, answer.text, answer.n);
    }
    explicit_bzero(&answer, sizeof answer);
    return rc;
}

static int open_url(void *ctx, const char *plugin_id, struct beacon_str url, struct beacon_str why)
{
    (void)ctx;
    (void)plugin_id;
    printable_print(stderr, "Open this address in a browser %.*s:\n\n  %.*s\n\n", (int)why.n, why.p,
                    (int)url.n, url.p);
    return BEACON_OK;
}

static int show_code(void *ctx, const char *plugin_id, struct beacon_str url,
                     struct beacon_str user_code, uint32_t expires_s)
{
    (void)ctx;
    (void)plugin_id;
    printable_print(stderr,
                    "Open this address in a browser:\n\n  %.*s\n\nand enter this code, which is "
                    "valid for %u minutes:\n\n  %.*s\n\n",
                    (int)url.n, url.p, expires_s / 60, (int)user_code.n, user_code.p);
    return BEACON_OK;
}

void login_person_serve(struct host_services *services)
{
    services->open_url = open_url;
    services->show_code = show_code;
    services->prompt = prompt;
}
