/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "policy/rule_bind.h"
#include "policy/rule_text.h"
#include "policy/rules_parts.h"
#include "policy/words.h"

enum { PREFIX_PATTERN, PREFIX_DECISION, PREFIX_MATCH, PREFIX_NOT_MATCH, PREFIX_JUSTIFICATION };
enum { HOST_NAME, HOST_PATHS };
enum { NETWORK_HOST, NETWORK_PROTOCOL, NETWORK_DECISION, NETWORK_JUSTIFICATION };

static const struct rule_signature prefix_signature = {
    "prefix_rule",
    {"pattern", "decision", "match", "not_match", "justification"},
    {RULE_LIST, RULE_STRING, RULE_LIST, RULE_LIST, RULE_STRING},
    5,
    1};
static const struct rule_signature host_signature = {
    "host_executable", {"name", "paths"}, {RULE_STRING, RULE_LIST}, 2, 2};
static const struct rule_signature network_signature = {
    "network_rule",
    {"host", "protocol", "decision", "justification"},
    {RULE_STRING, RULE_STRING, RULE_STRING, RULE_STRING},
    4,
    3};

/* ---- what the rules keep ---- */

static const char *keep(const struct rules_reading *reading, const struct rule_value *value)
{
    return value != NULL ? arena_string_n(reading->rules->arena, value->string, value->n) : NULL;
}

const char *const *rules_keep_words(struct arena *arena, const char *const *argv, size_t n)
{
    const char **words = arena_array(arena, n + 1, sizeof *words);
    for (size_t i = 0; i < n; i++) {
        words[i] = arena_string_n(arena, argv[i], strlen(argv[i]));
    }
    return words;
}

static const char *keep_where(const struct rules_reading *reading, const struct rule_call *call)
{
    return arena_printf(reading->rules->arena, "%s:%u", reading->path, call->place.line);
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n\f\v")] == '\0';
}

static bool check_justification(const struct rule_value *value, struct rule_fault *fault)
{
    return value == NULL || !is_blank(value->string) ||
           rule_fault(fault, value->place, "invalid rule: justification cannot be empty");
}

static bool has_room(const struct rules_reading *reading, const struct rule_call *call,
                     struct rule_fault *fault)
{
    const struct rules *rules = reading->rules;
    return rules->n_rules + rules->n_hosts + rules->n_networks < RULES_MAX ||
           rule_fault(fault, call->place, "more than %d rules", RULES_MAX);
}

/* ---- prefix_rule ---- */

static bool refuse_element(const struct rule_value *value, struct rule_fault *fault)
{
    return rule_fault(fault, value->place,
                      "invalid pattern element: pattern element must be a string or list of "
                      "strings (got %s)",
                      rule_value_type(value));
}

static bool read_alternatives(const struct rules_reading *reading, const struct rule_value *value,
                              struct rule_position *ret, struct rule_fault *fault)
{
    bool is_list = value->kind == RULE_LIST;
    size_t n = is_list ? value->n : 1;
    const struct rule_value *items = is_list ? value->items : value;
    if (n == 0) {
        return rule_fault(fault, value->place,
                          "invalid pattern element: pattern alternatives cannot be empty");
    }
    const char **words = arena_array(reading->rules->arena, n, sizeof *words);
    for (size_t i = 0; i < n; i++) {
        if (items[i].kind != RULE_STRING) {
            return refuse_element(&items[i], fault);
        }
        words[i] = keep(reading, &items[i]);
    }
    *ret = (struct rule_position){words, n};
    return true;
}

static bool read_pattern(const struct rules_reading *reading, const struct rule_value *value,
                         struct rule *ret, struct rule_fault *fault)
{
    if (value->n == 0) {
        return rule_fault(fault, value->place, "invalid pattern element: pattern cannot be empty");
    }
    if (value->n > RULE_WORDS_MAX) {
        return rule_fault(fault, value->place,
                          "invalid pattern element: pattern is longer than %d words",
                          RULE_WORDS_MAX);
    }
    struct rule_position *pattern = arena_array(reading->rules->arena, value->n, sizeof *pattern);
    for (size_t i = 0; i < value->n; i++) {
        if (!read_alternatives(reading, &value->items[i], &pattern[i], fault)) {
            return false;
        }
    }
    ret->pattern = pattern;
    ret->n = value->n;
    return true;
}

static bool read_decision(const struct rule_value *value, bool is_network, enum decision *ret,
                          struct rule_fault *fault)
{
    const char *word = value != NULL ? value->string : "allow";
    if (strcmp(word, "allow") == 0) {
        *ret = DECISION_ALLOW;
    } else if (strcmp(word, "prompt") == 0) {
        *ret = DECISION_PROMPT;
    } else if (strcmp(word, "forbidden") == 0 || (is_network && strcmp(word, "deny") == 0)) {
        *ret = DECISION_FORBIDDEN;
    } else {
        return rule_fault(fault, value->place, "invalid decision: %s", word);
    }
    return true;
}

/* The words of one example, in the arena of the file. */
static bool read_example(const struct rules_reading *reading, const struct rule_value *value,
                         const char *const **ret, struct rule_fault *fault)
{
    if (value->kind == RULE_STRING) {
        char **words = words_split(value->string);
        if (words == NULL) {
            return rule_fault(fault, value->place,
                              "invalid example: this string is no shell command: a quote is open");
        }
        *ret = rules_keep_words(reading->arena, (const char *const *)words,
                                words_count((const char *const *)words));
        words_free(words);
    } else if (value->kind == RULE_LIST) {
        const char **words = arena_array(reading->arena, value->n + 1, sizeof *words);
        for (size_t i = 0; i < value->n; i++) {
            if (value->items[i].kind != RULE_STRING) {
                return rule_fault(fault, value->items[i].place,
                                  "invalid example: the words must be strings (got %s)",
                                  rule_value_type(&value->items[i]));
            }
            words[i] = value->items[i].string;
        }
        *ret = words;
    } else {
        return rule_fault(fault, value->place,
                          "invalid example: example must be a string or list of strings (got %s)",
                          rule_value_type(value));
    }
    return (*ret)[0] != NULL ||
           rule_fault(fault, value->place, "invalid example: example cannot be empty");
}

static bool read_examples(struct rules_reading *reading, const struct rule_value *list,
                          bool must_match, struct rule_fault *fault)
{
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        struct rule_example example = {.rule = reading->rules->n_rules,
                                       .place = list->items[i].place,
                                       .must_match = must_match};
        if (!read_example(reading, &list->items[i], &example.argv, fault)) {
            return false;
        }
        reading->examples =
            alloc_grow(reading->examples, reading->n_examples + 1, sizeof reading->examples[0]);
        reading->examples[reading->n_examples++] = example;
    }
    return true;
}

static bool take_prefix_rule(struct rules_reading *reading, const struct rule_call *call,
                             struct rule_fault *fault)
{
    struct rule_bound bound;
    struct rules *rules = reading->rules;
    struct rule rule = {.layer = reading->layer, .is_exact = false};
    if (!rule_bind(&prefix_signature, call, &bound, fault) || !has_room(reading, call, fault) ||
        !read_decision(bound.values[PREFIX_DECISION], false, &rule.decision, fault) ||
        !check_justification(bound.values[PREFIX_JUSTIFICATION], fault) ||
        !read_pattern(reading, bound.values[PREFIX_PATTERN], &rule, fault) ||
        !read_examples(reading, bound.values[PREFIX_MATCH], true, fault) ||
        !read_examples(reading, bound.values[PREFIX_NOT_MATCH], false, fault)) {
        return false;
    }
    rule.justification = keep(reading, bound.values[PREFIX_JUSTIFICATION]);
    rule.where = keep_where(reading, call);
    rules->rules = alloc_grow(rules->rules, rules->n_rules + 1, sizeof rules->rules[0]);
    rules->rules[rules->n_rules++] = rule;
    return true;
}

/* ---- host_executable ---- */

static bool read_path(const struct rules_reading *reading, const char *name,
                      const struct rule_value *value, const char **ret, struct rule_fault *fault)
{
    if (value->kind != RULE_STRING) {
        return rule_fault(fault, value->place, "host_executable paths must be strings (got %s)",
                          rule_value_type(value));
    }
    if (value->string[0] != '/') {
        return rule_fault(fault, value->place, "host_executable paths must be absolute (got %s)",
                          value->string);
    }
    if (strcmp(strrchr(value->string, '/') + 1, name) != 0) {
        return rule_fault(fault, value->place, "host_executable path `%s` must have basename `%s`",
                          value->string, name);
    }
    *ret = keep(reading, value);
    return true;
}

static bool is_bare(const char *name)
{
    return name[0] != '\0' && strpbrk(name, "/\\") == NULL && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

static bool take_host_executable(struct rules_reading *reading, const struct rule_call *call,
                                 struct rule_fault *fault)
{
    struct rule_bound bound;
    struct rules *rules = reading->rules;
    if (!rule_bind(&host_signature, call, &bound, fault) || !has_room(reading, call, fault)) {
        return false;
    }
    const struct rule_value *name = bound.values[HOST_NAME], *list = bound.values[HOST_PATHS];
    if (!is_bare(name->string)) {
        return name->n == 0 ? rule_fault(fault, name->place, "host_executable name cannot be empty")
                            : rule_fault(fault, name->place,
                                         "host_executable name must be a bare executable name "
                                         "(got %s)",
                                         name->string);
    }
    const char **paths = arena_array(rules->arena, list->n + 1, sizeof *paths);
    for (size_t i = 0; i < list->n; i++) {
        if (!read_path(reading, name->string, &list->items[i], &paths[i], fault)) {
            return false;
        }
    }
    rules->hosts = alloc_grow(rules->hosts, rules->n_hosts + 1, sizeof rules->hosts[0]);
    rules->hosts[rules->n_hosts++] =
        (struct rule_host){keep(reading, name), paths, list->n, reading->layer};
    return true;
}

/* ---- network_rule ---- */

static bool check_network(const struct rule_bound *bound, struct rule_fault *fault)
{
    static const char *const protocols[] = {"http",         "https",      "https_connect",
                                            "http-connect", "socks5_tcp", "socks5_udp"};
    const struct rule_value *host = bound->values[NETWORK_HOST];
    const struct rule_value *protocol = bound->values[NETWORK_PROTOCOL];
    if (is_blank(host->string)) {
        return rule_fault(fault, host->place, "invalid rule: network_rule host cannot be empty");
    }
    if (strpbrk(host->string, "/* \t\r\n") != NULL) {
        return rule_fault(fault, host->place,
                          "invalid rule: network_rule host must be one host, without scheme, path "
                          "and wildcard (got %s)",
                          host->string);
    }
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
        if (strcmp(protocols[i], protocol->string) == 0) {
            return check_justification(bound->values[NETWORK_JUSTIFICATION], fault);
        }
    }
    return rule_fault(fault, protocol->place,
                      "invalid rule: network_rule protocol must be one of http, https, "
                      "https_connect, http-connect, socks5_tcp, socks5_udp (got %s)",
                      protocol->string);
}

static bool take_network_rule(struct rules_reading *reading, const struct rule_call *call,
                              struct rule_fault *fault)
{
    struct rule_bound bound;
    struct rules *rules = reading->rules;
    struct rules_network rule = {.layer = reading->layer};
    if (!rule_bind(&network_signature, call, &bound, fault) || !has_room(reading, call, fault) ||
        !check_network(&bound, fault) ||
        !read_decision(bound.values[NETWORK_DECISION], true, &rule.decision, fault)) {
        return false;
    }
    rule.host = keep(reading, bound.values[NETWORK_HOST]);
    rule.protocol = keep(reading, bound.values[NETWORK_PROTOCOL]);
    rule.justification = keep(reading, bound.values[NETWORK_JUSTIFICATION]);
    rule.where = keep_where(reading, call);
    rules->networks = alloc_grow(rules->networks, rules->n_networks + 1, sizeof rules->networks[0]);
    rules->networks[rules->n_networks++] = rule;
    return true;
}

bool rules_take_call(void *ctx, const struct rule_call *call, struct rule_fault *fault)
{
    struct rules_reading *reading = ctx;
    switch (call->function[0]) { /* the reader lets these three through */
    case 'p':
        return take_prefix_rule(reading, call, fault);
    case 'h':
        return take_host_executable(reading, call, fault);
    default:
        return take_network_rule(reading, call, fault);
    }
}
