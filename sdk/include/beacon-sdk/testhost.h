/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/testhost.h - a fake host for the tests of a plugin: libbeacon-testhost.
 *
 * It loads a plugin, lends it every facet of host.h from tables that the test fills, and watches how
 * the plugin behaves. What a plugin must not do is written down as a finding, one sentence with the
 * slot's name, and the test goes on; at its end it asserts that there are none:
 *
 *     struct testhost *t = testhost_open(NULL);
 *     testhost_load(t, beacon_plugin_entry_v1(BEACON_ABI_MINOR));
 *     … drive it with testhost_provider.h, testhost_auth.h, testhost_telemetry.h, testhost_sandbox.h
 *     assert_string_equal(testhost_findings(t), "");
 *     testhost_close(t);
 *
 * Ownership is tested by how memory is lent: every struct and every text ends where an unreadable page
 * begins, has no NUL behind it, and is overwritten and taken away when the call has returned. A plugin
 * that reads behind an end, or keeps a pointer, faults; the fault becomes a finding, and the object it
 * happened in is not called again. Every slot but load, unload and facet runs on a thread of its own,
 * a fresh one each time, because [worker] promises no more.
 *
 * Text that is returned lives until testhost_close(). Nothing here fails: memory that ends ends the
 * program. Thread: one test host belongs to one thread; its tables may be called on any.
 */
#ifndef BEACON_SDK_TESTHOST_H
#define BEACON_SDK_TESTHOST_H

#include <beacon-sdk/text.h>
#include <beacon/host.h>

BEACON_BEGIN_DECLS

#define TESTHOST_HTTP    1u
#define TESTHOST_SECRETS 2u
#define TESTHOST_UI      4u
#define TESTHOST_EXEC    8u
#define TESTHOST_ENV     16u
#define TESTHOST_CLOCK   32u

#define TESTHOST_ONE_THREAD 1u /* slots run on the calling thread: quicker, for fuzz targets */
#define TESTHOST_NOISE      2u /* fields that a reader must ignore hold noise instead of 0 */
#define TESTHOST_NEWER_HOST 4u /* structs are longer than the plugin knows, with noise at the end */
#define TESTHOST_ANY_KIND   8u /* load() says nothing about components of unknown kinds */

/* Zeroed, it is the host that the plugin was compiled for, with every facet. */
struct testhost_options {
    uint32_t without;    /* TESTHOST_HTTP …: facets this host does not lend */
    uint32_t flags;      /* TESTHOST_ONE_THREAD … */
    uint64_t seed;       /* of what the clock facet gives as random, and of the noise */
    uint32_t host_bytes; /* struct_size of struct beacon_host; 0 = all of it */
    uint32_t abi_minor;  /* what the host says it is, when is_minor_set */
    uint32_t is_minor_set;
};

struct testhost;

struct testhost *testhost_open(const struct testhost_options *options); /* NULL = zeroed */
void testhost_close(struct testhost *t);                                /* unload() included */

/* The table that the plugin sees. */
const struct beacon_host *testhost_host(const struct testhost *t);

/* ---- findings ---- */

/* All of them, one per line, "" when the plugin did nothing wrong. A line is "rule: slot: sentence"; the
 * rules are crash, kept-pointer, over-read, late-call, thread, reentered, purity, grammar, value,
 * secret. */
const char *testhost_findings(const struct testhost *t);
size_t testhost_n_findings(const struct testhost *t);
void testhost_forget_findings(struct testhost *t);

/* Write down one of the test's own. */
void testhost_find(struct testhost *t, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- loading ---- */

/* Take the plugin that is linked into the test, or NULL for "the entry gave nothing"; calls its load().
 * What is wrong with its tables becomes findings. */
beacon_rc testhost_load(struct testhost *t, const struct beacon_plugin *plugin);

/* The same from a file, mapped with dlopen() and never unmapped. */
beacon_rc testhost_load_file(struct testhost *t, const char *path);

/* The first component of a kind, or NULL; `name` may be NULL for any. */
const struct beacon_component *testhost_component(const struct testhost *t, uint32_t kind,
                                                  const char *name);
const struct beacon_plugin *testhost_plugin(const struct testhost *t);
void *testhost_plugin_state(const struct testhost *t); /* what load() left */

/* The error of the latest call that failed: "message; hint". */
const char *testhost_error(const struct testhost *t);

/* ---- calling a slot, and lending it memory; what the drivers are made of ---- */

/* Run call(arg), which calls the slot named `slot`; then take back everything lent. False: it faulted,
 * a finding says where, and the object must not be used again. */
bool testhost_call(struct testhost *t, const char *slot, void (*call)(void *arg), void *arg);

/* A copy of `n` bytes that ends at an unreadable page, until the next testhost_call() has returned. */
void *testhost_lend(struct testhost *t, const void *p, size_t n);
struct beacon_str testhost_lend_str(struct testhost *t, struct beacon_str s);

/* The same for a struct that begins with struct_size, cut or lengthened as testhost_resize() said for
 * `name`: "turn", "message", "part", "tool", "response", "events", "need", "cred_sink", "policy",
 * "path_rule", "exec", "plan", "batch", "record", "error", "action", "verdict", "status", "report",
 * "result", "sink", "http_out", "models", "request". */
void *testhost_lend_struct(struct testhost *t, const char *name, const void *p, size_t n);

/* From now on structs of this name have `bytes` bytes; 0 = their size again. */
void testhost_resize(struct testhost *t, const char *name, size_t bytes);

/* An error to give to a slot, lent; testhost_keep_error() reads it inside the call. */
struct beacon_error *testhost_lend_error(struct testhost *t);
void testhost_keep_error(struct testhost *t, const struct beacon_error *lent);

/* Is a sink of this host being called as it may be: during the call, on its thread, not from within
 * itself? Otherwise a finding that names `sink`. Each sink begins with it and ends with _leave. */
bool testhost_sink_enter(struct testhost *t, const char *sink);
void testhost_sink_leave(struct testhost *t);

/* ---- the facets ---- */

/* What was logged, one line per message: "info: message key=value". */
const char *testhost_log(const struct testhost *t);

/* From now on a finding says where this text turns up: in a log line, an error, an event. */
void testhost_plant_secret(struct testhost *t, const char *secret);

/* Both clocks; they stand still unless moved. At first 1 s and 2023-11-14T22:13:20Z. */
void testhost_set_time(struct testhost *t, uint64_t now_mono_ns, uint64_t now_unix_ms);
void testhost_advance_ms(struct testhost *t, uint64_t ms);

void testhost_set_env(struct testhost *t, const char *name, const char *value); /* NULL: unset */

/* The store of the secrets facet; every set raises the generation, and a wrong one is BUSY. */
void testhost_set_secret(struct testhost *t, const char *key, const char *value); /* NULL: erase */
const char *testhost_secret(struct testhost *t, const char *key); /* NULL: there is none */
uint64_t testhost_secret_generation(struct testhost *t, const char *key);

/* The `nth` call from now of a facet (1 = the next one; TESTHOST_SECRETS, _HTTP, _EXEC or _CLOCK for its
 * randomness) fails with `rc`; 0 = none does. */
void testhost_fail(struct testhost *t, uint32_t facet, unsigned nth, beacon_rc rc);

/* A person who answers; without it every slot of the ui facet is UNSUPPORTED. `answers` are the lines
 * typed at prompts, one per line, and `query` what the browser brings back; either may be NULL. */
void testhost_set_person(struct testhost *t, const char *answers, const char *query);
const char *testhost_shown(const struct testhost *t); /* what the person saw, one line each */

/* The program at `path` ends with this wait status and these outputs. */
void testhost_set_program(struct testhost *t, const char *path, int32_t status, const char *out,
                          const char *err_text);
const char *testhost_executed(const struct testhost *t); /* one line per run: the arguments */

/* The answer to the next request of the http facet; `headers` is "name: value" lines or NULL. */
void testhost_add_http(struct testhost *t, int32_t status, const char *headers, const char *body);
const char *testhost_requested(const struct testhost *t); /* one line per request: method and URL */

/* What slots that may block are given; cancelling makes cancelled() say so and the fd readable. */
const struct beacon_cancel *testhost_cancel_token(struct testhost *t);
void testhost_set_cancelled(struct testhost *t, bool is_cancelled);
void testhost_set_deadline(struct testhost *t, uint64_t mono_ns); /* 0 = none */

BEACON_END_DECLS
#endif
