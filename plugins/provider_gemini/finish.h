/* finish.h - what the API's finishReason means: a table. Thread: [pure]. */
#ifndef PROVIDER_GEMINI_FINISH_H
#define PROVIDER_GEMINI_FINISH_H

#include <beacon-sdk/failure.h>

struct gemini_finish {
    const char *reason;   /* NULL: one that nobody knows */
    uint32_t code;        /* BEACON_FINISH_, 0 for a failure */
    uint32_t verdict;     /* BEACON_VERDICT_ of a failure */
    const char *sentence; /* for the person, before the reason; NULL: nothing to be told */
};

/* The row of a reason, a raw string. Never NULL. */
const struct gemini_finish *gemini_finish_find(struct beacon_str raw_reason);

/* Append the row's sentence with the reason and the server's words, both raw strings. */
void gemini_finish_tell(struct beacon_json_out *out, const struct gemini_finish *finish,
                        struct beacon_str raw_reason, struct beacon_str raw_message);

#endif
