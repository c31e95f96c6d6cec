/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rules.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/root_owned.h"
#include "policy/rules_parts.h"

#define SUFFIX ".rules"

struct rules *rules_create(void)
{
    struct rules *rules = alloc_zeroed(sizeof *rules);
    rules->arena = arena_create();
    return rules;
}

void rules_destroy(struct rules *rules)
{
    if (rules != NULL) {
        free(rules->rules);
        free(rules->hosts);
        free(rules->networks);
        free(rules->problems);
        arena_destroy(rules->arena);
        free(rules);
    }
}

/* ---- problems ---- */

static const char *keep(struct rules *rules, const char *text)
{
    return arena_string_n(rules->arena, text, strlen(text));
}

static void add_problem(struct rules *rules, const char *path, enum rule_layer layer,
                        bool is_unread, const char *cause)
{
    rules->problems = alloc_grow(rules->problems, rules->n_problems + 1, sizeof rules->problems[0]);
    rules->problems[rules->n_problems++] = (struct rules_problem){.path = keep(rules, path),
                                                                  .cause = keep(rules, cause),
                                                                  .layer = layer,
                                                                  .is_unread = is_unread};
}

static int fail_unread(struct rules *rules, const char *path, enum rule_layer layer,
                       const char *cause, struct beacon_error *err)
{
    add_problem(rules, path, layer, true, cause);
    return error_set(err, BEACON_E_IO, "make the file readable, or remove it",
                     "cannot read the rules in %s: %s", path, cause);
}

/* ---- text ---- */

/* None of the rules of a refused file counts. */
struct counts {
    size_t rules, hosts, networks;
};

static struct counts count(const struct rules *rules)
{
    return (struct counts){rules->n_rules, rules->n_hosts, rules->n_networks};
}

static void cut_back(struct rules *rules, struct counts to)
{
    rules->n_rules = to.rules;
    rules->n_hosts = to.hosts;
    rules->n_networks = to.networks;
}

static bool read_rules(struct rules_reading *reading, const char *text, size_t n,
                       struct rule_fault *fault)
{
    if (n > RULES_FILE_MAX) {
        return rule_fault(fault, (struct rule_place){1, 1}, "the file is over %u bytes",
                          RULES_FILE_MAX);
    }
    return rule_text_read(text, n, reading->arena, fault, rules_take_call, reading) &&
           rules_check_examples(reading, fault);
}

int rules_add_text(struct rules *rules, const char *path, const char *text, size_t n,
                   enum rule_layer layer, struct beacon_error *err)
{
    struct rules_reading reading = {
        .rules = rules, .arena = arena_create(), .path = keep(rules, path), .layer = layer};
    AUTO_TEXT struct text cause;
    text_init(&cause, RULES_PROBLEM_MAX);
    struct rule_fault fault = {.file = reading.path, .cause = &cause};
    const struct counts before = count(rules);
    bool is_read = read_rules(&reading, text, n, &fault);
    free(reading.examples);
    arena_destroy(reading.arena);
    if (is_read) {
        return BEACON_OK;
    }
    cut_back(rules, before);
    add_problem(rules, path, layer, false, text_string(&cause));
    return error_set(err, n > RULES_FILE_MAX ? BEACON_E_LIMIT : BEACON_E_INVALID,
                     "mend the file; until then every command needs approval", "%s",
                     text_string(&cause));
}

/* ---- files ---- */

/* A FIFO would block, and a folder is no file. */
static int open_regular(const char *path, int *ret_fd)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        return errno;
    }
    if (!S_ISREG(st.st_mode)) {
        return S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    }
    *ret_fd = take_fd(&fd);
    return 0;
}

static int add_open_file(struct rules *rules, int fd, const char *path, enum rule_layer layer,
                         struct beacon_error *err)
{
    AUTO_TEXT struct text text;
    struct beacon_error failure = {.struct_size = sizeof failure};
    text_init(&text, RULES_FILE_MAX);
    int rc = io_read_all(fd, path, &text, &failure);
    if (rc == BEACON_E_LIMIT) {
        return rules_add_text(rules, path, "", (size_t)RULES_FILE_MAX + 1, layer, err);
    }
    if (rc != BEACON_OK) {
        return fail_unread(rules, path, layer, failure.message, err);
    }
    return rules_add_text(rules, path, text_string(&text), text.len, layer, err);
}

/* The admin's files are root's, or they are nobody's. */
static int fail_admin(struct rules *rules, const char *path, const struct beacon_error *failure,
                      struct beacon_error *err)
{
    add_problem(rules, path, RULE_ADMIN, true, failure->message);
    if (err != NULL) {
        *err = *failure;
    }
    return failure->code;
}

static int add_admin_file(struct rules *rules, const char *path, struct beacon_error *err)
{
    AUTO_CLOSE int fd = -1;
    struct beacon_error failure = {.struct_size = sizeof failure};
    int rc = root_owned_file(path, &fd, &failure);
    return rc == BEACON_OK ? add_open_file(rules, fd, path, RULE_ADMIN, err)
                           : fail_admin(rules, path, &failure, err);
}

int rules_add_file(struct rules *rules, const char *path, enum rule_layer layer,
                   struct beacon_error *err)
{
    if (layer == RULE_ADMIN) {
        return add_admin_file(rules, path, err);
    }
    AUTO_CLOSE int fd = -1;
    int os_errno = open_regular(path, &fd);
    if (os_errno != 0) {
        const char *cause = os_errno == EINVAL ? "it is no regular file" : strerror(os_errno);
        return fail_unread(rules, path, layer, cause, err);
    }
    return add_open_file(rules, fd, path, layer, err);
}

/* ---- folders ---- */

static int is_rules_name(const struct dirent *entry)
{
    const char *name = entry->d_name;
    size_t n = strlen(name), suffix = strlen(SUFFIX);
    return name[0] != '.' && n > suffix && strcmp(name + n - suffix, SUFFIX) == 0;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_files(struct rules *rules, const char *folder, struct dirent **entries, int n,
                     enum rule_layer layer, struct beacon_error *err)
{
    int rc = BEACON_OK;
    for (int i = 0; i < n; i++) {
        AUTO_FREE char *path = path_join(folder, entries[i]->d_name);
        int one = rules_add_file(rules, path, layer, rc == BEACON_OK ? err : NULL);
        rc = rc == BEACON_OK ? one : rc;
        free(entries[i]);
    }
    free((void *)entries);
    return rc;
}

int rules_add_folder(struct rules *rules, const char *folder, enum rule_layer layer,
                     struct beacon_error *err)
{
    struct beacon_error failure = {.struct_size = sizeof failure};
    AUTO_CLOSE int fd = -1;
    if (layer == RULE_ADMIN) {
        int rc = root_owned_folder(folder, &fd, &failure);
        if (rc != BEACON_OK) {
            return rc == BEACON_E_NOT_FOUND ? BEACON_OK : fail_admin(rules, folder, &failure, err);
        }
    }
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, is_rules_name, compare_names);
    if (n < 0) {
        return errno == ENOENT ? BEACON_OK
                               : fail_unread(rules, folder, layer, strerror(errno), err);
    }
    if (n > RULES_FOLDER_MAX) {
        for (int i = 0; i < n; i++) {
            free(entries[i]);
        }
        free((void *)entries);
        return fail_unread(rules, folder, layer, "there are more than 256 files", err);
    }
    return add_files(rules, folder, entries, n, layer, err);
}

/* ---- what the person allowed ---- */

bool rules_add_allowed(struct rules *rules, enum rule_layer layer, const char *where,
                       const char *const *argv, size_t n, bool is_prefix)
{
    if (n == 0 || rules->n_rules >= RULES_MAX) {
        return false;
    }
    const char *const *words = rules_keep_words(rules->arena, argv, n);
    struct rule_position *pattern = arena_array(rules->arena, n, sizeof *pattern);
    for (size_t i = 0; i < n; i++) {
        pattern[i] = (struct rule_position){&words[i], 1};
    }
    rules->rules = alloc_grow(rules->rules, rules->n_rules + 1, sizeof rules->rules[0]);
    rules->rules[rules->n_rules++] = (struct rule){.pattern = pattern,
                                                   .n = n,
                                                   .layer = layer,
                                                   .decision = DECISION_ALLOW,
                                                   .is_exact = !is_prefix,
                                                   .where = keep(rules, where)};
    return true;
}

bool rules_add_session_prefix(struct rules *rules, const char *const *argv, size_t n,
                              bool is_prefix)
{
    return rules_add_allowed(rules, RULE_SESSION, "approved for this session", argv, n, is_prefix);
}

/* ---- looking ---- */

size_t rules_count(const struct rules *rules)
{
    return rules->n_rules;
}

size_t rules_problem_count(const struct rules *rules)
{
    return rules->n_problems;
}

struct rules_problem rules_problem(const struct rules *rules, size_t i)
{
    return rules->problems[i];
}

size_t rules_network_count(const struct rules *rules)
{
    return rules->n_networks;
}

struct rules_network rules_network(const struct rules *rules, size_t i)
{
    return rules->networks[i];
}

enum decision decision_stricter(enum decision a, enum decision b)
{
    static const int strictness[] = {
        [DECISION_ALLOW] = 0, [DECISION_NONE] = 1, [DECISION_PROMPT] = 2, [DECISION_FORBIDDEN] = 3};
    return strictness[a] >= strictness[b] ? a : b;
}

const char *decision_name(enum decision decision)
{
    static const char *const names[] = {[DECISION_NONE] = "none",
                                        [DECISION_ALLOW] = "allow",
                                        [DECISION_PROMPT] = "prompt",
                                        [DECISION_FORBIDDEN] = "forbidden"};
    return names[decision];
}

const char *rule_layer_name(enum rule_layer layer)
{
    static const char *const names[] = {[RULE_USER] = "user",
                                        [RULE_PROJECT] = "project",
                                        [RULE_ADMIN] = "admin",
                                        [RULE_SESSION] = "session"};
    return names[layer];
}
