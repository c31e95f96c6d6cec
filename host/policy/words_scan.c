/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/utf8.h"
#include "policy/words.h"
#include "policy/words_parts.h"

#define ARITHMETIC_MAX 256 /* bytes; longer ones are read as commands, which finds too much */

bool words_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool words_ends_word(char c)
{
    return words_is_blank(c) || c == '\n' || strchr(";&|()<>", c) != NULL;
}

void words_give_up(struct words_parser *parser)
{
    parser->script->is_whole = false;
    parser->features |= SCRIPT_HAS_MORE;
    parser->at = parser->end;
}

void words_cut(struct words_parser *parser)
{
    parser->script->is_cut = true;
    words_give_up(parser);
}

static void add(struct scanned_word *word, char c)
{
    (void)text_add_char(&word->text, c);
}

/* Something expands here: the word is not what it looks like. */
static void expands(struct words_parser *parser, struct scanned_word *word)
{
    parser->features |= SCRIPT_HAS_MORE;
    word->is_literal = false;
    word->may_gain_options = true;
}

/* ---- substitutions ---- */

/* NOLINTBEGIN(misc-no-recursion): the depth is counted, and bounded by SCRIPT_DEPTH_MAX */

/* Other bytes, read with a reader of their own: here-documents do not cross the border. */
static struct words_parser begin_inner(const struct words_parser *parser, const char *text,
                                       size_t n)
{
    return (struct words_parser){.at = text,
                                 .end = text + n,
                                 .script = parser->script,
                                 .depth = parser->depth,
                                 .is_zsh = parser->is_zsh};
}

static void end_inner(struct words_parser *parser, struct words_parser *inner)
{
    parser->features |= inner->features;
    for (size_t i = 0; i < inner->n_heredocs; i++) {
        free(inner->heredocs[i].delimiter);
    }
}

void words_read_nested(struct words_parser *parser, const char *text, size_t n)
{
    struct words_parser inner = begin_inner(parser, text, n);
    parser->features |= SCRIPT_HAS_MORE;
    if (++inner.depth > SCRIPT_DEPTH_MAX) {
        words_cut(parser);
        return;
    }
    words_read_list(&inner, false);
    end_inner(parser, &inner);
}

/* parser->at is behind the opening parenthesis. */
static void scan_parentheses(struct words_parser *parser)
{
    parser->features |= SCRIPT_HAS_MORE;
    if (++parser->depth > SCRIPT_DEPTH_MAX) {
        words_cut(parser);
    }
    words_read_list(parser, true);
    parser->depth--;
    if (words_more(parser, 1)) {
        parser->at++;
    } else {
        parser->script->is_whole = false;
    }
}

/* Only looks: expansions inside are not worth finding, since `((` is read as commands when in doubt. */
bool words_skip_arithmetic(struct words_parser *parser)
{
    size_t left = (size_t)(parser->end - parser->at);
    size_t max = left < ARITHMETIC_MAX ? left : ARITHMETIC_MAX;
    int open = 0;
    for (size_t i = 0; i < max; i++) {
        char c = parser->at[i];
        if (c == '$' || c == '`' || c == '\n' || c == '\'' || c == '"' || c == ';') {
            return false;
        }
        open += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (open == 0) {
            if (i + 1 >= left || parser->at[i + 1] != ')') {
                return false;
            }
            parser->at += i + 2;
            return true;
        }
    }
    return false;
}

/* parser->at is behind the opening backquote. A backslash protects $, ` and itself inside. */
static void scan_backquotes(struct words_parser *parser)
{
    AUTO_TEXT struct text inner;
    text_init(&inner, INT_MAX);
    while (words_more(parser, 1) && *parser->at != '`') {
        if (*parser->at == '\\' && words_more(parser, 2) && strchr("$`\\", parser->at[1]) != NULL) {
            parser->at++;
        }
        (void)text_add_char(&inner, *parser->at++);
    }
    if (!words_more(parser, 1)) {
        words_give_up(parser);
    } else {
        parser->at++;
    }
    words_read_nested(parser, text_string(&inner), inner.len);
}

static void scan_dollar(struct words_parser *parser, struct scanned_word *word);

/* What a quote, a substitution or a backslash inside of ${…} may hide: a closing brace. */
static void skip_in_braces(struct words_parser *parser, struct scanned_word *word)
{
    char c = *parser->at++;
    if (c == '\\' && words_more(parser, 1)) {
        parser->at++;
    } else if (c == '$') {
        scan_dollar(parser, word);
    } else if (c == '`') {
        scan_backquotes(parser);
    } else if (c == '\'') {
        const char *end = memchr(parser->at, '\'', (size_t)(parser->end - parser->at));
        parser->at = end != NULL ? end + 1 : parser->at; /* inside of double quotes it is none */
    }
}

/* ${…}: parser->at is behind the brace. */
static void scan_braces(struct words_parser *parser, struct scanned_word *word)
{
    if (++parser->depth > SCRIPT_DEPTH_MAX) {
        words_cut(parser);
    }
    while (words_more(parser, 1) && *parser->at != '}') {
        skip_in_braces(parser, word);
    }
    parser->depth--;
    if (words_more(parser, 1)) {
        parser->at++;
    } else {
        parser->script->is_whole = false;
    }
}

/* ---- $'…' ---- */

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : 99;
}

/* Up to `max` digits of a base, as a byte: what is beyond ASCII can name no program of ours. */
static void add_code(struct words_parser *parser, struct scanned_word *word, int base, int max)
{
    int value = 0;
    for (int i = 0; i < max && words_more(parser, 1) && digit_of(*parser->at) < base; i++) {
        value = (value * base + digit_of(*parser->at++)) & 0xff;
    }
    if (value != 0) {
        add(word, (char)value);
    }
}

/* parser->at is behind the backslash. */
static void scan_ansi_escape(struct words_parser *parser, struct scanned_word *word)
{
    static const char from[] = "abeEfnrtv", to[] = "\a\b\033\033\f\n\r\t\v";
    char c = *parser->at++;
    const char *known = strchr(from, c);
    if (c >= '0' && c <= '7') {
        parser->at--;
        add_code(parser, word, 8, 3);
    } else if (c == 'x' || c == 'u' || c == 'U') {
        add_code(parser, word, 16, c == 'x' ? 2 : c == 'u' ? 4 : 8);
    } else if (known != NULL) {
        add(word, to[known - from]);
    } else {
        add(word, c);
    }
}

static void scan_ansi(struct words_parser *parser, struct scanned_word *word)
{
    while (words_more(parser, 1) && *parser->at != '\'') {
        if (*parser->at == '\\' && words_more(parser, 2)) {
            parser->at++;
            scan_ansi_escape(parser, word);
        } else {
            add(word, *parser->at++);
        }
    }
    if (!words_more(parser, 1)) {
        words_give_up(parser);
    } else {
        parser->at++;
    }
}

/* ---- expansions ---- */

void words_scan_substitution(struct words_parser *parser)
{
    if (!words_see(parser, "((", 2) || !words_skip_arithmetic(parser)) {
        parser->at++;
        scan_parentheses(parser);
    }
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* parser->at is behind the dollar sign. */
static void scan_dollar(struct words_parser *parser, struct scanned_word *word)
{
    expands(parser, word);
    char c = words_peek(parser);
    if (c == '(') {
        words_scan_substitution(parser);
    } else if (c == '{') {
        parser->at++;
        scan_braces(parser, word);
    } else if (is_name_char(c)) {
        while (words_more(parser, 1) && is_name_char(*parser->at)) {
            parser->at++;
        }
    } else if (c != '\0' && strchr("?!#@*$-", c) != NULL) {
        parser->at++;
    } else {
        add(word, '$');
    }
}

/* NOLINTEND(misc-no-recursion) */

void words_scan_expansions(struct words_parser *parser, const char *text, size_t n)
{
    struct words_parser inner = begin_inner(parser, text, n);
    struct scanned_word unused = {.is_literal = true};
    text_init(&unused.text, INT_MAX);
    while (words_more(&inner, 1)) {
        char c = *inner.at++;
        if (c == '\\' && words_more(&inner, 1)) {
            inner.at++;
        } else if (c == '$') {
            scan_dollar(&inner, &unused);
        } else if (c == '`') {
            expands(&inner, &unused);
            scan_backquotes(&inner);
        }
    }
    end_inner(parser, &inner);
    text_finish(&unused.text);
}

/* ---- quotes ---- */

/* A backslash in double quotes. */
static void scan_escape_in_quotes(struct words_parser *parser, struct scanned_word *word)
{
    char c = words_peek(parser);
    if (c == '!' && parser->is_zsh) {
        parser->features |= SCRIPT_HAS_MORE; /* whether it stays depends on the shell's options */
    }
    if (c == '\0' || strchr("$`\"\\\n", c) == NULL) {
        add(word, '\\');
        return;
    }
    parser->at++;
    if (c != '\n') {
        add(word, c);
    }
}

static void scan_double_quotes(struct words_parser *parser, struct scanned_word *word)
{
    while (words_more(parser, 1) && *parser->at != '"') {
        char c = *parser->at++;
        if (c == '\\') {
            scan_escape_in_quotes(parser, word);
        } else if (c == '$') {
            scan_dollar(parser, word);
        } else if (c == '`') {
            expands(parser, word);
            scan_backquotes(parser);
        } else {
            add(word, c);
        }
    }
    if (!words_more(parser, 1)) {
        words_give_up(parser);
    } else {
        parser->at++;
    }
}

static void scan_single_quotes(struct words_parser *parser, struct scanned_word *word)
{
    const char *end = memchr(parser->at, '\'', (size_t)(parser->end - parser->at));
    if (end == NULL) {
        words_give_up(parser);
        return;
    }
    (void)text_add(&word->text, parser->at, (size_t)(end - parser->at));
    parser->at = end + 1;
}

static void scan_dollar_unquoted(struct words_parser *parser, struct scanned_word *word)
{
    if (!words_see(parser, "'", 1) && !words_see(parser, "\"", 1)) {
        scan_dollar(parser, word);
        return;
    }
    parser->features |= SCRIPT_HAS_MORE; /* sh takes the dollar literally, the others do not */
    word->is_quoted = true;
    if (*parser->at++ == '\'') {
        scan_ansi(parser, word);
    } else {
        scan_double_quotes(parser, word);
    }
}

/* ---- one word ---- */

static void scan_backslash(struct words_parser *parser, struct scanned_word *word)
{
    if (!words_more(parser, 1)) {
        words_give_up(parser);
        return;
    }
    char c = *parser->at++;
    if (c != '\n') {
        word->is_quoted = true;
        add(word, c);
    }
}

/* `NAME=`, `NAME+=`, `NAME[…]=`: is that what the word begins with, up to here? */
static bool is_assigned_name(const char *name, size_t n)
{
    size_t length = 0;
    while (length < n && is_name_char(name[length])) {
        length++;
    }
    if (length == 0 || (name[0] >= '0' && name[0] <= '9')) {
        return false;
    }
    return length == n || name[length] == '[' || (name[length] == '+' && length + 1 == n);
}

/* Bytes that a shell may treat in its own way: control characters, and what some C library calls a
 * blank in the middle of a character. */
static void doubt_byte(struct words_parser *parser, struct scanned_word *word, char c)
{
    unsigned char byte = (unsigned char)c;
    if (byte < 0x20 || byte == 0x7f) {
        parser->features |= SCRIPT_HAS_MORE;
    }
    if (byte == 0x85 || byte == 0xa0) {
        word->may_gain_options = true;
    }
}

static void scan_bare(struct words_parser *parser, struct scanned_word *word, char c)
{
    bool is_first = word->text.len == 0;
    bool could_be_option = is_first || text_string(&word->text)[0] == '-';
    if (strchr("*?[", c) != NULL && could_be_option) {
        word->may_gain_options = true;
    } else if (c == '=' && !word->is_quoted &&
               is_assigned_name(text_string(&word->text), word->text.len)) {
        word->is_assignment = true;
    } else if (c == '=' && is_first && parser->is_zsh) {
        parser->features |= SCRIPT_HAS_MORE; /* =name is the path of a program */
    } else if (c == '{' || c == '}') {
        word->has_brace = true;
    } else if (word->has_brace && (c == ',' || (c == '.' && words_see(parser, ".", 1)))) {
        word->has_brace_list = true;
    }
    doubt_byte(parser, word, c);
    add(word, c);
}

static void scan_step(struct words_parser *parser, struct scanned_word *word)
{
    char c = *parser->at++;
    switch (c) {
    case '\\':
        scan_backslash(parser, word);
        break;
    case '\'':
        word->is_quoted = true;
        scan_single_quotes(parser, word);
        break;
    case '"':
        word->is_quoted = true;
        scan_double_quotes(parser, word);
        break;
    case '$':
        scan_dollar_unquoted(parser, word);
        break;
    case '`':
        expands(parser, word);
        scan_backquotes(parser);
        break;
    default:
        scan_bare(parser, word, c);
    }
}

void words_scan(struct words_parser *parser, struct scanned_word *ret)
{
    *ret = (struct scanned_word){.is_literal = true};
    text_init(&ret->text, INT_MAX);
    while (words_more(parser, 1) && !words_ends_word(*parser->at)) {
        scan_step(parser, ret);
    }
    if (ret->has_brace_list || (ret->has_brace && parser->is_zsh)) {
        parser->features |= SCRIPT_HAS_MORE;
    }
    if (!utf8_valid(text_string(&ret->text), ret->text.len)) {
        parser->features |= SCRIPT_HAS_MORE;
    }
}
