/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void text_init(struct text *text, size_t max_bytes)
{
    *text = (struct text){.max_bytes = max_bytes};
}

void text_finish(struct text *text)
{
    free(text->data);
    *text = (struct text){.max_bytes = text->max_bytes};
}

void text_reset(struct text *text)
{
    text->len = 0;
    if (text->data != NULL) {
        text->data[0] = '\0';
    }
}

char *text_reserve(struct text *text, size_t n)
{
    assert(text->max_bytes > 0);
    if (n > text->max_bytes - text->len) {
        return NULL;
    }
    size_t needed = text->len + n + 1;
    if (needed > text->capacity) {
        size_t capacity = text->capacity < 64 ? 64 : text->capacity + text->capacity / 2;
        if (capacity > text->max_bytes + 1) {
            capacity = text->max_bytes + 1;
        }
        text->capacity = capacity < needed ? needed : capacity;
        text->data = alloc_grow(text->data, text->capacity, 1);
        text->data[text->len] = '\0';
    }
    return text->data + text->len;
}

void text_commit(struct text *text, size_t n)
{
    assert(text->len + n < text->capacity);
    text->len += n;
    text->data[text->len] = '\0';
}

bool text_add(struct text *text, const void *from, size_t n)
{
    char *to = text_reserve(text, n);
    if (to == NULL) {
        return false;
    }
    if (n > 0) {
        memcpy(to, from, n);
    }
    text_commit(text, n);
    return true;
}

bool text_add_char(struct text *text, char c)
{
    return text_add(text, &c, 1);
}

bool text_add_string(struct text *text, const char *from)
{
    return text_add(text, from, strlen(from));
}

bool text_addf(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);
    char *to = text_reserve(text, (size_t)len);
    if (to != NULL) {
        (void)vsnprintf(to, (size_t)len + 1, format, again);
        text->len += (size_t)len;
    }
    va_end(again);
    return to != NULL;
}

void text_remove_front(struct text *text, size_t n)
{
    assert(n <= text->len);
    if (n > 0) {
        text->len -= n;
        memmove(text->data, text->data + n, text->len + 1);
    }
}

const char *text_string(const struct text *text)
{
    return text->data != NULL ? text->data : "";
}

char *text_take(struct text *text)
{
    char *taken = text->data != NULL ? text->data : alloc_string("");
    *text = (struct text){.max_bytes = text->max_bytes};
    return taken;
}
