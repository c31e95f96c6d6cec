/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

/* The hint of an error whose message says enough. */
#define SEE_HELP "see --help"

struct parser {
    const struct args_table *table;
    int argc, at;
    char **argv;
    args_fn fn;
    void *ctx;
    struct beacon_error *err;
};

static const struct args_option *find_long(const struct args_table *table, const char *name,
                                           size_t n)
{
    for (size_t i = 0; i < table->n; i++) {
        const struct args_option *o = &table->options[i];
        if ((strlen(o->name) == n && strncmp(o->name, name, n) == 0) ||
            (o->alias != NULL && strlen(o->alias) == n && strncmp(o->alias, name, n) == 0)) {
            return o;
        }
    }
    return NULL;
}

static const struct args_option *find_letter(const struct args_table *table, char letter)
{
    for (size_t i = 0; i < table->n; i++) {
        if (table->options[i].letter == letter) {
            return &table->options[i];
        }
    }
    return NULL;
}

static bool is_listed(const char *values, const char *value)
{
    size_t n = strlen(value);
    for (const char *p = values; n > 0 && *p != '\0';) {
        size_t len = strcspn(p, "|");
        if (len == n && strncmp(p, value, n) == 0) {
            return true;
        }
        p += len + (p[len] == '|' ? 1 : 0);
    }
    return false;
}

static int refuse_value(struct parser *parser, const struct args_option *option, const char *value)
{
    char listed[128] = "";
    size_t n = 0;
    for (const char *p = option->values; *p != '\0' && n < sizeof listed - 3; p++) {
        if (*p == '|') {
            listed[n++] = ',';
            listed[n++] = ' ';
        } else {
            listed[n++] = *p;
        }
    }
    return error_set(parser->err, BEACON_E_INVALID, SEE_HELP,
                     "invalid value '%s' for '--%s <%s>'\n  [possible values: %s]", value,
                     option->name, option->value_name, listed);
}

static int hand_value(struct parser *parser, const struct args_option *option, const char *value)
{
    if (option->values != NULL && !is_listed(option->values, value)) {
        return refuse_value(parser, option, value);
    }
    return parser->fn(parser->ctx, option->id, value, parser->err);
}

/* Is the next word a value? One that looks like an option is not: it was forgotten then. */
static bool has_value_behind(const struct parser *parser)
{
    const char *next = parser->at + 1 < parser->argc ? parser->argv[parser->at + 1] : NULL;
    return next != NULL && (next[0] != '-' || next[1] == '\0');
}

/* `given` is the value written in the same word, or NULL. */
static int take_option(struct parser *parser, const struct args_option *option, const char *given)
{
    if (option->kind == ARGS_FLAG) {
        return given == NULL ? parser->fn(parser->ctx, option->id, NULL, parser->err)
                             : error_set(parser->err, BEACON_E_INVALID, SEE_HELP,
                                         "unexpected value '%s' for '--%s' found; no more were "
                                         "expected",
                                         given, option->name);
    }
    if (given == NULL && !has_value_behind(parser)) {
        return error_set(parser->err, BEACON_E_INVALID, SEE_HELP,
                         "a value is required for '--%s <%s>' but none was supplied", option->name,
                         option->value_name);
    }
    int rc = hand_value(parser, option, given != NULL ? given : parser->argv[++parser->at]);
    while (rc == BEACON_OK && option->kind == ARGS_FILES && has_value_behind(parser) &&
           access(parser->argv[parser->at + 1], F_OK) == 0) {
        rc = hand_value(parser, option, parser->argv[++parser->at]);
    }
    return rc;
}

static int unexpected(struct parser *parser, const char *word)
{
    return error_set(parser->err, BEACON_E_INVALID, SEE_HELP, "unexpected argument '%s' found",
                     word);
}

static int take_long(struct parser *parser, const char *word)
{
    const char *name = word + 2;
    size_t n = strcspn(name, "=");
    const struct args_option *option = find_long(parser->table, name, n);
    if (option == NULL) {
        return unexpected(parser, word);
    }
    return take_option(parser, option, name[n] == '=' ? name + n + 1 : NULL);
}

static int take_letters(struct parser *parser, const char *word)
{
    for (const char *p = word + 1; *p != '\0'; p++) {
        const struct args_option *option = find_letter(parser->table, *p);
        if (option == NULL) {
            return unexpected(parser, word);
        }
        if (option->kind != ARGS_FLAG) {
            const char *rest = p[1] == '=' ? p + 2 : p + 1;
            return take_option(parser, option, p[1] != '\0' ? rest : NULL);
        }
        int rc = take_option(parser, option, NULL);
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    return BEACON_OK;
}

int args_parse(const struct args_table *table, int argc, char **argv, args_fn fn, void *ctx,
               struct beacon_error *err)
{
    struct parser parser = {table, argc, 1, argv, fn, ctx, err};
    bool is_literal = false; /* behind "--" */
    for (; parser.at < argc; parser.at++) {
        const char *word = argv[parser.at];
        int rc = BEACON_OK;
        if (is_literal || word[0] != '-' || word[1] == '\0') {
            rc = fn(ctx, ARGS_POSITIONAL, word, err);
        } else if (strcmp(word, "--") == 0) {
            is_literal = true;
        } else if (word[1] == '-') {
            rc = take_long(&parser, word);
        } else {
            rc = take_letters(&parser, word);
        }
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    return BEACON_OK;
}

int args_report(const struct args_table *table, const struct beacon_error *err)
{
    const bool has_tip = strcmp(err->hint, SEE_HELP) != 0; /* which the last line says */
    (void)fprintf(stderr, "error: %s\n%s%s%s\nUsage: %s\n\nFor more information, try '--help'.\n",
                  err->message, has_tip ? "\n  tip: " : "", has_tip ? err->hint : "",
                  has_tip ? "\n" : "", table->usage);
    return EXIT_STATUS_USAGE;
}

void args_print_options(const struct args_table *table)
{
    for (size_t i = 0; i < table->n; i++) {
        const struct args_option *o = &table->options[i];
        if (o->help == NULL) {
            continue;
        }
        char left[64];
        (void)snprintf(left, sizeof left, "%c%c%s --%s%s%s%s", o->letter != 0 ? '-' : ' ',
                       o->letter != 0 ? o->letter : ' ', o->letter != 0 ? "," : " ", o->name,
                       o->value_name != NULL ? " <" : "",
                       o->value_name != NULL ? o->value_name : "",
                       o->value_name != NULL ? ">" : "");
        if (strlen(left) > 30) {
            (void)printf("  %s\n  %30s  %s\n", left, "", o->help);
        } else {
            (void)printf("  %-30s  %s\n", left, o->help);
        }
    }
}
