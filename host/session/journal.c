/* SPDX-License-Identifier: Apache-2.0 */
#include "session/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/io.h"
#include "base/path.h"
#include "base/text.h"

#define ENVELOPE_BYTES  256          /* what surrounds a payload, type included */
#define TAIL_BYTES      (64u << 10)  /* read at once when looking for the last newline */
#define KEPT_LINE_BYTES (256u << 10) /* a larger line buffer is given back after use */

struct journal {
    int fd;
    off_t size; /* of the file: always a whole number of lines */
    char *path;
    struct text line; /* reused from record to record */
    enum journal_durability durability;
    bool is_new;    /* made by us and still empty */
    bool is_listed; /* its folder entry is known to be on the disk */
    bool is_broken; /* a half-written line could not be cut back */
};

/* Opens and locks; the size is not looked at. */
static int open_locked(const char *path, int flags, int *ret_fd, struct beacon_error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    if (fd < 0) {
        return error_set_errno(err, BEACON_E_IO, errno,
                               "check that the session folder can be written",
                               "cannot open session %s: %s", path, strerror(errno));
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            return error_set(err, BEACON_E_BUSY, "end the other one first, or start a new session",
                             "session %s is open in another process", path);
        }
        return error_set_errno(err, BEACON_E_IO, errno, "put CODE_HOME on a local file system",
                               "cannot lock session %s: %s", path, strerror(errno));
    }
    *ret_fd = take_fd(&fd);
    return BEACON_OK;
}

static struct journal *journal_of(int fd, const char *path, off_t size)
{
    struct journal *journal = alloc_zeroed(sizeof *journal);
    journal->fd = fd;
    journal->path = alloc_string(path);
    journal->size = size;
    text_init(&journal->line, JOURNAL_RECORD_MAX + ENVELOPE_BYTES);
    return journal;
}

int journal_create(const char *home_path, const char *id, uint64_t now_ms, struct journal **ret,
                   struct beacon_error *err)
{
    time_t seconds = (time_t)(now_ms / 1000u);
    struct tm local;
    if (localtime_r(&seconds, &local) == NULL) {
        return error_set(err, BEACON_E_INVALID, "correct the system clock",
                         "%llu ms is no date this system knows", (unsigned long long)now_ms);
    }
    char folder[32], stamp[32];
    (void)strftime(folder, sizeof folder, "sessions/%Y/%m/%d", &local);
    (void)strftime(stamp, sizeof stamp, "%Y-%m-%dT%H-%M-%S", &local);
    AUTO_FREE char *day = path_join(home_path, folder);
    int rc = io_make_directories(day, 0700, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    AUTO_FREE char *path = alloc_printf("%s/rollout-%s-%s.jsonl", day, stamp, id);
    int fd = -1;
    rc = open_locked(path, O_CREAT | O_EXCL, &fd, err);
    if (rc == BEACON_OK) {
        *ret = journal_of(fd, path, 0);
        (*ret)->is_new = true;
    }
    return rc;
}

/* Length of the file up to and with its last newline; -1 with errno when it cannot be read. */
static off_t whole_lines(int fd, off_t size)
{
    AUTO_FREE char *tail = alloc_zeroed(TAIL_BYTES);
    while (size > 0) {
        size_t want = size < (off_t)TAIL_BYTES ? (size_t)size : TAIL_BYTES;
        ssize_t got = pread(fd, tail, want, size - (off_t)want);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got != (ssize_t)want) {
            errno = got < 0 ? errno : EIO;
            return -1;
        }
        const char *newline = memrchr(tail, '\n', want);
        if (newline != NULL) {
            return size - (off_t)want + (newline + 1 - tail);
        }
        size -= (off_t)want;
    }
    return 0;
}

int journal_open_append(const char *path, struct journal **ret, struct beacon_error *err)
{
    AUTO_CLOSE int fd = -1;
    int rc = open_locked(path, 0, &fd, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct stat status;
    off_t whole = fstat(fd, &status) == 0 ? whole_lines(fd, status.st_size) : -1;
    if (whole < 0 || (whole < status.st_size && ftruncate(fd, whole) != 0)) {
        return error_set_errno(err, BEACON_E_IO, errno, "check the disk and the file's permissions",
                               "cannot repair the end of session %s: %s", path, strerror(errno));
    }
    *ret = journal_of(take_fd(&fd), path, whole);
    (*ret)->is_listed = true;
    return BEACON_OK;
}

void journal_set_durability(struct journal *journal, enum journal_durability durability)
{
    journal->durability = durability;
}

/* `payload` must stay on one line. In JSON a raw line break can only stand between tokens. */
static bool add_on_one_line(struct text *line, const char *payload, size_t n)
{
    size_t start = line->len;
    if (!text_add(line, payload, n)) {
        return false;
    }
    for (char *p = line->data + start; p < line->data + line->len; p++) {
        if (*p == '\n' || *p == '\r') {
            *p = ' ';
        }
    }
    return true;
}

static bool build_line(struct text *line, const char *type, const char *payload, size_t n)
{
    char timestamp[CLOCK_UTC_BYTES];
    clock_format_utc(clock_unix_ms(), timestamp);
    text_reset(line);
    return n <= JOURNAL_RECORD_MAX &&
           text_addf(line, "{\"timestamp\":\"%s\",\"type\":\"%s\",\"payload\":", timestamp, type) &&
           add_on_one_line(line, payload, n) && text_add_char(line, '}');
}

static int append_failed(struct journal *journal, struct beacon_error *err)
{
    int reason = errno;
    struct stat status;
    if (fstat(journal->fd, &status) != 0 || status.st_size != journal->size) {
        journal->is_broken = true;
    }
    return error_set_errno(err, BEACON_E_IO, reason,
                           "free some disk space, then resume the session",
                           "cannot append to session %s: %s", journal->path, strerror(reason));
}

int journal_append(struct journal *journal, const char *type, const char *payload, size_t n,
                   struct beacon_error *err)
{
    assert(n > 0 && strlen(type) < ENVELOPE_BYTES / 2);
    if (journal->is_broken) {
        return error_set(err, BEACON_E_IO, "free some disk space, then resume the session",
                         "session %s ends in a torn line", journal->path);
    }
    if (!build_line(&journal->line, type, payload, n)) {
        return error_set(err, BEACON_E_LIMIT, "send smaller images or tool results",
                         "a session record of %zu bytes is over %u", n, JOURNAL_RECORD_MAX);
    }
    if (!io_append_line(journal->fd, journal->line.data, journal->line.len)) {
        return append_failed(journal, err);
    }
    journal->size += (off_t)journal->line.len + 1;
    journal->is_new = false;
    if (journal->line.capacity > KEPT_LINE_BYTES) {
        text_finish(&journal->line);
    }
    return journal->durability == JOURNAL_POWER_LOSS ? journal_sync(journal, err) : BEACON_OK;
}

/* After a power cut a file is only found when its folder entry was flushed too. */
static void sync_folder(struct journal *journal)
{
    AUTO_FREE char *folder = path_parent(journal->path);
    AUTO_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd); /* not every file system offers it for folders */
    }
    journal->is_listed = true;
}

int journal_sync(struct journal *journal, struct beacon_error *err)
{
    if (fdatasync(journal->fd) != 0) {
        return error_set_errno(err, BEACON_E_IO, errno, "check the disk, then resume the session",
                               "cannot flush session %s: %s", journal->path, strerror(errno));
    }
    if (journal->durability == JOURNAL_POWER_LOSS && !journal->is_listed) {
        sync_folder(journal);
    }
    return BEACON_OK;
}

const char *journal_path(const struct journal *journal)
{
    return journal->path;
}

void journal_close(struct journal *journal)
{
    if (journal == NULL) {
        return;
    }
    if (journal->is_new) {
        (void)unlink(journal->path);
    }
    (void)close(journal->fd); /* also drops the lock */
    text_finish(&journal->line);
    free(journal->path);
    free(journal);
}
