/* rule_text.h - a `.rules` file as the calls it makes.
 *
 * The language is a part of Starlark, read without an interpreter: comments; calls of prefix_rule,
 * host_executable and network_rule; strings in single, double and triple quotes, raw ones too; integers,
 * lists, True, False, None; `+` between two strings or two lists; `name = value` and its use. Anything else
 * is refused with its place. Thread: [pure].
 */
#ifndef HOST_POLICY_RULE_TEXT_H
#define HOST_POLICY_RULE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/rule_scan.h"

#define RULE_LIST_MAX      1024 /* elements */
#define RULE_DEPTH_MAX     8    /* lists inside of each other */
#define RULE_ARGUMENTS_MAX 16   /* of one call */
#define RULE_NAMES_MAX     256  /* names given to values */

enum rule_value_kind { RULE_NONE, RULE_BOOL, RULE_INT, RULE_STRING, RULE_LIST };

/* Lives in the arena of the reading. */
struct rule_value {
    enum rule_value_kind kind;
    struct rule_place place;
    bool is_true;       /* RULE_BOOL */
    const char *string; /* RULE_STRING: no NUL in it */
    size_t n;           /* bytes of the string, or items */
    const struct rule_value *items;
};

struct rule_argument {
    const char *keyword; /* NULL: by position */
    struct rule_value value;
};

struct rule_call {
    const char *function;
    struct rule_place place;
    const struct rule_argument *arguments;
    size_t n;
};

/* False: the call is wrong, and `fault` says why. */
typedef bool (*rule_call_fn)(void *ctx, const struct rule_call *call, struct rule_fault *fault);

/* Call `fn` for each call in the `n` bytes, in their order. False at the first problem, which is in
 * fault->cause. What was called before does not count then. */
bool rule_text_read(const char *text, size_t n, struct arena *arena, struct rule_fault *fault,
                    rule_call_fn fn, void *ctx);

const char *
rule_value_type(const struct rule_value *value); /* "string", "int", …, as Starlark says */

#endif
