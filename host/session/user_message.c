/* SPDX-License-Identifier: Apache-2.0 */
#include "session/user_message.h"

#include <beacon-sdk/text.h>

#include "session/item.h"

struct beacon_str user_message_text(const struct item_view *view)
{
    for (size_t i = 0; i < view->n_parts; i++) {
        if (view->parts[i]->type == BEACON_PART_TEXT) {
            return view->parts[i]->text;
        }
    }
    return beacon_span("", 0);
}

bool user_message_is_summary(const struct item_view *view)
{
    return view->role == BEACON_ROLE_USER && view->is_known &&
           beacon_span_starts(user_message_text(view), USER_MESSAGE_SUMMARY);
}

bool user_message_is_person(const struct item_view *view)
{
    static const char *const contexts[] = {"<environment_context>", "<user_instructions>",
                                           "# AGENTS.md instructions", USER_MESSAGE_SUMMARY};
    if (view->role != BEACON_ROLE_USER || !view->is_known) {
        return false;
    }
    struct beacon_str text = user_message_text(view);
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        if (beacon_span_starts(text, contexts[i])) {
            return false;
        }
    }
    return true;
}
