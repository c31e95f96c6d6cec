/* line.h - one line of a recording. Thread: [pure]. */
#ifndef PROVIDER_REPLAY_LINE_H
#define PROVIDER_REPLAY_LINE_H

#include "recording.h"

/* Fill *ret from one line without its newline. Returns NULL, or what is wrong with the line. */
const char *replay_line_read(struct beacon_str line, struct replay_step *ret);

#endif
