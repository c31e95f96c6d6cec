/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exec_prompt.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/text.h"
#include "base/utf8.h"
#include "cli/exec_options.h"
#include "tools/image.h"

#define PROMPT_MAX (16u << 20)

static int read_stdin(struct text *out, struct beacon_error *err)
{
    AUTO_TEXT struct text raw;
    text_init(&raw, PROMPT_MAX);
    int rc = io_read_all(STDIN_FILENO, "standard input", &raw, err);
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.data[i] == '\0') {
            (void)memset(raw.data + i, 0xff, 1); /* no character, so it becomes U+FFFD */
        }
    }
    if (rc == BEACON_OK && !utf8_add_lossy(out, text_string(&raw), raw.len)) {
        rc = error_set(err, BEACON_E_LIMIT, "send less", "the prompt is over %u bytes", PROMPT_MAX);
    }
    return rc;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

/* No prompt in the arguments: standard input is the prompt. */
static int prompt_from_stdin(bool is_asked_for, struct text *out, struct beacon_error *err)
{
    if (!is_asked_for && isatty(STDIN_FILENO)) {
        return error_set(err, BEACON_E_INVALID, "give a prompt as argument or on standard input",
                         "No prompt provided. Either specify one as an argument or pipe the prompt "
                         "into stdin.");
    }
    if (!is_asked_for) {
        (void)fputs("Reading prompt from stdin...\n", stderr);
    }
    int rc = read_stdin(out, err);
    if (rc == BEACON_OK && is_blank(text_string(out))) {
        return error_set(err, BEACON_E_INVALID, "write a prompt to it",
                         "No prompt provided via stdin.");
    }
    return rc;
}

/* A prompt in the arguments: what is piped in goes with it. */
static int prompt_with_stdin(const char *prompt, struct text *out, struct beacon_error *err)
{
    (void)utf8_add_lossy(out, prompt, strlen(prompt));
    if (isatty(STDIN_FILENO)) {
        return BEACON_OK;
    }
    AUTO_TEXT struct text more;
    text_init(&more, (size_t)PROMPT_MAX * 3);
    (void)fputs("Reading additional input from stdin...\n", stderr);
    int rc = read_stdin(&more, err);
    if (rc == BEACON_OK && !is_blank(text_string(&more))) {
        const char *newline = more.data[more.len - 1] == '\n' ? "" : "\n";
        (void)text_addf(out, "\n\n<stdin>\n%s%s</stdin>", text_string(&more), newline);
    }
    return rc;
}

static int add_image(struct agent_prompt *prompt, const char *path, struct beacon_error *err)
{
    char *url = NULL;
    int rc = image_data_url(path, &url, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct agent_image *images =
        alloc_grow((void *)prompt->images, prompt->n_images + 1, sizeof *images);
    images[prompt->n_images++] = (struct agent_image){alloc_string(path), url};
    prompt->images = images;
    return BEACON_OK;
}

/* "a.png,b.png" is two pictures, unless a file has that very name. */
static int add_images(struct agent_prompt *prompt, const char *value, struct beacon_error *err)
{
    if (access(value, F_OK) == 0) {
        return add_image(prompt, value, err);
    }
    AUTO_FREE char *copy = alloc_string(value);
    char *rest = copy;
    for (char *path = NULL; (path = strsep(&rest, ",")) != NULL;) {
        int rc = add_image(prompt, path, err);
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    return BEACON_OK;
}

static bool is_from_stdin(const struct exec_options *options)
{
    return options->prompt == NULL || strcmp(options->prompt, "-") == 0;
}

int exec_prompt_read(const struct exec_options *options, struct agent_prompt *ret,
                     struct beacon_error *err)
{
    struct text text;
    text_init(&text, (size_t)PROMPT_MAX * 7);
    int rc = is_from_stdin(options) ? prompt_from_stdin(options->prompt != NULL, &text, err)
                                    : prompt_with_stdin(options->prompt, &text, err);
    struct agent_prompt prompt = {.text = text_take(&text)};
    for (size_t i = 0; rc == BEACON_OK && i < options->images.n; i++) {
        rc = add_images(&prompt, options->images.list[i], err);
    }
    if (rc != BEACON_OK) {
        exec_prompt_finish(&prompt);
        return rc;
    }
    *ret = prompt;
    return BEACON_OK;
}

void exec_prompt_discard(const struct exec_options *options)
{
    char bytes[16384];
    if (!is_from_stdin(options) || isatty(STDIN_FILENO)) {
        return;
    }
    for (size_t i = 0; i < PROMPT_MAX / sizeof bytes; i++) {
        if (read(STDIN_FILENO, bytes, sizeof bytes) <= 0) {
            return;
        }
    }
}

void exec_prompt_finish(struct agent_prompt *prompt)
{
    for (size_t i = 0; i < prompt->n_images; i++) {
        free((void *)prompt->images[i].name);
        free((void *)prompt->images[i].data_url);
    }
    free((void *)prompt->images);
    free((void *)prompt->text);
    *prompt = (struct agent_prompt){0};
}
