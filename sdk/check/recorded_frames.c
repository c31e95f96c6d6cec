/* SPDX-License-Identifier: Apache-2.0 */
#include "recorded_frames.h"

#include <beacon-sdk/testhost_provider.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/path.h"
#include "check.h"
#include "transcript_names.h"

static void add_frame(struct recorded_frames *to, struct beacon_str event, const char *p, size_t n)
{
    to->frames = alloc_grow(to->frames, to->n + 1, sizeof *to->frames);
    to->frames[to->n++] = (struct recorded_frame){.event = event, .data = {(const uint8_t *)p, n}};
}

/* One line of data per event is what servers of models write. */
static void cut_events(struct recorded_frames *to)
{
    struct beacon_str event = {NULL, 0};
    for (const char *line = to->text; *line != '\0';) {
        const size_t n = strcspn(line, "\n");
        if (strncmp(line, "event: ", 7) == 0) {
            event = (struct beacon_str){line + 7, n - 7};
        } else if (strncmp(line, "data: ", 6) == 0) {
            add_frame(to, event, line + 6, n - 6);
            event = (struct beacon_str){NULL, 0};
        }
        line += n + (line[n] == '\n');
    }
}

static void cut_lines(struct recorded_frames *to)
{
    const struct beacon_str none = {NULL, 0};
    for (const char *line = to->text; *line != '\0';) {
        const size_t n = strcspn(line, "\n");
        if (n > 0) {
            add_frame(to, none, line, n);
        }
        line += n + (line[n] == '\n');
    }
}

void recorded_frames_read(const struct check_case *c, struct recorded_frames *ret)
{
    struct transcript_names names;
    *ret = (struct recorded_frames){0};
    transcript_names_list(c, &names);
    struct testhost *t = names.n > 0 ? testhost_open(NULL) : NULL;
    struct testhost_transcript *transcript =
        t != NULL ? testhost_transcript_read(t, names.paths[0]) : NULL;
    if (transcript != NULL) {
        const struct testhost_script script = testhost_transcript_script(transcript);
        ret->text = alloc_string(script.answers[0].body != NULL ? script.answers[0].body : "");
        ret->config = alloc_string(testhost_transcript_config(transcript));
        if (strncmp(ret->text, "{", 1) == 0) {
            cut_lines(ret);
        } else {
            cut_events(ret);
        }
    }
    testhost_transcript_free(transcript);
    if (t != NULL) {
        testhost_close(t);
    }
    transcript_names_finish(&names);
}

void recorded_frames_finish(struct recorded_frames *frames)
{
    free(frames->frames);
    free(frames->config);
    free(frames->text);
    *frames = (struct recorded_frames){0};
}
