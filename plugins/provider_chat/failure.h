/* failure.h - what servers of this wire mean by their errors.
 *
 * They agree on little: codes are words, numbers or missing, errors come as objects or strings, and
 * that a conversation is too long is said in a dozen sentences. Thread: [pure].
 */
#ifndef PROVIDER_CHAT_FAILURE_H
#define PROVIDER_CHAT_FAILURE_H

#include <beacon-sdk/failure.h>

/* An answer with a status that is no success, after the end of its body. */
void chat_failure_of_answer(struct beacon_failure *f, const struct beacon_answer *answer,
                            struct beacon_str url);

/* A frame of a stream that says that the turn failed: {"error":…} and its relatives. */
void chat_failure_of_frame(struct beacon_failure *f, struct beacon_str frame);

/* The stream ended too early; `content_type` of the answer, when that explains it, else "". */
void chat_failure_closed_early(struct beacon_failure *f, struct beacon_str content_type);

/* The server gave up in the middle, with this finish_reason (as it stood between quotes). */
void chat_failure_gave_up(struct beacon_failure *f, struct beacon_str raw_reason);

/* The peer spoke nonsense; `what` is a whole sentence without its end. */
void chat_failure_nonsense(struct beacon_failure *f, const char *what);

/* Something grew over its cap; `what` as above. */
void chat_failure_limit(struct beacon_failure *f, const char *what);

#endif
