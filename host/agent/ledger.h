/* ledger.h - what was done in a conversation, kept by the program and not by the model's memory.
 *
 * Read out of the items of the history, so it is the same in a session that was resumed. A compaction
 * puts it beside the model's summary; the next one carries it on. Thread: [main].
 */
#ifndef HOST_AGENT_LEDGER_H
#define HOST_AGENT_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

struct history;
struct ledger;
struct text;

#define LEDGER_SHOWN_MAX 60 /* the newest of each kind; the others are counted */

/* Files that commands read (with the hash of what they hold now), files that patches changed, commands
 * with their exit status, the open steps of the plan; after what the ledger of the compaction before
 * says. `cwd` is where relative names begin. Never fails: what cannot be understood is left out. */
struct ledger *ledger_read(const struct history *history, const char *cwd);
void ledger_destroy(struct ledger *ledger); /* NULL is fine */

/* How much there is that the ledger of the compaction before did not have: 0 is no progress. */
size_t ledger_news(const struct ledger *ledger);

/* Append it as Markdown. Nothing for an empty one. */
void ledger_write(const struct ledger *ledger, struct text *out);

#endif
