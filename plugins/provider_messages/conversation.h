/* conversation.h - the conversation put into the order that the Messages API insists on.
 *
 * The API wants roles that alternate, and the results of all calls at the beginning of the very next
 * user message. The host's history is a list of single steps, in which a person may have spoken
 * between a call and its result. Here steps of one role become one message, results move to their
 * calls, and what cannot be said is left out: thinking without its signature, text without letters, calls
 * without a result. A longer history changes nothing before the last message of a shorter one.
 * Borrows the turn. Thread: [pure].
 */
#ifndef PROVIDER_MESSAGES_CONVERSATION_H
#define PROVIDER_MESSAGES_CONVERSATION_H

#include <beacon/provider.h>
#include <stdbool.h>

/* One step that is said. */
struct messages_step {
    struct beacon_part part;
    const struct beacon_part *const *blobs; /* TOOL_RESULT: the pictures that belong to it */
    size_t n_blobs;
    uint32_t role;                      /* BEACON_ROLE_USER or _ASSISTANT */
    bool has_hint;                      /* the host would end the prompt cache behind it */
    bool is_taken;                      /* a result that stands with its call */
    const struct messages_step *result; /* of a call; NULL: it has none, and is not said */
};

/* What is said where the API wants words and the history has none. */
enum { FILLER_BEGIN, FILLER_INTERRUPTED, FILLER_GO_ON, N_FILLERS };

/* One message of the request: steps that follow each other in `order`. */
struct messages_message {
    uint32_t role;
    size_t first, n;
    bool has_breakpoint;
};

struct messages_conversation {
    struct messages_step *steps;
    size_t n_steps;
    const struct messages_step **order; /* the steps of all messages, one message after the other */
    size_t n_order;
    struct messages_message *messages;
    size_t n_messages;
    size_t n_system; /* leading system messages of the turn: no part of the messages */
    struct messages_step fillers[N_FILLERS];
};

/* Fill *ret from `turn`. Free with messages_conversation_finish(), also after a failure
 * (BEACON_E_NOMEM). The struct must stay where it is. */
beacon_rc messages_conversation_init(struct messages_conversation *ret,
                                     const struct beacon_turn *turn, struct beacon_error *err);
void messages_conversation_finish(struct messages_conversation *conversation);

/* Choose up to three messages whose end the cache should remember: the last two of the user, where the
 * request before this one ended and where this one does, and the one of the host's newest hint. */
void messages_conversation_mark(struct messages_conversation *conversation);

/* The server asked to be called again with its own words last. */
bool messages_conversation_is_paused(const struct messages_conversation *conversation);

#endif
