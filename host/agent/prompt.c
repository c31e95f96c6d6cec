/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/prompt.h"

#include <sys/utsname.h>

#include "base/path.h"
#include "base/text.h"

const char prompt_base_instructions[] =
    "You are Beacon, a coding agent working in a person's terminal and files. Do what they ask, "
    "all of it, and nothing they did not ask for.\n"
    "\n"
    "How to work\n"
    "- Look before you change: read the files concerned; prefer rg, else grep, to search.\n"
    "- Fix causes, not symptoms. Keep to the style of the code around. Touch only what the task "
    "needs; mention other problems instead of fixing them.\n"
    "- Change files with apply_patch; run programs with exec_command. Independent commands may be "
    "called in parallel.\n"
    "- After a change, run the tests or the program and read what it prints. Say so when you "
    "could not.\n"
    "- Keep going until the task is done or truly blocked; do not stop to ask what you can find "
    "out. Use update_plan when there are several steps.\n"
    "- Never undo or overwrite changes you did not make. Do not commit, push, delete data or "
    "install things unless asked.\n"
    "- Commands run in a sandbox: see sandbox_mode in environment_context. When it refuses "
    "something you need, say what and why; do not work around it.\n"
    "- AGENTS.md texts come from the project; deeper folders win over higher ones, the person "
    "wins over all.\n"
    "\n"
    "How to answer\n"
    "Be brief and exact. Say what you changed and why, with file:line, what you ran and its "
    "result, and what is left. No filler, no praise. If you did not verify something, do not "
    "claim it.\n";

static void add_escaped(struct text *out, const char *p)
{
    for (; *p != '\0'; p++) {
        (void)(*p == '<'   ? text_add_string(out, "&lt;")
               : *p == '&' ? text_add_string(out, "&amp;")
                           : text_add_char(out, *p));
    }
}

static void add_element(struct text *out, const char *name, const char *value)
{
    (void)text_addf(out, "  <%s>", name);
    add_escaped(out, value);
    (void)text_addf(out, "</%s>\n", name);
}

void prompt_add_environment(const struct prompt_environment *environment, struct text *out)
{
    (void)text_add_string(out, "<environment_context>\n");
    add_element(out, "cwd", environment->cwd);
    add_element(out, "approval_policy", environment->approval);
    add_element(out, "sandbox_mode", environment->sandbox);
    add_element(out, "network_access", environment->has_network ? "enabled" : "restricted");
    for (size_t i = 0; i < environment->n_allowed_hosts; i++) {
        add_element(out, "allowed_host", environment->allowed_hosts[i]);
    }
    for (size_t i = 0; i < environment->n_writable_roots; i++) {
        add_element(out, "writable_root", environment->writable_roots[i]);
    }
    add_element(out, "shell", path_base(environment->shell));
    struct utsname name;
    if (uname(&name) == 0) {
        (void)text_addf(out, "  <os>%s %s</os>\n", name.sysname, name.machine);
    }
    (void)text_add_string(out, "</environment_context>");
}

void prompt_add_project_doc(const char *cwd, const char *doc, struct text *out)
{
    if (doc[0] != '\0') {
        (void)text_addf(out,
                        "# AGENTS.md instructions for %s\n\n<INSTRUCTIONS>\n%s\n</INSTRUCTIONS>",
                        cwd, doc);
    }
}
