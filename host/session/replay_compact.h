/* replay_compact.h - what a `compacted` line leaves of the history before it.
 * For replay.c, and for agent/ when it happens. Thread: [main]. */
#ifndef HOST_SESSION_REPLAY_COMPACT_H
#define HOST_SESSION_REPLAY_COMPACT_H

#include <beacon/plugin.h>

struct history;

/* Apply the payload of a `compacted` line: its replacement_history when it has one; else the host's
 * own context messages, the newest of what the person said (words only, KEPT_WORDS_BYTES together)
 * and the summary; a summary of an earlier compaction goes. BEACON_E_LIMIT: over the history's cap. A payload without a message is left
 * without effect. */
int replay_compact(struct history *history, struct beacon_str payload, struct beacon_error *err);

#endif
