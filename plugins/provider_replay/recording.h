/* recording.h - a recorded session: responses, each a list of steps. Format: README.md.
 *
 * Read once by create() and checked whole, so that playing meets no surprise; read-only after that.
 * Owned by the instance. Thread: [worker], then read-only.
 */
#ifndef PROVIDER_REPLAY_RECORDING_H
#define PROVIDER_REPLAY_RECORDING_H

#include <beacon-sdk/json_write.h>
#include <beacon/plugin.h>
#include <stdint.h>

#define RECORDING_BYTES_MAX ((size_t)64 << 20)
#define RECORDING_DELAY_MAX 600000 /* ms of one pause */

enum replay_kind {
    REPLAY_NONE,
    REPLAY_HEADER,
    REPLAY_REASONING, /* body: raw string */
    REPLAY_TEXT,      /* body: raw string */
    REPLAY_CALL,      /* name; body: arguments, raw value; call_id */
    REPLAY_CUSTOM,    /* name; body: input, raw value; call_id */
    REPLAY_DELAY,     /* number: ms */
    REPLAY_USAGE,     /* body: object */
    REPLAY_END,       /* code: BEACON_FINISH_ */
    REPLAY_FAIL,      /* body: raw string; code: BEACON_VERDICT_; number: after_ms; times */
};

/* One line. Spans point into the recording's text; strings are raw, between their quotes. */
struct replay_step {
    enum replay_kind kind;
    uint32_t code;
    struct beacon_str name, body, call_id;
    int64_t number;
    int64_t times; /* FAIL: attempts that fail, after which the response goes on; 0 = all of them */
};

struct replay_recording {
    char *text; /* NULL: the text is the embedded one */
    struct replay_step *steps;
    size_t n_steps;
    size_t *starts; /* index of the first step of each response */
    size_t n_responses;
};

extern const unsigned char replay_default_text[];
extern const size_t replay_default_size;

/* Read the file `path`, or the embedded recording when it is empty. Errors name file and line.
 * Free with replay_recording_finish() even after a failure. */
beacon_rc replay_recording_load(struct beacon_str path, struct replay_recording *ret,
                                struct beacon_error *err);
void replay_recording_finish(struct replay_recording *recording);

#endif
