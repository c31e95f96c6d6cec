/* call_id.h - names of tool calls that a server accepts, and names for calls it gave none.
 *
 * The same name always becomes the same, so that a call and its result stay together and equal
 * conversations give equal bytes. Thread: [pure].
 */
#ifndef PROVIDER_CHAT_CALL_ID_H
#define PROVIDER_CHAT_CALL_ID_H

#include <beacon-sdk/json_write.h>

#define CALL_ID_ALNUM_BYTES 9u
#define CALL_ID_MADE_BYTES  21u /* "call_" and 16 digits */

/* Append `id` as a string: as it is, or with `is_alnum9`, unless it is one already, as nine letters
 * and digits made from it. */
void chat_put_call_id(struct beacon_json_out *out, struct beacon_str id, bool is_alnum9);

/* A number that differs between requests; `seed` lets it differ within one. */
uint64_t chat_hash(struct beacon_str bytes, uint64_t seed);

/* Write the name of a call whose server gave it none, without NUL. */
void chat_make_call_id(uint64_t hash, char ret[CALL_ID_MADE_BYTES]);

#endif
