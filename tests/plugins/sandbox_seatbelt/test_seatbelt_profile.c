/* SPDX-License-Identifier: Apache-2.0
 *
 * The profile is read back by a small reader of its language, which answers what Seatbelt would: the
 * last rule whose filters hold decides.
 */
#include "support/beacon_test.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "profile.h"

#define READ  BEACON_PATH_READ
#define WRITE BEACON_PATH_WRITE
#define EXEC  BEACON_PATH_EXEC
#define DENY  BEACON_PATH_DENY

#define RULES_MAX 64

struct fixture {
    struct beacon_path_rule rules[RULES_MAX];
    const struct beacon_path_rule *list[RULES_MAX];
    struct beacon_sandbox_policy policy;
    struct profile profile;
};

static void add_rule(struct fixture *it, const char *path, uint32_t access)
{
    const size_t i = it->policy.n_paths++;
    assert_in_range(i, 0, RULES_MAX - 1);
    it->rules[i] = (struct beacon_path_rule){.struct_size = sizeof it->rules[i],
                                             .access = access,
                                             .path = {path, strlen(path)},
                                             .fd = -1};
    it->list[i] = &it->rules[i];
    it->policy.paths = it->list;
}

static void begin(struct fixture *it, uint32_t net)
{
    *it = (struct fixture){.policy = {.struct_size = sizeof it->policy, .cwd_fd = -1, .net = net}};
    add_rule(it, "/", READ | EXEC);
}

/* A workspace whose .git is protected but for the objects in it. */
static void begin_workspace(struct fixture *it, uint32_t net)
{
    begin(it, net);
    add_rule(it, "/w", READ | WRITE | EXEC);
    add_rule(it, "/w/sub/.git", DENY | WRITE);
    add_rule(it, "/w/sub/.git/objects", READ | WRITE | EXEC);
    add_rule(it, "/w/.envrc", DENY | READ | WRITE | EXEC);
    add_rule(it, "/users/u/.code/auth.json", DENY | READ | WRITE | BEACON_PATH_SOFT);
    add_rule(it, "/dev/null", READ | WRITE);
}

static void make(struct fixture *it)
{
    assert_int_equal(profile_make(&it->policy, &it->profile), BEACON_OK);
}

/* ---- the reader ---- */

struct query {
    const struct profile *profile;
    const char *operation, *path;
};

static const char *skip_blanks(const char *at)
{
    while (isspace((unsigned char)*at)) {
        at++;
    }
    return at;
}

/* Behind the expression that begins at `at`: a list, a string, a word. */
static const char *skip_expression(const char *at)
{
    at = skip_blanks(at);
    if (*at == '(') {
        for (at = skip_blanks(at + 1); *at != ')'; at = skip_blanks(at)) {
            assert_int_not_equal(*at, '\0');
            at = skip_expression(at);
        }
        return at + 1;
    }
    if (*at == '#') {
        at++;
    }
    if (*at == '"') {
        at = strchr(at + 1, '"');
        assert_non_null(at);
        return at + 1;
    }
    size_t n = strcspn(at, " \t\n()");
    assert_true(n > 0);
    return at + n;
}

static bool is_word(const char *at, const char *word)
{
    return strncmp(at, word, strlen(word)) == 0 && strchr(" \n)", at[strlen(word)]) != NULL;
}

/* "/path" or (param "NAME"). Freed by the caller. */
static char *value_at(const struct profile *profile, const char *at)
{
    at = skip_blanks(at);
    if (*at == '"') {
        return alloc_string_n(at + 1, strcspn(at + 1, "\""));
    }
    assert_true(strncmp(at, "(param \"", 8) == 0);
    AUTO_FREE char *wanted = alloc_printf("-D%.*s=", (int)strcspn(at + 8, "\""), at + 8);
    for (size_t i = 0; i < profile->n_parameters; i++) {
        if (strncmp(profile->parameters[i], wanted, strlen(wanted)) == 0) {
            return alloc_string(profile->parameters[i] + strlen(wanted));
        }
    }
    fail_msg("no parameter %s", wanted);
    return NULL;
}

static bool is_subpath(const char *path, const char *root)
{
    const size_t n = strlen(root);
    return strcmp(root, "/") == 0 ||
           (strncmp(path, root, n) == 0 && (path[n] == '\0' || path[n] == '/'));
}

static bool holds(const struct query *query, const char *filter);

/* Of the filters from `at` to the end of their list. */
static size_t count_held(const struct query *query, const char *at, size_t *ret_n)
{
    size_t held = 0;
    *ret_n = 0;
    for (at = skip_blanks(at); *at == '('; at = skip_blanks(skip_expression(at))) {
        held += holds(query, at) ? 1u : 0u;
        ++*ret_n;
    }
    return held;
}

static bool holds(const struct query *query, const char *filter)
{
    size_t n = 0;
    const char *word = skip_blanks(filter + 1), *rest = word + strcspn(word, " \n)");
    if (is_word(word, "require-all")) {
        return count_held(query, rest, &n) == n;
    }
    if (is_word(word, "require-not")) {
        return count_held(query, rest, &n) == 0;
    }
    if (is_word(word, "subpath") || is_word(word, "literal")) {
        AUTO_FREE char *value = value_at(query->profile, rest);
        return is_word(word, "subpath") ? is_subpath(query->path, value)
                                        : strcmp(query->path, value) == 0;
    }
    if (is_word(word, "remote") || is_word(word, "local")) { /* (remote unix-socket FILTER) */
        const char *kind = skip_blanks(rest), *what = skip_blanks(skip_expression(kind));
        if (is_word(kind, "unix-socket")) {
            return query->path[0] == '/' && holds(query, what);
        }
        AUTO_FREE char *value = value_at(query->profile, what);
        return strcmp(query->path, value) == 0;
    }
    return false; /* names of services and the like are no paths */
}

static bool names_operation(const char *word, const char *operation)
{
    const size_t n = strcspn(word, " \n)");
    return n > 0 &&
           (word[n - 1] == '*' ? strncmp(word, operation, n - 1) == 0
                               : n == strlen(operation) && strncmp(word, operation, n) == 0);
}

static bool is_allowed(const struct fixture *it, const char *operation, const char *path)
{
    const struct query query = {&it->profile, operation, path};
    bool is_open = false;
    for (const char *at = skip_blanks(it->profile.text); *at != '\0';
         at = skip_blanks(skip_expression(at))) {
        const char *verb = skip_blanks(at + 1);
        if (!is_word(verb, "allow") && !is_word(verb, "deny")) {
            continue;
        }
        bool is_meant = false;
        const char *word = skip_blanks(verb + strcspn(verb, " \n"));
        for (; *word != '(' && *word != ')'; word = skip_blanks(skip_expression(word))) {
            is_meant = is_meant || names_operation(word, operation);
        }
        size_t n = 0;
        if (is_meant && (count_held(&query, word, &n) > 0 || n == 0)) {
            is_open = is_word(verb, "allow");
        }
    }
    return is_open;
}

/* ---- what it says ---- */

static void read_only_reads_everything_and_writes_nothing(void **state)
{
    (void)state;
    struct fixture it;
    begin(&it, BEACON_NET_LOOPBACK);
    make(&it);
    assert_true(is_allowed(&it, "file-read-data", "/etc/hosts"));
    assert_true(is_allowed(&it, "process-exec", "/bin/ls"));
    assert_false(is_allowed(&it, "file-write-data", "/etc/hosts"));
    assert_false(is_allowed(&it, "file-write-create", "/tmp/x"));
    assert_true(is_allowed(&it, "file-write-data", "/dev/null"));
    assert_false(is_allowed(&it, "file-write-unlink", "/dev/null"));
    profile_finish(&it.profile);
}

static void a_workspace_is_writable_but_for_what_is_protected(void **state)
{
    (void)state;
    struct fixture it;
    begin_workspace(&it, BEACON_NET_NONE);
    make(&it);
    assert_true(is_allowed(&it, "file-write-create", "/w/a"));
    assert_true(is_allowed(&it, "file-write-create", "/w/.envrc.sample"));
    assert_false(is_allowed(&it, "file-write-create", "/w2"));
    assert_false(is_allowed(&it, "file-write-create", "/w/.envrc"));
    assert_false(is_allowed(&it, "file-read-data", "/w/.envrc"));
    assert_false(is_allowed(&it, "process-exec", "/w/.envrc/x"));
    assert_false(is_allowed(&it, "file-write-data", "/w/sub/.git/config"));
    assert_true(is_allowed(&it, "file-read-data", "/w/sub/.git/config"));
    assert_false(is_allowed(&it, "file-write-unlink", "/w/sub/.git"));
    assert_true(is_allowed(&it, "file-write-create", "/w/sub/.git/objects/ab/cd"));
    profile_finish(&it.profile);
}

static void what_holds_something_protected_keeps_its_name(void **state)
{
    (void)state;
    struct fixture it;
    begin_workspace(&it, BEACON_NET_NONE);
    make(&it);
    assert_false(is_allowed(&it, "file-write-unlink", "/w/sub"));
    assert_true(is_allowed(&it, "file-write-unlink", "/w/sub2"));
    assert_true(is_allowed(&it, "file-write-unlink", "/w/sub/file"));
    profile_finish(&it.profile);
}

static void credentials_can_neither_be_read_nor_moved(void **state)
{
    (void)state;
    struct fixture it;
    begin_workspace(&it, BEACON_NET_NONE);
    add_rule(&it, "/users/u", READ | WRITE | EXEC);
    make(&it);
    assert_false(is_allowed(&it, "file-read-data", "/users/u/.code/auth.json"));
    assert_false(is_allowed(&it, "file-write-unlink", "/users/u/.code/auth.json"));
    assert_false(is_allowed(&it, "file-write-unlink", "/users/u/.code"));
    assert_true(is_allowed(&it, "file-read-data", "/users/u/.code/config.toml"));
    profile_finish(&it.profile);
}

static void no_host_is_reached_unless_the_policy_says_so(void **state)
{
    (void)state;
    static const uint32_t closed[] = {BEACON_NET_NONE, BEACON_NET_LOOPBACK};
    for (size_t i = 0; i < 2; i++) {
        struct fixture it;
        begin_workspace(&it, closed[i]);
        make(&it);
        assert_false(is_allowed(&it, "network-outbound", "localhost:3128"));
        assert_false(is_allowed(&it, "network-bind", "localhost:3128"));
        profile_finish(&it.profile);
    }
    struct fixture listed, open;
    begin_workspace(&listed, BEACON_NET_ALLOW_LIST);
    listed.policy.proxy_port = 3128;
    make(&listed);
    assert_true(is_allowed(&listed, "network-outbound", "localhost:3128"));
    assert_false(is_allowed(&listed, "network-outbound", "localhost:3129"));
    profile_finish(&listed.profile);
    begin_workspace(&open, BEACON_NET_FULL);
    make(&open);
    assert_true(is_allowed(&open, "network-outbound", "example.com:443"));
    profile_finish(&open.profile);
}

static void local_sockets_are_reached_beneath_writable_paths_and_where_named(void **state)
{
    (void)state;
    struct fixture it;
    const struct beacon_str named = {"/run/build.sock", 15};
    begin_workspace(&it, BEACON_NET_NONE);
    it.policy.unix_allow = &named;
    it.policy.n_unix_allow = 1;
    make(&it);
    assert_true(is_allowed(&it, "network-outbound", "/w/my.sock"));
    assert_true(is_allowed(&it, "network-bind", "/w/my.sock"));
    assert_true(is_allowed(&it, "network-outbound", "/run/build.sock"));
    assert_false(is_allowed(&it, "network-bind", "/run/build.sock"));
    assert_false(is_allowed(&it, "network-outbound", "/run/docker.sock"));
    profile_finish(&it.profile);
}

static void a_path_is_never_read_as_a_rule(void **state)
{
    (void)state;
    struct fixture it;
    static const char hostile[] = "/w\")) (allow file-write* (subpath \"/";
    begin(&it, BEACON_NET_NONE);
    add_rule(&it, hostile, READ | WRITE | EXEC);
    make(&it);
    assert_null(strstr(it.profile.text, hostile));
    assert_false(is_allowed(&it, "file-write-create", "/etc/x"));
    assert_true(is_allowed(&it, "file-write-create", hostile));
    profile_finish(&it.profile);
}

static void the_same_policy_gives_the_same_bytes(void **state)
{
    (void)state;
    struct fixture a, b;
    begin_workspace(&a, BEACON_NET_ALLOW_LIST);
    begin_workspace(&b, BEACON_NET_ALLOW_LIST);
    make(&a);
    make(&b);
    assert_string_equal(a.profile.text, b.profile.text);
    assert_int_equal(a.profile.n, strlen(a.profile.text));
    assert_int_equal(a.profile.n_parameters, b.profile.n_parameters);
    for (size_t i = 0; i < a.profile.n_parameters; i++) {
        assert_string_equal(a.profile.parameters[i], b.profile.parameters[i]);
    }
    profile_finish(&a.profile);
    profile_finish(&b.profile);
}

static void what_is_unknown_or_malformed_is_refused(void **state)
{
    (void)state;
    struct fixture it;
    begin_workspace(&it, BEACON_NET_NONE);
    add_rule(&it, "/x", READ | 1u << 30);
    assert_int_equal(profile_make(&it.policy, &it.profile), BEACON_E_UNSUPPORTED);
    profile_finish(&it.profile);
    begin_workspace(&it, BEACON_NET_NONE);
    add_rule(&it, "x", READ);
    assert_int_equal(profile_make(&it.policy, &it.profile), BEACON_E_INVALID);
    profile_finish(&it.profile);
    begin_workspace(&it, 99);
    assert_int_equal(profile_make(&it.policy, &it.profile), BEACON_E_UNSUPPORTED);
    profile_finish(&it.profile);
    begin_workspace(&it, BEACON_NET_NONE);
    it.policy.flags = 1;
    assert_int_equal(profile_make(&it.policy, &it.profile), BEACON_E_UNSUPPORTED);
    profile_finish(&it.profile);
}

static void too_many_paths_are_a_limit_not_a_shorter_profile(void **state)
{
    (void)state;
    struct fixture it;
    AUTO_FREE char *deep = alloc_zeroed(8192);
    deep[0] = '/';
    deep[1] = 'w';
    for (size_t i = 2; i < 8190; i += 2) {
        deep[i] = '/';
        deep[i + 1] = 'd';
    }
    begin_workspace(&it, BEACON_NET_NONE);
    add_rule(&it, deep, DENY | WRITE);
    assert_int_equal(profile_make(&it.policy, &it.profile), BEACON_E_LIMIT);
    profile_finish(&it.profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_only_reads_everything_and_writes_nothing),
        cmocka_unit_test(a_workspace_is_writable_but_for_what_is_protected),
        cmocka_unit_test(what_holds_something_protected_keeps_its_name),
        cmocka_unit_test(credentials_can_neither_be_read_nor_moved),
        cmocka_unit_test(no_host_is_reached_unless_the_policy_says_so),
        cmocka_unit_test(local_sockets_are_reached_beneath_writable_paths_and_where_named),
        cmocka_unit_test(a_path_is_never_read_as_a_rule),
        cmocka_unit_test(the_same_policy_gives_the_same_bytes),
        cmocka_unit_test(what_is_unknown_or_malformed_is_refused),
        cmocka_unit_test(too_many_paths_are_a_limit_not_a_shorter_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
