/* tracer.h - turns the events of a session into telemetry records, one row per kind of event.
 *
 * A listener of the one event bus, so that every front door says the same. Names, attributes and their
 * types are those existing dashboards filter on: `codex.*`. Content (prompt, arguments, output) is told
 * only as redact.h lets it. Thread: [main].
 */
#ifndef HOST_TELEMETRY_TRACER_H
#define HOST_TELEMETRY_TRACER_H

#include <stdint.h>

struct event;
struct record;
struct redact;
struct tracer;

typedef void (*tracer_record_fn)(void *ctx, struct record *record); /* holds what it keeps */

struct tracer_settings { /* strings are borrowed and outlive the tracer; NULL: not told */
    const char *conversation_id, *app_version, *originator, *auth_mode, *account_id;
    const char *terminal_type, *model;
    const char *provider_name, *active_profile, *mcp_servers;
    int64_t context_window, max_output_tokens, auto_compact_token_limit; /* < 0: not set */
    const struct redact *redact;                                         /* borrowed */
    uint64_t (*now_unix_ms)(void); /* NULL: the system's clock */
    tracer_record_fn on_record;
    void *ctx;
};

struct tracer *tracer_create(const struct tracer_settings *settings);
void tracer_destroy(struct tracer *tracer); /* NULL is fine */

/* A sink for fanout_add_with_frames(); `ctx` is the tracer. */
void tracer_sink(void *ctx, const struct event *event);

#endif
