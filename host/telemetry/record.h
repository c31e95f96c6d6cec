/* record.h - one telemetry record: filtered attributes and the bytes they point to, in one block that
 * the exporters share.
 *
 * The tracer fills a draft, which is used again and again; record_create() packs it. A record is counted:
 * each queue holds it once. Thread: [main]; a worker may read a record that is held for it.
 */
#ifndef HOST_TELEMETRY_RECORD_H
#define HOST_TELEMETRY_RECORD_H

#include <beacon/telemetry.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define RECORD_ATTRS_MAX 48

struct record;
struct redact;

struct record_draft {
    const struct redact *redact; /* borrowed */
    struct beacon_attr attrs[RECORD_ATTRS_MAX];
    size_t offsets[RECORD_ATTRS_MAX]; /* of the string values in `bytes` */
    size_t n_attrs;
    struct text bytes;
};

void record_draft_init(struct record_draft *draft, const struct redact *redact);
void record_draft_finish(struct record_draft *draft);
void record_draft_reset(struct record_draft *draft);

/* `key` is static; NULL for `text` adds nothing, and neither does what the class keeps back. A
 * record has RECORD_ATTRS_MAX attributes at most. */
void record_add_text(struct record_draft *draft, const char *key, uint32_t cls, const char *text);
void record_add_span(struct record_draft *draft, const char *key, uint32_t cls, const char *p,
                     size_t n);
void record_add_int(struct record_draft *draft, const char *key, int64_t value);
void record_add_bool(struct record_draft *draft, const char *key, bool value);

/* Attributes of the draft, valid until it changes: for what all records share. */
const struct beacon_attr *record_draft_attrs(struct record_draft *draft);

/* A log record of severity INFO, held once. `name` is static. */
struct record *record_create(struct record_draft *draft, const char *name, uint64_t time_unix_ns);
struct record *record_hold(struct record *record);
void record_release(struct record *record); /* NULL is fine */
const struct beacon_record *record_view(const struct record *record);

#endif
