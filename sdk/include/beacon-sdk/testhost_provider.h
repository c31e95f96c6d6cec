/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/testhost_provider.h - turns of a provider plugin against scripted answers.
 *
 * A turn is given as JSON, an answer as the bytes a server would send; the test host cuts them into
 * frames as the request asks for, calls the slots in the order that provider.h promises, writes down
 * the events as text, and checks their grammar. Errors and lifetimes as in testhost.h.
 *
 *     struct testhost_provider *p = testhost_provider_create(t, NULL, "{}");
 *     const struct testhost_answer answer = {200, NULL, "data: …\n\n", 0, BEACON_END_OK, 0};
 *     struct testhost_script script = {&answer, 1};
 *     struct testhost_result r = testhost_provider_run(p, TESTHOST_TURN_HELLO, &script);
 *     assert_string_equal(r.events, "START …\n…");
 */
#ifndef BEACON_SDK_TESTHOST_PROVIDER_H
#define BEACON_SDK_TESTHOST_PROVIDER_H

#include <beacon-sdk/testhost.h>
#include <beacon/provider.h>

BEACON_BEGIN_DECLS

/* A turn as JSON. Every member may be left out:
 * {"model": "m", "session_id": "s", "idempotency_key": "k", "attempt": 1, "tool_choice": 0,
 *  "max_output_tokens": 100, "temperature": 0.5, "effort": "", "output_schema": {…}, "extra": {…},
 *  "reasoning_summary": "", "verbosity": "", "parallel_tools": true,
 *  "messages": [{"role": "system|user|assistant|tool", "cache_hint": 0, "parts": [
 *     {"type": "text|reasoning|tool_call|tool_result|blob|server_tool", "text": "", "call_id": "",
 *      "name": "", "media_type": "", "url": "", "blob": "bytes", "opaque": {…}, "id": "", "ns": "",
 *      "freeform": true, "error": true}]}],
 *  "tools": [{"name": "", "description": "", "parameters": {…}, "freeform": true,
 *             "grammar_syntax": "", "grammar": "", "ns": ""}]}
 * A message may have "text": "…" instead of "parts". */
#define TESTHOST_TURN_HELLO                                                                        \
    "{\"model\":\"m\",\"session_id\":\"s\",\"messages\":[{\"role\":\"user\",\"text\":\"Hello.\"}]" \
    "}"

/* One answer of the scripted server. */
struct testhost_answer {
    int32_t status;
    const char *headers; /* "name: value" lines, or NULL */
    const char *body;    /* as sent, before framing */
    size_t n_body;       /* 0 = strlen(body) */
    uint32_t how;        /* BEACON_END_OK or _TRUNCATED; a status that is not 2xx is HTTP_ERROR */
    uint32_t flags;      /* TESTHOST_ANSWER_* */
};

#define TESTHOST_ANSWER_NONE 1u /* the connection could not be had: no slot is called, but judge */

/* What happens to a turn. Zeroed after the answers: all goes well. */
struct testhost_script {
    const struct testhost_answer *answers;
    size_t n_answers;    /* a request more than that gets no connection */
    size_t chunk;        /* RAW framing: bytes per frame; 0 = everything at once */
    size_t frames;       /* the connection dies after so many frames, when is_cut */
    size_t cancel_after; /* close() instead of the call after so many; 0 = never */
    size_t events;       /* the sink refuses every event after so many, when is_refusing */
    bool is_cut, is_refusing;
};

/* What came of it. */
struct testhost_result {
    beacon_rc rc;      /* OK, or what the first slot that failed returned; INTERNAL after a fault */
    const char *slot;  /* which; "" when none failed */
    const char *error; /* "message; hint" */
    const char *events;               /* one line each, see testhost_provider_create() */
    const char *request, *url, *body; /* of the last request: all of it as text, and two parts */
    size_t n_body, n_requests, n_calls, n_frames, n_events;
    bool is_finished; /* FINISH was emitted */
    bool has_verdict; /* judge() was asked: it is after any failure */
    uint32_t verdict, after_ms;
    beacon_rc code;
    const char *message;
};

struct testhost_provider;

/* create() of the provider component `name` (NULL: the first one). `config` is a JSON object. NULL: it
 * failed, and testhost_error() says how. Event lines look like
 *     START id=r1 model=m
 *     BEGIN 0 text
 *     DELTA 0 code=0 text=Hel
 *     DONE 0 text text=Hello
 *     USAGE in=10 cached=-1 written=-1 out=2 reasoning=-1 cost=-1 flags=0
 *     FINISH code=1
 * with call=, name=, id=, ns=, opaque= where they are set; control characters are written \n, \0, \x1b. */
struct testhost_provider *testhost_provider_create(struct testhost *t, const char *name,
                                                   const char *config);
void testhost_provider_destroy(struct testhost_provider *p);

/* One whole turn: open, poll, …, judge after a failure, close. A turn of NULL asks for the models. */
struct testhost_result testhost_provider_run(struct testhost_provider *p, const char *turn,
                                             const struct testhost_script *script);

/* The same with one answer of status 200 that ends well. */
struct testhost_result testhost_provider_say(struct testhost_provider *p, const char *turn,
                                             const char *body);

/* The built-in catalogue: one line per model, "" when the slot is not offered. */
const char *testhost_provider_models(struct testhost_provider *p);

/* A recorded turn, from a file like this (the sections in this order, "request" and "events" may be
 * missing; a second exchange is a second request and response):
 *     config {"base_url": "https://llm.acme.example"}
 *     turn {"messages": [{"role": "user", "text": "Hello."}]}
 *     --- request
 *     POST https://llm.acme.example/v1/chat
 *
 *     {"model": …}
 *     --- response 200
 *     content-type: text/event-stream
 *
 *     data: {"…": …}
 *
 *     --- end ok
 *     --- events
 *     START …
 * Lines before the first section that begin with # are comments. "end" is ok or truncated. */
struct testhost_transcript;

/* NULL: it cannot be read; a finding (rule value) names the line. */
struct testhost_transcript *testhost_transcript_read(struct testhost *t, const char *path);
struct testhost_transcript *testhost_transcript_parse(struct testhost *t, const char *text);
void testhost_transcript_free(struct testhost_transcript *transcript);
const char *testhost_transcript_config(const struct testhost_transcript *transcript); /* or "{}" */
const char *testhost_transcript_turn(const struct testhost_transcript *transcript);
struct testhost_script testhost_transcript_script(const struct testhost_transcript *transcript);

/* Create a provider, run the turn, and compare requests and events with what was recorded; what differs
 * is a finding of rule value. `script` may say how to disturb it (its answers are not used), or NULL. */
struct testhost_result testhost_replay(struct testhost *t,
                                       const struct testhost_transcript *transcript,
                                       const struct testhost_script *script);

BEACON_END_DECLS
#endif
