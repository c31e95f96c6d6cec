/* wire.h - the composition root: makes the rooms, connects them, and takes them down in reverse.
 * What a lower room needs of a higher one is filled in here and nowhere else. Thread: [main].
 */
#ifndef HOST_CLI_WIRE_H
#define HOST_CLI_WIRE_H

#include <beacon/error.h>

#include "agent/agent.h"
#include "agent/budget.h"
#include "cli/provider_config.h"
#include "cli/wire_plugins.h"
#include "config/layers.h"
#include "config/provider_settings.h"
#include "event/fanout.h"
#include "http/request.h"
#include "probe/probe_window.h"
#include "sandbox/sandbox.h"
#include "session/home.h"
#include "session/replay.h"
#include "tools/tool.h"

struct approvals;
struct cassette;
struct command_table;
struct credentials;
struct egress;
struct journal;
struct rules;
struct store;
struct text;
struct record;
struct replay_parts;
struct wire_fallback;
struct wire_telemetry;

/* Home and configuration: what every command that runs an agent needs first. */
struct wire_start {
    struct home home;
    int home_lock_fd;
    char *cwd; /* absolute, symlinks resolved */
    struct config *config;
};

struct wire_start_request {
    const char *cwd; /* as given by --cd, or NULL */
    const char *profile;
    const char *const *overrides;
    size_t n_overrides;
    const struct config_flag *flags;
    size_t n_flags;
    struct text *display; /* gets the excerpt of a syntax error */
};

int wire_start(const struct wire_start_request *request, struct wire_start *ret,
               struct beacon_error *err);
void wire_start_finish(struct wire_start *start); /* a zeroed one with home_lock_fd -1 is fine */

/* Everything one session needs. Fields are public to the front door that asked for it. */
struct wire {
    struct wire_start *start; /* borrowed */
    char thread_id[40];
    bool is_resumed;
    struct journal *journal; /* open, until the recorder takes it over */
    struct provider_settings provider_settings;
    struct budget_limits budget;
    struct store *store;
    struct credentials *credentials;
    const char *key_names[PROVIDER_KEY_NAMES_MAX + 1]; /* variables that may hold the key */
    struct wire_plugins plugins;
    struct loop *loop;
    struct http *http;
    struct http_limits limits;
    struct egress *egress;          /* NULL: no network.allow */
    struct wire_fallback *fallback; /* NULL: no model_fallback */
    struct provider *provider;
    struct sandbox *sandbox;
    struct rules *rules; /* NULL: none */
    struct approvals *approvals;
    const char *approval_policy; /* in force; static or the configuration's */
    struct fanout *events;
    struct wire_telemetry *telemetry; /* NULL: off */
    struct replay replay;             /* of a resumed session */
    struct history *history;
    struct recorder *recorder;
    struct command_table *commands;
    char **env;
    char *shell, *program_dir, *base_instructions, *sandbox_policy_json;
    char *compact_prompt; /* NULL: the program's words */
    struct probe_window local_window;
    struct tool_context tools;
    struct agent *agent;
    struct record *record; /* borrowed from the front door; NULL: nothing is recorded */
    char *provider_config; /* what the plugin was told */
    bool has_hung_plugin;  /* of a session that is closed */
};

struct wire_request {
    const char *source; /* "exec" */
    bool can_ask; /* the front door hears EVENT_APPROVAL_REQUESTED and calls agent_approve() */
    const char *resume_id; /* resume this one; or */
    bool resumes_last;     /* the newest, */
    bool resumes_any_cwd;  /* of any directory */
    bool is_ephemeral;
    bool is_safe_mode;           /* static and bundled plugins only */
    const char *const *add_dirs; /* further writable roots */
    size_t n_add_dirs;
    const char *output_schema; /* "" = none */
    fanout_sink_fn sink;       /* of the front door; hears all but deltas after the journal */
    void *sink_ctx;
    agent_end_fn on_end;
    void *on_end_ctx;
    struct record *record;       /* --record; NULL: not asked for */
    struct replay_parts *replay; /* `beacon replay`; NULL: the network and the tools are real */
};

/* On success wire_close(). `ret` must stay where it is until then. */
int wire_open(struct wire_start *start, const struct wire_request *request, struct wire *ret,
              struct beacon_error *err);

/* The session is over and its file released, while telemetry may still be written: what a person waits
 * for can be said now. wire_close() does it too. */
void wire_close_session(struct wire *wire);
void wire_close(struct wire *wire);

#endif
