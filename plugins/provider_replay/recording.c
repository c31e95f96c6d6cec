/* SPDX-License-Identifier: Apache-2.0 */
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <beacon-sdk/error.h>

#include "line.h"

#define NAME_OF_DEFAULT "the embedded recording"

/* The recording while it is read. */
struct reader {
    struct replay_recording *recording;
    const char *name; /* for messages */
    size_t line;      /* number of the line at hand */
    bool is_open;     /* a response has begun and not ended */
};

static beacon_rc no_memory(struct beacon_error *err)
{
    return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
}

static beacon_rc bad_line(const struct reader *r, const char *problem, struct beacon_error *err)
{
    return beacon_error_fill(err, BEACON_E_INVALID,
                             "see the README of provider_replay for the format", "%s, line %zu: %s",
                             r->name, r->line, problem);
}

static beacon_rc cannot_read(const char *path, const char *problem, struct beacon_error *err)
{
    return beacon_error_fill(err, BEACON_E_IO, "correct the path of the recording",
                             "cannot read the recording %s: %s", path, problem);
}

static ssize_t read_all(int fd, char *to, size_t n)
{
    size_t have = 0;
    while (have < n) {
        const ssize_t got = read(fd, to + have, n - have);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? -1 : (ssize_t)have;
        }
        have += (size_t)got;
    }
    return (ssize_t)have;
}

static beacon_rc read_fd(int fd, const char *path, char **ret, size_t *ret_n,
                         struct beacon_error *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return cannot_read(path, strerror(errno), err);
    }
    if (!S_ISREG(status.st_mode) || (size_t)status.st_size > RECORDING_BYTES_MAX) {
        return cannot_read(path, "it must be a file of at most 64 MiB", err);
    }
    char *text = malloc((size_t)status.st_size + 1);
    if (text == NULL) {
        return no_memory(err);
    }
    const ssize_t n = read_all(fd, text, (size_t)status.st_size);
    if (n < 0) {
        const int problem = errno;
        free(text);
        return cannot_read(path, strerror(problem), err);
    }
    *ret = text;
    *ret_n = (size_t)n;
    return BEACON_OK;
}

static beacon_rc read_file(const char *path, char **ret, size_t *ret_n, struct beacon_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hang us */
    if (fd < 0) {
        return cannot_read(path, strerror(errno), err);
    }
    beacon_rc rc = read_fd(fd, path, ret, ret_n, err);
    (void)close(fd);
    return rc;
}

/* The array with room for one more element than `n`; NULL without memory, the old one is kept then. */
static void *grown(void *array, size_t n, size_t size)
{
    const bool is_full = n == 0 || (n & (n - 1)) == 0; /* capacities are powers of two */
    return is_full ? realloc(array, (n == 0 ? 1 : n * 2) * size) : array;
}

static bool add_start(struct replay_recording *recording)
{
    size_t *starts = grown(recording->starts, recording->n_responses, sizeof *starts);
    if (starts == NULL) {
        return false;
    }
    starts[recording->n_responses++] = recording->n_steps;
    recording->starts = starts;
    return true;
}

static bool add_step(struct reader *r, const struct replay_step *step)
{
    struct replay_recording *recording = r->recording;
    if (!r->is_open && !add_start(recording)) {
        return false;
    }
    struct replay_step *steps = grown(recording->steps, recording->n_steps, sizeof *steps);
    if (steps == NULL) {
        return false;
    }
    steps[recording->n_steps++] = *step;
    recording->steps = steps;
    r->is_open = step->kind != REPLAY_END && (step->kind != REPLAY_FAIL || step->times > 0);
    return true;
}

static beacon_rc read_line(struct reader *r, struct beacon_str line, struct beacon_error *err)
{
    struct replay_step step;
    const char *problem = replay_line_read(line, &step);
    if (problem != NULL) {
        return bad_line(r, problem, err);
    }
    if ((step.kind == REPLAY_HEADER) != (r->line == 1)) {
        return bad_line(r, "the first line, and no other, is {\"recording\":1}", err);
    }
    return step.kind == REPLAY_HEADER || add_step(r, &step) ? BEACON_OK : no_memory(err);
}

static beacon_rc read_lines(struct reader *r, struct beacon_str text, struct beacon_error *err)
{
    while (text.n > 0) {
        const char *newline = memchr(text.p, '\n', text.n);
        const size_t n = newline != NULL ? (size_t)(newline - text.p) : text.n;
        const struct beacon_str line = beacon_span(text.p, n);
        const size_t taken = n + (newline != NULL ? 1 : 0);
        r->line++;
        beacon_rc rc = beacon_span_is_blank(line) ? BEACON_OK : read_line(r, line, err);
        if (rc != BEACON_OK) {
            return rc;
        }
        text = beacon_span(text.p + taken, text.n - taken);
    }
    if (r->is_open || r->recording->n_responses == 0) {
        return bad_line(r, r->is_open ? "the last response has no \"end\"" : "there is no response",
                        err);
    }
    return BEACON_OK;
}

beacon_rc replay_recording_load(struct beacon_str path, struct replay_recording *ret,
                                struct beacon_error *err)
{
    char name[4096];
    memset(ret, 0, sizeof *ret);
    struct reader r = {.recording = ret, .name = NAME_OF_DEFAULT};
    struct beacon_str text = beacon_span((const char *)replay_default_text, replay_default_size);
    if (path.n > 0) {
        if (path.n >= sizeof name || memchr(path.p, '\0', path.n) != NULL) {
            return cannot_read("", "its path is too long, or holds a NUL", err);
        }
        memcpy(name, path.p, path.n);
        name[path.n] = '\0';
        beacon_rc rc = read_file(name, &ret->text, &text.n, err);
        if (rc != BEACON_OK) {
            return rc;
        }
        text.p = ret->text;
        r.name = name;
    }
    return read_lines(&r, text, err);
}

void replay_recording_finish(struct replay_recording *recording)
{
    free(recording->text);
    free(recording->steps);
    free(recording->starts);
    memset(recording, 0, sizeof *recording);
}
