/* wire_compact.h - what the configuration says about making room in a conversation.
 * Thread: [main]. */
#ifndef HOST_CLI_WIRE_COMPACT_H
#define HOST_CLI_WIRE_COMPACT_H

#include <beacon/error.h>

struct agent_settings;
struct config;

/* The words the model is asked with: compact_prompt_override, else the file that compact_prompt_file names
 * (relative to `cwd`), else *ret stays NULL. The caller's to free. BEACON_E_INVALID: the file is empty;
 * _NOT_FOUND, _IO: it cannot be read. */
int wire_compact_read_prompt(const struct config *config, const char *cwd, char **ret,
                             struct beacon_error *err);

/* model_context_window and model_auto_compact_token_limit. */
void wire_compact_limit(const struct config *config, struct agent_settings *settings);

#endif
