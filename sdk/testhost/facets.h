/* SPDX-License-Identifier: Apache-2.0
 * facets.h - the tables behind the facets of host.h, and what a test fills them with.
 *
 * One struct per facet, each in the file facet_<name>.c. Thread: the host's lock is held while a table
 * is read or changed; slots are called on any thread.
 */
#ifndef TESTHOST_FACETS_H
#define TESTHOST_FACETS_H

#include "internal.h"

/* Texts by name, in the order of their first appearance. */
struct named_text {
    char *name, *text; /* text NULL: not there */
    size_t n;          /* bytes of text */
    uint64_t generation;
    int32_t number;
    char *more;
    struct named_text *next;
};

struct testhost_facets {
    struct testhost *t;
    uint64_t mono_ns, unix_ms, random;
    uint64_t deadline_ns;
    int cancel_pipe[2];
    bool is_cancelled;
    struct named_text *env, *secrets, *programs;
    struct named_text *answers; /* of the http facet, in their order */
    unsigned fail_in[6];        /* by number of the facet's bit: calls until one fails, 0 = never */
    beacon_rc fail_with[6];
    bool has_person;
    char *typed, *query;
    const char *next_line; /* of typed */
    struct buffer shown, executed, requested;
};

struct testhost_facets *facets_create(struct testhost *t);
void facets_destroy(struct testhost_facets *f);
const void *facets_find(struct testhost *t, const char *id);

/* Slots of struct beacon_host that belong to the cancel token. */
uint32_t facets_cancelled(const struct beacon_host *h, const struct beacon_cancel *c);
int32_t facets_cancel_fd(const struct beacon_host *h, const struct beacon_cancel *c);
uint64_t facets_deadline_ns(const struct beacon_host *h, const struct beacon_cancel *c);

/* May `slot` of the facet be called here and now, and shall it fail? OK, or what it must return. */
beacon_rc facets_enter(struct testhost *t, uint32_t facet, const char *slot, bool is_blocking);

/* The entry, made when `is_wanted` and missing; NULL else. The lock is held. */
struct named_text *facets_named(struct named_text **list, struct beacon_str name, bool is_wanted);

/* As beacon_error_fill(), through whatever struct_size there is. */
beacon_rc facets_error(struct beacon_error *e, beacon_rc rc, const char *message);

extern const struct beacon_host_clock facet_clock;
extern const struct beacon_host_env facet_env;
extern const struct beacon_host_secrets facet_secrets;
extern const struct beacon_host_ui facet_ui;
extern const struct beacon_host_exec facet_exec;
extern const struct beacon_host_http facet_http;

#endif
