/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/words.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "policy/words_parts.h"

void shell_script_read(const char *text, size_t n, bool is_zsh, struct shell_script *ret)
{
    struct words_parser parser = {
        .at = text, .end = text + n, .script = ret, .is_zsh = is_zsh, .features = 0};
    *ret = (struct shell_script){.is_whole = true};
    if (n > SCRIPT_BYTES_MAX || memchr(text, '\0', n) != NULL) {
        words_cut(&parser);
    }
    words_read_list(&parser, false);
    for (size_t i = 0; i < parser.n_heredocs; i++) { /* announced, and then the script ended */
        free(parser.heredocs[i].delimiter);
        ret->is_whole = false;
    }
    ret->is_plain = ret->is_whole && parser.features == 0 && ret->n > 0;
    ret->is_heredoc = ret->is_whole && parser.features == SCRIPT_HAS_HEREDOC && ret->n == 1;
}

void shell_script_finish(struct shell_script *script)
{
    for (size_t i = 0; i < script->n; i++) {
        words_free(script->commands[i].argv);
    }
    for (size_t i = 0; i < script->n_inputs; i++) {
        free(script->inputs[i]);
    }
    free(script->commands);
    free(script->inputs);
    *script = (struct shell_script){0};
}

size_t words_count(const char *const *words)
{
    size_t n = 0;
    while (words[n] != NULL) {
        n++;
    }
    return n;
}

char **words_copy(const char *const *words, size_t n)
{
    char **copy = alloc_array(n + 1, sizeof *copy);
    for (size_t i = 0; i < n; i++) {
        copy[i] = alloc_string(words[i]);
    }
    return copy;
}

void words_free(char **words)
{
    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        free(words[i]);
    }
    free((void *)words);
}

/* ---- one line ---- */

/* `at` is behind the opening quote; the result is behind the closing one. */
static const char *split_double_quotes(const char *at, struct text *word)
{
    for (; *at != '"'; at++) {
        if (*at == '\0' || (*at == '\\' && at[1] == '\0')) {
            return NULL;
        }
        if (*at == '\\' && at[1] == '\n') {
            at++;
            continue;
        }
        if (*at == '\\' && strchr("$`\"\\", at[1]) != NULL) {
            at++;
        }
        (void)text_add_char(word, *at);
    }
    return at + 1;
}

/* What a backslash or a quote at `at` adds; NULL when it has no end. */
static const char *split_quoted(const char *at, struct text *word)
{
    if (*at == '\'') {
        const char *end = strchr(at + 1, '\'');
        if (end != NULL) {
            (void)text_add(word, at + 1, (size_t)(end - at - 1));
        }
        return end != NULL ? end + 1 : NULL;
    }
    if (*at == '\\') {
        if (at[1] == '\0') {
            return NULL;
        }
        if (at[1] != '\n') {
            (void)text_add_char(word, at[1]);
        }
        return at + 2;
    }
    return split_double_quotes(at + 1, word);
}

static bool is_separator(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The word at `at`; NULL when a quote in it is open. */
static const char *split_word(const char *at, struct text *word)
{
    while (at != NULL && *at != '\0' && !is_separator(*at)) {
        if (*at == '\'' || *at == '"' || *at == '\\') {
            at = split_quoted(at, word);
        } else {
            (void)text_add_char(word, *at++);
        }
    }
    return at;
}

static const char *skip_separators(const char *at)
{
    while (is_separator(*at) || *at == '#') {
        at += *at == '#' ? strcspn(at, "\n") : 1; /* a comment ends with its line */
    }
    return at;
}

char **words_split(const char *line)
{
    char **words = alloc_array(1, sizeof *words);
    size_t n = 0;
    for (const char *at = skip_separators(line); *at != '\0'; at = skip_separators(at)) {
        struct text word;
        text_init(&word, INT_MAX);
        at = split_word(at, &word);
        if (at == NULL) {
            text_finish(&word);
            words_free(words);
            return NULL;
        }
        words = alloc_grow((void *)words, n + 2, sizeof *words);
        words[n++] = alloc_string(text_string(&word));
        words[n] = NULL;
        text_finish(&word);
    }
    return words;
}

/* ---- and back ---- */

static bool needs_no_quotes(const char *word)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "+-./:@]_,%=";
    return word[0] != '\0' && word[strspn(word, safe)] == '\0';
}

static void add_quoted(struct text *line, const char *word)
{
    bool is_assignment = line->len == 0 && strchr(word, '=') != NULL;
    if (needs_no_quotes(word) && !is_assignment) {
        (void)text_add_string(line, word);
        return;
    }
    if (strchr(word, '\'') != NULL && strpbrk(word, "$`\"\\!^") == NULL) {
        (void)text_addf(line, "\"%s\"", word);
        return;
    }
    (void)text_add_char(line, '\'');
    for (const char *p = word; *p != '\0'; p++) {
        (void)(*p == '\'' ? text_add_string(line, "'\\''") : text_add_char(line, *p));
    }
    (void)text_add_char(line, '\'');
}

char *words_quote(const char *const *argv)
{
    struct text line;
    text_init(&line, INT_MAX);
    for (size_t i = 0; argv[i] != NULL; i++) {
        if (i > 0) {
            (void)text_add_char(&line, ' ');
        }
        add_quoted(&line, argv[i]);
    }
    return line.len > 0 ? text_take(&line) : alloc_string("");
}
