/* event.h - everything a session can say, in one list.
 *
 * An event is made by agent/ and tools/, and leaves through fanout.h: the journal hears it first,
 * then the front door, then telemetry. All pointers are borrowed for the call of the sink; a sink
 * that keeps something copies it. Text is valid UTF-8. Thread: [main].
 */
#ifndef HOST_EVENT_EVENT_H
#define HOST_EVENT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_kind {
    EVENT_SESSION_STARTED,  /* session: first event of every session, new or resumed */
    EVENT_WARNING,          /* message: something a person should know; the work goes on */
    EVENT_TURN_STARTED,     /* message: the prompt */
    EVENT_TEXT_DELTA,       /* delta: provisional words of the answer, for the screen only */
    EVENT_REASONING_DELTA,  /* delta: provisional summary of the reasoning, for the screen only */
    EVENT_AGENT_MESSAGE,    /* message: a whole message of the model; the last one is the answer */
    EVENT_REASONING,        /* message: a whole reasoning summary */
    EVENT_COMMAND_STARTED,  /* command */
    EVENT_COMMAND_FINISHED, /* command: with output and status; DECLINED: it was never started, and
                             * there was no EVENT_COMMAND_STARTED */
    EVENT_PATCH_STARTED,    /* patch */
    EVENT_PATCH_FINISHED,   /* patch: with status and diff */
    EVENT_PLAN_UPDATED,     /* plan: the whole list, replacing the one before */
    EVENT_RETRY,            /* retry: a request is repeated after a pause */
    EVENT_MODEL_FALLBACK, /* fallback: another model is asked instead, what was provisional is void */
    EVENT_COMPACTED, /* compaction: the conversation before was replaced by a summary, to make room */
    EVENT_USAGE,     /* usage: of one answer and of the thread so far, with what they cost */
    EVENT_TURN_COMPLETED,   /* usage: of the thread so far. Last event of a good turn */
    EVENT_TURN_FAILED,      /* message: why. Last event of a turn that failed or was interrupted */
    EVENT_REQUEST_STARTED,  /* request: the model is being asked */
    EVENT_REQUEST_ANSWERED, /* request: with status, or with the error why there is none */
    EVENT_FRAME,        /* frame: a piece of the answer came, or it broke; no deltas. Only for who
                             * asked for frames (fanout.h) */
    EVENT_TOOL_DECIDED, /* decision: may this call run, and who says so? Before it runs; a second time
                          * when a command that failed in the sandbox is to be run outside of it */
    EVENT_TOOL_FINISHED, /* tool: with input and output; every call has one, also a refused one */
    EVENT_APPROVAL_REQUESTED, /* approval: a call waits for agent_approve(); others may wait too */
    EVENT_APPROVAL_ANSWERED,  /* approval: it waits no longer; every request has exactly one */
};

enum event_status { EVENT_IN_PROGRESS, EVENT_COMPLETED, EVENT_FAILED, EVENT_DECLINED };

struct event_usage { /* tokens; -1 = the provider did not tell */
    int64_t input, cached_input, cache_write, output, reasoning;
};

/* What something cost. */
struct event_cost {
    int64_t pico_usd;  /* 1e-12 US dollars; -1 = unknown */
    bool is_estimated; /* tokens of it were counted by this program: the provider did not tell */
    bool is_partial;   /* for some of it no price is known: it was at least this much */
};

/* What was asked, as blocks that a provider's prompt cache keeps only while none before them changes:
 * the model, the output schema, the tools, the instructions, then the messages. */
struct event_prefix {
    const char *hash;       /* over all of them, hexadecimal */
    const uint64_t *blocks; /* one digest each */
    size_t n_blocks;
    size_t n_known;        /* of them told before, with a request of this session */
    const char *broken_at; /* the first that is not as in the request before; NULL: all of that one
                            * is the beginning of this one */
};

struct event_spending {
    struct event_cost last, turn, total;
    const char *model;   /* that was asked */
    int64_t input_price; /* of it, pico-US-dollars per token; -1 = unknown */
    int64_t n_requests;  /* of the thread so far */
    bool is_broken;      /* the answer broke off or was stopped: what came of it is paid for */
    struct event_prefix prefix;
};

struct event_session {
    const char *thread_id; /* UUID */
    const char *cwd, *model, *provider, *approval, *sandbox, *sandbox_backend;
    const char *effort, *summary, *version;
    bool is_resumed;
    bool is_safe_mode; /* only the plugins that came with the program */
};

struct event_command {
    const char *call_id;
    const char *command; /* argv joined with POSIX quoting */
    const char *cwd;
    const char *output; /* FINISHED: stdout and stderr in order of arrival, repaired to UTF-8 */
    size_t output_bytes;
    int exit_code; /* FINISHED: 128 + signal when a signal ended it */
    uint64_t duration_ms;
    enum event_status status;
};

struct event_change {
    const char *path;      /* absolute */
    const char *kind;      /* "add", "delete" or "update" */
    const char *move_path; /* absolute, or NULL */
};

struct event_patch {
    const char *call_id;
    const struct event_change *changes;
    size_t n_changes;
    const char *diff;    /* FINISHED: unified diff of what was written; "" when nothing was */
    const char *message; /* FINISHED: what the model is told */
    enum event_status status;
};

struct event_step {
    const char *text;
    const char *status; /* "pending", "in_progress" or "completed" */
};

struct event_plan {
    const char *explanation; /* "" when none */
    const struct event_step *steps;
    size_t n_steps;
};

struct event_retry {
    uint32_t attempt, max_attempts; /* 1 of N */
    uint64_t delay_ms;
    const char *reason;
};

struct event_fallback {
    const char *from_model, *from_provider, *to_model, *to_provider; /* providers by id */
    const char *reason;
};

struct event_request {
    uint32_t attempt; /* repeats of this request so far */
    int32_t status;   /* ANSWERED: of HTTP; 0 = none, or the provider has a transport of its own */
    uint64_t duration_ms; /* ANSWERED: since it started */
    const char *error;    /* ANSWERED: NULL = an answer came, whatever its status */
};

struct event_frame {
    const char *kind;     /* the provider's word, "response.created"; NULL: the answer broke off */
    const char *error;    /* why, or NULL */
    uint64_t duration_ms; /* since the frame before, or the beginning of the answer */
};

struct event_tool {
    const char *call_id, *name;
    const char *input;
    size_t input_bytes;
    const char *output; /* what the model is told */
    size_t output_bytes;
    const char *image_url; /* a data: URL that goes with it, or NULL */
    uint64_t duration_ms;
    bool is_success;
};

/* Who said yes or no to a call, so that it can be told afterwards. Strings may be "". */
struct event_decision {
    const char *call_id, *name;
    const char *decision; /* "approved", "approved_for_session", "denied" or "abort" */
    const char *source;   /* "user": a person answered; else "config" */
    const char *by; /* "rule", "heuristic", "session", "policy", "person", "timeout", "interrupt" or
                     * "admin" */
    const char
        *where; /* what decided, or made it a question: "FILE:line", "heuristic: known safe" */
    const char *layer;  /* of that: "user", "project", "admin", "session", "heuristic", "none" */
    const char *policy; /* the approval policy in force */
    const char
        *sandbox; /* the backend that confines it; "none": nothing does; "": it does not run */
    const char *rule_added; /* "allow from now on" was written here, "FILE:line"; "": it was not */
    bool was_asked;
    bool is_escalated; /* it was to run outside of the sandbox */
};

struct event_compaction {
    const char *reason;                  /* "limit", "too_long" or "asked" */
    int64_t tokens_before, tokens_after; /* of a request, about */
    const char *summary;                 /* all that stands for what went, the ledger included */
};

enum event_approval_kind { EVENT_APPROVE_COMMAND, EVENT_APPROVE_PATCH };

struct event_approval {
    const char *call_id;
    enum event_approval_kind kind;
    const char *const *argv; /* COMMAND: NULL-terminated; else NULL */
    const char *command;     /* COMMAND: argv joined with POSIX quoting; else "" */
    const char *cwd;
    const char
        *reason; /* why it is asked: the model's words, or the rule's; "" when nobody gave one */
    bool is_escalation; /* a yes lets it out of the sandbox */
    const char *const
        *prefix; /* COMMAND: words that can be allowed from now on, NULL-terminated; NULL:
                                * that is no answer here */
    const struct event_change *changes; /* PATCH */
    size_t n_changes;
    const char *diff; /* PATCH: unified diff of what would be written */
    const char
        *grant_root;    /* PATCH: the folder a yes for the session opens; NULL: these paths only */
    const char *answer; /* ANSWERED: "approved", "approved_for_session", "approved_with_prefix",
                         * "denied" or "abort" */
    const char *by;     /* ANSWERED: "person", "timeout" or "interrupt" */
};

struct event {
    enum event_kind kind;
    const char *turn_id; /* "" before the first turn */
    union {
        struct event_session session;
        struct {
            const char *text;
            const char *hint; /* TURN_FAILED: what the person can do next; else NULL */
        } message;
        struct {
            const char *text;
            size_t n; /* bytes; not NUL-terminated */
        } delta;
        struct event_command command;
        struct event_patch patch;
        struct event_plan plan;
        struct event_retry retry;
        struct event_fallback fallback;
        struct event_request request;
        struct event_frame frame;
        struct event_tool tool;
        struct event_decision decision;
        struct event_approval approval;
        struct event_compaction compaction;
        struct {
            struct event_usage last, total;
            const struct event_spending *spending; /* NULL: nobody counted */
        } usage;
    } as;
};

#endif
