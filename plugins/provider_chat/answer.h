/* answer.h - one answer of the model, as it grows, and the events it becomes.
 *
 * Text and reasoning are shown as they come and kept; what is durable, the finished text, reasoning
 * and calls, is given out when the server has said that the answer is over: a stream that breaks
 * before leaves nothing behind. Owned by an exchange. Thread: that of the exchange.
 */
#ifndef PROVIDER_CHAT_ANSWER_H
#define PROVIDER_CHAT_ANSWER_H

#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>
#include <stdbool.h>

#include "calls.h"
#include "details.h"

#define CHAT_TEXT_MAX ((size_t)64 << 20) /* bytes of the text of an answer, and of its reasoning */

/* What is said, as deltas. */
struct chat_words {
    struct beacon_json_out text;
    uint32_t index; /* of the item */
    bool is_begun;
};

struct chat_answer {
    bool is_started, is_finished; /* START, FINISH emitted */
    bool is_over;                 /* a finish_reason was seen */
    bool is_refused;              /* the text is a refusal */
    uint32_t finish;              /* BEACON_FINISH_ by the finish_reason; 0: none seen */
    uint32_t n_items;
    struct chat_words words[2]; /* by enum chat_channel */
    struct chat_calls calls;
    struct chat_details details;
    struct beacon_usage usage;
    bool has_usage;
};

enum chat_channel { CHAT_TEXT, CHAT_REASONING };

/* Everything a reader of the stream needs; rc and err as everywhere. */
struct chat_context {
    struct beacon_exchange *x;
    const struct beacon_events *events;
    struct beacon_error *err;
};

void chat_answer_init(struct chat_answer *answer);
void chat_answer_finish(struct chat_answer *answer);

/* START, unless it was said; plain text. */
beacon_rc chat_answer_start(const struct chat_context *c, struct beacon_str id,
                            struct beacon_str model);

/* More text: keep it and emit a delta. `raw` is what stands between quotes. BEACON_E_LIMIT: over
 * the cap, and the exchange has failed. */
beacon_rc chat_answer_add(const struct chat_context *c, enum chat_channel channel,
                          struct beacon_str raw);

/* The answer is over: everything durable, usage, FINISH. Fails when what came makes no answer; then
 * nothing durable was emitted and the exchange has failed. */
beacon_rc chat_answer_end(const struct chat_context *c);

/* Fail with words about a cap. */
beacon_rc chat_answer_over_limit(const struct chat_context *c, const char *what);

#endif
