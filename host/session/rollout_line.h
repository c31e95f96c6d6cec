/* rollout_line.h - one line of a rollout taken apart, in both generations of the format.
 * Private to session/. Slices point into the line. Thread: [main]. */
#ifndef HOST_SESSION_ROLLOUT_LINE_H
#define HOST_SESSION_ROLLOUT_LINE_H

#include <beacon/plugin.h>
#include <stdbool.h>

struct rollout_line {
    struct beacon_str type;      /* "session_meta", "response_item", … */
    struct beacon_str timestamp; /* "" when it has none */
    struct beacon_str payload;   /* one JSON value */
};

/* False: the line is not UTF-8, not one JSON object, nested too deep, or has no type or payload. */
bool rollout_line_read(struct beacon_str line, struct rollout_line *ret);

/* The message of an `event_msg` (the payload) or of an `event` (its member "msg") and its type.
 * False for other lines and for a message without a type. */
bool rollout_line_event(const struct rollout_line *line, struct beacon_str *ret_message,
                        struct beacon_str *ret_type);

/* A string member of `object`, unescaped, as a NUL-terminated copy of the caller's; NULL when absent
 * or holding a NUL. */
char *rollout_string(struct beacon_str object, const char *key);

#endif
