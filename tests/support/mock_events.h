/* mock_events.h - complete Responses streams out of a few words: {"text":"hi"} and the like.
 * For tests only. */
#ifndef TESTS_SUPPORT_MOCK_EVENTS_H
#define TESTS_SUPPORT_MOCK_EVENTS_H

#include <stddef.h>

#include "base/text.h"

struct json_object;

/* SSE frames in order. */
struct events {
    char **frames;
    size_t n, capacity;
    unsigned number;   /* of the request, part of every id */
    unsigned sequence; /* sequence_number of the next event */
    unsigned index;    /* output_index of the item being made */
};

void events_finish(struct events *events);

/* "event: type", "data: {"type":type,"sequence_number":n,<members>}"; `members` may be "". */
void events_add(struct events *events, const char *type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The events of a scenario's array: an object is sent as it is, a string as literal bytes. */
void events_add_array(struct events *events, struct json_object *array);

void events_begin(struct events *events); /* response.created */
void events_add_items(struct events *events, struct json_object *reply);
void events_complete(struct events *events, struct json_object *reply); /* response.completed */

/* A message in three parts, so that a stream of deltas fits between the first two. */
void events_open_message(struct events *events);
void events_close_message(struct events *events, const char *quoted_text);

/* The same delta again and again, made fast: all of the frame but its sequence number. */
struct delta_frame {
    char *before, *after;
    size_t before_len, after_len;
};
/* For the open message; `text` needs no escaping in JSON. */
void delta_frame_init(struct delta_frame *frame, const struct events *events, const char *text,
                      size_t n);
void delta_frame_finish(struct delta_frame *frame);
void delta_frame_write(const struct delta_frame *frame, struct events *events, struct text *out);

#endif
