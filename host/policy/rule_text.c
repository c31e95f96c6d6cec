/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rule_text.h"

#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "policy/rule_scan.h"
#include "policy/rule_text_parts.h"

static const char *const functions[] = {"prefix_rule", "host_executable", "network_rule", NULL};

/* What Starlark and its relatives know besides, told by name. */
static const char *const keywords[] = {
    "and",    "as",     "assert", "async",  "await",   "break",    "class", "continue", "def",
    "del",    "elif",   "else",   "except", "finally", "for",      "from",  "global",   "if",
    "import", "in",     "is",     "lambda", "load",    "nonlocal", "not",   "or",       "pass",
    "raise",  "return", "try",    "while",  "with",    "yield",    NULL};

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words != NULL && strcmp(word, *words) != 0) {
        words++;
    }
    return *words != NULL;
}

bool rule_is_keyword(const char *name)
{
    return is_one_of(name, keywords);
}

static bool is_constant(const char *name)
{
    return strcmp(name, "True") == 0 || strcmp(name, "False") == 0 || strcmp(name, "None") == 0;
}

bool rule_is_sign(const struct rule_token *token, char sign)
{
    return token->kind == RULE_TOKEN_SIGN && token->sign == sign;
}

bool rule_advance(struct rule_parser *parser)
{
    return rule_scan_next(&parser->scan, &parser->token);
}

bool rule_expect(struct rule_parser *parser, char sign)
{
    if (!rule_is_sign(&parser->token, sign)) {
        return rule_unexpected(parser, sign);
    }
    return rule_advance(parser);
}

bool rule_unexpected(struct rule_parser *parser, char wanted)
{
    const struct rule_token *token = &parser->token;
    static const char *const names[] = {
        [RULE_TOKEN_END] = "end of file", [RULE_TOKEN_NEWLINE] = "end of line",
        [RULE_TOKEN_STRING] = "string",   [RULE_TOKEN_INT] = "number",
        [RULE_TOKEN_NAME] = "",           [RULE_TOKEN_SIGN] = ""};
    bool is_sign = token->kind == RULE_TOKEN_SIGN;
    const char *what = token->kind == RULE_TOKEN_NAME ? token->text : names[token->kind];
    const char sign[] = {'`', token->sign, '`', '\0'};
    return rule_fault(parser->scan.fault, token->place, "unexpected %s%s%.1s%s",
                      is_sign ? sign : what, wanted != '\0' ? ", there should be `" : "", &wanted,
                      wanted != '\0' ? "`" : "");
}

/* ---- statements ---- */

static bool add_argument(struct rule_parser *parser, struct rule_argument *arguments, size_t n)
{
    struct rule_argument *argument = &arguments[n];
    struct rule_token first = parser->token;
    *argument = (struct rule_argument){.keyword = NULL};
    if (rule_is_sign(&first, '*')) {
        return rule_unsupported(parser->scan.fault, first.place, "an argument with `*`");
    }
    if (n > 0 && arguments[n - 1].keyword != NULL) {
        return rule_fault(parser->scan.fault, first.place,
                          "a positional argument follows a named one");
    }
    return rule_read_value(parser, &argument->value, 0);
}

/* `name =` or the beginning of a value. A name alone cannot be told apart before the next token. */
static bool read_argument(struct rule_parser *parser, struct rule_argument *arguments, size_t n)
{
    struct rule_parser ahead = *parser;
    if (parser->token.kind != RULE_TOKEN_NAME || !rule_advance(&ahead) ||
        !rule_is_sign(&ahead.token, '=')) {
        return add_argument(parser, arguments, n);
    }
    const char *keyword = parser->token.text;
    *parser = ahead;
    if (!rule_advance(parser)) {
        return false;
    }
    arguments[n] = (struct rule_argument){.keyword = keyword};
    return rule_read_value(parser, &arguments[n].value, 0);
}

static bool read_arguments(struct rule_parser *parser, struct rule_argument *arguments,
                           size_t *ret_n)
{
    size_t n = 0;
    while (!rule_is_sign(&parser->token, ')')) {
        if (n == RULE_ARGUMENTS_MAX) {
            return rule_fault(parser->scan.fault, parser->token.place, "more than %d arguments",
                              RULE_ARGUMENTS_MAX);
        }
        if (!read_argument(parser, arguments, n++)) {
            return false;
        }
        if (!rule_is_sign(&parser->token, ')') && !rule_expect(parser, ',')) {
            return false;
        }
    }
    *ret_n = n;
    return rule_advance(parser);
}

static bool is_statement_end(const struct rule_token *token)
{
    return token->kind == RULE_TOKEN_NEWLINE || token->kind == RULE_TOKEN_END;
}

static bool read_call(struct rule_parser *parser, const struct rule_token *name)
{
    struct rule_argument arguments[RULE_ARGUMENTS_MAX];
    struct rule_call call = {.function = name->text, .place = name->place, .arguments = arguments};
    if (!is_one_of(name->text, functions)) {
        return rule_unsupported(parser->scan.fault, name->place, "a call of %s", name->text);
    }
    if (!rule_advance(parser) || !read_arguments(parser, arguments, &call.n)) {
        return false;
    }
    if (!is_statement_end(&parser->token)) {
        return rule_check_follow(parser) && rule_unexpected(parser, '\0');
    }
    return parser->fn(parser->ctx, &call, parser->scan.fault);
}

static bool read_assignment(struct rule_parser *parser, const struct rule_token *name)
{
    struct rule_value value;
    if (is_one_of(name->text, functions) || is_constant(name->text)) {
        return rule_unsupported(parser->scan.fault, name->place, "another meaning of %s",
                                name->text);
    }
    if (rule_find_name(parser, name->text) != NULL) {
        return rule_unsupported(parser->scan.fault, name->place, "a second value of %s",
                                name->text);
    }
    if (parser->n_names == RULE_NAMES_MAX) {
        return rule_fault(parser->scan.fault, name->place, "more than %d names", RULE_NAMES_MAX);
    }
    if (!rule_advance(parser) || !rule_read_value(parser, &value, 0)) {
        return false;
    }
    if (!is_statement_end(&parser->token)) {
        return rule_unexpected(parser, '\0');
    }
    parser->names[parser->n_names++] = (struct rule_name){name->text, value};
    return true;
}

static bool read_statement(struct rule_parser *parser)
{
    struct rule_token first = parser->token;
    if (first.kind != RULE_TOKEN_NAME) {
        return rule_unsupported(parser->scan.fault, first.place, "a value as a statement");
    }
    if (rule_is_keyword(first.text)) {
        return rule_unsupported(parser->scan.fault, first.place, "`%s`", first.text);
    }
    if (!rule_advance(parser)) {
        return false;
    }
    if (rule_is_sign(&parser->token, '(')) {
        return read_call(parser, &first);
    }
    if (rule_is_sign(&parser->token, '=')) {
        return read_assignment(parser, &first);
    }
    if (rule_is_sign(&parser->token, ',')) {
        return rule_unsupported(parser->scan.fault, first.place, "unpacking");
    }
    if (is_statement_end(&parser->token)) {
        return rule_unsupported(parser->scan.fault, first.place, "a value as a statement");
    }
    return rule_check_follow(parser) && rule_unexpected(parser, '\0');
}

static bool read_statements(struct rule_parser *parser)
{
    while (rule_advance(parser)) {
        if (parser->token.kind == RULE_TOKEN_END) {
            return true;
        }
        if (parser->token.kind == RULE_TOKEN_NEWLINE) {
            continue;
        }
        if (!read_statement(parser)) {
            return false;
        }
        if (parser->token.kind == RULE_TOKEN_END) {
            return true;
        }
    }
    return false;
}

/* Nothing below meets a NUL or half a character. */
static bool check_bytes(const char *text, size_t n, struct rule_fault *fault)
{
    struct rule_scan scan = {.at = text, .end = text + n, .place = {1, 1}};
    while (scan.at < scan.end) {
        size_t length = utf8_length(scan.at, (size_t)(scan.end - scan.at));
        if (length == 0 || *scan.at == '\0') {
            return rule_fault(fault, scan.place, "%s",
                              length == 0 ? "this byte is not valid UTF-8" : "a NUL byte");
        }
        rule_scan_advance(&scan, length);
    }
    return true;
}

bool rule_text_read(const char *text, size_t n, struct arena *arena, struct rule_fault *fault,
                    rule_call_fn fn, void *ctx)
{
    struct rule_parser parser = {.scan = {.at = text,
                                          .end = text + n,
                                          .place = {1, 1},
                                          .is_line_start = true,
                                          .arena = arena,
                                          .fault = fault},
                                 .fn = fn,
                                 .ctx = ctx};
    parser.names = arena_array(arena, RULE_NAMES_MAX, sizeof parser.names[0]);
    return check_bytes(text, n, fault) && read_statements(&parser);
}
