/* truncation.h - does the server read all that it is sent?
 *
 * Local servers with a small window cut the beginning of a conversation away and say nothing; the model
 * then has forgotten the task. What it shows itself by is the count of the prompt's tokens: it stays where
 * it was while the request grows, or is far too small for the text. Thread: [pure].
 */
#ifndef HOST_AGENT_TRUNCATION_H
#define HOST_AGENT_TRUNCATION_H

#include <stdbool.h>
#include <stdint.h>

struct truncation {
    int64_t counted, estimate; /* of the largest request so far; 0: none */
    bool is_told;
};

/* A request of about `estimate` tokens (estimate.h) was read as `counted`, -1 unknown. True, once in a
 * session: some of it was not read. */
bool truncation_is_seen(struct truncation *truncation, int64_t estimate, int64_t counted);

/* The conversation was replaced by a shorter one: what came before says nothing any more. */
void truncation_forget(struct truncation *truncation);

#endif
