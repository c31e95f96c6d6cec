/* user_message.h - telling what a person said from what the host says in their name.
 * Private to session/. Thread: [main]. */
#ifndef HOST_SESSION_USER_MESSAGE_H
#define HOST_SESSION_USER_MESSAGE_H

#include <beacon/provider.h>
#include <stdbool.h>

struct item_view;

/* True for a message of role user that is neither environment nor instructions. */
bool user_message_is_person(const struct item_view *view);

/* The words of a message's first text part; "" when it has none. */
struct beacon_str user_message_text(const struct item_view *view);

#endif
