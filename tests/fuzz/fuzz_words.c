/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/judge.h"
#include "policy/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Words that come out of a plain script are the same when they are quoted and read again. */
static void check_plain(const struct shell_script *script)
{
    assert(script->n > 0 && script->n_inputs == 0);
    for (size_t i = 0; i < script->n; i++) {
        const char *const *argv = (const char *const *)script->commands[i].argv;
        char *line = words_quote(argv);
        char **back = words_split(line);
        assert(back != NULL && words_count((const char *const *)back) == script->commands[i].n);
        for (size_t j = 0; j < script->commands[i].n; j++) {
            assert(strcmp(back[j], argv[j]) == 0);
        }
        words_free(back);
        free(line);
    }
}

static void check_judgement(const char *text)
{
    static const char rules_text[] = "prefix_rule(['a'])\nprefix_rule(['b'], 'forbidden')\n";
    const char *const argv[] = {"bash", "-lc", text, NULL};
    struct rules *rules = rules_create();
    struct judgement judgement;
    (void)rules_add_text(rules, "f", rules_text, strlen(rules_text), RULE_USER, NULL);
    (void)policy_judge(rules, argv, &judgement);
    assert(!judgement.is_known_safe || (judgement.is_split && !judgement.is_dangerous));
    judgement_finish(&judgement);
    rules_destroy(rules);
}

/* Any bytes are a script, and what is plain in it can be trusted to be so. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct shell_script script;
    shell_script_read((const char *)data, size, size % 2 == 1, &script);
    assert(!script.is_plain || script.is_whole);
    assert(!script.is_plain || !script.is_heredoc);
    if (script.is_plain) {
        check_plain(&script);
    }
    shell_script_finish(&script);
    char *text = malloc(size + 1);
    assert(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    check_judgement(text);
    free(text);
    return 0;
}
