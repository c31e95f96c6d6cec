/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "policy/rule_scan.h"
#include "policy/rule_text.h"
#include "policy/rule_text_parts.h"

const char *rule_value_type(const struct rule_value *value)
{
    static const char *const names[] = {[RULE_NONE] = "NoneType",
                                        [RULE_BOOL] = "bool",
                                        [RULE_INT] = "int",
                                        [RULE_STRING] = "string",
                                        [RULE_LIST] = "list"};
    return names[value->kind];
}

const struct rule_value *rule_find_name(const struct rule_parser *parser, const char *name)
{
    for (size_t i = 0; i < parser->n_names; i++) {
        if (strcmp(parser->names[i].name, name) == 0) {
            return &parser->names[i].value;
        }
    }
    return NULL;
}

/* The words that stand between two values, and the signs. */
bool rule_check_follow(struct rule_parser *parser)
{
    const struct rule_token *token = &parser->token;
    struct rule_fault *fault = parser->scan.fault;
    if (token->kind == RULE_TOKEN_NAME && rule_is_keyword(token->text)) {
        const char *what = strcmp(token->text, "for") == 0  ? "a comprehension"
                           : strcmp(token->text, "if") == 0 ? "a conditional expression"
                                                            : NULL;
        return what != NULL ? rule_unsupported(fault, token->place, "%s", what)
                            : rule_unsupported(fault, token->place, "`%s`", token->text);
    }
    if (token->kind != RULE_TOKEN_SIGN || strchr(",)]=", token->sign) != NULL) {
        return true;
    }
    const char *what = token->sign == '('   ? "a call within a value"
                       : token->sign == '.' ? "access to an attribute"
                       : token->sign == '[' ? "indexing"
                                            : NULL;
    return what != NULL ? rule_unsupported(fault, token->place, "%s", what)
                        : rule_unsupported(fault, token->place, "the operator `%c`", token->sign);
}

/* A name without a value may belong to a construct, which is then what a person wants to be told. */
static bool refuse_name(struct rule_parser *parser)
{
    const char *name = parser->token.text;
    struct rule_place place = parser->token.place;
    struct rule_parser ahead = *parser;
    bool has_next = rule_advance(&ahead);
    if (has_next && rule_is_sign(&ahead.token, '(')) {
        return rule_unsupported(parser->scan.fault, place, "a call of %s", name);
    }
    if (has_next && ahead.token.kind == RULE_TOKEN_NAME) {
        (void)rule_check_follow(&ahead);
    }
    return rule_fault(parser->scan.fault, place, "%s has no value here", name);
}

static bool read_constant(struct rule_parser *parser, struct rule_value *ret)
{
    const char *name = parser->token.text;
    struct rule_place place = parser->token.place;
    const struct rule_value *known = rule_find_name(parser, name);
    if (known != NULL) {
        *ret = *known;
    } else if (strcmp(name, "None") == 0) {
        ret->kind = RULE_NONE;
    } else if (strcmp(name, "True") == 0 || strcmp(name, "False") == 0) {
        ret->kind = RULE_BOOL;
        ret->is_true = name[0] == 'T';
    } else if (rule_is_keyword(name)) {
        return rule_unsupported(parser->scan.fault, place, "`%s`", name);
    } else {
        return refuse_name(parser);
    }
    ret->place = place;
    return rule_advance(parser);
}

/* Items are collected in blocks that double; what is left behind is counted as well. */
static bool add_item(struct rule_parser *parser, struct rule_value *list, size_t *capacity,
                     struct rule_value **items, const struct rule_value *item)
{
    if (list->n == RULE_LIST_MAX) {
        return rule_fault(parser->scan.fault, list->place, "a list of more than %d values",
                          RULE_LIST_MAX);
    }
    if (list->n == *capacity) {
        size_t more = *capacity == 0 ? 4 : *capacity * 2;
        if (!rule_scan_take(&parser->scan, list->place, more * sizeof **items)) {
            return false;
        }
        struct rule_value *block = arena_array(parser->scan.arena, more, sizeof *block);
        if (list->n > 0) {
            memcpy(block, *items, list->n * sizeof *block);
        }
        *items = block;
        *capacity = more;
    }
    assert(*items != NULL);
    (*items)[list->n++] = *item;
    return true;
}

/* NOLINTBEGIN(misc-no-recursion): lists within lists are counted, at most RULE_DEPTH_MAX */

/* parser->token is the opening bracket. */
static bool read_list(struct rule_parser *parser, struct rule_value *ret, unsigned depth)
{
    struct rule_value *items = NULL;
    size_t capacity = 0;
    ret->kind = RULE_LIST;
    if (depth == RULE_DEPTH_MAX) {
        return rule_fault(parser->scan.fault, ret->place, "lists are nested more than %d deep",
                          RULE_DEPTH_MAX);
    }
    if (!rule_advance(parser)) {
        return false;
    }
    while (!rule_is_sign(&parser->token, ']')) {
        struct rule_value item;
        if (!rule_read_value(parser, &item, depth + 1) ||
            !add_item(parser, ret, &capacity, &items, &item)) {
            return false;
        }
        if (!rule_is_sign(&parser->token, ']') && !rule_expect(parser, ',')) {
            return false;
        }
    }
    ret->items = items;
    return rule_advance(parser);
}

static bool refuse_sign(struct rule_parser *parser)
{
    char sign = parser->token.sign;
    struct rule_fault *fault = parser->scan.fault;
    const char *what = sign == '{'                  ? "a dictionary"
                       : sign == '('                ? "a value in parentheses"
                       : sign == '-' || sign == '+' ? "a number with a sign"
                                                    : NULL;
    return what != NULL ? rule_unsupported(fault, parser->token.place, "%s", what)
                        : rule_unexpected(parser, '\0');
}

static bool read_primary(struct rule_parser *parser, struct rule_value *ret, unsigned depth)
{
    const struct rule_token *token = &parser->token;
    *ret = (struct rule_value){.place = token->place};
    switch (token->kind) {
    case RULE_TOKEN_STRING:
        ret->kind = RULE_STRING;
        ret->string = token->text;
        ret->n = token->n;
        return rule_advance(parser);
    case RULE_TOKEN_INT:
        ret->kind = RULE_INT;
        return rule_advance(parser);
    case RULE_TOKEN_NAME:
        return read_constant(parser, ret);
    case RULE_TOKEN_SIGN:
        return rule_is_sign(token, '[') ? read_list(parser, ret, depth) : refuse_sign(parser);
    default:
        return rule_unexpected(parser, '\0');
    }
}

static bool join_strings(struct rule_parser *parser, struct rule_value *left,
                         const struct rule_value *right)
{
    size_t n = left->n + right->n;
    if (n > RULE_STRING_MAX) {
        return rule_fault(parser->scan.fault, left->place, "this string is over %d bytes",
                          RULE_STRING_MAX);
    }
    if (!rule_scan_take(&parser->scan, left->place, n)) {
        return false;
    }
    left->string = arena_printf(parser->scan.arena, "%s%s", left->string, right->string);
    left->n = n;
    return true;
}

static bool join_lists(struct rule_parser *parser, struct rule_value *left,
                       const struct rule_value *right)
{
    size_t n = left->n + right->n;
    if (n > RULE_LIST_MAX) {
        return rule_fault(parser->scan.fault, left->place, "a list of more than %d values",
                          RULE_LIST_MAX);
    }
    if (!rule_scan_take(&parser->scan, left->place, n * sizeof *left->items)) {
        return false;
    }
    struct rule_value *items = arena_array(parser->scan.arena, n + 1, sizeof *items);
    for (size_t i = 0; i < n; i++) {
        items[i] = i < left->n ? left->items[i] : right->items[i - left->n];
    }
    left->items = items;
    left->n = n;
    return true;
}

static bool join(struct rule_parser *parser, struct rule_place place, struct rule_value *left,
                 const struct rule_value *right)
{
    if (left->kind != right->kind || (left->kind != RULE_STRING && left->kind != RULE_LIST)) {
        return rule_unsupported(parser->scan.fault, place, "`+` between %s and %s",
                                rule_value_type(left), rule_value_type(right));
    }
    return left->kind == RULE_STRING ? join_strings(parser, left, right)
                                     : join_lists(parser, left, right);
}

bool rule_read_value(struct rule_parser *parser, struct rule_value *ret, unsigned depth)
{
    if (!read_primary(parser, ret, depth)) {
        return false;
    }
    while (rule_is_sign(&parser->token, '+')) {
        struct rule_place place = parser->token.place;
        struct rule_value right;
        if (!rule_advance(parser) || !read_primary(parser, &right, depth) ||
            !join(parser, place, ret, &right)) {
            return false;
        }
    }
    return rule_check_follow(parser);
}

/* NOLINTEND(misc-no-recursion) */
