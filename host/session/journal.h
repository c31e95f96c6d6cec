/* journal.h - the append-only JSONL file behind one session.
 *
 * Owns the open file and its lock. Written by session/recorder.c, read back by session/replay.c.
 * A line is {"timestamp":"…Z","type":T,"payload":…}. Thread: [main]. When journal_append() returns
 * BEACON_OK write(2) has taken the whole line, so the caller may act on it (run the tool, answer the
 * client): a crash of the host cannot lose it. journal_sync() makes that true for a power cut.
 */
#ifndef HOST_SESSION_JOURNAL_H
#define HOST_SESSION_JOURNAL_H

#include <beacon/error.h>
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_RECORD_MAX (64u << 20) /* bytes of one payload: an image is one record */

struct journal;

enum journal_durability { JOURNAL_PROCESS, JOURNAL_POWER_LOSS };

/* Make sessions/YYYY/MM/DD/rollout-YYYY-MM-DDThh-mm-ss-<id>.jsonl (local time of `now_ms`, Unix
 * milliseconds) under `home_path`: folders 0700, file 0600, it must not exist yet. *ret is the
 * caller's, for journal_close(). */
int journal_create(const char *home_path, const char *id, uint64_t now_ms, struct journal **ret,
                   struct beacon_error *err);

/* Open a rollout to go on writing it. A torn last line is cut back to the newline before it; nothing
 * else of the file is touched. One writer at a time: BEACON_E_BUSY while another holds it. */
int journal_open_append(const char *path, struct journal **ret, struct beacon_error *err);

/* JOURNAL_POWER_LOSS waits for the disk at every record instead of at journal_sync() only. */
void journal_set_durability(struct journal *journal, enum journal_durability durability);

/* Append one line. `type` is plain ASCII; `payload` is one JSON value, written as it stands except
 * that line breaks between its tokens become spaces. Over JOURNAL_RECORD_MAX: BEACON_E_LIMIT, nothing
 * written. A write that fails half-way is cut back, so the file ends on a whole line. */
int journal_append(struct journal *journal, const char *type, const char *payload, size_t n,
                   struct beacon_error *err);

/* Wait until everything appended is on the disk. */
int journal_sync(struct journal *journal, struct beacon_error *err);

const char *journal_path(const struct journal *journal);

/* Release the lock and the memory. A new journal that never got a line is removed. NULL is fine. */
void journal_close(struct journal *journal);

#endif
