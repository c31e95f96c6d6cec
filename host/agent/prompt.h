/* prompt.h - the words every session begins with. Short on purpose: each request carries them.
 * Thread: [any].
 */
#ifndef HOST_AGENT_PROMPT_H
#define HOST_AGENT_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

struct text;

extern const char prompt_base_instructions[];

struct prompt_environment {
    const char *cwd, *approval, *sandbox, *shell;
    bool has_network;
    const char *const *allowed_hosts; /* without has_network: those that can be reached */
    size_t n_allowed_hosts;
    const char *const *writable_roots;
    size_t n_writable_roots;
};

/* "<environment_context>…": where the agent is and what it may do. */
void prompt_add_environment(const struct prompt_environment *environment, struct text *out);

/* The text of AGENTS.md as a message; nothing when `doc` is empty. */
void prompt_add_project_doc(const char *cwd, const char *doc, struct text *out);

#endif
