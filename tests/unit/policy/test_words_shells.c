/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "policy/words.h"

/* What we call plain must mean to real shells what it means to us: generated scripts, the same every
 * time, are read by both. */

#define SCRIPTS 400
#define PIECES  9

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16;
}

static void add_piece(struct text *script, unsigned *seed)
{
    static const char *const pieces[] = {
        " ",       "  ",    "\t",       "a",    "b c",   "'q r'",  "\"s t\"", "\\",   "\\ ", "\\\n",
        "'",       "\"",    " && p ",   "; p ", "\np ",  "\n\np ", " #",      "#",    "$",   "$x",
        "`",       "*",     "{a,b}",    "{}",   "=",     "x=1",    "-l",      "\\\"", "\\$", "\\\\",
        "\"\\a\"", "''",    "!",        "[c]",  "(",     ")",      "&",       ";",    ">",   "<",
        "|",       "|| p ", "\xc3\xa4", "%",    "^",     "@",      "\"$",     "..",   "{",   "}",
        ",",       " p ",   "if ",      "\r",   "\\\n#", "#'",     "\"#\"",   "1",    "2>",  "++"};
    (void)text_add_string(script, pieces[next_random(seed) % (sizeof pieces / sizeof pieces[0])]);
}

static bool calls_only_p(const struct shell_script *script)
{
    bool only = true;
    for (size_t i = 0; i < script->n; i++) {
        only &= strcmp(script->commands[i].argv[0], "p") == 0;
    }
    return only;
}

/* As p writes it. */
static void add_expected(struct text *out, const struct shell_script *script)
{
    for (size_t i = 0; i < script->n; i++) {
        (void)text_addf(out, "%zu\n", script->commands[i].n - 1);
        for (size_t j = 1; j < script->commands[i].n; j++) {
            (void)text_add_string(out, script->commands[i].argv[j]);
            (void)text_add_char(out, '|'); /* the test's reader stops at a NUL */
        }
    }
}

/* What `shell` makes of it is what we made of it. */
static void compare_script(const char *shell, const char *text, const struct shell_script *read)
{
    static const char define_p[] =
        "p() { echo \"$#\"; for w in \"$@\"; do printf '%s|' \"$w\"; done; }\n";
    struct text full, expected;
    const char *out = NULL, *err = NULL;
    text_init(&full, 8192);
    text_init(&expected, 65536);
    assert_true(text_addf(&full, "%s%s", define_p, text));
    add_expected(&expected, read);
    const char *const argv[] = {shell, "-c", text_string(&full), NULL};
    assert_int_equal(run_program(argv, NULL, &out, &err), 0);
    if (strcmp(out, text_string(&expected)) != 0) {
        fail_msg("%s reads %s as:\n%s\ninstead of:\n%s", shell, text, out, text_string(&expected));
    }
    text_finish(&full);
    text_finish(&expected);
}

static unsigned compare_scripts(const char *shell, unsigned seed)
{
    unsigned compared = 0;
    for (int i = 0; i < SCRIPTS; i++) {
        struct text script;
        struct shell_script read;
        text_init(&script, 4096);
        (void)text_add_string(&script, "p ");
        for (int j = 0; j < PIECES; j++) {
            add_piece(&script, &seed);
        }
        const char *text = text_string(&script);
        shell_script_read(text, script.len, false, &read);
        if (read.is_plain && calls_only_p(&read) && strchr(text, '|') == NULL) {
            compare_script(shell, text, &read);
            compared++;
        }
        shell_script_finish(&read);
        text_finish(&script);
    }
    return compared;
}

static void bash_reads_plain_scripts_as_we_do(void **state)
{
    assert_int_equal(chdir(temp_dir(state)), 0); /* where no glob matches */
    assert_true(compare_scripts("bash", 1) > SCRIPTS / 20);
}

static void sh_reads_plain_scripts_as_we_do(void **state)
{
    assert_int_equal(chdir(temp_dir(state)), 0);
    assert_true(compare_scripts("sh", 2) > SCRIPTS / 20);
}

/* Any bytes but NUL. */
static void make_word(char *word, size_t size, unsigned *seed)
{
    static const char bytes[] = "ab '\"\\$`!*?[]{}()<>|&;#~=-%^\n\t\r\x01\x7f\xc3\xa4\xff";
    size_t n = next_random(seed) % size;
    for (size_t i = 0; i < n; i++) {
        word[i] = bytes[next_random(seed) % (sizeof bytes - 1)];
    }
    word[n] = '\0';
}

static void quoted_words_come_back_from_a_shell(void **state)
{
    (void)state;
    unsigned seed = 3;
    for (int i = 0; i < 100; i++) {
        char words[4][12];
        const char *argv[] = {"printf", "%s|", words[0], words[1], words[2], words[3], NULL};
        struct text expected;
        text_init(&expected, 1024);
        for (int j = 0; j < 4; j++) {
            make_word(words[j], sizeof words[j], &seed);
            (void)text_addf(&expected, "%s|", words[j]);
        }
        char *line = words_quote(argv);
        const char *const shell[] = {i % 2 == 0 ? "bash" : "sh", "-c", line, NULL};
        const char *out = NULL;
        assert_int_equal(run_program(shell, NULL, &out, NULL), 0);
        assert_string_equal(out, text_string(&expected));
        char **back = words_split(line);
        assert_non_null(back);
        for (int j = 0; j < 6; j++) {
            assert_string_equal(back[j], argv[j]);
        }
        words_free(back);
        free(line);
        text_finish(&expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {in_temp_dir(bash_reads_plain_scripts_as_we_do),
                                       in_temp_dir(sh_reads_plain_scripts_as_we_do),
                                       cmocka_unit_test(quoted_words_come_back_from_a_shell)};
    return cmocka_run_group_tests_name("policy/words_shells", tests, NULL, NULL);
}
