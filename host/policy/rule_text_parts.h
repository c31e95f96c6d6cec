/* rule_text_parts.h - statements (rule_text.c) and values (rule_value.c) of a `.rules` file. Private to
 * these two.
 */
#ifndef HOST_POLICY_RULE_TEXT_PARTS_H
#define HOST_POLICY_RULE_TEXT_PARTS_H

#include "policy/rule_text.h"

struct rule_name {
    const char *name;
    struct rule_value value;
};

struct rule_parser {
    struct rule_scan scan;
    struct rule_token token; /* the one to look at */
    struct rule_name *names; /* RULE_NAMES_MAX */
    size_t n_names;
    rule_call_fn fn;
    void *ctx;
};

/* Each false with a fault. */
bool rule_advance(struct rule_parser *parser); /* to the next token */
bool rule_expect(struct rule_parser *parser, char sign);
bool rule_unexpected(struct rule_parser *parser, char wanted); /* '\0': nothing in particular */
bool rule_read_value(struct rule_parser *parser, struct rule_value *ret, unsigned depth);

/* Is what follows a value another construct of the language? Then it is told by name. */
bool rule_check_follow(struct rule_parser *parser);

bool rule_is_sign(const struct rule_token *token, char sign);
bool rule_is_keyword(const char *name);
const struct rule_value *rule_find_name(const struct rule_parser *parser, const char *name);

#endif
