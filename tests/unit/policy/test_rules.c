/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "policy/rules.h"
#include "policy/words.h"

static int add(struct rules *rules, const char *text, struct beacon_error *err)
{
    return rules_add_text(rules, "F", text, strlen(text), RULE_USER, err);
}

/* The answer of `execpolicy check`, as text. */
static const char *checked(const struct rules *rules, const char *line, bool resolves)
{
    static char out[4096];
    char **argv = words_split(line);
    struct json_object *result = rules_check(rules, (const char *const *)argv, resolves);
    (void)snprintf(out, sizeof out, "%s",
                   json_object_to_json_string_ext(result, JSON_C_TO_STRING_PLAIN |
                                                              JSON_C_TO_STRING_NOSLASHESCAPE));
    (void)json_object_put(result);
    words_free(argv);
    return out;
}

static const char *check_text(const char *text, const char *line, bool resolves)
{
    struct beacon_error err = {0};
    struct rules *rules = rules_create();
    assert_ok(add(rules, text, &err), &err);
    const char *out = checked(rules, line, resolves);
    rules_destroy(rules);
    return out;
}

static void matches_are_told_in_the_order_of_the_rules(void **state)
{
    (void)state;
    static const char text[] = "prefix_rule(['git', 'push'], 'prompt', justification='ask first')\n"
                               "prefix_rule(['ls'], 'forbidden')\nprefix_rule(['git'])\n";
    assert_string_equal(check_text(text, "git push origin", false),
                        "{\"matchedRules\":[{\"prefixRuleMatch\":{\"matchedPrefix\":[\"git\","
                        "\"push\"],\"decision\":"
                        "\"prompt\",\"justification\":\"ask "
                        "first\"}},{\"prefixRuleMatch\":{\"matchedPrefix\":[\"git\"],"
                        "\"decision\":\"allow\"}}],\"decision\":\"prompt\"}");
    assert_string_equal(check_text(text, "make", false), "{\"matchedRules\":[]}");
    assert_string_equal(check_text("", "make", false), "{\"matchedRules\":[]}");
}

static void the_strictest_decision_wins_in_any_order(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "prefix_rule(['a'])\nprefix_rule(['a'], 'prompt')\nprefix_rule(['a'], 'forbidden')\n",
        "prefix_rule(['a'], 'forbidden')\nprefix_rule(['a'])\nprefix_rule(['a'], 'prompt')\n",
    };
    for (size_t i = 0; i < 2; i++) {
        assert_non_null(
            strstr(check_text(texts[i], "a b", false), "],\"decision\":\"forbidden\"}"));
    }
    assert_non_null(
        strstr(check_text("prefix_rule(['a'], 'prompt')\nprefix_rule(['a', 'b'])", "a b", false),
               "],\"decision\":\"prompt\"}"));
}

static void a_pattern_is_compared_word_by_word(void **state)
{
    (void)state;
    static const char text[] = "prefix_rule([['npm', 'yarn'], 'run', ['a', 'b']])";
    static const struct {
        const char *line;
        bool matches;
    } rows[] = {{"npm run a", true},  {"yarn run b --x", true},      {"npm run", false},
                {"npm run c", false}, {"NPM run a", false},          {"npm 'run a'", false},
                {"npm  run a", true}, {"/usr/bin/npm run a", false}, {"npmx run a", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true((strstr(check_text(text, rows[i].line, false), "prefixRuleMatch") != NULL) ==
                    rows[i].matches);
    }
    assert_non_null(strstr(check_text(text, "yarn run b", false), "[\"yarn\",\"run\",\"b\"]"));
    assert_string_equal(check_text("prefix_rule(['ls'])", "bash -lc ls", false),
                        "{\"matchedRules\":[]}");
}

static void an_absolute_path_matches_as_host_executable_says(void **state)
{
    (void)state;
    static const char resolved[] =
        "{\"matchedRules\":[{\"prefixRuleMatch\":{\"matchedPrefix\":[\"git\"],"
        "\"decision\":\"allow\",\"resolvedProgram\":\"/usr/bin/git\"}}],\"decision\":\"allow\"}";
    static const char listed[] = "prefix_rule(['git'])\nhost_executable('git', ['/usr/bin/git'])";
    static const char none[] = "{\"matchedRules\":[]}";
    assert_string_equal(check_text(listed, "/usr/bin/git status", true), resolved);
    assert_string_equal(check_text(listed, "/usr/bin/git status", false), none);
    assert_string_equal(check_text(listed, "/opt/git status", true), none);
    assert_string_equal(check_text(listed, "./git status", true), none);
    assert_string_equal(check_text("prefix_rule(['git'])", "/usr/bin/git status", true), resolved);
    assert_string_equal(
        check_text("prefix_rule(['git'])\nhost_executable('git', [])", "/usr/bin/git", true), none);
    assert_non_null(strstr(
        check_text("prefix_rule(['/a/git'], 'prompt')\nprefix_rule(['git'])", "/a/git x", true),
        "[{\"prefixRuleMatch\":{\"matchedPrefix\":[\"/a/git\"],\"decision\":\"prompt\"}}]"));
}

static void mistakes_in_calls_are_told_as_the_reference_tells_them(void **state)
{
    (void)state;
    static const struct {
        const char *text, *cause;
    } rows[] = {
        {"prefix_rule([])", "F:1:13: invalid pattern element: pattern cannot be empty"},
        {"prefix_rule(['a', []])",
         "F:1:19: invalid pattern element: pattern alternatives cannot be empty"},
        {"prefix_rule([1])", "F:1:14: invalid pattern element: pattern element must be a string or "
                             "list of strings (got int)"},
        {"prefix_rule([['a', 1]])", "F:1:20: invalid pattern element: pattern element must be a "
                                    "string or list of strings (got int)"},
        {"prefix_rule([True])", "F:1:14: invalid pattern element: pattern element must be a string "
                                "or list of strings (got bool)"},
        {"prefix_rule(['a'], decision='maybe')", "F:1:29: invalid decision: maybe"},
        {"prefix_rule(['a'], 'deny')", "F:1:20: invalid decision: deny"},
        {"prefix_rule(['a'], justification='  ')",
         "F:1:34: invalid rule: justification cannot be empty"},
        {"prefix_rule()", "F:1:1: Missing parameter `pattern` for call to `prefix_rule`"},
        {"prefix_rule('a')",
         "F:1:13: Type of parameter `pattern` doesn't match, expected `list`, actual `string`"},
        {"prefix_rule(None)",
         "F:1:13: Type of parameter `pattern` doesn't match, expected `list`, actual `NoneType`"},
        {"prefix_rule(['a'], x='b')",
         "F:1:22: Found `x` extra named parameter(s) for call to `prefix_rule`"},
        {"prefix_rule(['a'], pattern=['b'])", "F:1:28: Argument `pattern` occurs more than once"},
        {"prefix_rule(['a'],'allow',[],[],'j','k')",
         "F:1:37: Found extra positional argument(s) for call to `prefix_rule`"},
        {"\n\nprefix_rule(['a'], match=['b c', 'a', ['d', 'e f']])",
         "F:3:27: expected every example to match at least one rule. rules: [`a`]; unmatched "
         "examples: [`b c`, `d 'e f'`]"},
        {"prefix_rule(['a', ['b', 'c']], not_match=['x', 'a c d'])",
         "F:1:48: expected example to not match rule `a b|c`: a c d"},
        {"prefix_rule(['a'], match=[''])", "F:1:27: invalid example: example cannot be empty"},
        {"prefix_rule(['a'], match=[[]])", "F:1:27: invalid example: example cannot be empty"},
        {"prefix_rule(['a'], match=[1])",
         "F:1:27: invalid example: example must be a string or list of strings (got int)"},
        {"prefix_rule(['a'], match=[['a', 1]])",
         "F:1:33: invalid example: the words must be strings (got int)"},
        {"prefix_rule(['a'], match=[\"a 'b\"])",
         "F:1:27: invalid example: this string is no shell command: a quote is open"},
        {"host_executable('a/b', [])",
         "F:1:17: host_executable name must be a bare executable name (got a/b)"},
        {"host_executable('', [])", "F:1:17: host_executable name cannot be empty"},
        {"host_executable('..', [])",
         "F:1:17: host_executable name must be a bare executable name (got ..)"},
        {"host_executable('a', ['b'])", "F:1:23: host_executable paths must be absolute (got b)"},
        {"host_executable('a', ['/x/b'])",
         "F:1:23: host_executable path `/x/b` must have basename `a`"},
        {"host_executable('a', [1])", "F:1:23: host_executable paths must be strings (got int)"},
        {"host_executable('a')", "F:1:1: Missing parameter `paths` for call to `host_executable`"},
        {"network_rule('h', 'ftp', 'allow')",
         "F:1:19: invalid rule: network_rule protocol must be one of http, https, https_connect, "
         "http-connect, socks5_tcp, socks5_udp (got ftp)"},
        {"network_rule('h', 'http', 'no')", "F:1:27: invalid decision: no"},
        {"network_rule(' ', 'http', 'deny')",
         "F:1:14: invalid rule: network_rule host cannot be empty"},
        {"network_rule('http://h', 'http', 'deny')",
         "F:1:14: invalid rule: network_rule host must be one host, without scheme, path and "
         "wildcard (got http://h)"},
        {"network_rule('h', 'http')",
         "F:1:1: Missing parameter `decision` for call to `network_rule`"},
        {"network_rule('h', 'http', 'deny', '')",
         "F:1:35: invalid rule: justification cannot be empty"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct beacon_error err = {0};
        struct rules *rules = rules_create();
        assert_refused(add(rules, rows[i].text, &err), BEACON_E_INVALID, &err);
        assert_int_equal(rules_problem_count(rules), 1);
        const struct rules_problem problem = rules_problem(rules, 0);
        assert_string_equal(problem.cause, rows[i].cause);
        assert_string_equal(problem.path, "F");
        assert_false(problem.is_unread);
        rules_destroy(rules);
    }
}

static void arguments_may_be_given_by_position_by_name_or_as_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "prefix_rule(['a'], 'prompt', ['a b'], ['b'], 'why')",
        ("prefix_rule(justification='why', pattern=['a'], not_match=[['b']], decision='prompt', "
         "match=[['a']])"),
        "prefix_rule(['a'], 'prompt', None, match=None, not_match=None, justification='why')",
    };
    for (size_t i = 0; i < 2; i++) {
        assert_non_null(strstr(check_text(texts[i], "a", false),
                               "\"decision\":\"prompt\",\"justification\":\"why\""));
    }
    struct beacon_error err = {0};
    struct rules *rules = rules_create();
    assert_refused(add(rules, texts[2], &err), BEACON_E_INVALID, &err); /* match twice */
    rules_destroy(rules);
    assert_non_null(
        strstr(check_text("prefix_rule(['a'], None, None)", "a", false), "\"decision\":\"allow\""));
}

static void examples_are_compared_as_commands_of_a_session_are(void **state)
{
    (void)state;
    (void)check_text("prefix_rule(['git'], match=['/usr/bin/git x'])", "x", false);
    (void)check_text(
        "prefix_rule(['git'], not_match=['/opt/git'])\nhost_executable('git', ['/usr/bin/git'])",
        "x", false);
    assert_string_equal(
        check_text("prefix_rule(['a b'], match=[\"'a b' c\", ['a b']], not_match=['a b'])", "a",
                   false),
        "{\"matchedRules\":[]}");
}

static void network_rules_are_kept_and_say_nothing_about_commands(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct rules *rules = rules_create();
    assert_ok(add(rules,
                  "\nnetwork_rule('h', 'https_connect', 'deny', 'no')\nnetwork_rule('g', 'http', "
                  "'allow')",
                  &err),
              &err);
    assert_int_equal(rules_network_count(rules), 2);
    const struct rules_network first = rules_network(rules, 0);
    assert_string_equal(first.host, "h");
    assert_string_equal(first.protocol, "https_connect");
    assert_string_equal(first.justification, "no");
    assert_string_equal(first.where, "F:2");
    assert_int_equal(first.decision, DECISION_FORBIDDEN);
    assert_null(rules_network(rules, 1).justification);
    assert_string_equal(checked(rules, "h", false), "{\"matchedRules\":[]}");
    rules_destroy(rules);
}

static void none_of_the_rules_of_a_refused_file_counts(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct rules *rules = rules_create();
    assert_ok(add(rules, "prefix_rule(['a'])", &err), &err);
    assert_refused(
        add(rules,
            "prefix_rule(['b'])\nhost_executable('a', [])\nnetwork_rule('h', 'http', 'deny')\nx",
            &err),
        BEACON_E_INVALID, &err);
    assert_string_equal(err.message,
                        "F:4:1: a value as a statement is not supported; write the rule out");
    assert_int_equal(rules_count(rules), 1);
    assert_int_equal(rules_network_count(rules), 0);
    assert_string_equal(checked(rules, "b", false), "{\"matchedRules\":[]}");
    assert_non_null(strstr(checked(rules, "/x/a", true), "resolvedProgram"));
    rules_destroy(rules);
}

static void too_many_rules_are_refused(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct rules *rules = rules_create();
    size_t n = (RULES_MAX + 1) * strlen("prefix_rule(['a'])\n");
    char *text = malloc(n + 1), *at = text;
    assert_non_null(text);
    for (int i = 0; i <= RULES_MAX; i++) {
        at = stpcpy(at, "prefix_rule(['a'])\n");
    }
    assert_refused(add(rules, text, &err), BEACON_E_INVALID, &err);
    assert_string_equal(err.message, "F:10001:1: more than 10000 rules");
    assert_int_equal(rules_count(rules), 0);
    free(text);
    rules_destroy(rules);
}

static void a_file_over_a_megabyte_is_refused(void **state)
{
    struct beacon_error err = {0};
    struct rules *rules = rules_create();
    char *text = malloc(RULES_FILE_MAX + 2);
    assert_non_null(text);
    memset(text, '\n', RULES_FILE_MAX + 1);
    text[RULES_FILE_MAX + 1] = '\0';
    const char *path = temp_path(state, "big.rules");
    write_text(path, text);
    assert_refused(rules_add_file(rules, path, RULE_USER, &err), BEACON_E_LIMIT, &err);
    text[RULES_FILE_MAX] = '\0';
    write_text(path, text);
    assert_ok(rules_add_file(rules, path, RULE_USER, &err), &err);
    free(text);
    rules_destroy(rules);
}

static void what_is_no_readable_file_is_a_problem(void **state)
{
    struct beacon_error err = {0};
    struct rules *rules = rules_create();
    const char *fifo = temp_path(state, "fifo.rules");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_refused(rules_add_file(rules, temp_path(state, "none"), RULE_USER, &err), BEACON_E_IO,
                   &err);
    assert_refused(rules_add_file(rules, temp_dir(state), RULE_USER, &err), BEACON_E_IO, &err);
    assert_refused(rules_add_file(rules, fifo, RULE_USER, &err), BEACON_E_IO, &err);
    assert_int_equal(rules_problem_count(rules), 3);
    assert_true(rules_problem(rules, 0).is_unread);
    assert_string_equal(rules_problem(rules, 0).cause, "No such file or directory");
    assert_string_equal(rules_problem(rules, 2).cause, "it is no regular file");
    rules_destroy(rules);
}

static void a_folder_is_read_in_the_order_of_names(void **state)
{
    struct beacon_error err = {0};
    struct rules *rules = rules_create();
    write_text(temp_path(state, "b.rules"), "prefix_rule(['x'], 'prompt')");
    write_text(temp_path(state, "a.rules"), "prefix_rule(['x'], justification='first')");
    write_text(temp_path(state, "c.txt"), "no");
    write_text(temp_path(state, ".d.rules"), "no");
    write_text(temp_path(state, ".rules"), "no");
    assert_ok(rules_add_folder(rules, temp_dir(state), RULE_USER, &err), &err);
    assert_int_equal(rules_count(rules), 2);
    assert_non_null(strstr(checked(rules, "x", false), "\"justification\":\"first\"}},"));
    assert_ok(rules_add_folder(rules, temp_path(state, "none"), RULE_USER, &err), &err);
    assert_int_equal(rules_problem_count(rules), 0);
    rules_destroy(rules);
}

static void every_file_of_a_folder_is_looked_at(void **state)
{
    struct beacon_error err = {0};
    struct rules *rules = rules_create();
    write_text(temp_path(state, "a.rules"), "x");
    write_text(temp_path(state, "b.rules"), "prefix_rule(['x'])");
    write_text(temp_path(state, "c.rules"), "y");
    assert_refused(rules_add_folder(rules, temp_dir(state), RULE_USER, &err), BEACON_E_INVALID,
                   &err);
    assert_non_null(strstr(err.message, "a.rules:1:1"));
    assert_int_equal(rules_count(rules), 1);
    assert_int_equal(rules_problem_count(rules), 2);
    rules_destroy(rules);
}

static void rules_of_the_admin_are_roots_or_refused(void **state)
{
    struct beacon_error err = {0};
    struct rules *rules = rules_create();
    const char *path = temp_path(state, "a.rules"); /* below a folder that others may write to */
    write_text(path, "prefix_rule(['x'], 'forbidden')");
    assert_refused(rules_add_file(rules, path, RULE_ADMIN, &err), BEACON_E_POLICY, &err);
    assert_refused(rules_add_folder(rules, temp_dir(state), RULE_ADMIN, &err), BEACON_E_POLICY,
                   &err);
    assert_int_equal(rules_problem_count(rules), 2);
    assert_int_equal(rules_problem(rules, 0).layer, RULE_ADMIN);
    assert_ok(rules_add_folder(rules, temp_path(state, "none"), RULE_ADMIN, &err), &err);
    rules_destroy(rules);
}

static void the_number_of_allowed_commands_is_limited(void **state)
{
    (void)state;
    static const char *const argv[] = {"a", NULL};
    struct rules *rules = rules_create();
    for (int i = 0; i < RULES_MAX; i++) {
        assert_true(rules_add_session_prefix(rules, argv, 1, false));
    }
    assert_false(rules_add_session_prefix(rules, argv, 1, false));
    assert_false(rules_add_allowed(rules, RULE_USER, "w", argv, 0, true));
    rules_destroy(rules);
}

static void decisions_are_ordered_by_strictness(void **state)
{
    (void)state;
    static const enum decision order[] = {DECISION_ALLOW, DECISION_NONE, DECISION_PROMPT,
                                          DECISION_FORBIDDEN};
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 4; j++) {
            assert_int_equal(decision_stricter(order[i], order[j]), order[i > j ? i : j]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_are_told_in_the_order_of_the_rules),
        cmocka_unit_test(the_strictest_decision_wins_in_any_order),
        cmocka_unit_test(a_pattern_is_compared_word_by_word),
        cmocka_unit_test(an_absolute_path_matches_as_host_executable_says),
        cmocka_unit_test(mistakes_in_calls_are_told_as_the_reference_tells_them),
        cmocka_unit_test(arguments_may_be_given_by_position_by_name_or_as_none),
        cmocka_unit_test(examples_are_compared_as_commands_of_a_session_are),
        cmocka_unit_test(network_rules_are_kept_and_say_nothing_about_commands),
        cmocka_unit_test(none_of_the_rules_of_a_refused_file_counts),
        cmocka_unit_test(too_many_rules_are_refused),
        in_temp_dir(a_file_over_a_megabyte_is_refused),
        in_temp_dir(what_is_no_readable_file_is_a_problem),
        in_temp_dir(a_folder_is_read_in_the_order_of_names),
        in_temp_dir(every_file_of_a_folder_is_looked_at),
        in_temp_dir(rules_of_the_admin_are_roots_or_refused),
        cmocka_unit_test(the_number_of_allowed_commands_is_limited),
        cmocka_unit_test(decisions_are_ordered_by_strictness),
    };
    return cmocka_run_group_tests_name("policy/rules", tests, NULL, NULL);
}
