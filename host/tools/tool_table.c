/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/tool_table.h"

#include <string.h>

#include "tools/patch.h"
#include "tools/plan.h"
#include "tools/shell.h"
#include "tools/tool.h"
#include "tools/view_image.h"

#define EXEC_COMMAND(more)                                                                         \
    "{\"type\":\"object\",\"properties\":{"                                                        \
    "\"cmd\":{\"type\":\"string\",\"description\":\"Shell script to run\"},"                       \
    "\"workdir\":{\"type\":\"string\","                                                            \
    "\"description\":\"Directory, relative to the working directory\"},"                           \
    "\"yield_time_ms\":{\"type\":\"number\",\"description\":\"Wait this long for the exit, then "  \
    "return what there is (250 to 30000, default 10000)\"},"                                       \
    "\"max_output_tokens\":{\"type\":\"number\","                                                  \
    "\"description\":\"Default 10000; the middle is cut\"},"                                       \
    "\"tty\":{\"type\":\"boolean\","                                                               \
    "\"description\":\"Give it a terminal, so that write_stdin can type\"},"                       \
    "\"login\":{\"type\":\"boolean\",\"description\":\"Login shell (default true)\"},"             \
    "\"shell\":{\"type\":\"string\",\"description\":\"Another shell\"}" more "},"                  \
    "\"required\":[\"cmd\"],\"additionalProperties\":false}"

/* Every request carries these texts: each word must help the model to call the tool right. */
static const char exec_command_parameters[] = EXEC_COMMAND("");

static const char exec_command_parameters_escalating[] = EXEC_COMMAND(
    ",\"sandbox_permissions\":{\"type\":\"string\",\"enum\":[\"use_default\","
    "\"require_escalated\"],\"description\":\"require_escalated asks the user to run "
    "it outside of the sandbox; only when the sandbox stops it\"},"
    "\"justification\":{\"type\":\"string\",\"description\":\"With "
    "require_escalated: a short question to the user that says why\"},"
    "\"prefix_rule\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},"
    "\"description\":\"With require_escalated: first words of the command that the user "
    "may allow from now on, such as [\\\"npm\\\",\\\"install\\\"]\"}");

static const char write_stdin_parameters[] =
    "{\"type\":\"object\",\"properties\":{"
    "\"session_id\":{\"type\":\"number\",\"description\":\"From exec_command\"},"
    "\"chars\":{\"type\":\"string\",\"description\":\"To type; empty only waits for output\"},"
    "\"yield_time_ms\":{\"type\":\"number\"},\"max_output_tokens\":{\"type\":\"number\"}},"
    "\"required\":[\"session_id\"],\"additionalProperties\":false}";

static const char update_plan_parameters[] =
    "{\"type\":\"object\",\"properties\":{\"explanation\":{\"type\":\"string\"},"
    "\"plan\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
    "\"step\":{\"type\":\"string\"},\"status\":{\"type\":\"string\",\"enum\":[\"pending\","
    "\"in_progress\",\"completed\"]}},\"required\":[\"step\",\"status\"],"
    "\"additionalProperties\":false}}},\"required\":[\"plan\"],\"additionalProperties\":false}";

static const char view_image_parameters[] =
    "{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"}},\"required\":[\"path\"],"
    "\"additionalProperties\":false}";

static const char patch_description[] =
    "Create, change, move or delete files. The input is the patch itself, not JSON:\n"
    "*** Begin Patch\n"
    "*** Add File: new.txt\n+every line of a new file starts with +\n"
    "*** Update File: src/a.c\n*** Move to: src/b.c   (optional)\n"
    "@@ int main(void)   (a line of the file to start looking from; optional)\n"
    " three unchanged lines before and after\n-old line\n+new line\n"
    "*** Delete File: old.txt\n"
    "*** End Patch";

static const char patch_grammar[] =
    "start: \"*** Begin Patch\" NL section+ \"*** End Patch\" NL?\n"
    "section: add | delete | update\n"
    "add: \"*** Add File: \" REST NL (\"+\" REST? NL)+\n"
    "delete: \"*** Delete File: \" REST NL\n"
    "update: \"*** Update File: \" REST NL (\"*** Move to: \" REST NL)? chunk+\n"
    "chunk: (\"@@\" (\" \" REST)? NL)? line+ (\"*** End of File\" NL)?\n"
    "line: (\"+\" | \"-\" | \" \") REST? NL\n"
    "REST: /[^\\n]+/\n"
    "NL: \"\\n\"\n";

static const struct tool rows[] = {
    {.name = "exec_command",
     .description =
         "Run a shell script in the sandbox; stdout and stderr come back together. If it still "
         "runs after yield_time_ms, the answer has a session ID for write_stdin.",
     .parameters = exec_command_parameters,
     .parameters_escalating = exec_command_parameters_escalating,
     .grammar = "",
     .is_offered = true,
     .is_parallel = true,
     .start = shell_exec_command},
    {.name = "write_stdin",
     .description = "Type into a running session, or wait for more of its output.",
     .parameters = write_stdin_parameters,
     .grammar = "",
     .is_offered = true,
     .start = shell_write_stdin},
    {.name = "apply_patch",
     .description = patch_description,
     .parameters = "",
     .grammar = patch_grammar,
     .is_freeform = true,
     .is_offered = true,
     .start = patch_tool},
    {.name = "update_plan",
     .description =
         "Show the user your plan for longer work. Send the whole list each time, one step in "
         "progress.",
     .parameters = update_plan_parameters,
     .grammar = "",
     .is_offered = true,
     .start = plan_update},
    {.name = "view_image",
     .description = "Look at a picture file.",
     .parameters = view_image_parameters,
     .grammar = "",
     .is_offered = true,
     .is_parallel = true,
     .start = view_image},
    {.name = "shell", .start = shell_argv, .is_parallel = true},
    {.name = "container.exec", .start = shell_argv, .is_parallel = true},
    {.name = "local_shell", .start = shell_argv, .is_parallel = true},
};

const struct tool *tool_at(size_t index)
{
    return index < sizeof rows / sizeof rows[0] ? &rows[index] : NULL;
}

const struct tool *tool_find(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}
