/* failure.h - what the errors of the Messages API mean. Thread: [pure]. */
#ifndef PROVIDER_MESSAGES_FAILURE_H
#define PROVIDER_MESSAGES_FAILURE_H

#include <beacon-sdk/failure.h>

/* An answer with a status that is no success, after the end of its body. */
void messages_failure_of_answer(struct beacon_failure *f, const struct beacon_answer *answer,
                                struct beacon_str url);

/* The error object of an event. */
void messages_failure_of_error(struct beacon_failure *f, struct beacon_str object);

/* More was sent than is kept of one answer. */
void messages_failure_too_big(struct beacon_failure *f, const char *what);

/* What a model said about the wish for thinking in a 400. */
enum messages_complaint {
    COMPLAINT_NONE,           /* it is about something else */
    COMPLAINT_THINKING,       /* takes no such wish */
    COMPLAINT_WANTS_ADAPTIVE, /* takes it in the other form */
};
enum messages_complaint messages_failure_complaint(const struct beacon_answer *answer);

#endif
