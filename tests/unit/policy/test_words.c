/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/words.h"

/* Commands as "a|b;c": words joined by |, commands by ;. */
static const char *shown(const struct shell_script *script)
{
    static char out[4096];
    struct text text;
    text_init(&text, sizeof out - 1);
    for (size_t i = 0; i < script->n; i++) {
        (void)text_add_string(&text, i > 0 ? ";" : "");
        for (size_t j = 0; j < script->commands[i].n; j++) {
            (void)text_addf(&text, "%s%s", j > 0 ? "|" : "", script->commands[i].argv[j]);
        }
    }
    (void)snprintf(out, sizeof out, "%s", text_string(&text));
    text_finish(&text);
    return out;
}

static void assert_plain(const char *script, const char *wanted)
{
    struct shell_script read;
    shell_script_read(script, strlen(script), false, &read);
    if (!read.is_plain) {
        fail_msg("not plain: %s", script);
    }
    assert_string_equal(shown(&read), wanted);
    shell_script_finish(&read);
}

static void assert_not_plain_in(const char *script, bool is_zsh)
{
    struct shell_script read;
    shell_script_read(script, strlen(script), is_zsh, &read);
    if (read.is_plain) {
        fail_msg("plain: %s", script);
    }
    shell_script_finish(&read);
}

static void assert_finds(const char *script, const char *command)
{
    struct shell_script read;
    shell_script_read(script, strlen(script), false, &read);
    if (read.is_plain || strstr(shown(&read), command) == NULL) {
        fail_msg("%s: %s", script, shown(&read));
    }
    shell_script_finish(&read);
}

struct pair {
    const char *script, *words;
};

static void simple_commands_joined_by_operators_are_plain(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        {"ls", "ls"},
        {"ls && git status | wc -l", "ls;git|status;wc|-l"},
        {"a;b;c", "a;b;c"},
        {"a || b", "a;b"},
        {"a\nb\n\n\nc\n", "a;b;c"},
        {"ls;", "ls"},
        {"ls &&\n\n  pwd", "ls;pwd"},
        {"ls |\n# then\nwc", "ls;wc"},
        {"  ls\t-l  ", "ls|-l"},
        {"echo 'a b' \"c d\" e'f'\"g\"", "echo|a b|c d|efg"},
        {"echo ''", "echo|"},
        {"echo \"a\\\"b\\$c\\`d\\\\e\\f\"", "echo|a\"b$c`d\\e\\f"},
        {"echo a\\ b \\$x \\'", "echo|a b|$x|'"},
        {"echo a\\\nb", "echo|ab"},
        {"echo \\\n  b", "echo|b"},
        {"ls \\\n#no", "ls"},
        {"ls # a comment && rm", "ls"},
        {"ls a#b", "ls|a#b"},
        {"# only\nls", "ls"},
        {"ls *.c [ab]?", "ls|*.c|[ab]?"},
        {"find . -name {}", "find|.|-name|{}"},
        {"git show HEAD^{tree} stash@{0}", "git|show|HEAD^{tree}|stash@{0}"},
        {"env A=b c", "env|A=b|c"},
        {"echo if then {a do}", "echo|if|then|{a|do}"},
        {"'if' x", "if|x"},
        {"[ -f x ] && test -n 1", "[|-f|x|];test|-n|1"},
        {"echo 1 22 %1 a:b a,b @x +y", "echo|1|22|%1|a:b|a,b|@x|+y"},
        {"echo \xc3\xa4\xe2\x82\xac", "echo|\xc3\xa4\xe2\x82\xac"},
        {"echo \"two\nlines\"", "echo|two\nlines"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_plain(rows[i].script, rows[i].words);
    }
}

static const char *const not_plain[] = {
    "",
    " ",
    "\n",
    "# nothing",
    "ls &&",
    "ls ||",
    "ls |",
    "&& ls",
    "| ls",
    "; ls",
    "ls ; ; ls",
    "ls && && ls",
    "ls ;; ls",
    "ls\n&& ls",
    "ls &",
    "ls & pwd",
    "ls |& wc",
    "(ls)",
    "( ls",
    "ls )",
    "{ ls; }",
    "ls > x",
    "ls>x",
    "ls 2>x",
    "ls < x",
    "ls >> x",
    "ls >| x",
    "ls &> x",
    "ls >& x",
    "ls <> x",
    "cat <<EOF\nx\nEOF",
    "cat <<< x",
    "ls 2>&1",
    "A=b ls",
    "A=b",
    "A+=b ls",
    "a[0]=1 ls",
    "echo $x",
    "echo ${x}",
    "echo $(ls)",
    "echo `ls`",
    "echo \"$x\"",
    "echo \"`ls`\"",
    "echo \"$(ls)\"",
    "echo $((1+2))",
    "echo $",
    "echo \"$\"",
    "echo $'a'",
    "echo $\"a\"",
    "cat <(ls)",
    "tee >(wc)",
    "! ls",
    "if ls; then ls; fi",
    "while ls; do ls; done",
    "for x in a; do ls; done",
    "case a in a) ls;; esac",
    "select x in a; do ls; done",
    "f() { ls; }",
    "function f { ls; }",
    "[[ -f x ]]",
    "((1))",
    "time ls",
    "coproc ls",
    "until ls; do ls; done",
    "echo {a,b}",
    "echo {1..3}",
    "echo x{a,}y",
    "ls }",
    "{ls",
    "echo 'open",
    "echo \"open",
    "echo \\",
    "echo \x01",
    "echo a\rb",
    "ls\r\n",
    "echo \x7f",
    "echo \xff",
    "echo \xc3",
    "then ls",
    "ls; done",
    "do ls",
};

static void everything_else_is_not_plain(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof not_plain / sizeof not_plain[0]; i++) {
        assert_not_plain_in(not_plain[i], false);
    }
}

static void zsh_has_more_that_is_not_plain(void **state)
{
    (void)state;
    static const char *const scripts[] = {"cat =ls",  "noglob ls", "repeat 3 ls",    "- ls",
                                          "echo {a}", "exec ls",   "echo \"a\\!b\"", "command ls"};
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        assert_not_plain_in(scripts[i], true);
    }
}

static void a_word_that_a_glob_could_turn_into_an_option_is_marked(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        bool may;
    } rows[] = {{"rg x *", true},      {"rg x *.c", true},    {"rg x [ab]", true},
                {"rg -?", true},       {"rg --pr*", true},    {"rg x src/*", false},
                {"rg x a*", false},    {"rg '*'", false},     {"rg \\*", false},
                {"rg ''*", true},      {"rg '-'*", true},     {"rg x", false},
                {"rg \xc3\xa0", true}, {"rg \xc3\xa4", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct shell_script read;
        shell_script_read(rows[i].script, strlen(rows[i].script), false, &read);
        assert_true(read.is_plain);
        if (read.commands[0].may_gain_options != rows[i].may) {
            fail_msg("%s", rows[i].script);
        }
        shell_script_finish(&read);
    }
}

static void commands_are_found_wherever_they_stand(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "x=$(rm -f y)",
        "echo `rm -f y`",
        "echo \"a $(rm -f y) b\"",
        "(rm -f y)",
        "{ rm -f y; }",
        "rm -f y > /dev/null",
        "> x rm -f y",
        "2>x rm -f y",
        "A=b rm -f y",
        "rm -f y &",
        "if true; then rm -f y; fi",
        "if rm -f y; then :; fi",
        "while true; do rm -f y; done",
        "for i in 1 2; do rm -f y; done",
        "for i do rm -f y; done",
        "case x in a) rm -f y;; esac",
        "case x in (a) rm -f y;; esac",
        "case x in a) ;; b) rm -f y; esac",
        "echo $(case x in a) rm -f y;; esac)",
        "f() { rm -f y; }",
        "function f { rm -f y; }",
        "! rm -f y",
        "echo ${x:-$(rm -f y)}",
        "echo $(echo $(rm -f y))",
        "echo `echo \\`rm -f y\\``",
        "cat <(rm -f y)",
        "tee >(rm -f y)",
        "cat <<EOF\n$(rm -f y)\nEOF",
        "cat <<EOF\n`rm -f y`\nEOF\n",
        "ls && $'rm' -f y",
        "$\"rm\" -f y",
        "r\"m\" -'f' \"y\" >x",
        "\\rm -f y >x",
        "echo $((1+2)); rm -f y",
        "((1<<2)); rm -f y\n",
        "$'\\x72m' -f y",
        "$'\\162m' -f y",
        "cat <<EOF; rm -f y\nbody\nEOF",
        "cat <<EOF\nbody\nEOF\nrm -f y",
        "cat <<-EOF\n\tb\n\tEOF\nrm -f y",
        "cat <<EOF\nno end\nrm -f y",
        "select x in a; do rm -f y; done",
        "coproc rm -f y",
        "true;; rm -f y",
        "$(rm -f y)",
        "until false; do rm -f y; done",
        "if a; then b; elif rm -f y; then c; fi",
        "if a; then b; else rm -f y; fi",
    };
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        const char *wanted =
            strstr(scripts[i], "\"rm\" ") != NULL || strstr(scripts[i], "rm") != NULL ? "rm|-f|y"
                                                                                      : "m|-f|y";
        assert_finds(scripts[i], wanted);
    }
}

static void a_here_document_may_hold_commands_with_newlines(void **state)
{
    (void)state;
    assert_finds("cat <<EOF\n$(\nrm -f y\n)\nEOF\n", "rm|-f|y");
    assert_finds("cat <<A <<B\n$(x\n)\nA\n`\nrm -f y`\nB\n", "rm|-f|y");
    assert_finds("cat <<EOF\n$(cat <<X\n\nX\n)\nEOF\nrm -f y", "rm|-f|y");
}

static void a_word_with_an_expansion_keeps_its_literal_part(void **state)
{
    (void)state;
    assert_finds("rm -f$X $Y", "rm|-f|");
    assert_finds("r$(true)m -f y", "rm|-f|y");
}

static void a_here_document_is_known_with_its_command(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        bool is_heredoc;
    } rows[] = {{"python3 - <<'EOF'\nprint($x)\nEOF\n", true},
                {"python3 <<EOF\nplain\nEOF", true},
                {"python3 <<\\EOF\n$x\nEOF", true},
                {"cat <<-EOF\n\tx\n\tEOF\n", true},
                {"python3 <<EOF\n$x\nEOF", false},
                {"python3 <<EOF\n`x`\nEOF", false},
                {"python3 <<EOF > out\nx\nEOF", false},
                {"cat <<EOF | sh\nx\nEOF", false},
                {"cat <<EOF\nx\nEOF\nls", false},
                {"cat <<EOF\nno end", false},
                {"cat <<EOF", false},
                {"cat <<< x", false},
                {"<<EOF\nx\nEOF", false},
                {"ls", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct shell_script read;
        shell_script_read(rows[i].script, strlen(rows[i].script), false, &read);
        assert_false(read.is_heredoc && read.is_plain);
        if (read.is_heredoc != rows[i].is_heredoc) {
            fail_msg("%s", rows[i].script);
        }
        shell_script_finish(&read);
    }
}

static void what_a_shell_could_read_is_kept(void **state)
{
    (void)state;
    struct shell_script read;
    const char *script = "bash <<EOF\nrm x\nEOF\nsh <<< 'rm y'";
    shell_script_read(script, strlen(script), false, &read);
    assert_int_equal(read.n_inputs, 2);
    assert_string_equal(read.inputs[0], "rm x\n");
    assert_string_equal(read.inputs[1], "rm y");
    shell_script_finish(&read);
}

static char *repeated(const char *what, size_t n)
{
    size_t length = strlen(what);
    char *out = malloc(n * length + 1);
    assert_non_null(out);
    for (size_t i = 0; i < n; i++) {
        memcpy(out + i * length, what, length);
    }
    out[n * length] = '\0';
    return out;
}

static void hostile_sizes_end_at_a_limit(void **state)
{
    (void)state;
    static const char *const units[] = {
        "$(",   "`",   "${", "((", "(",           "<<a\n", "a;",           "a ",    "$((",
        "\"$(", "${'", "<(", "{ ", "case x in (", "$'\\",  "a<<b<<c<<d\n", "<<<$(", "\n"};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        char *script = repeated(units[i], SCRIPT_BYTES_MAX / strlen(units[i]));
        struct shell_script read;
        shell_script_read(script, strlen(script), false, &read);
        assert_false(read.is_plain);
        shell_script_finish(&read);
        free(script);
    }
}

static void a_script_over_a_limit_says_that_it_is_cut(void **state)
{
    (void)state;
    char *long_one = repeated("x", SCRIPT_BYTES_MAX + 1), *deep = repeated("$(", 40);
    char *many = repeated("a;", SCRIPT_COMMANDS_MAX + 1),
         *wide = repeated("a ", SCRIPT_WORDS_MAX + 1);
    const char *const scripts[] = {long_one, deep, many, wide};
    for (size_t i = 0; i < 4; i++) {
        struct shell_script read;
        shell_script_read(scripts[i], strlen(scripts[i]), false, &read);
        assert_true(read.is_cut && !read.is_plain && !read.is_whole);
        shell_script_finish(&read);
    }
    struct shell_script nul;
    shell_script_read("ls\0rm", 5, false, &nul);
    assert_true(nul.is_cut && nul.n == 0);
    shell_script_finish(&nul);
    free(long_one);
    free(deep);
    free(many);
    free(wide);
}

static void a_script_cut_at_any_byte_is_read(void **state)
{
    (void)state;
    static const char whole[] =
        "ls 'a b' \"c $d `e` ${f:-$(g)}\" && x=$((1<<2)) cmd <<-'E' 2>&1 | { h; }\n\tbody\n\tE\n"
        "case y in (a|b) $'i\\x41' ;; esac; [[ -f z ]] && f() { <(j) >(k); } & # end\n";
    size_t n_plain = 0;
    for (size_t n = 0; n < sizeof whole; n++) {
        struct shell_script read;
        shell_script_read(whole, n, n % 2 == 0, &read);
        n_plain += read.is_plain ? 1 : 0;
        shell_script_finish(&read);
    }
    assert_true(n_plain > 0 && n_plain < 12); /* only pieces of the first words */
}

static void a_line_is_cut_at_blanks_outside_of_quotes(void **state)
{
    (void)state;
    static const struct pair rows[] = {{"a b", "a|b"},
                                       {" 'a b'  \"c\\\"d\" e\\ f ", "a b|c\"d|e f"},
                                       {"git $x `y` > z", "git|$x|`y`|>|z"},
                                       {"a # b", "a"},
                                       {"a#b", "a#b"},
                                       {"''", ""},
                                       {"", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char **words = words_split(rows[i].script);
        assert_non_null(words);
        struct shell_command command = {.argv = words,
                                        .n = words_count((const char *const *)words)};
        struct shell_script script = {.commands = &command, .n = 1};
        assert_string_equal(shown(&script), rows[i].words != NULL ? rows[i].words : "");
        words_free(words);
    }
    assert_null(words_split("'open"));
    assert_null(words_split("\"open"));
    assert_null(words_split("open\\"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_commands_joined_by_operators_are_plain),
        cmocka_unit_test(everything_else_is_not_plain),
        cmocka_unit_test(zsh_has_more_that_is_not_plain),
        cmocka_unit_test(a_word_that_a_glob_could_turn_into_an_option_is_marked),
        cmocka_unit_test(commands_are_found_wherever_they_stand),
        cmocka_unit_test(a_here_document_may_hold_commands_with_newlines),
        cmocka_unit_test(a_word_with_an_expansion_keeps_its_literal_part),
        cmocka_unit_test(a_here_document_is_known_with_its_command),
        cmocka_unit_test(what_a_shell_could_read_is_kept),
        cmocka_unit_test(hostile_sizes_end_at_a_limit),
        cmocka_unit_test(a_script_over_a_limit_says_that_it_is_cut),
        cmocka_unit_test(a_script_cut_at_any_byte_is_read),
        cmocka_unit_test(a_line_is_cut_at_blanks_outside_of_quotes),
    };
    return cmocka_run_group_tests_name("policy/words", tests, NULL, NULL);
}
