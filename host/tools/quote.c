/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/quote.h"

#include <limits.h>
#include <string.h>

#include "base/text.h"

static bool is_plain(const char *word)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "+-./:@]_,%=";
    return word[0] != '\0' && word[strspn(word, safe)] == '\0';
}

static void add_word(struct text *line, const char *word)
{
    bool is_assignment = line->len == 0 && strchr(word, '=') != NULL;
    if (is_plain(word) && !is_assignment) {
        (void)text_add_string(line, word);
        return;
    }
    if (strchr(word, '\'') != NULL && strpbrk(word, "$`\"\\!^") == NULL) {
        (void)text_addf(line, "\"%s\"", word);
        return;
    }
    (void)text_add_char(line, '\'');
    for (const char *p = word; *p != '\0'; p++) {
        (void)(*p == '\'' ? text_add_string(line, "'\\''") : text_add_char(line, *p));
    }
    (void)text_add_char(line, '\'');
}

char *quote_argv(const char *const *argv)
{
    struct text line;
    text_init(&line, INT_MAX);
    for (size_t i = 0; argv[i] != NULL; i++) {
        if (i > 0) {
            (void)text_add_char(&line, ' ');
        }
        add_word(&line, argv[i]);
    }
    return text_take(&line);
}
