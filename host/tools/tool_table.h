/* tool_table.h - every tool of the host, one row each. A new tool is a new file and a new row.
 * The order of the rows is the order in which tools are offered and never changes within a session:
 * the prompt cache of the provider depends on it. Thread: [any], constant.
 */
#ifndef HOST_TOOLS_TOOL_TABLE_H
#define HOST_TOOLS_TOOL_TABLE_H

#include <stddef.h>

struct tool;

const struct tool *tool_find(const char *name); /* NULL when there is none */
const struct tool *tool_at(size_t index);       /* NULL past the end */

#endif
