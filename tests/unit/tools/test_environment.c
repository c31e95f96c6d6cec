/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "tools/environment.h"

static char *const inherited[] = {"HOME=/home/me",
                                  "PATH=/usr/bin:/bin",
                                  "USER=me",
                                  "EDITOR=vi",
                                  "PAGER=less",
                                  "MY_API_KEY=k",
                                  "GH_TOKEN=t",
                                  "client_secret=s",
                                  "PGPASSWORD=p",
                                  "AWS_CREDENTIALS=c",
                                  "LD_PRELOAD=/evil.so",
                                  "SSH_AUTH_SOCK=/run/ssh",
                                  "no equals sign",
                                  NULL};

/* What a policy, written as JSON, makes of `inherited`. */
static char **build(const char *policy, const char *program_dir)
{
    AUTO_JSON struct json_object *tree = policy != NULL ? json_tokener_parse(policy) : NULL;
    return environment_build((char **)inherited, tree, program_dir, NULL);
}

/* The value of a name; NULL when it is not there. It must not be there twice. */
static const char *value_of(char **env, const char *name)
{
    const char *value = NULL;
    size_t n = strlen(name);
    for (size_t i = 0; env[i] != NULL; i++) {
        if (strncmp(env[i], name, n) == 0 && env[i][n] == '=') {
            assert_null(value);
            value = env[i] + n + 1;
        }
    }
    return value;
}

static void by_default_everything_but_secrets_is_inherited(void **state)
{
    (void)state;
    static const char *const gone[] = {"MY_API_KEY",   "GH_TOKEN",        "client_secret",
                                       "PGPASSWORD",   "AWS_CREDENTIALS", "LD_PRELOAD",
                                       "SSH_AUTH_SOCK"};
    char **env = build(NULL, NULL);
    assert_string_equal(value_of(env, "HOME"), "/home/me");
    assert_string_equal(value_of(env, "EDITOR"), "vi");
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
        assert_null(value_of(env, gone[i]));
    }
    environment_free(env);
}

static void nobody_is_asked_to_press_a_key(void **state)
{
    (void)state;
    static const char *const values[][2] = {
        {"PAGER", "cat"},    {"GIT_PAGER", "cat"}, {"GH_PAGER", "cat"},
        {"NO_COLOR", "1"},   {"TERM", "dumb"},     {"LC_ALL", "C.UTF-8"},
        {"LANG", "C.UTF-8"}, {"COLORTERM", ""},    {"CODEX_CI", "1"},
    };
    char **env = build("{\"inherit\":\"none\"}", NULL);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_string_equal(value_of(env, values[i][0]), values[i][1]);
    }
    assert_null(value_of(env, "HOME"));
    environment_free(env);
}

static void core_is_what_a_shell_needs(void **state)
{
    (void)state;
    char **env = build("{\"inherit\":\"core\"}", NULL);
    assert_non_null(value_of(env, "HOME"));
    assert_non_null(value_of(env, "PATH"));
    assert_non_null(value_of(env, "USER"));
    assert_null(value_of(env, "EDITOR"));
    environment_free(env);
}

static void secrets_are_kept_when_the_person_says_so(void **state)
{
    (void)state;
    char **env = build("{\"ignore_default_excludes\":true}", NULL);
    assert_string_equal(value_of(env, "MY_API_KEY"), "k");
    assert_string_equal(value_of(env, "LD_PRELOAD"), "/evil.so");
    environment_free(env);
}

static void excluded_names_go_before_values_are_set(void **state)
{
    (void)state;
    char **env = build("{\"exclude\":[\"edit*\",\"USER\"],\"set\":{\"USER\":\"you\"}}", NULL);
    assert_null(value_of(env, "EDITOR"));
    assert_string_equal(value_of(env, "USER"), "you");
    environment_free(env);
}

static void set_wins_over_what_is_inherited_and_over_our_own(void **state)
{
    (void)state;
    char **env =
        build("{\"set\":{\"HOME\":\"/h\",\"PAGER\":\"more\",\"A_KEY\":\"1\",\"N\":2}}", NULL);
    assert_string_equal(value_of(env, "HOME"), "/h");
    assert_string_equal(value_of(env, "PAGER"), "more");
    assert_string_equal(value_of(env, "A_KEY"), "1");
    assert_string_equal(value_of(env, "N"), "2");
    environment_free(env);
}

static void names_that_no_environment_can_hold_are_not_set(void **state)
{
    (void)state;
    char **env =
        build("{\"inherit\":\"none\",\"set\":{\"\":\"a\",\"B=C\":\"d\",\"E\":null}}", NULL);
    for (size_t i = 0; env[i] != NULL; i++) {
        assert_true(env[i][0] >= 'A' && env[i][0] <= 'Z');
    }
    assert_null(value_of(env, "B"));
    assert_null(value_of(env, "E"));
    environment_free(env);
}

static void include_only_comes_last_and_filters_set_too(void **state)
{
    (void)state;
    char **env = build("{\"set\":{\"MINE\":\"1\"},\"include_only\":[\"PATH\",\"H?ME\"]}", NULL);
    assert_string_equal(env[0], "HOME=/home/me");
    assert_string_equal(env[1], "PATH=/usr/bin:/bin");
    assert_null(env[2]);
    environment_free(env);
}

static void an_empty_include_only_keeps_all(void **state)
{
    (void)state;
    char **env = build("{\"include_only\":[]}", NULL);
    assert_non_null(value_of(env, "HOME"));
    environment_free(env);
}

static void the_program_folder_is_first_in_path(void **state)
{
    (void)state;
    char **env = build(NULL, "/opt/helpers");
    assert_string_equal(value_of(env, "PATH"), "/opt/helpers:/usr/bin:/bin");
    environment_free(env);
    env = build("{\"inherit\":\"none\"}", "/opt/helpers");
    assert_string_equal(value_of(env, "PATH"), "/opt/helpers:/usr/local/bin:/usr/bin:/bin");
    environment_free(env);
}

static void a_name_that_comes_twice_is_set_once(void **state)
{
    (void)state;
    char *const twice[] = {"A=1", "A=2", NULL};
    AUTO_JSON struct json_object *policy = json_tokener_parse("{\"set\":{\"A\":\"3\"}}");
    char **env = environment_build((char **)twice, policy, NULL, NULL);
    assert_string_equal(value_of(env, "A"), "3");
    environment_free(env);
}

static void a_command_started_by_hand_gets_all_but_the_secrets(void **state)
{
    (void)state;
    static const char *const secrets[] = {"MY_API_KEY",   "GH_TOKEN",        "client_secret",
                                          "PGPASSWORD",   "AWS_CREDENTIALS", "LD_PRELOAD",
                                          "SSH_AUTH_SOCK"};
    char **env = environment_without_secrets((char **)inherited);
    assert_string_equal(value_of(env, "PAGER"), "less");
    assert_string_equal(value_of(env, "EDITOR"), "vi");
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        assert_null(value_of(env, secrets[i]));
    }
    environment_free(env);
}

static void patterns_know_stars_and_question_marks_only(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        bool matches;
    } rows[] = {
        {"*", "", true},
        {"*", "ANY", true},
        {"A*C", "ABC", true},
        {"A*C", "AC", true},
        {"A*C", "ACB", false},
        {"a?c", "ABC", true},
        {"A?C", "AC", false},
        {"*KEY*", "MONKEYS", true},
        {"*KEY*", "KE", false},
        {"[AB]", "A", false},
        {"[AB]", "[ab]", true},
        {"A\\*", "A*", false},
        {"", "", true},
        {"", "A", false},
        {"AB", "A", false},
        {"*A*B*", "xAxxBx", true},
        {"*A*B*", "xBxxAx", false},
        {"**", "A", true},
        {"*AB", "AAB", true},
        {"*AAB", "AAAAB", true},
        {"?", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(environment_matches(rows[i].pattern, rows[i].name), rows[i].matches);
    }
}

static void keep_sentence(void *ctx, const char *sentence)
{
    struct text *all = ctx;
    (void)text_addf(all, "%s\n", sentence);
}

static void what_is_not_granted_is_told(void **state)
{
    (void)state;
    AUTO_TEXT struct text all;
    text_init(&all, 8192);
    AUTO_JSON struct json_object *fine = json_tokener_parse("{\"set\":{\"A\":\"b\"}}");
    environment_warn(fine, keep_sentence, &all);
    environment_warn(NULL, keep_sentence, &all);
    assert_int_equal(all.len, 0);
    AUTO_JSON struct json_object *policy = json_tokener_parse(
        "{\"experimental_use_profile\":true,\"set\":{\"B=C\":\"d\",\"N\":\"a\\u0000b\"}}");
    environment_warn(policy, keep_sentence, &all);
    assert_non_null(strstr(text_string(&all), "experimental_use_profile has no effect"));
    assert_non_null(strstr(text_string(&all), "\"B=C\" is left out: no variable"));
    assert_non_null(strstr(text_string(&all), "\"N\" is left out: its value has a NUL"));
}

static void a_value_that_would_stop_every_command_is_left_out(void **state)
{
    (void)state;
    AUTO_FREE char *huge = alloc_zeroed((128u << 10) + 1);
    memset(huge, 'x', 128u << 10);
    AUTO_JSON struct json_object *policy = json_object_new_object();
    struct json_object *set = json_object_new_object();
    json_object_object_add(set, "HUGE", json_object_new_string(huge));
    huge[(128u << 10) - sizeof "BIG="] = '\0';
    json_object_object_add(set, "BIG", json_object_new_string(huge));
    json_object_object_add(policy, "set", set);
    char **env = environment_build((char **)inherited, policy, NULL, NULL);
    assert_null(value_of(env, "HUGE"));
    assert_string_equal(value_of(env, "BIG"), huge);
    static const char *const argv[] = {"true", NULL};
    for (size_t i = 0; env[i] != NULL; i++) {
        if (strncmp(env[i], "BIG=", 4) == 0) {
            assert_int_equal(setenv("BIG", env[i] + 4, 1), 0);
        }
    }
    assert_int_equal(run_program(argv, NULL, NULL, NULL), 0); /* the kernel takes the longest */
    (void)unsetenv("BIG");
    environment_free(env);
}

static void names_that_hold_keys_go_whatever_they_look_like(void **state)
{
    (void)state;
    const char *const variables[] = {"ACME_ACCESS=k", "ACME_ACCESS_2=v", NULL};
    const char *const secrets[] = {"ACME_ACCESS", NULL};
    AUTO_JSON struct json_object *keep = json_tokener_parse("{\"ignore_default_excludes\":true}");
    char **env = environment_build((char **)variables, NULL, NULL, secrets);
    assert_null(value_of(env, "ACME_ACCESS"));
    assert_string_equal(value_of(env, "ACME_ACCESS_2"), "v");
    environment_free(env);
    env = environment_build((char **)variables, keep, NULL, secrets);
    assert_string_equal(value_of(env, "ACME_ACCESS"), "k");
    environment_free(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_default_everything_but_secrets_is_inherited),
        cmocka_unit_test(names_that_hold_keys_go_whatever_they_look_like),
        cmocka_unit_test(what_is_not_granted_is_told),
        cmocka_unit_test(a_value_that_would_stop_every_command_is_left_out),
        cmocka_unit_test(nobody_is_asked_to_press_a_key),
        cmocka_unit_test(core_is_what_a_shell_needs),
        cmocka_unit_test(secrets_are_kept_when_the_person_says_so),
        cmocka_unit_test(excluded_names_go_before_values_are_set),
        cmocka_unit_test(set_wins_over_what_is_inherited_and_over_our_own),
        cmocka_unit_test(names_that_no_environment_can_hold_are_not_set),
        cmocka_unit_test(include_only_comes_last_and_filters_set_too),
        cmocka_unit_test(an_empty_include_only_keeps_all),
        cmocka_unit_test(the_program_folder_is_first_in_path),
        cmocka_unit_test(a_name_that_comes_twice_is_set_once),
        cmocka_unit_test(a_command_started_by_hand_gets_all_but_the_secrets),
        cmocka_unit_test(patterns_know_stars_and_question_marks_only),
    };
    return cmocka_run_group_tests_name("tools/environment", tests, NULL, NULL);
}
