/* exec_prompt.h - the prompt of `exec`: argument, standard input, or both; and its pictures.
 * Thread: [main], before the loop runs.
 */
#ifndef HOST_CLI_EXEC_PROMPT_H
#define HOST_CLI_EXEC_PROMPT_H

#include <beacon/error.h>

struct agent_prompt;
struct exec_options;

/* Fill *ret; on success give it to exec_prompt_finish(). Says on stderr what it reads and why it
 * waits. BEACON_E_INVALID: there is no prompt. */
int exec_prompt_read(const struct exec_options *options, struct agent_prompt *ret,
                     struct beacon_error *err);
void exec_prompt_finish(struct agent_prompt *prompt);

/* The run ended before the prompt was read, and its reason is told. A prompt that standard input
 * brings is taken all the same: a client still writing it would fail with EPIPE and never hear why. */
void exec_prompt_discard(const struct exec_options *options);

#endif
