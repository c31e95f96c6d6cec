/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "session/dotenv.h"
#include "session/home.h"

static void write_down(void *ctx, const char *key, const char *value)
{
    assert_true(text_addf(ctx, "%s<%s>", key, value));
}

/* "KEY<value>KEY<value>…" of `text`. */
static void assert_parsed(const char *text, const char *expected)
{
    struct text seen;
    text_init(&seen, 1u << 20);
    dotenv_parse(text, strlen(text), write_down, &seen);
    assert_string_equal(text_string(&seen), expected);
    text_finish(&seen);
}

static void plain_lines_become_assignments(void **state)
{
    (void)state;
    assert_parsed("A=1\nB_2 = two\n  export C=3\nD.x=4\nE=", "A<1>B_2<two>C<3>D.x<4>E<>");
}

static void comments_blank_lines_and_crlf_are_fine(void **state)
{
    (void)state;
    assert_parsed("\xef\xbb\xbf# top\r\n\r\nA=1 # one\r\nB=#none\r\nC=a#b\r\n", "A<1>B<>C<a#b>");
}

static void quotes_keep_blanks_and_escapes(void **state)
{
    (void)state;
    assert_parsed("A='a $B # \\n'\nB=\"x\\ny \\\"q\\\" \\$C\"\nC=a' b'c",
                  "A<a $B # \\n>"
                  "B<x\ny \"q\" $C>C<a bc>");
}

static void a_quoted_value_may_span_lines(void **state)
{
    (void)state;
    assert_parsed("A=\"one\ntwo\"\nB='x\ny' # z\nC=1", "A<one\ntwo>B<x\ny>C<1>");
}

static void unreadable_lines_are_skipped_and_the_rest_is_read(void **state)
{
    (void)state;
    assert_parsed("nonsense\n=1\n1A=2\nA B=3\nC=\"open\nD=4\nE=a b\nF=5", "D<4>F<5>");
}

static void variables_are_expanded_outside_single_quotes(void **state)
{
    (void)state;
    assert_int_equal(setenv("DOT_X", "value", 1), 0);
    assert_int_equal(unsetenv("DOT_NONE"), 0);
    assert_parsed(
        "A=$DOT_X/b\nB=\"${DOT_X}b\"\nC='$DOT_X'\nD=$DOT_NONE.\nE=a$\nF=${DOT_X\nG=\\$DOT_X",
        "A<value/b>B<valueb>C<$DOT_X>D<.>E<a$>F<${DOT_X>G<$DOT_X>");
}

static void growing_expansions_end_at_the_cap(void **state)
{
    (void)state;
    struct text file, seen;
    text_init(&file, 1u << 20);
    text_init(&seen, 1u << 20);
    assert_int_equal(setenv("DOT_BIG", "0123456789abcdef0123456789abcdef", 1), 0);
    assert_true(text_add_string(&file, "A="));
    for (int i = 0; i < 10000; i++) {
        assert_true(text_add_string(&file, "$DOT_BIG"));
    }
    assert_true(text_add_string(&file, "\nB=1\n"));
    dotenv_parse(file.data, file.len, write_down, &seen);
    assert_string_equal(text_string(&seen), "B<1>");
    text_finish(&file);
    text_finish(&seen);
}

static void a_nul_in_the_file_is_not_read_past(void **state)
{
    (void)state;
    struct text seen;
    text_init(&seen, 4096);
    dotenv_parse("A=1\0x\nB=2\n", 11, write_down, &seen);
    assert_string_equal(text_string(&seen), "B<2>");
    text_finish(&seen);
}

static void clear(const char *name)
{
    assert_int_equal(unsetenv(name), 0);
}

static void the_home_file_sets_all_but_codex_keys_over_the_environment(void **state)
{
    struct home home = {.path = (char *)temp_dir(state)};
    write_text(temp_path(state, ".env"),
               "OPENAI_API_KEY=from-home\nCODEX_X=1\ncodex_y=1\nBEACON_LOG=info\n");
    assert_int_equal(setenv("OPENAI_API_KEY", "old", 1), 0);
    clear("CODEX_X");
    clear("codex_y");
    dotenv_load(&home, "/");
    assert_string_equal(getenv("OPENAI_API_KEY"), "from-home");
    assert_string_equal(getenv("BEACON_LOG"), "info");
    assert_null(getenv("CODEX_X"));
    assert_null(getenv("codex_y"));
}

static void a_repository_may_not_bring_keys_programs_or_destinations(void **state)
{
    static const char *const refused[] = {"OPENAI_API_KEY",
                                          "openai_api_key",
                                          "AZURE_OPENAI_API_KEY",
                                          "CODEX_API_KEY",
                                          "CODEX_X",
                                          "BEACON_API_KEY",
                                          "BEACON_PLUGIN_PATH",
                                          "CODE_API_KEY",
                                          "LD_PRELOAD",
                                          "GIT_SSH_COMMAND",
                                          "BASH_ENV",
                                          "OPENAI_BASE_URL",
                                          "CODEX_OSS_BASE_URL",
                                          "https_proxy",
                                          "CODE_HOME",
                                          "CODEX_HOME",
                                          "CODE_HOME_LOCK",
                                          "CODE_SECURE_MODE",
                                          "TMPDIR",
                                          "OPENSSL_CONF",
                                          "SSLKEYLOGFILE",
                                          "GCONV_PATH",
                                          "CURL_CA_BUNDLE",
                                          "SSL_CERT_FILE"};
    struct home home = {.path = (char *)temp_path(state, "home")};
    struct text file;
    text_init(&file, 4096);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        clear(refused[i]);
        assert_true(text_addf(&file, "%s=evil\n", refused[i]));
    }
    assert_true(text_add_string(&file, "DOT_GOOD=yes\n"));
    assert_int_equal(mkdir(temp_path(state, "deep"), 0700), 0);
    write_text(temp_path(state, ".env"), text_string(&file));
    text_finish(&file);
    dotenv_load(&home, temp_path(state, "deep"));
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_null(getenv(refused[i]));
    }
    assert_string_equal(getenv("DOT_GOOD"), "yes");
}

static void only_the_nearest_repository_file_is_read(void **state)
{
    struct home home = {.path = (char *)temp_path(state, "home")};
    clear("DOT_FAR");
    assert_int_equal(mkdir(temp_path(state, "near"), 0700), 0);
    write_text(temp_path(state, ".env"), "DOT_FAR=1\n");
    write_text(temp_path(state, "near/.env"), "DOT_NEAR=1\n");
    dotenv_load(&home, temp_path(state, "near"));
    assert_null(getenv("DOT_FAR"));
    assert_string_equal(getenv("DOT_NEAR"), "1");
}

static void a_blank_codex_home_becomes_code_home(void **state)
{
    struct home home = {.path = (char *)temp_dir(state)};
    assert_int_equal(setenv("CODE_HOME", temp_dir(state), 1), 0);
    assert_int_equal(setenv("CODEX_HOME", " ", 1), 0);
    dotenv_load(&home, temp_dir(state));
    assert_string_equal(getenv("CODEX_HOME"), temp_dir(state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_lines_become_assignments),
        cmocka_unit_test(comments_blank_lines_and_crlf_are_fine),
        cmocka_unit_test(quotes_keep_blanks_and_escapes),
        cmocka_unit_test(a_quoted_value_may_span_lines),
        cmocka_unit_test(unreadable_lines_are_skipped_and_the_rest_is_read),
        cmocka_unit_test(variables_are_expanded_outside_single_quotes),
        cmocka_unit_test(growing_expansions_end_at_the_cap),
        cmocka_unit_test(a_nul_in_the_file_is_not_read_past),
        in_temp_dir(the_home_file_sets_all_but_codex_keys_over_the_environment),
        in_temp_dir(a_repository_may_not_bring_keys_programs_or_destinations),
        in_temp_dir(only_the_nearest_repository_file_is_read),
        in_temp_dir(a_blank_codex_home_becomes_code_home),
    };
    return cmocka_run_group_tests_name("session/dotenv", tests, NULL, NULL);
}
