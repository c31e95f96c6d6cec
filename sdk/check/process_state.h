/* process_state.h - what a plugin must leave alone in a process, taken down to be compared later. */
#ifndef SDK_CHECK_PROCESS_STATE_H
#define SDK_CHECK_PROCESS_STATE_H

#include <stdbool.h>
#include <stddef.h>

struct process_state;

/* Never fails: what cannot be read is empty, both times. */
struct process_state *process_state_take(void);
void process_state_free(struct process_state *state); /* NULL is fine */

/* What is different, as a phrase in `ret` ("descriptor 4 is open: /etc/passwd"); false: nothing. */
bool process_state_files_differ(const struct process_state *before,
                                const struct process_state *after, char *ret, size_t n);
bool process_state_sockets_differ(const struct process_state *before,
                                  const struct process_state *after, char *ret, size_t n);
bool process_state_threads_differ(const struct process_state *before,
                                  const struct process_state *after, char *ret, size_t n);
bool process_state_output_differs(const struct process_state *before,
                                  const struct process_state *after, char *ret, size_t n);
bool process_state_environment_differs(const struct process_state *before,
                                       const struct process_state *after, char *ret, size_t n);
bool process_state_cwd_differs(const struct process_state *before,
                               const struct process_state *after, char *ret, size_t n);
bool process_state_umask_differs(const struct process_state *before,
                                 const struct process_state *after, char *ret, size_t n);
bool process_state_locale_differs(const struct process_state *before,
                                  const struct process_state *after, char *ret, size_t n);
bool process_state_signals_differ(const struct process_state *before,
                                  const struct process_state *after, char *ret, size_t n);

#endif
