/* history.h - the conversation as a flat list of parts, and which of them belong to one message.
 *
 * The host hands out an item per message; on this wire one answer of the model is one message, with
 * its text, its reasoning and all of its calls. Borrows the turn. Thread: [pure].
 */
#ifndef PROVIDER_CHAT_HISTORY_H
#define PROVIDER_CHAT_HISTORY_H

#include <beacon/provider.h>
#include <stdbool.h>

enum chat_kind { CHAT_SYSTEM, CHAT_USER, CHAT_ANSWER, CHAT_RESULT };

struct chat_entry {
    const struct beacon_part *part; /* the host's: BEACON_COPY_IN before reading */
    enum chat_kind kind;
    uint32_t type;  /* BEACON_PART_ */
    size_t message; /* place of the message it came from */
};

struct chat_history {
    struct chat_entry *at; /* server tools are left out: nobody but their server knows them */
    size_t n;
    size_t last_user; /* place of the newest message of a person; SIZE_MAX: there is none */
};

/* BEACON_E_NOMEM. Free with chat_history_finish(), also after a failure. */
beacon_rc chat_history_init(struct chat_history *history, const struct beacon_turn *turn,
                            struct beacon_error *err);
void chat_history_finish(struct chat_history *history);

/* First entry behind the message of the wire that begins at `from`. `merges_user`: neighbouring
 * messages of a person become one. */
size_t chat_history_group_end(const struct chat_history *history, size_t from, bool merges_user);

/* Name and namespace of the call that a result of this id answers; false: it was never made. The
 * nearest one before entry `before` counts. */
bool chat_history_find_call(const struct chat_history *history, size_t before,
                            struct beacon_str call_id, struct beacon_part *ret);

#endif
