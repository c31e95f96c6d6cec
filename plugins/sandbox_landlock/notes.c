/* SPDX-License-Identifier: Apache-2.0 */
#include "notes.h"

#include <beacon-sdk/text.h>
#include <stdio.h>

#include "policy.h"

#define NOTE_BYTES  2048
#define SHOWN_BYTES 300
#define REST_BYTES  200 /* after the names */

static const char always_open[] =
    "Not prevented: System V IPC, reading command lines and states in /proc, changing the priority "
    "of the person's processes, writing to the person's other terminals.";
static const char unasked_sockets[] =
    "Not prevented: connecting to local sockets by path (docker, ssh-agent): another sandbox "
    "around "
    "this one already answers such calls, or the kernel cannot have them answered.";
static const char unasked_metadata[] =
    "Not prevented outside the writable directories, for the same reason: changes of mode, owner, "
    "times and extended attributes (no content is changed by them).";
static const char planting_open[] =
    "Not prevented in the writable directories: planting code that git, an editor or an agent runs "
    "later (.git/hooks, .git/config, .vscode, .envrc, .code).";
static const char scopes_open[] =
    "Not prevented on this kernel: signals to processes outside; Linux 6.12 and newer can. Below "
    "6.10 nor are ioctl calls on device files that can be opened.";
static const char unasked_abstract[] =
    "Not prevented on this kernel: connecting to abstract local sockets; Linux 6.12 and newer can.";
static const char no_loopback[] = "Connections to localhost are off with the rest of the network: "
                                  "they cannot be told apart here.";

struct notes {
    const struct beacon_plan *plan;
    beacon_rc rc;
};

static void add_if(struct notes *notes, bool holds, const char *text)
{
    if (holds && notes->rc == BEACON_OK) {
        notes->rc = notes->plan->note(notes->plan, beacon_text(text));
    }
}

/* As many as fit by name, the others by number. */
static void add_paths(struct notes *notes, const char *what,
                      const struct beacon_path_rule *const rules[POLICY_SHOWN], size_t n,
                      const char *but)
{
    char text[NOTE_BYTES];
    size_t len = (size_t)snprintf(text, sizeof text, "Not prevented: %s ", what), i = 0;
    for (; i < n && i < POLICY_SHOWN; i++) {
        struct beacon_str shown = beacon_utf8_cut(rules[i]->path, SHOWN_BYTES);
        if (shown.n + REST_BYTES > sizeof text - len) {
            break;
        }
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s", i > 0 ? ", " : "",
                                (int)shown.n, shown.p);
    }
    if (i < n) {
        len += (size_t)snprintf(text + len, sizeof text - len, " and %zu more", n - i);
    }
    (void)snprintf(text + len, sizeof text - len, "%s.", but);
    add_if(notes, n > 0, text);
}

beacon_rc notes_write(const struct policy_view *view, uint32_t level, bool is_asked,
                      const struct beacon_plan *plan)
{
    struct notes notes = {.plan = plan};
    add_if(&notes, true, always_open);
    add_if(&notes, !is_asked, unasked_sockets);
    add_if(&notes, !is_asked && !view->is_read_only, unasked_metadata);
    add_if(&notes, !view->is_read_only && view->n_unprotected == 0, planting_open);
    add_paths(&notes, "writing to", view->unprotected, view->n_unprotected,
              is_asked
                  ? ", inside a writable directory; their modes, owners, times and attributes are "
                    "kept"
                  : ", inside a writable directory");
    add_paths(&notes, "reading", view->unhidden, view->n_unhidden, "");
    add_if(&notes, level < 6, scopes_open);
    add_if(&notes, level < 6 && !is_asked, unasked_abstract);
    add_if(&notes, view->lacks_loopback, no_loopback);
    return notes.rc;
}
