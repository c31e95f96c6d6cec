/* fallback.h - a chain of models: when one can't answer, the next of the chain is asked with the same
 * history.
 *
 * It is taken when the provider's verdict says so, or when the tries of a failure that passes (429, 5xx,
 * network, silence) are used up. Calls that arrived whole before the failure run first and once: what
 * the next model sees is the history with their answers. Each change is told by EVENT_MODEL_FALLBACK.
 * The next turn begins with the first model again. Used by turn.c. Thread: [main].
 */
#ifndef HOST_AGENT_FALLBACK_H
#define HOST_AGENT_FALLBACK_H

#include <stdbool.h>

struct agent;
struct stream_outcome;

/* An answer failed and is not asked for again. True: another model is in place now, and the turn goes on.
 * False: there is none, or it would not help; everything is as it was. */
bool fallback_begin(struct agent *agent, const struct stream_outcome *outcome);

/* The turn is over. */
void fallback_end(struct agent *agent);

#endif
