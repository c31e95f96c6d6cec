/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "policy/judge.h"
#include "policy/words.h"

/* Rules of a user, and of the other layers where a test adds them. */
static struct rules *rules_of(const char *text)
{
    struct beacon_error err = {0};
    struct rules *rules = rules_create();
    assert_ok(rules_add_text(rules, "U", text, strlen(text), RULE_USER, &err), &err);
    return rules;
}

static void add_layer(struct rules *rules, const char *name, enum rule_layer layer,
                      const char *text)
{
    struct beacon_error err = {0};
    assert_ok(rules_add_text(rules, name, text, strlen(text), layer, &err), &err);
}

/* "allow U:1" */
static const char *verdict_on(const struct rules *rules, const char *const *argv)
{
    static char out[1024];
    struct judgement judgement;
    enum decision decision = policy_judge(rules, argv, &judgement);
    assert_int_equal(decision, judgement.decision);
    (void)snprintf(out, sizeof out, "%s %s", decision_name(decision), judgement.where);
    judgement_finish(&judgement);
    return out;
}

static const char *verdict_on_script(const struct rules *rules, const char *script)
{
    const char *const argv[] = {"/bin/bash", "-lc", script, NULL};
    return verdict_on(rules, argv);
}

static const char *verdict_on_line(const struct rules *rules, const char *line)
{
    char **argv = words_split(line);
    const char *verdict = verdict_on(rules, (const char *const *)argv);
    words_free(argv);
    return verdict;
}

#define SAFE      "allow heuristic: known safe"
#define NONE      "none no rule"
#define DANGER_RM "prompt heuristic: dangerous (rm -f)"

static void without_rules_the_heuristics_speak(void **state)
{
    (void)state;
    struct rules *rules = rules_create();
    static const char *const rows[][2] = {
        {"ls", SAFE},
        {"ls && git status | wc -l", SAFE},
        {"ls && make", NONE},
        {"make", NONE},
        {"ls > x", NONE},
        {"ls *", SAFE},
        {"rg x *", NONE},
        {"rg x src/*", SAFE},
        {"cd x", SAFE},
        {"cd x && ls", SAFE},
        {"cd x && git status", NONE},
        {"cat <<EOF\nx\nEOF", NONE},
        {"rm -f x", DANGER_RM},
        {"ls && rm -f x", DANGER_RM},
        {"x=$(rm -f y)", DANGER_RM},
        {"git reset", "prompt heuristic: dangerous (git command that discards work)"},
        {"", NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(verdict_on_script(rules, rows[i][0]), rows[i][1]);
    }
    assert_string_equal(verdict_on_line(rules, "ls -l"), SAFE);
    assert_string_equal(verdict_on_line(rules, "rm -f x"), DANGER_RM);
    assert_string_equal(verdict_on_line(rules, "bash -c ls x"), NONE);
    rules_destroy(rules);
}

static void a_shell_that_may_be_anything_is_never_known_safe(void **state)
{
    (void)state;
    struct rules *rules = rules_of("prefix_rule(['make'])\nprefix_rule(['curl'], 'forbidden')");
    const char *const safe[] = {"/tmp/bash", "-lc", "ls", NULL};
    const char *const allowed[] = {"./sh", "-c", "make", NULL};
    const char *const forbidden[] = {"/tmp/bash", "-lc", "curl x", NULL};
    assert_string_equal(verdict_on(rules, safe), NONE);
    assert_string_equal(verdict_on(rules, allowed), NONE);
    assert_string_equal(verdict_on(rules, forbidden), "forbidden U:2");
    rules_destroy(rules);
}

static void the_strictest_rule_over_all_parts_decides(void **state)
{
    (void)state;
    struct rules *rules = rules_of("prefix_rule(['make'])\nprefix_rule(['git', 'push'], 'prompt')\n"
                                   "prefix_rule(['git'])\nprefix_rule(['curl'], 'forbidden')");
    static const char *const rows[][2] = {
        {"make test", "allow U:1"},
        {"make && ls", "allow U:1"},
        {"ls && make", "allow U:1"},
        {"make && foo", NONE},
        {"make && git push", "prompt U:2"},
        {"git push && make", "prompt U:2"},
        {"git push; curl x; make", "forbidden U:4"},
        {"git status && git log", "allow U:3"},
        {"git reset --hard", "allow U:3"}, /* a rule goes before a heuristic */
        {"make && rm -f x", DANGER_RM},
        {"foo && git push", "prompt U:2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(verdict_on_script(rules, rows[i][0]), rows[i][1]);
    }
    rules_destroy(rules);
}

static void a_script_that_is_not_plain_is_one_unknown_command(void **state)
{
    (void)state;
    struct rules *rules = rules_of("prefix_rule(['make'])\nprefix_rule(['zsh'])");
    const char *const zsh[] = {"zsh", "-c", "make > x", NULL};
    assert_string_equal(verdict_on_script(rules, "make > x"), NONE);
    assert_string_equal(verdict_on_script(rules, "make &"), NONE);
    assert_string_equal(verdict_on_script(rules, "make $X"), NONE);
    assert_string_equal(verdict_on_script(rules, "A=b make"), NONE);
    assert_string_equal(verdict_on(rules, zsh), "allow U:2");
    rules_destroy(rules);
}

static void what_tightens_counts_wherever_the_command_stands(void **state)
{
    (void)state;
    struct rules *rules =
        rules_of("prefix_rule(['curl'], 'forbidden')\nprefix_rule(['git', 'push'], 'prompt')\n"
                 "prefix_rule(['zsh'])\nprefix_rule(['sudo'])");
    static const char *const rows[][2] = {
        {"x=$(curl y)", "forbidden U:1"},
        {"for i in 1; do curl x; done", "forbidden U:1"},
        {"curl x > y", "forbidden U:1"},
        {"sudo curl x", "forbidden U:1"},
        {"sudo ls", "allow U:4"},
        {"sudo git push", "prompt U:2"},
        {"env A=b curl x", "forbidden U:1"},
        {"sh -c 'git push'", "prompt U:2"},
        {"/usr/bin/curl x", "forbidden U:1"},
        {"./curl x", "forbidden U:1"},
        {"/proc/self/root/usr/bin/curl x", "forbidden U:1"},
        {"eval 'curl x'", "forbidden U:1"},
        {"git push & curl x", "forbidden U:1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(verdict_on_script(rules, rows[i][0]), rows[i][1]);
    }
    assert_string_equal(verdict_on_line(rules, "zsh -c 'curl x > y'"), "forbidden U:1");
    rules_destroy(rules);
}

static void a_path_is_allowed_as_its_name_only_where_that_is_sure(void **state)
{
    (void)state;
    struct rules *rules = rules_of(
        "prefix_rule(['make'])\nprefix_rule(['go'])\nhost_executable('go', ['/opt/go/bin/go'])");
    static const char *const rows[][2] = {
        {"/usr/bin/make x", "allow U:1"},
        {"/usr/local/bin/make", "allow U:1"},
        {"/tmp/make x", NONE},
        {"./make", NONE},
        {"x/make", NONE},
        {"/usr/bin/../../tmp/make", NONE},
        {"//usr/bin/make", NONE},
        {"/proc/self/root/usr/bin/make", NONE},
        {"make/", NONE},
        {"/opt/go/bin/go test", "allow U:2"},
        {"/usr/bin/go test", NONE},
        {"go test", "allow U:2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(verdict_on_line(rules, rows[i][0]), rows[i][1]);
        assert_string_equal(verdict_on_script(rules, rows[i][0]), rows[i][1]);
    }
    rules_destroy(rules);
}

static void a_here_document_leaves_the_words_before_it_to_the_rules(void **state)
{
    (void)state;
    struct rules *rules = rules_of("prefix_rule(['python3'])\nprefix_rule(['node'], 'forbidden')");
    assert_string_equal(verdict_on_script(rules, "python3 - <<'EOF'\nprint(1)\nEOF"), "allow U:1");
    assert_string_equal(verdict_on_script(rules, "node <<'EOF'\nx\nEOF"), "forbidden U:2");
    assert_string_equal(verdict_on_script(rules, "python3 - <<EOF\n$(x)\nEOF"), NONE);
    assert_string_equal(verdict_on_script(rules, "cat <<'EOF'\nx\nEOF"), NONE);
    assert_string_equal(verdict_on_script(rules, "sh <<'EOF'\nrm -f x\nEOF"), DANGER_RM);
    rules_destroy(rules);
}

static void a_project_tightens_and_never_allows(void **state)
{
    (void)state;
    struct rules *rules = rules_of("prefix_rule(['make'])");
    add_layer(rules, "P", RULE_PROJECT,
              "prefix_rule(['make', 'install'], "
              "'prompt')\nprefix_rule(['curl'])\nprefix_rule(['ls'], 'forbidden')\n"
              "host_executable('make', ['/proj/make'])");
    struct judgement judgement;
    const char *const curl[] = {"curl", "x", NULL};
    assert_string_equal(verdict_on_line(rules, "make x"), "allow U:1");
    assert_string_equal(verdict_on_line(rules, "make install"), "prompt P:1");
    assert_string_equal(verdict_on_line(rules, "ls"), "forbidden P:3");
    assert_string_equal(verdict_on_line(rules, "/proj/make"), NONE);
    assert_string_equal(verdict_on_line(rules, "/usr/bin/make"), "allow U:1");
    assert_int_equal(policy_judge(rules, curl, &judgement), DECISION_NONE);
    assert_int_equal(judgement.n_matches, 1); /* told, without effect */
    assert_true(judgement.matches[0].has_no_effect);
    assert_false(judgement.is_by_rule);
    judgement_finish(&judgement);
    rules_destroy(rules);
}

static void the_admin_forbids_what_the_user_allows(void **state)
{
    (void)state;
    struct rules *rules =
        rules_of("prefix_rule(['curl'])\nhost_executable('nc', ['/x/nc'])\nprefix_rule(['nc'])");
    add_layer(rules, "A", RULE_ADMIN,
              "prefix_rule(['curl'], 'forbidden', justification='use the proxy')\n"
              "host_executable('nc', ['/y/nc'])");
    struct judgement judgement;
    const char *const argv[] = {"curl", "x", NULL};
    assert_int_equal(policy_judge(rules, argv, &judgement), DECISION_FORBIDDEN);
    assert_string_equal(judgement.layer, "admin");
    assert_string_equal(judgement.justification, "use the proxy");
    assert_true(judgement.is_by_rule);
    assert_int_equal(judgement.n_matches, 2);
    char *refusal = judgement_refusal(&judgement, argv);
    assert_string_equal(refusal, "`curl x` rejected: use the proxy");
    free(refusal);
    judgement_finish(&judgement);
    assert_string_equal(verdict_on_line(rules, "/x/nc"), NONE);
    assert_string_equal(verdict_on_line(rules, "/y/nc"), "allow U:3");
    rules_destroy(rules);
}

static void a_broken_file_makes_every_command_ask(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct rules *rules = rules_of("prefix_rule(['make'])\nprefix_rule(['curl'], 'forbidden')");
    assert_refused(rules_add_text(rules, "B", "x = 1 +", 7, RULE_PROJECT, &err), BEACON_E_INVALID,
                   &err);
    assert_string_equal(verdict_on_line(rules, "ls"), "prompt B");
    assert_string_equal(verdict_on_line(rules, "make"), "prompt B");
    assert_string_equal(verdict_on_line(rules, "foo"), "prompt B");
    assert_string_equal(verdict_on_line(rules, "curl"), "forbidden U:2");
    assert_string_equal(verdict_on_line(rules, "rm -f x"), DANGER_RM);
    struct judgement judgement;
    const char *const argv[] = {"ls", NULL};
    (void)policy_judge(rules, argv, &judgement);
    assert_true(judgement.is_broken && !judgement.is_known_safe && !judgement.is_by_rule);
    assert_string_equal(judgement.layer, "project");
    assert_null(judgement.proposed_prefix);
    char *refusal = judgement_refusal(&judgement, argv);
    assert_string_equal(
        refusal, "`ls` rejected: the rules in B cannot be used, so every command needs approval: "
                 "B:1:8: unexpected end of file");
    free(refusal);
    judgement_finish(&judgement);
    rules_destroy(rules);
}

static void what_was_approved_for_the_session_is_not_asked_again(void **state)
{
    (void)state;
    struct rules *rules =
        rules_of("prefix_rule(['git', 'push'], 'prompt')\nprefix_rule(['curl'], 'forbidden')");
    static const char *const exact[] = {"foo", "a", NULL}, *const prefix[] = {"git", "push", NULL};
    static const char *const script[] = {"/bin/bash", "-lc", "rm -f x > y", NULL}, *const curl[] = {
                                                                                       "curl",
                                                                                       NULL};
    assert_true(rules_add_session_prefix(rules, exact, 2, false));
    assert_true(rules_add_session_prefix(rules, prefix, 2, true));
    assert_true(rules_add_session_prefix(rules, script, 3, false));
    assert_true(rules_add_session_prefix(rules, curl, 1, true));
    static const char yes[] = "allow approved for this session";
    assert_string_equal(verdict_on_line(rules, "foo a"), yes);
    assert_string_equal(verdict_on_line(rules, "foo a b"), NONE);
    assert_string_equal(verdict_on_line(rules, "git push origin"), yes);
    assert_string_equal(verdict_on_script(rules, "git push origin && foo a"), yes);
    assert_string_equal(verdict_on_script(rules, "git push origin && foo b"), NONE);
    assert_string_equal(verdict_on_script(rules, "rm -f x > y"), yes);
    assert_string_equal(verdict_on_script(rules, "rm -f x > z"), DANGER_RM);
    assert_string_equal(verdict_on_line(rules, "curl x"), "forbidden U:2");
    assert_string_equal(verdict_on_line(rules, "/tmp/foo a"), NONE);
    rules_destroy(rules);
}

static void commands_of_the_configuration_are_rules_of_the_user(void **state)
{
    (void)state;
    struct rules *rules = rules_of("prefix_rule(['b'], 'prompt')");
    static const char *const a[] = {"a", "x", NULL}, *const b[] = {"b", NULL};
    assert_true(rules_add_allowed(rules, RULE_USER, "config.toml:3", a, 2, false));
    assert_true(rules_add_allowed(rules, RULE_USER, "config.toml:4", b, 1, true));
    assert_string_equal(verdict_on_line(rules, "a x"), "allow config.toml:3");
    assert_string_equal(verdict_on_line(rules, "a x y"), NONE);
    assert_string_equal(verdict_on_script(rules, "a x && ls"), "allow config.toml:3");
    assert_string_equal(verdict_on_line(rules, "b"), "prompt U:1");
    rules_destroy(rules);
}

static const char *proposed(const struct rules *rules, const char *script)
{
    static char out[256];
    struct judgement judgement;
    const char *const argv[] = {"/bin/bash", "-lc", script, NULL};
    (void)policy_judge(rules, argv, &judgement);
    char *words = judgement.proposed_prefix != NULL
                      ? words_quote((const char *const *)judgement.proposed_prefix)
                      : NULL;
    (void)snprintf(out, sizeof out, "%s", words != NULL ? words : "-");
    free(words);
    judgement_finish(&judgement);
    return out;
}

static void a_prefix_is_proposed_when_it_alone_is_missing(void **state)
{
    (void)state;
    struct rules *rules = rules_of("prefix_rule(['git', 'push'], 'prompt')\nprefix_rule(['make'])");
    static const char *const rows[][2] = {
        {"npm test", "npm test"},
        {"ls && npm test | wc", "npm test"},
        {"make && npm test", "npm test"},
        {"npm test && foo", "-"},
        {"ls", "-"},
        {"make", "-"},
        {"git push && npm test", "-"},
        {"npm test > x", "-"},
        {"rm -f x", "-"},
        {"rm x", "rm x"},
        {"sudo", "-"},
        {"python3 -c", "-"},
        {"npm run", "-"},
        {"npm test *", "-"},
        {"bash x.sh", "-"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(proposed(rules, rows[i][0]), rows[i][1]);
    }
    rules_destroy(rules);
}

static void a_prefix_covers_a_command_that_it_makes_allowed(void **state)
{
    (void)state;
    struct rules *rules = rules_of("prefix_rule(['git', 'push'], 'prompt')");
    static const struct {
        const char *script, *prefix;
        bool covers;
    } rows[] = {{"npm test x", "npm test", true},    {"npm test && ls", "npm", true},
                {"npm test && foo", "npm", false},   {"npm test", "npm run", false},
                {"npm test", "npm test x", false},   {"git push", "git", false},
                {"npm test > x", "npm test", false}, {"npm <<'E'\nx\nE", "npm", true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const argv[] = {"/bin/bash", "-lc", rows[i].script, NULL};
        char **prefix = words_split(rows[i].prefix);
        size_t n = words_count((const char *const *)prefix);
        if (policy_prefix_covers(rules, argv, (const char *const *)prefix, n) != rows[i].covers) {
            fail_msg("%s by %s", rows[i].script, rows[i].prefix);
        }
        words_free(prefix);
    }
    static const char *const ls[] = {"ls", NULL};
    assert_false(policy_prefix_covers(rules, ls, ls, 0));
    rules_destroy(rules);
}

static void the_whole_judgement_says_how_it_was_made(void **state)
{
    (void)state;
    struct rules *rules = rules_of("prefix_rule(['make'], justification='fine')");
    struct judgement judgement;
    const char *const split[] = {"bash", "-lc", "make && ls", NULL}, *const safe[] = {"bash", "-lc",
                                                                                      "ls; pwd",
                                                                                      NULL};
    const char *const danger[] = {"bash", "-lc", "make && git rm x", NULL}, *const nothing[] = {
                                                                                NULL};
    (void)policy_judge(rules, split, &judgement);
    assert_true(judgement.is_split && judgement.is_by_rule && !judgement.is_known_safe &&
                !judgement.is_dangerous);
    assert_string_equal(judgement.layer, "user");
    assert_string_equal(judgement.justification, "fine");
    judgement_finish(&judgement);
    (void)policy_judge(rules, safe, &judgement);
    assert_true(judgement.is_split && !judgement.is_by_rule && judgement.is_known_safe);
    assert_string_equal(judgement.layer, "heuristic");
    judgement_finish(&judgement);
    (void)policy_judge(rules, danger, &judgement);
    assert_true(judgement.is_dangerous && !judgement.is_forced_rm &&
                judgement.decision == DECISION_PROMPT);
    judgement_finish(&judgement);
    assert_int_equal(policy_judge(rules, nothing, &judgement), DECISION_NONE);
    assert_string_equal(judgement.layer, "none");
    judgement_finish(&judgement);
    rules_destroy(rules);
}

static const char *json_on(const struct rules *rules, const char *const *argv)
{
    static char out[1024];
    struct judgement judgement;
    (void)policy_judge(rules, argv, &judgement);
    struct json_object *array = judgement_json(&judgement, argv);
    (void)snprintf(out, sizeof out, "%s",
                   json_object_to_json_string_ext(array, JSON_C_TO_STRING_PLAIN |
                                                             JSON_C_TO_STRING_NOSLASHESCAPE));
    (void)json_object_put(array);
    judgement_finish(&judgement);
    return out;
}

static void the_journal_gets_every_match_with_its_place(void **state)
{
    (void)state;
    struct rules *rules = rules_of("prefix_rule(['make'], justification='j')");
    add_layer(rules, "P", RULE_PROJECT, "prefix_rule(['make'])");
    const char *const make[] = {"/usr/bin/make", "x\xff", NULL}, *const ls[] = {"ls", "\xff", NULL},
                      *const foo[] = {"foo", NULL};
    assert_string_equal(
        json_on(rules, make),
        "[{\"prefixRuleMatch\":{\"matchedPrefix\":[\"make\"],\"decision\":\"allow\","
        "\"resolvedProgram\":"
        "\"/usr/bin/make\",\"justification\":\"j\"},\"where\":\"U:1\",\"layer\":\"user\"},"
        "{\"prefixRuleMatch\":{\"matchedPrefix\":[\"make\"],\"decision\":\"allow\","
        "\"resolvedProgram\":"
        "\"/usr/bin/make\"},\"where\":\"P:1\",\"layer\":\"project\",\"hasNoEffect\":true}]");
    assert_string_equal(
        json_on(rules, ls),
        "[{\"heuristicsRuleMatch\":{\"command\":[\"ls\",\"\xef\xbf\xbd\"],\"decision\":\"allow\"},"
        "\"where\":\"heuristic: known safe\",\"layer\":\"heuristic\"}]");
    assert_string_equal(json_on(rules, foo), "[]");
    rules_destroy(rules);
}

static void refusals_are_worded_for_the_model(void **state)
{
    (void)state;
    struct rules *rules =
        rules_of("prefix_rule(['curl'], 'forbidden')\nprefix_rule(['git', 'push'], 'prompt')");
    static const char *const rows[][2] = {
        {"rm -f x", "`/bin/bash -lc 'rm -f x'` rejected: rm -f style commands are not permitted. "
                    "Use a safer approach"},
        {"curl x",
         "`/bin/bash -lc 'curl x'` rejected: policy forbids commands starting with `curl` (U:1)"},
        {"git push", "`/bin/bash -lc 'git push'` rejected: commands starting with `git push` need "
                     "approval (U:2), and nobody "
                     "can be asked"},
        {"git reset", "`/bin/bash -lc 'git reset'` rejected: what it may destroy needs approval, "
                      "and nobody can be asked"},
        {"foo", "`/bin/bash -lc foo` rejected: it needs approval, and nobody can be asked"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const argv[] = {"/bin/bash", "-lc", rows[i][0], NULL};
        struct judgement judgement;
        (void)policy_judge(rules, argv, &judgement);
        char *refusal = judgement_refusal(&judgement, argv);
        assert_string_equal(refusal, rows[i][1]);
        free(refusal);
        judgement_finish(&judgement);
    }
    rules_destroy(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_rules_the_heuristics_speak),
        cmocka_unit_test(a_shell_that_may_be_anything_is_never_known_safe),
        cmocka_unit_test(the_strictest_rule_over_all_parts_decides),
        cmocka_unit_test(a_script_that_is_not_plain_is_one_unknown_command),
        cmocka_unit_test(what_tightens_counts_wherever_the_command_stands),
        cmocka_unit_test(a_path_is_allowed_as_its_name_only_where_that_is_sure),
        cmocka_unit_test(a_here_document_leaves_the_words_before_it_to_the_rules),
        cmocka_unit_test(a_project_tightens_and_never_allows),
        cmocka_unit_test(the_admin_forbids_what_the_user_allows),
        cmocka_unit_test(a_broken_file_makes_every_command_ask),
        cmocka_unit_test(what_was_approved_for_the_session_is_not_asked_again),
        cmocka_unit_test(commands_of_the_configuration_are_rules_of_the_user),
        cmocka_unit_test(a_prefix_is_proposed_when_it_alone_is_missing),
        cmocka_unit_test(a_prefix_covers_a_command_that_it_makes_allowed),
        cmocka_unit_test(the_whole_judgement_says_how_it_was_made),
        cmocka_unit_test(the_journal_gets_every_match_with_its_place),
        cmocka_unit_test(refusals_are_worded_for_the_model),
    };
    return cmocka_run_group_tests_name("policy/judge", tests, NULL, NULL);
}
