/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "session/history.h"
#include "session/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void build(const struct replay *replay, const char *ns)
{
    struct arena *arena = arena_create();
    const struct beacon_message *const *messages = NULL;
    size_t n = 0;
    /* Whatever the replay kept can be sent. */
    assert(history_build_messages(replay->history, ns, arena, &messages, &n, NULL) == BEACON_OK);
    for (size_t i = 0; i < n; i++) {
        assert(messages[i]->n_parts > 0 && messages[i]->role != 0);
    }
    arena_destroy(arena);
}

/* Any bytes are a rollout that resumes, or one that says why not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct beacon_error err = {0};
    struct replay replay = {0};
    if (replay_read_bytes((const char *)data, size, &replay, &err) != BEACON_OK) {
        assert(err.message[0] != '\0' && err.hint[0] != '\0');
        return 0;
    }
    build(&replay, "openai");
    build(&replay, "anthropic");
    replay_finish(&replay);
    return 0;
}
