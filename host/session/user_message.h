/* user_message.h - telling what a person said from what the host says in their name.
 * For session/ and agent/. Thread: [main]. */
#ifndef HOST_SESSION_USER_MESSAGE_H
#define HOST_SESSION_USER_MESSAGE_H

#include <beacon/provider.h>
#include <stdbool.h>

struct item_view;

/* What the summary of a compaction begins with. */
#define USER_MESSAGE_SUMMARY "<compacted_history>"

/* True for what stands for the history before it. */
bool user_message_is_summary(const struct item_view *view);

/* True for a message of role user that is neither environment nor instructions nor a summary. */
bool user_message_is_person(const struct item_view *view);

/* The words of a message's first text part; "" when it has none. */
struct beacon_str user_message_text(const struct item_view *view);

#endif
