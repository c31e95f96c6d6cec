/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/incident.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/text.h"
#include "plugin/breadcrumb.h"
#include "plugin/discover.h"
#include "plugin/incident_line.h"
#include "plugin/manifest.h"
#include "plugin/quarantine.h"

#define PENDING_MAX_BYTES (64u << 10)

struct known_plugin {
    char *id, *version;
};

/* Written on the main thread between incidents, read by any thread and by the signal handler. */
static struct {
    char *home;
    struct known_plugin *list;
    size_t n;
} known;

static const char *version_of(const char *id)
{
    for (size_t i = 0; i < known.n; i++) {
        if (strcmp(known.list[i].id, id) == 0) {
            return known.list[i].version;
        }
    }
    return "";
}

void incident_know(const struct plugin_set *set)
{
    size_t before = known.n;
    known.n = 0; /* first: whoever reads meanwhile finds nothing rather than what is freed */
    for (size_t i = 0; i < before; i++) {
        free(known.list[i].id);
        free(known.list[i].version);
    }
    free(take_pointer(known.list));
    size_t count = set != NULL ? plugin_set_count(set) : 0;
    struct known_plugin *list = alloc_array(count + 1, sizeof *list);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const struct plugin_entry *entry = plugin_set_entry(set, i);
        if (entry->state == PLUGIN_USABLE && entry->manifest != NULL) {
            list[n].id = alloc_string(entry->manifest->id);
            list[n++].version = alloc_string(entry->manifest->version);
        }
    }
    known.list = list;
    known.n = n;
}

struct crash_place incident_place(void)
{
    const struct breadcrumb now = breadcrumb_now;
    struct crash_place place = {.plugin_id = now.plugin_id, .slot = now.slot};
    if (now.plugin_id != NULL) {
        place.version = version_of(now.plugin_id);
        place.version = place.version[0] != '\0' ? place.version : INCIDENT_UNKNOWN_VERSION;
    }
    return place;
}

/* ---- what crashed before ---- */

static void count_crash(char *line)
{
    char reason[INCIDENT_REASON_BYTES];
    struct quarantine_entry incident;
    if (incident_line_parse(line, reason, &incident)) {
        (void)quarantine_report(known.home, &incident, NULL, NULL);
    }
}

static void count_crashes(char *text)
{
    for (char *line = text, *end = NULL; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        count_crash(line);
    }
}

static int read_pending(const char *path, struct text *ret, struct beacon_error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return error_set_errno(err, BEACON_E_IO, errno, "remove the file", "cannot read %s: %s",
                               path, strerror(errno));
    }
    return io_read_all(fd, path, ret, err);
}

/* The rename makes it ours: of two beacons that start now, one counts. */
static int take_pending(struct beacon_error *err)
{
    AUTO_FREE char *pending =
        alloc_printf("%s/" CRASH_LOG_DIR "/" CRASH_INCIDENTS_FILE, known.home);
    AUTO_FREE char *taken = alloc_printf("%s.%d", pending, (int)getpid());
    if (rename(pending, taken) != 0) {
        return errno == ENOENT || errno == ENOTDIR
                   ? BEACON_OK
                   : error_set_errno(err, BEACON_E_IO, errno, "check who may write to the folder",
                                     "cannot rename %s: %s", pending, strerror(errno));
    }
    AUTO_TEXT struct text text;
    text_init(&text, PENDING_MAX_BYTES);
    int rc = read_pending(taken, &text, err);
    if (rc == BEACON_OK && text.len > 0) {
        count_crashes(text.data);
    }
    (void)unlink(taken);
    return rc;
}

int incident_begin(const char *home, struct beacon_error *err)
{
    free(take_pointer(known.home));
    crash_set_home(home);
    if (home == NULL) {
        return BEACON_OK;
    }
    known.home = alloc_string(home);
    return take_pending(err);
}

/* ---- hangs ---- */

void incident_hang(const char *plugin_id, const char *slot, unsigned limit_ms,
                   char out[INCIDENT_SENTENCE_BYTES])
{
    const struct quarantine_entry incident = {.id = plugin_id,
                                              .version = version_of(plugin_id),
                                              .slot = slot,
                                              .reason = "did not answer a cancel"};
    uint32_t count = 0;
    int n = snprintf(out, INCIDENT_SENTENCE_BYTES,
                     "plugin %s did not answer a cancel in %s() within %u ms; its thread is left "
                     "alone",
                     plugin_id, slot, limit_ms);
    if (known.home == NULL || n < 0 || n >= INCIDENT_SENTENCE_BYTES ||
        quarantine_report(known.home, &incident, &count, NULL) != BEACON_OK) {
        return;
    }
    char *rest = out + n;
    size_t room = (size_t)(INCIDENT_SENTENCE_BYTES - n);
    if (count >= QUARANTINE_AFTER) {
        (void)snprintf(rest, room,
                       ". That was the last time: it is not used any more until you say `beacon "
                       "plugin quarantine %s --lift`",
                       plugin_id);
    } else {
        (void)snprintf(rest, room, " (%u of %d times before it is not used any more)", count,
                       QUARANTINE_AFTER);
    }
}
