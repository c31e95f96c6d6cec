/* messages.h - the conversation as the `messages` of a Chat Completions request.
 *
 * One answer of the model is one message, however many items the host keeps of it. Equal
 * conversations give equal bytes; a longer one begins with the bytes of the shorter one, unless
 * `reasoning_echo` is after_user and a person said something new. Thread: [pure].
 */
#ifndef PROVIDER_CHAT_MESSAGES_H
#define PROVIDER_CHAT_MESSAGES_H

#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>

struct chat_config;
struct chat_history;

/* Append the array. */
void chat_put_messages(struct beacon_json_out *out, const struct chat_config *config,
                       const struct chat_history *history);

/* ---- between messages.c and message_answer.c ---- */

/* Entries of the history that become one message. */
struct chat_group {
    const struct chat_config *config;
    const struct chat_history *history;
    size_t from, end;
};

/* The message of one answer; nothing when there is nothing in it that this server wants. */
void chat_put_answer(struct beacon_json_out *out, const struct chat_group *group);

/* Append the texts of the group as one string: parts of a message of the model stand together, all
 * others have a blank line between them. */
void chat_put_joined(struct beacon_json_out *out, const struct chat_group *group, uint32_t type);

/* Does the group have a part of this type that says something? */
bool chat_group_has(const struct chat_group *group, uint32_t type);

#endif
