/* play.h - one response of the recording, spoken as a model would: word by word, then whole.
 *
 * Thread: [worker], one call at a time per instance.
 */
#ifndef PROVIDER_REPLAY_PLAY_H
#define PROVIDER_REPLAY_PLAY_H

#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>

#include "recording.h"

struct replay_instance {
    const struct beacon_host *host;
    struct replay_recording recording;
    struct beacon_json_out scratch; /* plain text of the step at hand */
    struct beacon_json_out item;    /* its item, as JSON */
    struct beacon_json_out message; /* of the latest verdict */
};

/* The slot `stream` of struct beacon_provider. */
beacon_rc replay_stream(void *inst, const struct beacon_turn *turn,
                        const struct beacon_events *events, const struct beacon_cancel *cancel,
                        struct beacon_verdict *why, struct beacon_error *err);

#endif
