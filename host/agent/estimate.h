/* estimate.h - how many tokens something is, when nobody who knows has said.
 *
 * One rule for all models: a token is four bytes of text, rounded up; each message and each tool takes
 * four tokens for its frame, each picture a thousand. English prose has fewer, code about as many, other
 * scripts more. What comes of it is always marked as estimated. Thread: [pure].
 */
#ifndef HOST_AGENT_ESTIMATE_H
#define HOST_AGENT_ESTIMATE_H

#include <stddef.h>
#include <stdint.h>

struct beacon_part;
struct beacon_turn;

#define ESTIMATE_BYTES_PER_TOKEN 4
#define ESTIMATE_FRAME_TOKENS    4
#define ESTIMATE_PICTURE_TOKENS  1000

int64_t estimate_text(size_t n_bytes);
int64_t estimate_part(const struct beacon_part *part);
int64_t estimate_turn(const struct beacon_turn *turn); /* what is asked: messages and tools */

#endif
