/* money.h - US dollars as whole pico-dollars (1e-12), which sums of prices per token need.
 *
 * An int64_t holds nine million dollars; sums stop there instead of turning round. Thread: [any].
 */
#ifndef HOST_BASE_MONEY_H
#define HOST_BASE_MONEY_H

#include <stdint.h>

#define MONEY_UNKNOWN    (-1)
#define MONEY_USD        INT64_C(1000000000000)
#define MONEY_TEXT_BYTES 32

/* Of amounts that are not negative; INT64_MAX is the most there is. */
int64_t money_add(int64_t a, int64_t b);
int64_t money_times(int64_t a, int64_t n);

/* 1.5 → 1,500,000,000,000. Below 0 and not a number: 0. */
int64_t money_from_usd(double usd);

/* "$0.0042", for people: four decimals, "under $0.0001" where they would show nothing; "unknown". */
void money_text(int64_t pico_usd, char out[MONEY_TEXT_BYTES]);

/* "0.00421", a JSON number: every digit, none that says nothing; "null" when unknown. */
void money_json(int64_t pico_usd, char out[MONEY_TEXT_BYTES]);

#endif
