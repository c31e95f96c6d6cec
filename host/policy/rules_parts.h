/* rules_parts.h - what struct rules is made of. rules.c owns it, rules_call.c fills it from the calls of a
 * file, rules_match.c compares it with commands. Private to rules*.c and judge*.c.
 */
#ifndef HOST_POLICY_RULES_PARTS_H
#define HOST_POLICY_RULES_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/rule_text.h"
#include "policy/rules.h"

#define RULE_WORDS_MAX 256 /* words of one pattern */

struct arena;

/* The words that may stand at one place of a command. */
struct rule_position {
    const char *const *words;
    size_t n;
};

struct rule {
    const struct rule_position *pattern;
    size_t n; /* at least 1 */
    enum rule_layer layer;
    enum decision decision;
    bool is_exact;             /* the command has no further words */
    const char *justification; /* NULL: none */
    const char *where;         /* "FILE:line" */
};

struct rule_host {
    const char *name;
    const char *const *paths;
    size_t n;
    enum rule_layer layer;
};

/* An example of a rule, until the file has been read. */
struct rule_example {
    size_t rule; /* index */
    const char *const *argv;
    struct rule_place place;
    bool must_match;
};

struct rules {
    struct arena *arena; /* all strings */
    struct rule *rules;
    struct rule_host *hosts;
    struct rules_network *networks;
    struct rules_problem *problems;
    size_t n_rules, n_hosts, n_networks, n_problems;
};

/* One file while it is read. */
struct rules_reading {
    struct rules *rules;
    struct arena *arena; /* of the file */
    const char *path;    /* in the arena of the rules */
    enum rule_layer layer;
    struct rule_example *examples; /* freed by the owner of the reading */
    size_t n_examples;
};

/* A rule_call_fn with a struct rules_reading. */
bool rules_take_call(void *ctx, const struct rule_call *call, struct rule_fault *fault);

/* When the whole file has been read: does every example do what it is an example of? */
bool rules_check_examples(const struct rules_reading *reading, struct rule_fault *fault);

/* The words of `argv` in the rules' arena, NULL-terminated. */
const char *const *rules_keep_words(struct arena *arena, const char *const *argv, size_t n);

/* Does `argv` begin as the rule says, when its first word is taken to be `first`? */
bool rule_matches(const struct rule *rule, const char *first, const char *const *argv);

/* How an absolute path compares with what host_executable() says of its last part. */
enum rule_resolution {
    RULE_HOST_LISTED,
    RULE_HOST_OTHER, /* there is a list, without it */
    RULE_HOST_FREE,  /* there is no list */
    RULE_HOST_NO,    /* it is no absolute path of a program */
};
enum rule_resolution rules_resolve(const struct rules *rules, const char *word);

#endif
