/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdint.h>

#include "base/text.h"

static bool is_continuation(unsigned char c)
{
    return (c & 0xC0u) == 0x80u;
}

size_t utf8_length(const char *p, size_t n)
{
    const unsigned char *u = (const unsigned char *)p;
    if (n == 0) {
        return 0;
    }
    if (u[0] < 0x80u) {
        return 1;
    }
    if (u[0] >= 0xC2u && u[0] <= 0xDFu) {
        return n >= 2 && is_continuation(u[1]) ? 2 : 0;
    }
    if (u[0] >= 0xE0u && u[0] <= 0xEFu) {
        unsigned char low = u[0] == 0xE0u ? 0xA0u : 0x80u;
        unsigned char high = u[0] == 0xEDu ? 0x9Fu : 0xBFu;
        return n >= 3 && u[1] >= low && u[1] <= high && is_continuation(u[2]) ? 3 : 0;
    }
    if (u[0] >= 0xF0u && u[0] <= 0xF4u) {
        unsigned char low = u[0] == 0xF0u ? 0x90u : 0x80u;
        unsigned char high = u[0] == 0xF4u ? 0x8Fu : 0xBFu;
        bool is_whole = n >= 4 && u[1] >= low && u[1] <= high;
        return is_whole && is_continuation(u[2]) && is_continuation(u[3]) ? 4 : 0;
    }
    return 0;
}

bool utf8_valid(const char *p, size_t n)
{
    while (n > 0) {
        size_t len = utf8_length(p, n);
        if (len == 0) {
            return false;
        }
        p += len;
        n -= len;
    }
    return true;
}

size_t utf8_cut(const char *p, size_t max)
{
    size_t start = max;
    /* Step back over at most three continuation bytes to the lead of the last character. */
    for (int back = 0; back < 3 && start > 0 && is_continuation((unsigned char)p[start - 1]);
         back++) {
        start--;
    }
    if (start == 0 || (unsigned char)p[start - 1] < 0xC0u) {
        return max;
    }
    size_t lead = start - 1;
    unsigned char c = (unsigned char)p[lead];
    size_t needed = c >= 0xF0u ? 4 : c >= 0xE0u ? 3 : 2;
    return max - lead >= needed ? max : lead;
}

bool utf8_add_lossy(struct text *out, const char *p, size_t n)
{
    size_t good = 0; /* bytes at p known to be valid and not yet copied */
    bool is_in_bad_run = false;
    while (good < n) {
        size_t len = utf8_length(p + good, n - good);
        if (len > 0) {
            good += len;
            is_in_bad_run = false;
            continue;
        }
        if (!text_add(out, p, good) || (!is_in_bad_run && !text_add(out, "\xEF\xBF\xBD", 3))) {
            return false;
        }
        is_in_bad_run = true;
        p += good + 1;
        n -= good + 1;
        good = 0;
    }
    return text_add(out, p, good);
}
