/* rule_scan.h - the tokens of a `.rules` file. Private to rule_*.c. Thread: [pure].
 *
 * What a person sees of a problem is "FILE:line:col: …", columns counted in characters from 1.
 */
#ifndef HOST_POLICY_RULE_SCAN_H
#define HOST_POLICY_RULE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define RULE_STRING_MAX 16384       /* bytes of one string, also of one made with + */
#define RULE_VALUES_MAX (32u << 20) /* bytes of all values of one file */

struct arena;
struct text;

struct rule_place {
    unsigned line, column; /* from 1 */
};

/* The first problem of a file, as text. */
struct rule_fault {
    const char *file;
    struct text *cause; /* empty until there is one */
};

/* Note a problem, unless there is one already. Always false, for `return rule_fault(…)`. */
bool rule_fault(struct rule_fault *fault, struct rule_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool rule_unsupported(struct rule_fault *fault, struct rule_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

enum rule_token_kind {
    RULE_TOKEN_END,
    RULE_TOKEN_NEWLINE, /* or a semicolon; not within brackets */
    RULE_TOKEN_NAME,
    RULE_TOKEN_STRING,
    RULE_TOKEN_INT,
    RULE_TOKEN_SIGN, /* one character */
};

struct rule_token {
    enum rule_token_kind kind;
    struct rule_place place;
    const char
        *text; /* of a name, a string (without quotes and escapes) or a number; in the arena */
    size_t n;
    char sign;
};

struct rule_scan {
    const char *at, *end;
    struct rule_place place; /* of `at` */
    unsigned brackets;       /* open ones */
    bool is_line_start;
    size_t values_bytes; /* taken from the arena so far */
    struct arena *arena;
    struct rule_fault *fault;
};

/* The next token. False: there is none to be had, and the fault says why. */
bool rule_scan_next(struct rule_scan *scan, struct rule_token *ret);

/* Count memory against RULE_VALUES_MAX. */
bool rule_scan_take(struct rule_scan *scan, struct rule_place place, size_t bytes);

/* Private: the string literal at scan->at, behind a prefix of `is_raw`. */
bool rule_scan_string(struct rule_scan *scan, bool is_raw, struct rule_token *ret);
void rule_scan_advance(struct rule_scan *scan, size_t n);

#endif
