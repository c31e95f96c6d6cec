/* SPDX-License-Identifier: Apache-2.0 */
#include "failure.h"

#define SAYS BEACON_PIECE_MESSAGE

/* What a status means is the same on every wire; here is what the code adds to it, and what it means
 * in the middle of a stream. The last row is any other. */
static const struct beacon_failure_code codes[] = {
    {"invalid_request_error",
     "prompt is too long",
     {BEACON_VERDICT_TOO_LONG, BEACON_E_LIMIT, "", SAYS, NULL}},
    {"invalid_request_error",
     "exceed context limit",
     {BEACON_VERDICT_TOO_LONG, BEACON_E_LIMIT, "", SAYS, NULL}},
    {"invalid_request_error",
     "context window",
     {BEACON_VERDICT_TOO_LONG, BEACON_E_LIMIT, "", SAYS, NULL}},
    {"invalid_request_error",
     "context length",
     {BEACON_VERDICT_TOO_LONG, BEACON_E_LIMIT, "", SAYS, NULL}},
    {"exceed_context_size_error", NULL, {BEACON_VERDICT_TOO_LONG, BEACON_E_LIMIT, "", SAYS, NULL}},
    {"request_too_large", NULL, {BEACON_VERDICT_TOO_LONG, BEACON_E_LIMIT, "", SAYS, NULL}},
    {"rate_limit_error",
     NULL,
     {BEACON_VERDICT_RETRY, BEACON_E_LIMIT, "rate limit exceeded: ", SAYS, NULL}},
    {"overloaded_error",
     NULL,
     {BEACON_VERDICT_RETRY, BEACON_E_IO, "the model is overloaded: ", SAYS, NULL}},
    {"authentication_error",
     NULL,
     {BEACON_VERDICT_REAUTH, BEACON_E_AUTH, "the server refused the credentials: ", SAYS, NULL}},
    {"permission_error",
     NULL,
     {BEACON_VERDICT_FATAL, BEACON_E_AUTH, "the account may not do this: ", SAYS, NULL}},
    {"billing_error",
     NULL,
     {BEACON_VERDICT_FATAL, BEACON_E_LIMIT, "the account cannot pay for this: ", SAYS, NULL}},
    {"not_found_error",
     NULL,
     {BEACON_VERDICT_FATAL, BEACON_E_NOT_FOUND, "the server does not know this: ", SAYS, NULL}},
    {"invalid_request_error",
     NULL,
     {BEACON_VERDICT_FATAL, BEACON_E_INVALID, "the server refused the request: ", SAYS, NULL}},
    {NULL,
     NULL,
     {BEACON_VERDICT_RETRY, BEACON_E_IO, "stream disconnected before completion: ", SAYS, NULL}},
};

static const struct beacon_failure_wire wire = {codes, NULL};

/* Bodies are JSON around one sentence for people. */
void messages_failure_of_answer(struct beacon_failure *f, const struct beacon_answer *answer,
                                struct beacon_str url)
{
    struct beacon_error_words words;
    beacon_error_words_find(beacon_json_out_text(&answer->body), &words);
    struct beacon_failure_row row = beacon_failure_row_of_answer(&wire, answer, &words);
    if ((row.pieces & BEACON_PIECE_BODY) != 0 && words.message.n > 0) {
        row.pieces ^= BEACON_PIECE_BODY | BEACON_PIECE_BODY_WORDS;
    }
    beacon_failure_set(f, &row);
    beacon_failure_add_answer(&f->message, row.pieces, answer, url, &words);
    beacon_failure_add_words(&f->message, &row, &words);
    if (row.verdict == BEACON_VERDICT_RETRY) {
        f->after_ms = answer->retry_after_ms >= 0 ? answer->retry_after_ms
                                                  : beacon_failure_delay(&wire, &words);
    }
}

void messages_failure_of_error(struct beacon_failure *f, struct beacon_str object)
{
    beacon_failure_of_error(f, &wire, object);
}

void messages_failure_too_big(struct beacon_failure *f, const char *what)
{
    const struct beacon_failure_row row = {BEACON_VERDICT_FATAL, BEACON_E_LIMIT,
                                           "the server sent more than is kept of one answer: ", 0,
                                           NULL};
    beacon_failure_set(f, &row);
    beacon_failure_add(&f->message, beacon_text(what));
}

/* Complaints about a block of the conversation name it first ("messages.3.content.0: …"); taking the
 * wish out only helps when what is missing there is a thought: calls that another provider's model
 * began without one are under way. */
enum messages_complaint messages_failure_complaint(const struct beacon_answer *answer)
{
    struct beacon_error_words words;
    if (answer->status != 400) {
        return COMPLAINT_NONE;
    }
    beacon_error_words_find(beacon_json_out_text(&answer->body), &words);
    const bool is_about_thinking = beacon_error_words_say(words.message, "thinking") ||
                                   beacon_error_words_say(words.message, "effort");
    const bool is_about_block = beacon_span_starts(words.message, "messages.") &&
                                !beacon_error_words_say(words.message, "expected `thinking`");
    if (!is_about_thinking || is_about_block) {
        return COMPLAINT_NONE;
    }
    return beacon_error_words_say(words.message, "adaptive") ? COMPLAINT_WANTS_ADAPTIVE
                                                             : COMPLAINT_THINKING;
}
