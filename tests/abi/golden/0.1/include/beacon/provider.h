/* SPDX-License-Identifier: Apache-2.0
 * beacon/provider.h - "beacon.provider/1": from a conversation to typed events.
 *
 * A provider turns one turn of the conversation into an HTTP request described as data, and the
 * frames of the answer into events (form A, sans-IO). The host owns sockets, TLS, proxies, framing,
 * retries, recording, cancel and credentials; a provider never sees a token, a split event, a BOM or
 * a comment line. One that cannot work over the host's HTTP has form B: one blocking stream().
 *
 * Form A, per turn: open, then poll until DONE; after a poll that asked for HTTP: on_response,
 * on_frame*, on_end, and poll again. After any failure judge; always close.
 *
 * Requests must be byte-identical for equal input, with a stable order of keys and tools and an
 * unchanged prefix as the history grows: prompt caches depend on it.
 * Called by the host's agent. Thread tags as in plugin.h.
 */
#ifndef BEACON_PROVIDER_H
#define BEACON_PROVIDER_H
#include "host.h"

BEACON_BEGIN_DECLS

#define BEACON_PROVIDER_IFACE "beacon.provider/1"

/* The conversation, written by the host, [call]. */

#define BEACON_ROLE_SYSTEM    1u
#define BEACON_ROLE_USER      2u
#define BEACON_ROLE_ASSISTANT 3u
#define BEACON_ROLE_TOOL      4u

#define BEACON_PART_TEXT        1u
#define BEACON_PART_REASONING   2u /* text = its summary, opaque = what the provider wants back */
#define BEACON_PART_TOOL_CALL   3u /* call_id, name, text = arguments as JSON */
#define BEACON_PART_TOOL_RESULT 4u /* call_id, text = output */
#define BEACON_PART_BLOB        5u /* media_type, and blob or url */
#define BEACON_PART_SERVER_TOOL 6u /* executed by the provider; never run here */

#define BEACON_PART_FREEFORM 1u /* flag: a tool call whose text is raw input, not JSON */
#define BEACON_PART_ERROR    2u /* flag: the result of a tool that failed */

/* One piece of a message, of the host's history or of a provider's event. Unused spans are empty. */
struct beacon_part {
    uint32_t struct_size;
    uint32_t type;  /* BEACON_PART_TEXT … BEACON_PART_SERVER_TOOL */
    uint32_t flags; /* BEACON_PART_FREEFORM, BEACON_PART_ERROR */
    uint32_t reserved0;
    struct beacon_str text, call_id, name, media_type, url;
    struct beacon_bytes blob; /* decoded, not base64 */
    /* JSON that this provider family attached earlier: signatures, encrypted reasoning. The host
     * keeps it bit-exact, never reads it, and returns it only to a provider with the same opaque_ns. */
    struct beacon_str opaque;
    struct beacon_str id,
        ns; /* the provider's id of the item; namespace of the tool (MCP server) */
};

#define BEACON_CACHE_BREAKPOINT 1u /* cache_hint: a good place for a prompt-cache breakpoint */

struct beacon_message {
    uint32_t struct_size;
    uint32_t role; /* BEACON_ROLE_* */
    const struct beacon_part *const *parts;
    size_t n_parts;
    uint32_t cache_hint; /* 0 or BEACON_CACHE_BREAKPOINT */
    uint32_t flags;      /* 0 */
};

#define BEACON_TOOL_FREEFORM 1u /* flag: input is raw text; the grammar may be "" */

/* A tool the model may call. */
struct beacon_tool {
    uint32_t struct_size;
    uint32_t flags; /* BEACON_TOOL_* */
    struct beacon_str name, description;
    struct beacon_str parameters;                  /* JSON Schema in the host's documented subset */
    struct beacon_str grammar_syntax, grammar, ns; /* FREEFORM: "lark" or "regex" */
};

#define BEACON_TOOL_CHOICE_AUTO     0u
#define BEACON_TOOL_CHOICE_NONE     1u
#define BEACON_TOOL_CHOICE_REQUIRED 2u

/* One request to the model: the whole conversation so far, and how to answer. */
struct beacon_turn {
    uint32_t struct_size;
    uint32_t flags; /* 0 */
    struct beacon_str model, session_id, idempotency_key;
    uint32_t attempt;                             /* 1 and up: the host owns retries */
    uint32_t tool_choice;                         /* BEACON_TOOL_CHOICE_* */
    const struct beacon_message *const *messages; /* oldest first */
    size_t n_messages;
    const struct beacon_tool *const *tools; /* in a stable order */
    size_t n_tools;
    int64_t max_output_tokens;                      /* below 0 = not set */
    double temperature;                             /* NaN = not set */
    struct beacon_str effort;                       /* "low", "medium", "high" …; "" = not set */
    struct beacon_str output_schema;                /* JSON Schema, or "" */
    struct beacon_str extra;                        /* JSON object from the configuration, or "" */
    struct beacon_str reasoning_summary, verbosity; /* "auto", "low" …; "" = not set */
    uint32_t parallel_tools;                        /* 1 = the host runs parallel calls */
    uint32_t reserved0;
};

/* Events, written by the provider, [call]. Their grammar:
 * START, (ITEM_BEGIN, DELTA*, ITEM_DONE)*, USAGE*, FINISH; LIMITS and WARNING anywhere before FINISH.
 * Items may interleave by index. Deltas are provisional and only shown; ITEM_DONE is durable and goes
 * into the history. Without FINISH the durable items stay, the rest is dropped and the turn is tried
 * again from the history, so a tool never runs twice. */

#define BEACON_EV_START      1u /* id = response id, model = the model that serves */
#define BEACON_EV_ITEM_BEGIN 2u /* index; part with type and what is known: id, call_id, name */
#define BEACON_EV_DELTA      3u /* index, text; code: 0 text, 1 reasoning summary, 2 raw reasoning, */
                                /* 3 break between sections of a summary (text is empty) */
#define BEACON_EV_ITEM_DONE 4u /* index, the whole part, with opaque; tool arguments parse */
#define BEACON_EV_USAGE     5u /* usage */
#define BEACON_EV_LIMITS    6u /* text = a snapshot of rate limits as JSON */
#define BEACON_EV_WARNING   7u /* text for the user */
#define BEACON_EV_FINISH    8u /* code = BEACON_FINISH_*; exactly once, last */

#define BEACON_FINISH_STOP    1u
#define BEACON_FINISH_TOOLS   2u /* the model waits for tool results */
#define BEACON_FINISH_LENGTH  3u /* the output limit was reached */
#define BEACON_FINISH_REFUSAL 4u
#define BEACON_FINISH_PAUSE   5u /* call again with the same history plus the durable items */

#define BEACON_USAGE_INPUT_INCLUDES_CACHE      1u
#define BEACON_USAGE_OUTPUT_INCLUDES_REASONING 2u
#define BEACON_USAGE_CUMULATIVE                4u /* replaces an earlier USAGE instead of adding */

/* Tokens. -1 = unknown, never 0 for unknown. */
struct beacon_usage {
    uint32_t struct_size;
    uint32_t flags; /* BEACON_USAGE_* */
    int64_t input, cache_read, cache_write, output, reasoning;
    int64_t cost_nano_usd; /* 1e-9 US dollars */
};

struct beacon_event {
    uint32_t struct_size;
    uint32_t type;  /* BEACON_EV_* */
    uint32_t index; /* of the item, counted by the provider */
    uint32_t code;  /* DELTA: which text; FINISH: why */
    struct beacon_str text, id, model;
    const struct beacon_part *part;   /* ITEM_BEGIN and ITEM_DONE, else NULL */
    const struct beacon_usage *usage; /* USAGE, else NULL */
};

/* Where events go. Written by the host, [call]. */
struct beacon_events {
    uint32_t struct_size;
    uint32_t flags; /* 0 */
    void *ctx;      /* the host's own */

    /* Take one event, copied during the call. Below 0: produce nothing more and return that code.
     * Thread: that of the slot the sink was given to. */
    beacon_rc (*emit)(const struct beacon_events *s, const struct beacon_event *ev);
};

/* One turn in progress: the provider's own struct, opaque to the host. */
struct beacon_exchange;

#define BEACON_ACT_HTTP 1u /* perform `http`: on_response, on_frame*, on_end; then poll again */
#define BEACON_ACT_WAIT 2u /* poll again after wait_ms, for interfaces with jobs */
#define BEACON_ACT_DONE 3u /* nothing more to do: close */

/* What the host shall do next. Zeroed by the host, filled by the provider with BEACON_SET. */
struct beacon_action {
    uint32_t struct_size;
    uint32_t kind;                          /* BEACON_ACT_* */
    const struct beacon_http_request *http; /* HTTP: borrowed until the next call on the exchange */
    uint32_t wait_ms;                       /* WAIT */
    uint32_t flags;                         /* 0 */
};

/* How the body of an answer ended. */
#define BEACON_END_OK         0u
#define BEACON_END_TRUNCATED  1u /* the connection died, or idled too long */
#define BEACON_END_HTTP_ERROR 2u /* the status was not 2xx; the body came as frames */

#define BEACON_VERDICT_FATAL    0u
#define BEACON_VERDICT_RETRY    1u /* the host waits, at least after_ms, and tries again */
#define BEACON_VERDICT_REAUTH   2u /* the host renews the credentials, then tries once more */
#define BEACON_VERDICT_TOO_LONG 3u /* the host compacts the history */
#define BEACON_VERDICT_FALLBACK 4u /* the host takes the next model of the configured chain */

/* What a failure means. Zeroed by the host, filled by the provider with BEACON_SET. */
struct beacon_verdict {
    uint32_t struct_size;
    uint32_t verdict;  /* BEACON_VERDICT_* */
    uint32_t after_ms; /* RETRY: 0 = the host's own backoff */
    uint32_t flags;    /* 0 */
    beacon_rc code;    /* BEACON_E_* of the failure */
    uint32_t reserved0;
    struct beacon_str message; /* [object] the provider's own words, for the user */
};

#define BEACON_MF_TOOLS          1u
#define BEACON_MF_PARALLEL_TOOLS 2u
#define BEACON_MF_IMAGES         4u
#define BEACON_MF_REASONING      8u
#define BEACON_MF_SCHEMA         16u /* structured output */
#define BEACON_MF_CACHE_HINTS    32u

/* One model of a catalogue. Written by the provider, [call]. */
struct beacon_model {
    uint32_t struct_size;
    uint32_t flags;                            /* 0 */
    struct beacon_str id, display;             /* "gpt-5", "GPT-5" */
    int64_t context_tokens, max_output_tokens; /* -1 = unknown */
    uint32_t features;                         /* BEACON_MF_* */
    uint32_t reserved0;
};

/* Where models go. Written by the host, [call]. */
struct beacon_models_sink {
    uint32_t struct_size;
    uint32_t flags; /* 0 */
    void *ctx;      /* the host's own */

    /* Take one model, copied during the call. Below 0: stop and return that code. */
    beacon_rc (*add)(const struct beacon_models_sink *s, const struct beacon_model *m);
};

/* The table of a provider. Written by the plugin, [static]. Mandatory: create, destroy, and either
 * every slot of form A or stream of form B, as the manifest's "form" says. */
struct beacon_provider {
    uint32_t struct_size;
    uint32_t flags;        /* 0 */
    const char *opaque_ns; /* who may read part.opaque, "anthropic"; NULL = only this plugin */

    /* Make an instance. `config` is the JSON object of its configuration, [call], checked against
     * config_schema and free of secrets; `h` is [static]. *inst is the plugin's, given back to every
     * slot and to destroy(). INVALID: a key is missing or wrong, and the message names it. No
     * network. [worker] */
    beacon_rc (*create)(void *plugin_state, const struct beacon_host *h, struct beacon_str config,
                        void **inst, struct beacon_error *e);

    /* Free the instance; its exchanges are closed before. [worker] */
    void (*destroy)(void *inst);

    /* Optional. Put the built-in catalogue into `out`; a live listing is an exchange opened with turn
     * NULL. Returns what `out` returned. [pure] */
    beacon_rc (*models)(void *inst, const struct beacon_models_sink *out);

    /* Form A. Begin a turn; `turn` is [call], so what is needed later is copied, and NULL asks for
     * the list of models. *x is the plugin's, until close(). INVALID: the turn cannot be expressed,
     * and the message says what. Never blocks. [worker: one call at a time per exchange] */
    beacon_rc (*open)(void *inst, const struct beacon_turn *turn, struct beacon_exchange **x,
                      struct beacon_error *e);

    /* Form A. Say what to do next. `out` is zeroed; what it points to is the plugin's and stays valid
     * until the next call on `x`. Any error ends the exchange: judge, close. Never blocks. [worker] */
    beacon_rc (*poll)(struct beacon_exchange *x, struct beacon_action *out, struct beacon_error *e);

    /* Form A. Status and headers have arrived, also those of an error; `r` is [call]. May emit LIMITS.
     * Any error ends the exchange. Never blocks. [worker] */
    beacon_rc (*on_response)(struct beacon_exchange *x, const struct beacon_http_response *r,
                             const struct beacon_events *ev, struct beacon_error *e);

    /* Form A. Decode one frame: `data` is one whole SSE event or line, or with BEACON_FRAME_WHOLE the
     * body; `event` is the SSE event name or empty; both are [call]. Events go to `ev` in order.
     * PROTOCOL: the peer spoke nonsense; any error ends the exchange. Unknown kinds of frames are not
     * errors. Never blocks; the hot path. [worker] */
    beacon_rc (*on_frame)(struct beacon_exchange *x, struct beacon_str event,
                          struct beacon_bytes data, const struct beacon_events *ev,
                          struct beacon_error *e);

    /* Form A. The body has ended; `how` is BEACON_END_*. With OK the last events are emitted here if
     * they were not before. A stream that should have had more is PROTOCOL; so is HTTP_ERROR, whose
     * meaning judge() tells. Never blocks. [worker] */
    beacon_rc (*on_end)(struct beacon_exchange *x, uint32_t how, const struct beacon_events *ev,
                        struct beacon_error *e);

    /* Form A. After any failure, of the plugin or of the transport: what does it mean? `out` is zeroed;
     * message is [object]. Depends on what the exchange has seen only. [pure] */
    void (*judge)(struct beacon_exchange *x, struct beacon_verdict *out);

    /* Form A. Free the exchange. Also the way to cancel: no other call follows. Never blocks.
     * [worker] */
    void (*close)(struct beacon_exchange *x);

    /* Form B, own transport (WebSocket, gRPC, local model, subprocess); NULL when form A is given. One
     * whole turn: `turn`, `ev` and `c` are [call]. On failure `why` (zeroed before, message [object])
     * is the verdict. CANCELLED within 250 ms after `c` says so, or the host abandons the thread.
     * Blocks. [worker] */
    beacon_rc (*stream)(void *inst, const struct beacon_turn *turn, const struct beacon_events *ev,
                        const struct beacon_cancel *c, struct beacon_verdict *why,
                        struct beacon_error *e);

    /* Optional. How many tokens `turn` ([call]) costs as input; -1 = unknown. [pure] */
    int64_t (*count_tokens)(void *inst, const struct beacon_turn *turn);
};

BEACON_END_DECLS
#endif
