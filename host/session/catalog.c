/* SPDX-License-Identifier: Apache-2.0 */
#include "session/catalog.h"

#include <beacon-sdk/json_scan.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "base/uuid.h"
#include "session/item.h"
#include "session/journal.h"
#include "session/line_reader.h"
#include "session/rollout_line.h"
#include "session/rollout_walk.h"
#include "session/user_message.h"

#define UUID_CHARS     (UUID_TEXT_BYTES - 1)
#define LINE_BYTES_MAX (JOURNAL_RECORD_MAX + 4096u)
#define TAIL_BYTES     8192u
#define MTIME_SLACK_MS 2000 /* coarse file systems tell two seconds */

void catalog_entry_finish(struct catalog_entry *entry)
{
    free(entry->path);
    free(entry->id);
    *entry = (struct catalog_entry){0};
}

/* ---- by id ---- */

struct search {
    const char *prefix;
    size_t n_prefix, n_ids;
    struct catalog_entry found;
};

static void match_id(void *ctx, int dir_fd, const char *dir, const char *name, const char *id)
{
    struct search *search = ctx;
    (void)dir_fd;
    if (strncasecmp(id, search->prefix, search->n_prefix) != 0) {
        return;
    }
    if (search->found.id != NULL && strncasecmp(search->found.id, id, UUID_CHARS) == 0) {
        return; /* a copy of the same session from an older day */
    }
    search->n_ids++;
    if (search->n_ids == 1) {
        search->found.path = path_join(dir, name);
        search->found.id = alloc_string_n(id, UUID_CHARS);
    }
}

int catalog_find(const char *home_path, const char *id, struct catalog_entry *ret,
                 struct beacon_error *err)
{
    struct search search = {.prefix = id, .n_prefix = strlen(id)};
    if (search.n_prefix > 0 && search.n_prefix <= UUID_CHARS) {
        rollout_walk(home_path, match_id, &search);
    }
    if (search.n_ids == 1) {
        *ret = search.found;
        return BEACON_OK;
    }
    catalog_entry_finish(&search.found);
    if (search.n_ids > 1) {
        return error_set(err, BEACON_E_INVALID, "type more of the id",
                         "%zu sessions have an id that begins with %s", search.n_ids, id);
    }
    if (uuid_is_valid(id)) {
        return error_set(err, BEACON_E_NOT_FOUND, "look under sessions/ in the code home",
                         "no rollout found for thread id %s", id);
    }
    return error_set(err, BEACON_E_NOT_FOUND,
                     "use --last, or an id from sessions/ in the code home",
                     "No recorded session found with id %s", id);
}

/* ---- the last one ---- */

struct candidate {
    char *path;
    int64_t changed_ms;
    char id[UUID_TEXT_BYTES];
};

struct candidates {
    struct candidate *all;
    size_t n, capacity;
};

static void collect(void *ctx, int dir_fd, const char *dir, const char *name, const char *id)
{
    struct candidates *list = ctx;
    struct stat status;
    if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode)) {
        return;
    }
    if (list->n == list->capacity) {
        list->capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        list->all = alloc_grow(list->all, list->capacity, sizeof list->all[0]);
    }
    struct candidate *added = &list->all[list->n++];
    *added = (struct candidate){.path = path_join(dir, name),
                                .changed_ms = (int64_t)status.st_mtim.tv_sec * 1000 +
                                              status.st_mtim.tv_nsec / 1000000};
    memcpy(added->id, id, UUID_CHARS);
}

static int newest_first(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    if (a->changed_ms != b->changed_ms) {
        return a->changed_ms < b->changed_ms ? 1 : -1;
    }
    return strcmp(b->path, a->path);
}

/* "2025-01-02T03:04:05.678Z" as Unix milliseconds, -1 when it is something else. */
static int64_t parse_utc(struct beacon_str text)
{
    char copy[32] = {0};
    if (text.n < 20 || text.n >= sizeof copy) {
        return -1;
    }
    memcpy(copy, text.p, text.n);
    struct tm parts = {0};
    const char *rest = strptime(copy, "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest == NULL) {
        return -1;
    }
    int64_t ms = *rest == '.' ? (int64_t)(strtod(rest, NULL) * 1000.0 + 0.5) : 0;
    return (int64_t)timegm(&parts) * 1000 + ms;
}

/* When the last whole line was written, as it says itself: copying a file changes its date. -1 when
 * the line is too long to be found in the file's tail. */
static int64_t last_record_ms(int fd, off_t size)
{
    char tail[TAIL_BYTES];
    size_t want = size < (off_t)sizeof tail ? (size_t)size : sizeof tail;
    ssize_t got = pread(fd, tail, want, size - (off_t)want);
    const char *end = got > 0 ? memrchr(tail, '\n', (size_t)got) : NULL;
    if (end == NULL) {
        return -1;
    }
    const char *before = memrchr(tail, '\n', (size_t)(end - tail));
    const char *start = before != NULL ? before + 1 : tail;
    if (before == NULL && size > (off_t)sizeof tail) {
        return -1;
    }
    struct rollout_line line;
    if (!rollout_line_read(beacon_span(start, (size_t)(end - start)), &line)) {
        return -1;
    }
    return parse_utc(line.timestamp);
}

static bool is_same_folder(const char *recorded, const char *cwd)
{
    if (strcmp(recorded, cwd) == 0) {
        return true;
    }
    AUTO_FREE char *a = realpath(recorded, NULL);
    AUTO_FREE char *b = realpath(cwd, NULL);
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool is_by_person(const char *source)
{
    return source == NULL || strcmp(source, "cli") == 0 || strcmp(source, "vscode") == 0 ||
           strcmp(source, "exec") == 0;
}

static bool meta_fits(struct beacon_str meta, const char *cwd)
{
    AUTO_FREE char *source = rollout_string(meta, "source");
    AUTO_FREE char *folder = rollout_string(meta, "cwd");
    return is_by_person(source) && (cwd == NULL || (folder != NULL && is_same_folder(folder, cwd)));
}

static bool is_user_message(const struct rollout_line *line, struct arena *arena)
{
    struct beacon_str message, type;
    if (rollout_line_event(line, &message, &type)) {
        return beacon_span_is(type, "user_message");
    }
    struct item_view view;
    bool is_person = beacon_span_is(line->type, "response_item") &&
                     item_decode(line->payload, arena, &view, NULL) == BEACON_OK &&
                     user_message_is_person(&view);
    arena_reset(arena);
    return is_person;
}

/* Reads only as far as the first thing a person said. */
static bool fits(int fd, const char *cwd)
{
    struct line_reader reader;
    struct arena *arena = arena_create();
    bool has_meta = false, is_fit = false, is_out = false;
    struct beacon_str text;
    line_reader_init(&reader, fd, LINE_BYTES_MAX);
    while (!is_fit && !is_out && line_reader_next(&reader, &text)) {
        struct rollout_line line;
        if (!rollout_line_read(text, &line)) {
            continue;
        }
        if (!has_meta && beacon_span_is(line.type, "session_meta")) {
            has_meta = true;
            is_out = !meta_fits(line.payload, cwd);
        } else {
            is_fit = has_meta && is_user_message(&line, arena);
        }
    }
    line_reader_finish(&reader);
    arena_destroy(arena);
    return is_fit;
}

/* The time of the candidate's last record when it is over `newest_ms` and it fits, else -1. */
static int64_t judge(const struct candidate *candidate, const char *cwd, int64_t newest_ms)
{
    AUTO_CLOSE int fd = open(candidate->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        return -1;
    }
    int64_t written_ms = last_record_ms(fd, status.st_size);
    written_ms = written_ms >= 0 ? written_ms : candidate->changed_ms;
    return written_ms > newest_ms && fits(fd, cwd) ? written_ms : -1;
}

static const struct candidate *newest_fit(const struct candidates *list, const char *cwd)
{
    const struct candidate *best = NULL;
    int64_t newest_ms = -1;
    for (size_t i = 0; i < list->n; i++) {
        /* A file is never older than its last record, so nothing further down can win. */
        if (best != NULL && list->all[i].changed_ms + MTIME_SLACK_MS < newest_ms) {
            break;
        }
        int64_t written_ms = judge(&list->all[i], cwd, newest_ms);
        if (written_ms >= 0) {
            best = &list->all[i];
            newest_ms = written_ms;
        }
    }
    return best;
}

int catalog_find_last(const char *home_path, const char *cwd, struct catalog_entry *ret,
                      struct beacon_error *err)
{
    struct candidates list = {0};
    rollout_walk(home_path, collect, &list);
    if (list.n > 0) {
        qsort(list.all, list.n, sizeof list.all[0], newest_first);
    }
    const struct candidate *best = newest_fit(&list, cwd);
    int rc = BEACON_OK;
    if (best != NULL) {
        *ret = (struct catalog_entry){alloc_string(best->path), alloc_string(best->id)};
    } else {
        rc = error_set(err, BEACON_E_NOT_FOUND, "use --all to look beyond this folder",
                       "No recent sessions found to resume. Start a session with `code` first.");
    }
    for (size_t i = 0; i < list.n; i++) {
        free(list.all[i].path);
    }
    free(list.all);
    return rc;
}
