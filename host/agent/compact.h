/* compact.h - making room: the conversation so far is replaced by a summary of it.
 *
 * What the person said stays word for word, what the host said about the surroundings too; the rest
 * becomes the model's summary and the program's ledger (ledger.h). It happens before a request that would
 * come close to the model's window, when the model says that it was too long, and when it is asked for.
 * The question to the model is an ordinary request with the same beginning, so that its cache serves it.
 * Used by turn.c; private to this room. Thread: [main].
 */
#ifndef HOST_AGENT_COMPACT_H
#define HOST_AGENT_COMPACT_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent;
struct arena;
struct beacon_part;
struct beacon_turn;
struct history;
struct stream_outcome;
struct text;

extern const char compact_default_prompt[];

struct compaction {
    const char *reason; /* why it is under way: "limit", "too_long" or "asked"; NULL: it is not */
    char *summary;      /* what the model has said of it */
    struct history *partial; /* the question holds only these items; NULL: all */
    uint32_t n_cuts;         /* how often the question was halved */
    bool is_strict;          /* asked again, without tools: the first answer had no words */
    int64_t known_tokens;    /* the last answer's input and output; -1: nobody told */
    size_t known_bytes;      /* of the history then */
    uint32_t n_done, n_fruitless;
    bool has_new_words; /* the person said something since the last one */
};

void compact_init(struct compaction *compaction);
void compact_finish(struct compaction *compaction);

/* Is there too much for the next request? Then begin: the next request asks for the summary. Fails, with
 * what the turn ends with, when making room has led nowhere before. */
int compact_if_due(struct agent *agent, struct beacon_error *err);

/* Begin, whatever there is. */
int compact_begin(struct agent *agent, const char *reason, struct beacon_error *err);

/* Is there more than what stays anyway? */
bool compact_would_help(const struct agent *agent);

bool compact_is_asking(const struct agent *agent);
bool compact_is_asked_for(const struct agent *agent); /* the whole turn is for that */

/* The request for the summary, as request_build() makes those of the conversation. */
int compact_build_request(struct agent *agent, struct arena *arena, struct beacon_turn *ret,
                          struct beacon_error *err);

/* A part of the model's answer to it. */
void compact_take_part(struct agent *agent, const struct beacon_part *part);

/* The answer is whole. False, once: it has no words, ask again. */
bool compact_is_answered(struct agent *agent);

/* Put what stays into the journal, then into the history, and tell. */
int compact_apply(struct agent *agent, struct beacon_error *err);

/* The question failed for good. True: it was too long, and is asked again with the older half left out,
 * or what there is was applied without the model's words. False: the turn fails as others do. */
bool compact_recover(struct agent *agent, const struct stream_outcome *outcome);

/* An answer of the conversation is complete. */
void compact_note_usage(struct agent *agent);

#endif
