/* patch_ask.h - a patch that the sandbox does not let be written: refused, or a person is asked and it is
 * written where they said. Used by patch.c. Thread: [main].
 */
#ifndef HOST_TOOLS_PATCH_ASK_H
#define HOST_TOOLS_PATCH_ASK_H

#include <stddef.h>

struct tool_run;

/* `text` and `dir` as in patch_run(), copied. `refusal` is what the model is told when nobody can allow it.
 * The run is answered, now or later.
 *
 * What may then be written is pinned before the question: the folders that exist, held open, are the only
 * roots, so a link made while the person reads leads nowhere. Protected names stay protected. */
void patch_ask(struct tool_run *run, const char *text, size_t n, const char *dir,
               const char *refusal);

#endif
