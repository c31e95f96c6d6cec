/* details.h - reasoning that a server wants back as it gave it: the list `reasoning_details`.
 *
 * A stream brings a text of the list in many pieces; signed text goes back in one. An element that
 * came whole is kept byte for byte. Owned by an answer. Thread: that of the exchange.
 */
#ifndef PROVIDER_CHAT_DETAILS_H
#define PROVIDER_CHAT_DETAILS_H

#include <beacon-sdk/json_write.h>
#include <stdbool.h>

#define CHAT_DETAILS_MAX    ((size_t)16 << 20) /* bytes of the list */
#define CHAT_DETAIL_MEMBERS 5u

struct chat_details {
    struct beacon_json_out list; /* the elements that are over, with commas between */
    struct beacon_json_out raw, text;
    struct beacon_json_out members[CHAT_DETAIL_MEMBERS]; /* raw values of the element at hand */
    bool is_open, is_merged;                             /* the element at hand */
};

void chat_details_init(struct chat_details *details);
void chat_details_finish(struct chat_details *details);

/* Take the list of one chunk. False: the cap is reached, or there is no memory. */
bool chat_details_add(struct chat_details *details, struct beacon_str list);

/* What an element says, between its quotes; empty when it says nothing readable. */
struct beacon_str chat_detail_text(struct beacon_str element);

/* The whole list as JSON, "" when it is empty. Called once, at the end. */
struct beacon_str chat_details_list(struct chat_details *details);

#endif
