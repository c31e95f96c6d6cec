/* SPDX-License-Identifier: Apache-2.0 */
#include "config/notes.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/utf8.h"

#define SENTENCE_MAX 1024

bool notes_are_full(const struct notes *notes)
{
    return notes->count >= NOTES_MAX;
}

void notes_add(struct notes *notes, const char *format, ...)
{
    char sentence[SENTENCE_MAX];
    if (notes_are_full(notes)) {
        notes->left_out++;
        return;
    }
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    size_t len = wanted > 0 ? (size_t)wanted : 0;
    if (len >= sizeof sentence) {
        len = utf8_cut(sentence, sizeof sentence - 1);
    }
    notes->items[notes->count++] = arena_string_n(notes->arena, sentence, len);
}

void notes_close(struct notes *notes)
{
    if (notes->left_out > 0) {
        notes->items[notes->count++] = arena_printf(
            notes->arena, "%zu more warnings about the configuration", notes->left_out);
        notes->left_out = 0;
    }
}
