/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "cli/exec_options.h"

#define WORDS(...) ((const char *const[]){"exec", __VA_ARGS__, NULL})

#define AUTO_OPTIONS __attribute__((cleanup(exec_options_finish)))

static int parse(const char *const *words, struct exec_options *ret, struct beacon_error *err)
{
    int n = 0;
    while (words[n] != NULL) {
        n++;
    }
    return exec_options_parse(n, (char **)words, ret, err);
}

static struct exec_options parsed(const char *const *words)
{
    struct exec_options options = {0};
    struct beacon_error err = {0};
    assert_ok(parse(words, &options, &err), &err);
    return options;
}

static void assert_wrong(const char *const *words, const char *why)
{
    struct exec_options options = {0};
    struct beacon_error err = {0};
    assert_refused(parse(words, &options, &err), BEACON_E_INVALID, &err);
    assert_non_null(strstr(err.message, why));
    assert_null(options.images.list);
}

/* The configured value of a key; NULL when no option set it. */
static const char *flag(const struct exec_options *options, const char *path)
{
    for (size_t i = 0; i < options->n_flags; i++) {
        if (strcmp(options->flags[i].path, path) == 0) {
            return options->flags[i].value;
        }
    }
    return NULL;
}

static void the_argv_of_the_sdk_is_understood_in_its_order(void **state)
{
    (void)state;
    AUTO_OPTIONS struct exec_options o = parsed(
        WORDS("--experimental-json", "--config", "a.b=1", "--config",
              "openai_base_url=\"http://127.0.0.1:1/v1\"", "--model", "gpt", "--thread-source",
              "sdk", "--sandbox", "workspace-write", "--cd", "/w", "--add-dir", "/x", "--add-dir",
              "/y", "--skip-git-repo-check", "--output-schema", "/tmp/schema.json",
              "--cyber-access-program", "p", "--config", "model_reasoning_effort=\"low\"",
              "--config", "sandbox_workspace_write.network_access=true", "--config",
              "web_search=\"live\"", "--config", "approval_policy=\"on-request\"", "resume",
              "019a0000-0000-7000-8000-000000000001", "--image", "a.png", "--image", "b.png"));
    assert_true(o.wants_json);
    assert_true(o.skips_git_check);
    assert_int_equal(o.overrides.n, 6);
    assert_string_equal(o.overrides.list[0], "a.b=1");
    assert_string_equal(o.overrides.list[5], "approval_policy=\"on-request\"");
    assert_string_equal(flag(&o, "model"), "gpt");
    assert_string_equal(flag(&o, "sandbox_mode"), "workspace-write");
    assert_string_equal(o.cwd, "/w");
    assert_int_equal(o.add_dirs.n, 2);
    assert_string_equal(o.add_dirs.list[1], "/y");
    assert_string_equal(o.schema_file, "/tmp/schema.json");
    assert_true(o.is_resume);
    assert_string_equal(o.resume_id, "019a0000-0000-7000-8000-000000000001");
    assert_null(o.prompt); /* it comes by standard input */
    assert_int_equal(o.images.n, 2);
    assert_string_equal(o.images.list[1], "b.png");
}

static void a_prompt_is_the_one_word(void **state)
{
    (void)state;
    AUTO_OPTIONS struct exec_options o = parsed(WORDS("fix it", "--json"));
    assert_string_equal(o.prompt, "fix it");
    assert_false(o.is_resume);
    assert_wrong(WORDS("fix", "it"), "unexpected argument 'it' found");
    assert_wrong(WORDS("fix", "it", "all", "now"), "unexpected argument 'now' found");
}

static void a_dash_is_a_prompt_like_any_word(void **state)
{
    (void)state;
    AUTO_OPTIONS struct exec_options o = parsed(WORDS("-"));
    assert_string_equal(o.prompt, "-");
}

static void resume_takes_a_session_and_a_prompt(void **state)
{
    (void)state;
    AUTO_OPTIONS struct exec_options by_id = parsed(WORDS("resume", "ID", "go on"));
    assert_string_equal(by_id.resume_id, "ID");
    assert_string_equal(by_id.prompt, "go on");
    AUTO_OPTIONS struct exec_options silent = parsed(WORDS("resume", "ID"));
    assert_null(silent.prompt);
}

static void resume_last_needs_no_session(void **state)
{
    (void)state;
    AUTO_OPTIONS struct exec_options before = parsed(WORDS("--last", "resume", "go on"));
    assert_true(before.is_resume && before.resumes_last);
    assert_null(before.resume_id);
    assert_string_equal(before.prompt, "go on");
    AUTO_OPTIONS struct exec_options after = parsed(WORDS("resume", "go on", "--last", "--all"));
    assert_null(after.resume_id);
    assert_string_equal(after.prompt, "go on");
    assert_true(after.resumes_any_cwd);
}

static void a_resume_of_nothing_is_wrong(void **state)
{
    (void)state;
    assert_wrong(WORDS("resume"), "resume needs the id of a session, or --last");
    assert_wrong(WORDS("--last", "prompt"), "--last goes with resume");
    assert_wrong(WORDS("resume", "--last", "ID", "prompt"), "unexpected argument 'prompt' found");
}

static void the_last_word_about_the_sandbox_counts(void **state)
{
    (void)state;
    AUTO_OPTIONS struct exec_options auto_mode = parsed(WORDS("--full-auto"));
    assert_string_equal(flag(&auto_mode, "sandbox_mode"), "workspace-write");
    assert_false(auto_mode.is_unsandboxed);
    AUTO_OPTIONS struct exec_options yolo = parsed(WORDS("--full-auto", "--yolo"));
    assert_string_equal(flag(&yolo, "sandbox_mode"), "danger-full-access");
    assert_true(yolo.is_unsandboxed);
    assert_string_equal(flag(&yolo, "approval_policy"), "never");
    assert_int_equal(yolo.n_flags, 2);
    AUTO_OPTIONS struct exec_options tamed = parsed(WORDS("--yolo", "-s", "read-only"));
    assert_string_equal(flag(&tamed, "sandbox_mode"), "read-only");
}

static void every_setting_may_be_given_many_times(void **state)
{
    (void)state;
    AUTO_OPTIONS struct exec_options o =
        parsed(WORDS("-m", "a", "-m", "b", "--oss", "--oss", "-s", "read-only", "--full-auto",
                     "--yolo", "-s", "workspace-write", "-o", "x", "-o", "y", "-p", "q"));
    assert_string_equal(flag(&o, "model"), "b");
    assert_string_equal(flag(&o, "model_provider"), "oss");
    assert_string_equal(o.output_file, "y");
    assert_string_equal(o.profile, "q");
    assert_int_equal(o.n_flags, 4);
}

static void values_that_do_not_exist_are_wrong(void **state)
{
    (void)state;
    assert_wrong(WORDS("--sandbox", "none"),
                 "[possible values: read-only, workspace-write, danger-full-access]");
    assert_wrong(WORDS("--color", "red"), "[possible values: always, never, auto]");
    assert_wrong(WORDS("--image"), "a value is required for '--image <FILE>'");
    assert_wrong(WORDS("-i", "a.png", "--nope"), "unexpected argument '--nope' found");
}

static void colour_is_automatic_unless_said_otherwise(void **state)
{
    (void)state;
    AUTO_OPTIONS struct exec_options unsaid = parsed(WORDS("x"));
    AUTO_OPTIONS struct exec_options always = parsed(WORDS("--color=always"));
    AUTO_OPTIONS struct exec_options never = parsed(WORDS("--color", "never"));
    assert_int_equal(unsaid.color, EXEC_COLOR_AUTO);
    assert_int_equal(always.color, EXEC_COLOR_ALWAYS);
    assert_int_equal(never.color, EXEC_COLOR_NEVER);
}

static void help_is_given_whatever_else_is_there(void **state)
{
    (void)state;
    AUTO_OPTIONS struct exec_options o = parsed(WORDS("resume", "--help"));
    assert_true(o.wants_help);
}

static void options_of_older_scripts_are_let_pass(void **state)
{
    (void)state;
    AUTO_OPTIONS struct exec_options o = parsed(WORDS("--include-plan-tool", "--ephemeral", "x"));
    assert_true(o.is_ephemeral);
    assert_string_equal(o.prompt, "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_argv_of_the_sdk_is_understood_in_its_order),
        cmocka_unit_test(a_prompt_is_the_one_word),
        cmocka_unit_test(a_dash_is_a_prompt_like_any_word),
        cmocka_unit_test(resume_takes_a_session_and_a_prompt),
        cmocka_unit_test(resume_last_needs_no_session),
        cmocka_unit_test(a_resume_of_nothing_is_wrong),
        cmocka_unit_test(the_last_word_about_the_sandbox_counts),
        cmocka_unit_test(every_setting_may_be_given_many_times),
        cmocka_unit_test(values_that_do_not_exist_are_wrong),
        cmocka_unit_test(colour_is_automatic_unless_said_otherwise),
        cmocka_unit_test(help_is_given_whatever_else_is_there),
        cmocka_unit_test(options_of_older_scripts_are_let_pass),
    };
    return cmocka_run_group_tests_name("cli/exec_options", tests, NULL, NULL);
}
