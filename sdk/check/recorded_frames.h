/* recorded_frames.h - the frames of the author's first transcript, cut without the test host, for checks
 * that call the slots themselves. Server-sent events and lines are known; anything else is one frame.
 */
#ifndef SDK_CHECK_RECORDED_FRAMES_H
#define SDK_CHECK_RECORDED_FRAMES_H

#include <beacon/plugin.h>

struct check_case;

struct recorded_frame {
    struct beacon_str event;
    struct beacon_bytes data;
};

struct recorded_frames {
    struct recorded_frame *frames;
    size_t n;
    char *config; /* of the transcript, or NULL */
    char *text;   /* owns the spans */
};

/* Nothing when there is no transcript. Free with recorded_frames_finish(). */
void recorded_frames_read(const struct check_case *c, struct recorded_frames *ret);
void recorded_frames_finish(struct recorded_frames *frames);

#endif
