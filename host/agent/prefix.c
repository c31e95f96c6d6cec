/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/prefix.h"

#include <beacon/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"
#include "plugin/sha256.h"
#include "session/history.h"

/* Before the messages. */
enum { BLOCK_MODEL, BLOCK_SCHEMA, BLOCK_TOOLS, N_HEAD };

#define BYTES_MAX ((size_t)HISTORY_BYTES_MAX + (64u << 20)) /* of one block */

/* Each with its length, so that no two blocks read the same. */
static void add(struct text *out, struct beacon_str span)
{
    const uint64_t n = span.n;
    (void)text_add(out, &n, sizeof n);
    (void)text_add(out, span.p, span.n);
}

static void add_number(struct text *out, uint64_t number)
{
    (void)text_add(out, &number, sizeof number);
}

/* The digest of what was collected, which is forgotten. */
static uint64_t digest(struct text *bytes)
{
    uint8_t hash[SHA256_BYTES];
    uint64_t head = 0;
    sha256_of(text_string(bytes), bytes->len, hash);
    for (size_t i = 0; i < sizeof head; i++) {
        head = head << 8 | hash[i];
    }
    text_reset(bytes);
    return head;
}

static uint64_t digest_tools(const struct beacon_turn *turn, struct text *bytes)
{
    for (size_t i = 0; i < turn->n_tools; i++) {
        const struct beacon_tool *tool = turn->tools[i];
        const struct beacon_str spans[] = {tool->name,       tool->description,
                                           tool->parameters, tool->grammar_syntax,
                                           tool->grammar,    tool->ns};
        add_number(bytes, tool->flags);
        for (size_t k = 0; k < sizeof spans / sizeof spans[0]; k++) {
            add(bytes, spans[k]);
        }
    }
    return digest(bytes);
}

/* Not its cache_hint: that moves on with the conversation and is no part of what the model reads. */
static uint64_t digest_message(const struct beacon_message *message, struct text *bytes)
{
    add_number(bytes, message->role);
    for (size_t i = 0; i < message->n_parts; i++) {
        const struct beacon_part *part = message->parts[i];
        const struct beacon_str spans[] = {part->text, part->call_id, part->name, part->media_type,
                                           part->url,  part->opaque,  part->id,   part->ns};
        add_number(bytes, (uint64_t)part->type << 32 | part->flags);
        for (size_t k = 0; k < sizeof spans / sizeof spans[0]; k++) {
            add(bytes, spans[k]);
        }
        add(bytes, (struct beacon_str){(const char *)part->blob.p, part->blob.n});
    }
    return digest(bytes);
}

static bool begins_with(struct beacon_str text, const char *words)
{
    const size_t n = strlen(words);
    return text.n >= n && memcmp(text.p, words, n) == 0;
}

static void name_message(const struct beacon_turn *turn, size_t index, char *out)
{
    const struct beacon_message *message = index < turn->n_messages ? turn->messages[index] : NULL;
    const struct beacon_str text =
        message != NULL && message->n_parts > 0 ? message->parts[0]->text : (struct beacon_str){0};
    if (message != NULL && message->role == BEACON_ROLE_SYSTEM) {
        (void)snprintf(out, PREFIX_LABEL_BYTES, "instructions");
    } else if (message != NULL && message->role == BEACON_ROLE_USER &&
               begins_with(text, "# AGENTS.md instructions for ")) {
        (void)snprintf(out, PREFIX_LABEL_BYTES, "AGENTS.md");
    } else if (message != NULL && message->role == BEACON_ROLE_USER &&
               begins_with(text, "<environment_context>")) {
        (void)snprintf(out, PREFIX_LABEL_BYTES, "environment");
    } else {
        (void)snprintf(out, PREFIX_LABEL_BYTES, "message %zu", index);
    }
}

static void name_block(const struct beacon_turn *turn, size_t index, char *out)
{
    static const char *const names[N_HEAD] = {
        [BLOCK_MODEL] = "model", [BLOCK_SCHEMA] = "output schema", [BLOCK_TOOLS] = "tools"};
    if (index < N_HEAD) {
        (void)snprintf(out, PREFIX_LABEL_BYTES, "%s", names[index]);
    } else {
        name_message(turn, index - N_HEAD, out);
    }
}

static uint64_t *digests_of(const struct beacon_turn *turn, const char *family)
{
    AUTO_TEXT struct text bytes;
    text_init(&bytes, BYTES_MAX);
    uint64_t *blocks = alloc_array(N_HEAD + turn->n_messages, sizeof *blocks);
    add(&bytes, turn->model);
    add(&bytes, (struct beacon_str){family, strlen(family)});
    blocks[BLOCK_MODEL] = digest(&bytes);
    add(&bytes, turn->output_schema);
    blocks[BLOCK_SCHEMA] = digest(&bytes);
    blocks[BLOCK_TOOLS] = digest_tools(turn, &bytes);
    for (size_t i = 0; i < turn->n_messages; i++) {
        blocks[N_HEAD + i] = digest_message(turn->messages[i], &bytes);
    }
    return blocks;
}

static size_t count_equal(const struct prefix *before, const uint64_t *blocks, size_t n)
{
    size_t i = 0;
    while (i < n && i < before->n_blocks && blocks[i] == before->blocks[i]) {
        i++;
    }
    return i;
}

void prefix_take(struct prefix *prefix, const struct beacon_turn *turn, const char *family)
{
    const size_t n = N_HEAD + turn->n_messages;
    uint64_t *blocks = digests_of(turn, family);
    const size_t kept = count_equal(prefix, blocks, n);
    /* Only compaction makes a history shorter. */
    const bool is_compacted = prefix->is_compacted || n < prefix->n_blocks;
    if (kept < prefix->n_blocks && kept > N_HEAD && is_compacted) {
        (void)snprintf(prefix->broken_at, sizeof prefix->broken_at, "compaction");
    } else if (kept < prefix->n_blocks) {
        name_block(turn, kept, prefix->broken_at);
    }
    prefix->is_compacted = false;
    prefix->n_known = kept < prefix->n_known ? kept : prefix->n_known;
    free(prefix->blocks);
    prefix->blocks = blocks;
    prefix->n_blocks = n;
    sha256_hex(blocks, n * sizeof *blocks, prefix->hash);
}

void prefix_resume(struct prefix *prefix, const uint64_t *blocks, size_t n_blocks)
{
    prefix->blocks = alloc_array(n_blocks, sizeof *blocks);
    for (size_t i = 0; i < n_blocks; i++) {
        prefix->blocks[i] = blocks[i];
    }
    prefix->n_blocks = prefix->n_known = n_blocks;
}

void prefix_finish(struct prefix *prefix)
{
    free(prefix->blocks);
    *prefix = (struct prefix){0};
}

void prefix_compacted(struct prefix *prefix)
{
    prefix->is_compacted = true;
}

void prefix_told(struct prefix *prefix)
{
    prefix->n_known = prefix->n_blocks;
    prefix->broken_at[0] = '\0';
}
