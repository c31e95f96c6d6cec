/* SPDX-License-Identifier: Apache-2.0
 * beacon/telemetry.h - "beacon.telemetry/1": batches of logs, spans and metrics to somewhere.
 *
 * The host collects records in a bounded queue (the oldest are dropped and counted), drops or hashes
 * attributes by class before a plugin sees them, and hands over batches. An exporter either describes
 * requests that the host sends (form A: encode, reply) or writes by itself (form B: write).
 * Called by the host's telemetry/, never on the agent's thread. Thread tags as in plugin.h.
 */
#ifndef BEACON_TELEMETRY_H
#define BEACON_TELEMETRY_H
#include "host.h"

BEACON_BEGIN_DECLS

#define BEACON_TELEMETRY_IFACE "beacon.telemetry/1"

#define BEACON_REC_LOG    1u
#define BEACON_REC_SPAN   2u
#define BEACON_REC_METRIC 3u

#define BEACON_ATTR_STR  1u
#define BEACON_ATTR_I64  2u
#define BEACON_ATTR_F64  3u
#define BEACON_ATTR_BOOL 4u /* num.i is 0 or 1 */
#define BEACON_ATTR_JSON 5u /* str is a JSON array or object */

/* What an attribute may reveal; content is off unless a person switched it on. */
#define BEACON_CLASS_META     0u
#define BEACON_CLASS_PATH     1u
#define BEACON_CLASS_CONTENT  2u
#define BEACON_CLASS_IDENTITY 3u

/* One attribute. Frozen: it never changes, so it may be an array element. */
struct beacon_attr {
    struct beacon_str key;
    uint32_t type; /* BEACON_ATTR_* */
    uint32_t cls;  /* BEACON_CLASS_* */
    union {
        int64_t i; /* I64, BOOL */
        double f;  /* F64 */
    } num;
    struct beacon_str str; /* STR, JSON */
};

/* One record. Written by the host, [call]; fields of other types are 0. */
struct beacon_record {
    uint32_t struct_size;
    uint32_t type;                      /* BEACON_REC_* */
    uint64_t time_unix_ns, end_unix_ns; /* SPAN: begin and end */
    uint8_t trace_id[16];
    uint8_t span_id[8];
    uint8_t parent_id[8]; /* zeros = no parent */
    uint32_t severity;    /* LOG: OpenTelemetry number */
    uint32_t flags;       /* 0 */
    struct beacon_str name, body;
    double value; /* METRIC */
    const struct beacon_attr *attrs;
    size_t n_attrs;
    uint32_t span_kind, span_status;   /* OpenTelemetry numbers */
    uint32_t metric_kind, temporality; /* OpenTelemetry: gauge, sum, histogram; delta, cumulative */
    struct beacon_str unit;            /* UCUM */
    const double *bounds;              /* histogram: n_bounds limits … */
    const uint64_t *counts;            /* … and n_bounds + 1 counts */
    size_t n_bounds;
};

/* What the server said to a batch. Zeroed by the host, filled with BEACON_SET. */
struct beacon_export_result {
    uint32_t struct_size;
    uint32_t retry;          /* 1 = send this batch again */
    uint32_t retry_after_ms; /* 0 = the host's own backoff */
    uint32_t rejected;       /* records refused in a partial success */
};

/* Written by the host, [call]. */
struct beacon_batch {
    uint32_t struct_size;
    uint32_t flags;               /* 0 */
    uint64_t seq, dropped_before; /* grows by 1; records lost before this batch, as a total */
    const struct beacon_attr *resource;
    size_t n_resource;
    const struct beacon_record *const *records;
    size_t n_records;
};

/* The table of an exporter. Written by the plugin, [static]. Mandatory: create, destroy, and encode
 * and reply (form A) or write (form B), as the manifest's "form" says. */
struct beacon_telemetry {
    uint32_t struct_size;
    uint32_t signals; /* 1 << BEACON_REC_* of what it wants */

    /* Make an instance. `config` is the JSON object of its configuration, [call]; `h` is [static].
     * *inst is the plugin's, until destroy(). INVALID: a key is missing or wrong, and the message
     * names it. No network. [worker] */
    beacon_rc (*create)(void *plugin_state, const struct beacon_host *h, struct beacon_str config,
                        void **inst, struct beacon_error *e);

    /* Free the instance; shutdown() came before. [worker] */
    void (*destroy)(void *inst);

    /* Form A. Describe the request that carries `b`, given to `out`; the host sends it, retries and
     * holds the deadline. Both are [call]. LIMIT: the batch is too large to be encoded. [pure] */
    beacon_rc (*encode)(void *inst, const struct beacon_batch *b, const struct beacon_http_out *out,
                        struct beacon_error *e);

    /* Form A. What does the answer mean? `r` and `body` are [call]; `out` is zeroed. An error drops
     * the batch. [pure] */
    beacon_rc (*reply)(void *inst, const struct beacon_http_response *r, struct beacon_bytes body,
                       struct beacon_export_result *out);

    /* Form B: own transport (file, syslog, socket). Take the batch somewhere before `deadline`; `b` is
     * [call]. An error drops the batch. Blocks. [worker] */
    beacon_rc (*write)(void *inst, const struct beacon_batch *b,
                       const struct beacon_cancel *deadline, struct beacon_error *e);

    /* Optional. Get what was taken so far out before `deadline`. Blocks. [worker] */
    beacon_rc (*flush)(void *inst, const struct beacon_cancel *deadline, struct beacon_error *e);

    /* Optional. The last call before destroy(): flush and hang up. The host abandons the thread at the
     * deadline and exits anyway. Blocks. [worker] */
    beacon_rc (*shutdown)(void *inst, const struct beacon_cancel *deadline, struct beacon_error *e);
};

BEACON_END_DECLS
#endif
