/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/estimate.h"

#include <beacon/provider.h>

int64_t estimate_text(size_t n_bytes)
{
    return (int64_t)(n_bytes / ESTIMATE_BYTES_PER_TOKEN +
                     (n_bytes % ESTIMATE_BYTES_PER_TOKEN != 0 ? 1 : 0));
}

int64_t estimate_part(const struct beacon_part *part)
{
    if (part->type == BEACON_PART_BLOB) {
        return ESTIMATE_PICTURE_TOKENS; /* its size in bytes says nothing */
    }
    return estimate_text(part->text.n + part->name.n + part->call_id.n + part->opaque.n);
}

static int64_t estimate_message(const struct beacon_message *message)
{
    int64_t tokens = ESTIMATE_FRAME_TOKENS;
    for (size_t i = 0; i < message->n_parts; i++) {
        tokens += estimate_part(message->parts[i]);
    }
    return tokens;
}

int64_t estimate_turn(const struct beacon_turn *turn)
{
    int64_t tokens = estimate_text(turn->output_schema.n);
    for (size_t i = 0; i < turn->n_tools; i++) {
        const struct beacon_tool *tool = turn->tools[i];
        tokens += ESTIMATE_FRAME_TOKENS + estimate_text(tool->name.n + tool->description.n +
                                                        tool->parameters.n + tool->grammar.n);
    }
    for (size_t i = 0; i < turn->n_messages; i++) {
        tokens += estimate_message(turn->messages[i]);
    }
    return tokens;
}
