/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/quarantine.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/ini_file.h"
#include "base/io.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/quarantine_list.h"

#define LOCK_FILE      "quarantine.lock"
#define LOCK_STEP_NS   10000000L /* 10 ms … */
#define LOCK_STEPS_MAX 200       /* … two seconds at most: a holder needs microseconds */
#define DISK_HINT      "check that the folder can be written to and the disk has room"

/* ---- reading ---- */

static int cannot_read(const char *path, struct beacon_error *err)
{
    return error_set_errno(err, BEACON_E_IO, errno, "check who may read the file",
                           "cannot read %s: %s", path, strerror(errno));
}

static int read_list(const char *path, struct quarantine *ret, struct beacon_error *err)
{
    /* Without waiting: a pipe put there must not stop every start. */
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    if (fd < 0) {
        return errno == ENOENT ? BEACON_OK : cannot_read(path, err);
    }
    if (fstat(fd, &info) != 0) {
        return cannot_read(path, err);
    }
    if (!S_ISREG(info.st_mode)) {
        return error_set(err, BEACON_E_INVALID, "remove it", "%s is no file", path);
    }
    struct ini_file *file = NULL;
    int rc = ini_file_read(fd, path, &file, err);
    if (rc == BEACON_OK) {
        rc = quarantine_list_read(file, ret, err);
    }
    ini_file_destroy(file);
    return rc;
}

int quarantine_load(const char *home, struct quarantine **ret, struct beacon_error *err)
{
    struct quarantine *list = alloc_zeroed(sizeof *list);
    int rc = BEACON_OK;
    if (home != NULL) {
        AUTO_FREE char *path = path_join(home, QUARANTINE_FILE);
        rc = read_list(path, list, err);
    }
    if (rc != BEACON_OK) {
        quarantine_destroy(list);
        return rc;
    }
    *ret = list;
    return BEACON_OK;
}

void quarantine_destroy(struct quarantine *list)
{
    if (list != NULL) {
        quarantine_list_finish(list);
        free(list);
    }
}

size_t quarantine_count(const struct quarantine *list)
{
    return list->n;
}

const struct quarantine_entry *quarantine_entry(const struct quarantine *list, size_t i)
{
    assert(i < list->n);
    return &list->entries[i];
}

const struct quarantine_entry *quarantine_find(const struct quarantine *list, const char *id,
                                               const char *version)
{
    const struct quarantine_entry *entry = list != NULL ? quarantine_list_entry(list, id) : NULL;
    bool is_meant = entry != NULL && entry->is_active &&
                    (entry->version[0] == '\0' || strcmp(entry->version, version) == 0);
    return is_meant ? entry : NULL;
}

/* ---- changing ---- */

/* A change under way: the lock is held, the list is what the file has now. */
struct change {
    char *path;
    int lock_fd;
    struct quarantine list;
};

static int take_lock(const char *home, int *ret_fd, struct beacon_error *err)
{
    AUTO_FREE char *path = path_join(home, LOCK_FILE);
    AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0) {
        return error_set_errno(err, BEACON_E_IO, errno, DISK_HINT, "cannot open %s: %s", path,
                               strerror(errno));
    }
    for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
        const struct timespec step = {.tv_nsec = LOCK_STEP_NS};
        if (i == LOCK_STEPS_MAX || (errno != EWOULDBLOCK && errno != EINTR)) {
            return error_set_errno(err, BEACON_E_BUSY, errno, "end the program that holds it",
                                   "the lock %s is held by another process", path);
        }
        (void)nanosleep(&step, NULL);
    }
    *ret_fd = take_fd(&fd);
    return BEACON_OK;
}

static void end_change(struct change *change)
{
    quarantine_list_finish(&change->list);
    free(change->path);
    if (change->lock_fd >= 0) {
        (void)close(change->lock_fd);
    }
}

static int begin_change(const char *home, struct change *ret, struct beacon_error *err)
{
    *ret = (struct change){.lock_fd = -1};
    int rc = take_lock(home, &ret->lock_fd, err);
    if (rc == BEACON_OK) {
        ret->path = path_join(home, QUARANTINE_FILE);
        rc = read_list(ret->path, &ret->list, err);
    }
    return rc;
}

static int save(const struct change *change, struct beacon_error *err)
{
    AUTO_TEXT struct text out;
    text_init(&out, INI_FILE_MAX_BYTES);
    if (!quarantine_list_write(&change->list, &out)) {
        return error_set(err, BEACON_E_LIMIT, "lift some: beacon plugin quarantine ID --lift",
                         "the quarantine has no room for more");
    }
    return io_replace_file(change->path, text_string(&out), out.len, 0600, err);
}

static uint64_t now_s(void)
{
    return clock_unix_ms() / 1000u;
}

/* A file nobody can read counts nothing; what is in it is kept for the person to see. */
static int set_aside(struct change *change, struct beacon_error *err)
{
    AUTO_FREE char *damaged = alloc_printf("%s.damaged", change->path);
    quarantine_list_finish(&change->list);
    if (rename(change->path, damaged) != 0) {
        return error_set_errno(err, BEACON_E_IO, errno, DISK_HINT, "cannot rename %s: %s",
                               change->path, strerror(errno));
    }
    return BEACON_OK;
}

/* The entry after one more incident; `before` may be NULL. */
static struct quarantine_entry add_incident(const struct quarantine_entry *before,
                                            const struct quarantine_entry *incident)
{
    struct quarantine_entry after = *incident;
    bool is_same = before != NULL && strcmp(before->version, incident->version) == 0;
    after.count = is_same && before->count < UINT32_MAX ? before->count + 1 : 1;
    after.is_active = after.count >= QUARANTINE_AFTER;
    after.since_unix_s = incident->since_unix_s != 0 ? incident->since_unix_s : now_s();
    return after;
}

static int count_incident(struct change *change, const struct quarantine_entry *incident,
                          uint32_t *ret_count, struct beacon_error *err)
{
    const struct quarantine_entry *before = quarantine_list_entry(&change->list, incident->id);
    if (before != NULL && before->is_active && before->version[0] == '\0') {
        *ret_count = before->count; /* a person keeps every version out */
        return BEACON_OK;
    }
    const struct quarantine_entry after = add_incident(before, incident);
    int rc = quarantine_list_put(&change->list, &after, err);
    if (rc == BEACON_OK) {
        rc = save(change, err);
    }
    *ret_count = after.count;
    return rc;
}

int quarantine_report(const char *home, const struct quarantine_entry *incident,
                      uint32_t *ret_count, struct beacon_error *err)
{
    if (!quarantine_is_id(incident->id)) {
        return error_set(err, BEACON_E_INVALID, "report this to the author of the plugin",
                         "\"%s\" is no plugin id", incident->id);
    }
    struct change change;
    uint32_t count = 0;
    int rc = begin_change(home, &change, err);
    if (rc == BEACON_E_INVALID || rc == BEACON_E_LIMIT) {
        rc = set_aside(&change, err);
    }
    if (rc == BEACON_OK) {
        rc = count_incident(&change, incident, &count, err);
    }
    end_change(&change);
    if (rc == BEACON_OK && ret_count != NULL) {
        *ret_count = count;
    }
    return rc;
}

int quarantine_put(const char *home, const char *id, const char *reason, struct beacon_error *err)
{
    if (!quarantine_is_id(id)) {
        return error_set(err, BEACON_E_INVALID, "`beacon plugin list` shows the ids there are",
                         "\"%s\" is no plugin id", id);
    }
    struct change change;
    int rc = begin_change(home, &change, err);
    if (rc == BEACON_OK) {
        const struct quarantine_entry entry = {.id = id,
                                               .version = "",
                                               .slot = "",
                                               .reason = reason,
                                               .since_unix_s = now_s(),
                                               .is_active = true};
        rc = quarantine_list_put(&change.list, &entry, err);
    }
    if (rc == BEACON_OK) {
        rc = save(&change, err);
    }
    end_change(&change);
    return rc;
}

int quarantine_lift(const char *home, const char *id, struct beacon_error *err)
{
    struct change change;
    int rc = begin_change(home, &change, err);
    if (rc == BEACON_OK) {
        struct quarantine_entry *entry = quarantine_list_entry(&change.list, id);
        if (entry == NULL) {
            rc =
                error_set(err, BEACON_E_NOT_FOUND, "`beacon plugin quarantine` shows what is in it",
                          "nothing is known against plugin %s", id);
        } else {
            quarantine_list_remove(&change.list, entry);
            rc = save(&change, err);
        }
    }
    end_change(&change);
    return rc;
}
