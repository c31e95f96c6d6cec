/* ledger_parts.h - the inside of struct ledger. Private to ledger*.c. Thread: [main]. */
#ifndef HOST_AGENT_LEDGER_PARTS_H
#define HOST_AGENT_LEDGER_PARTS_H

#include <beacon/provider.h>
#include <stdbool.h>

#include "agent/ledger.h"

#define LEDGER_TITLE "## Ledger (kept by the program)"

enum ledger_kind { LEDGER_READ, LEDGER_EDIT, LEDGER_COMMAND, LEDGER_OPEN, LEDGER_KINDS };

struct ledger_entry {
    char *key, *note; /* a path and its hash, a command and its exit status, a step and its state */
    bool is_carried;  /* the ledger of the compaction before said just that */
};

struct ledger_list {
    struct ledger_entry *entries; /* in the order of their last time */
    size_t n, n_forgotten;
};

struct ledger {
    struct ledger_list lists[LEDGER_KINDS];
    bool is_carrying;
};

/* An entry of the same key goes; the new one is the last. Line breaks in neither. */
void ledger_add(struct ledger *ledger, enum ledger_kind kind, const char *key, const char *note);
void ledger_clear(struct ledger *ledger, enum ledger_kind kind);

/* Calls that wait for their results. */
struct ledger_calls {
    const char *cwd;
    struct ledger_call {
        char *id, *name, *input;
        bool is_freeform;
    } * waiting;
    size_t n;
};

void ledger_calls_begin(struct ledger_calls *calls, const struct beacon_part *call);

/* What the call whose result this is did goes into the ledger. */
void ledger_calls_end(struct ledger_calls *calls, struct ledger *ledger,
                      const struct beacon_part *result);
void ledger_calls_finish(struct ledger_calls *calls);

#endif
