/* patch.h - the apply_patch tool: verifies a patch against the session's writable roots, writes it,
 * and tells what changed; what is outside of them is left to patch_ask.h. Thread: [main].
 */
#ifndef HOST_TOOLS_PATCH_H
#define HOST_TOOLS_PATCH_H

#include <stddef.h>

struct patch_plan;
struct tool_run;

void patch_tool(struct tool_run *run);

/* The same for a patch that came inside a shell command, with paths relative to `dir`. */
void patch_run(struct tool_run *run, const char *text, size_t n, const char *dir);

/* Write a verified patch that may be written, with its two events, and answer. */
void patch_write(struct tool_run *run, struct patch_plan *plan);

#endif
