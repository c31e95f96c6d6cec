/* SPDX-License-Identifier: Apache-2.0 */
#include "base/money.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SHOWN (MONEY_USD / 10000) /* the smallest step people are shown */

int64_t money_add(int64_t a, int64_t b)
{
    int64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

int64_t money_times(int64_t a, int64_t n)
{
    int64_t product = 0;
    return __builtin_mul_overflow(a, n, &product) ? INT64_MAX : product;
}

int64_t money_from_usd(double usd)
{
    const double pico = usd * (double)MONEY_USD + 0.5;
    if (!(pico > 0)) {
        return 0;
    }
    return pico < (double)INT64_MAX ? (int64_t)pico : INT64_MAX;
}

void money_text(int64_t pico_usd, char out[MONEY_TEXT_BYTES])
{
    const int64_t steps = pico_usd / SHOWN + (pico_usd % SHOWN >= SHOWN / 2 ? 1 : 0);
    if (pico_usd < 0) {
        (void)snprintf(out, MONEY_TEXT_BYTES, "unknown");
    } else if (steps == 0 && pico_usd > 0) {
        (void)snprintf(out, MONEY_TEXT_BYTES, "under $0.0001");
    } else {
        (void)snprintf(out, MONEY_TEXT_BYTES, "$%" PRId64 ".%04" PRId64, steps / 10000,
                       steps % 10000);
    }
}

void money_json(int64_t pico_usd, char out[MONEY_TEXT_BYTES])
{
    if (pico_usd < 0) {
        (void)snprintf(out, MONEY_TEXT_BYTES, "null");
        return;
    }
    (void)snprintf(out, MONEY_TEXT_BYTES, "%" PRId64 ".%012" PRId64, pico_usd / MONEY_USD,
                   pico_usd % MONEY_USD);
    size_t n = strlen(out);
    while (out[n - 1] == '0') {
        n--;
    }
    out[out[n - 1] == '.' ? n - 1 : n] = '\0';
}
