/* SPDX-License-Identifier: Apache-2.0
 * internal.h - what the parts of the test host share. Thread: as testhost.h says.
 */
#ifndef TESTHOST_INTERNAL_H
#define TESTHOST_INTERNAL_H

#include <beacon-sdk/testhost.h>
#include <pthread.h>
#include <signal.h>

#include "buffer.h"
#include "loan.h"

#define TESTHOST_SINK_DEPTH 8

struct testhost_facets; /* facets.h */

/* A name for testhost_resize(). */
struct resized {
    const char *name;
    size_t bytes;
    struct resized *next;
};

/* The call that is going on. */
struct ongoing {
    const char *slot; /* NULL: none is */
    pthread_t thread; /* runs it */
    bool is_main;     /* it is a [main] slot */
    bool is_pure;     /* it is a [pure] slot: no facet may be used */
    bool has_faulted;
    bool was_refused; /* a sink said stop: that code may come back without words */
    const char *inside[TESTHOST_SINK_DEPTH]; /* sinks being called */
    size_t n_inside;
};

struct testhost {
    struct testhost_options options;
    struct beacon_host *host; /* at the end of `host_pages` */
    void *host_pages;
    size_t host_pages_bytes;
    struct loans loans;
    struct resized *resized;
    struct ongoing call;
    bool next_is_main, next_is_pure; /* how testhost_call() runs its next call */
    pthread_mutex_t lock;            /* of everything below: facets come from any thread */
    struct buffer findings;
    size_t n_findings;
    struct buffer log;
    struct buffer error; /* of the latest call that failed */
    char **secrets;
    size_t n_secrets;
    char **kept; /* texts that were returned */
    size_t n_kept;
    struct testhost_facets *facets;
    const struct beacon_plugin *plugin;
    void *plugin_state;
    bool is_loaded;
};

/* `text`, freed with the host. */
const char *testhost_keep(struct testhost *t, char *text);
const char *testhost_keep_buffer(struct testhost *t, struct buffer *b); /* takes it over */

/* What is wrong with a text that leaves the plugin: not UTF-8, or it has a planted secret. `where` such
 * as "the log". */
void testhost_look_at(struct testhost *t, const char *where, struct beacon_str s);

/* testhost_call() of a [main] slot: on the calling thread; or of a [pure] one. */
bool testhost_call_main(struct testhost *t, const char *slot, void (*call)(void *), void *arg);
bool testhost_call_pure(struct testhost *t, const char *slot, void (*call)(void *), void *arg);

/* The bytes that structs of this name have: `n`, or what was said. */
size_t testhost_size_of(const struct testhost *t, const char *name, size_t n);

/* Noise for fields that a reader must ignore; 0 unless asked for. */
uint32_t testhost_noise(const struct testhost *t);

/* For `ctx` of a sink: lent memory that holds `p`, so that a sink which is kept faults. */
void *testhost_lend_pointer(struct testhost *t, void *p);

/* load.c */
void testhost_unload(struct testhost *t);

#endif
