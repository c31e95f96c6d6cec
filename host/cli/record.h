/* record.h - `beacon exec --record FILE`: what a session says and hears, into a cassette. Thread: [main]. */
#ifndef HOST_CLI_RECORD_H
#define HOST_CLI_RECORD_H

#include <beacon/error.h>

struct agent_prompt;
struct agent_settings;
struct event;
struct record;
struct wire;

/* `path` is borrowed. Nothing is opened yet. */
struct record *session_record_create(const char *path);
void session_record_destroy(struct record *record); /* after the wire is closed; NULL is fine */

/* After the provider is there: make the file, watch the wire. REFUSED: the provider makes its own
 * connections. */
int session_record_open(struct record *record, struct wire *wire, struct beacon_error *err);
void session_record_settings(struct record *record, const struct wire *wire,
                             const struct agent_settings *settings);

/* The session has begun: the conversation as it stands, and what the person asks. */
void session_record_prompt(struct record *record, const struct wire *wire,
                           const struct agent_prompt *prompt);

#endif
