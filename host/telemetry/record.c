/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "telemetry/redact.h"

#define SEVERITY_INFO 9

struct record {
    struct beacon_record view;
    size_t n_holders;
    struct beacon_attr attrs[]; /* then the bytes of their values */
};

void record_draft_init(struct record_draft *draft, const struct redact *redact)
{
    *draft = (struct record_draft){.redact = redact};
    text_init(&draft->bytes, (size_t)RECORD_ATTRS_MAX * REDACT_VALUE_BYTES);
}

void record_draft_finish(struct record_draft *draft)
{
    text_finish(&draft->bytes);
}

void record_draft_reset(struct record_draft *draft)
{
    draft->n_attrs = 0;
    text_reset(&draft->bytes);
}

static struct beacon_attr *add(struct record_draft *draft, const char *key, uint32_t type,
                               uint32_t cls)
{
    assert(draft->n_attrs < RECORD_ATTRS_MAX);
    struct beacon_attr *attr = &draft->attrs[draft->n_attrs++];
    *attr = (struct beacon_attr){.key = {.p = key, .n = strlen(key)}, .type = type, .cls = cls};
    return attr;
}

void record_add_span(struct record_draft *draft, const char *key, uint32_t cls, const char *p,
                     size_t n)
{
    const size_t offset = draft->bytes.len;
    if (p != NULL && redact_text(draft->redact, cls, p, n, &draft->bytes)) {
        draft->offsets[draft->n_attrs] = offset;
        add(draft, key, BEACON_ATTR_STR, cls)->str.n = draft->bytes.len - offset;
    }
}

void record_add_text(struct record_draft *draft, const char *key, uint32_t cls, const char *text)
{
    record_add_span(draft, key, cls, text, text != NULL ? strlen(text) : 0);
}

void record_add_int(struct record_draft *draft, const char *key, int64_t value)
{
    add(draft, key, BEACON_ATTR_I64, BEACON_CLASS_META)->num.i = value;
}

void record_add_bool(struct record_draft *draft, const char *key, bool value)
{
    add(draft, key, BEACON_ATTR_BOOL, BEACON_CLASS_META)->num.i = value ? 1 : 0;
}

static void point_to(struct beacon_attr *attrs, const struct record_draft *draft, const char *bytes)
{
    for (size_t i = 0; i < draft->n_attrs; i++) {
        if (attrs[i].type == BEACON_ATTR_STR) {
            attrs[i].str.p = bytes + draft->offsets[i];
        }
    }
}

const struct beacon_attr *record_draft_attrs(struct record_draft *draft)
{
    point_to(draft->attrs, draft, text_string(&draft->bytes));
    return draft->attrs;
}

struct record *record_create(struct record_draft *draft, const char *name, uint64_t time_unix_ns)
{
    const size_t attrs_bytes = draft->n_attrs * sizeof draft->attrs[0];
    struct record *record = alloc_zeroed(sizeof *record + attrs_bytes + draft->bytes.len);
    char *bytes = (char *)record + sizeof *record + attrs_bytes;
    memcpy(record->attrs, draft->attrs, attrs_bytes);
    memcpy(bytes, text_string(&draft->bytes), draft->bytes.len);
    point_to(record->attrs, draft, bytes);
    record->n_holders = 1;
    record->view = (struct beacon_record){.struct_size = (uint32_t)sizeof record->view,
                                          .type = BEACON_REC_LOG,
                                          .time_unix_ns = time_unix_ns,
                                          .severity = SEVERITY_INFO,
                                          .name = {.p = name, .n = strlen(name)},
                                          .attrs = record->attrs,
                                          .n_attrs = draft->n_attrs};
    return record;
}

struct record *record_hold(struct record *record)
{
    record->n_holders++;
    return record;
}

void record_release(struct record *record)
{
    if (record != NULL && --record->n_holders == 0) {
        free(record);
    }
}

const struct beacon_record *record_view(const struct record *record)
{
    return &record->view;
}
