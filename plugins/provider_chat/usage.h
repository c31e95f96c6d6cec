/* usage.h - what a turn has cost, in the words of this wire. Thread: [pure]. */
#ifndef PROVIDER_CHAT_USAGE_H
#define PROVIDER_CHAT_USAGE_H

#include <beacon-sdk/sink.h>

/* Fill *ret from a usage object. False: nothing in it was counted, and *ret is left alone. Counts
 * that contradict each other decide the flags: some servers count reasoning or cache apart. */
bool chat_usage_read(struct beacon_str object, struct beacon_usage *ret);

#endif
