/* failure.h - what the API's errors mean: its status words, its delays, its sentences. Thread: [pure]. */
#ifndef PROVIDER_GEMINI_FAILURE_H
#define PROVIDER_GEMINI_FAILURE_H

#include <beacon-sdk/failure.h>

/* An answer with a status that is no success. */
void gemini_failure_of_answer(struct beacon_failure *f, const struct beacon_answer *answer,
                              struct beacon_str url);

/* An error object in the middle of a stream. */
void gemini_failure_of_error(struct beacon_failure *f, struct beacon_str object);

/* The prompt was not even shown to the model: `feedback` is the value of promptFeedback. False: it
 * does not say so, and nothing is set. */
bool gemini_failure_of_feedback(struct beacon_failure *f, struct beacon_str feedback);

/* Half an event: a piece of the answer is lost. */
void gemini_failure_of_nonsense(struct beacon_failure *f);

/* The answer is larger than anything that may be kept. */
void gemini_failure_too_large(struct beacon_failure *f);

/* True when the body of a 400 says that the model cannot be told how to think. */
bool gemini_failure_is_about_thinking(struct beacon_str body);

#endif
