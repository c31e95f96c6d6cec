/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/spent.h"

#include <beacon-sdk/json_write.h>

#include "base/money.h"
#include "base/text.h"
#include "event/event.h"

void spent_add_cost(struct text *out, const struct event_cost *cost)
{
    char amount[MONEY_TEXT_BYTES];
    money_text(cost->pico_usd, amount);
    const bool is_known = cost->pico_usd >= 0;
    (void)text_addf(out, "%s%s%s", is_known && cost->is_partial ? "at least " : "", amount,
                    is_known && cost->is_estimated ? " (estimated)" : "");
}

void spent_add_turn(struct text *out, const struct event_spending *spending)
{
    if (spending == NULL || spending->total.pico_usd <= 0) {
        return;
    }
    if (spending->turn.pico_usd == spending->total.pico_usd) {
        spent_add_cost(out, &spending->total);
        return;
    }
    spent_add_cost(out, &spending->turn);
    (void)text_add_string(out, " in this turn, ");
    spent_add_cost(out, &spending->total);
    (void)text_add_string(out, " in this session");
}

void spent_put_usd(struct beacon_json_out *out, const char *key, int64_t pico_usd)
{
    char amount[MONEY_TEXT_BYTES];
    money_json(pico_usd, amount);
    beacon_json_key(out, key);
    beacon_json_put_raw(out, beacon_text(amount));
}

void spent_put_json(struct beacon_json_out *out, const struct event_spending *spending)
{
    if (spending == NULL || spending->total.pico_usd < 0) {
        return;
    }
    beacon_json_key(out, "cost");
    beacon_json_begin_object(out);
    spent_put_usd(out, "usd", spending->total.pico_usd);
    spent_put_usd(out, "turn_usd", spending->turn.pico_usd);
    if (spending->total.is_estimated) {
        beacon_json_key(out, "estimated");
        beacon_json_put_bool(out, true);
    }
    if (spending->total.is_partial) {
        beacon_json_key(out, "partial");
        beacon_json_put_bool(out, true);
    }
    beacon_json_end_object(out);
}
