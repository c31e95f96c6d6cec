/* SPDX-License-Identifier: Apache-2.0 */
/* Group L: what happens in a process when the plugin is mapped and loaded. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "check.h"
#include "checks.h"
#include "fence.h"
#include "host.h"
#include "memory.h"
#include "plugin/manifest.h"
#include "process_state.h"
#include "slate.h"
#include "subject.h"

#define PHRASE_BYTES 512
#define LATER_MINOR  99u
#define REPETITIONS  100

void check_load_maps(struct check_case *c)
{
    struct subject s;
    struct beacon_error err = {0};
    if (subject_try_map(c, &s, &err) != BEACON_OK) {
        check_fail(c, "a file that is mapped and whose entry returns a struct beacon_plugin",
                   err.hint, "%s", err.message);
    }
}

void check_load_loads(struct check_case *c)
{
    struct subject s;
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    if (subject_map(c, &s) && subject_try_load(&s, host_lend(HOST_ORDINARY), &err) != BEACON_OK) {
        check_fail(c, "BEACON_OK, with a host that lends clock, environment and secrets",
                   err.hint[0] != '\0' ? err.hint : "give every error a message and a hint",
                   "load() returned %d: %s", (int)err.code,
                   err.message[0] != '\0' ? err.message : "(no message)");
    }
}

/* ---- the entry ---- */

void check_load_entry(struct check_case *c)
{
    struct subject s;
    if (!subject_map(c, &s)) {
        return;
    }
    const struct beacon_plugin first = *s.given;
    slot_enter(BEACON_ENTRY_SYMBOL);
    bool is_same = true;
    for (size_t i = 0; i < REPETITIONS; i++) {
        is_same = is_same && s.entry(BEACON_ABI_MINOR) == s.given;
    }
    const struct beacon_plugin *later = s.entry(LATER_MINOR);
    const struct beacon_plugin *earlier =
        s.table.min_host_minor > 0 ? s.entry(s.table.min_host_minor - 1u) : NULL;
    slot_leave();
    if (!is_same ||
        memcmp(&first, s.given,
               s.given->struct_size < sizeof first ? s.given->struct_size : sizeof first) != 0) {
        check_fail(c, "the same static struct each time", "use BEACON_PLUGIN(name, &plugin)",
                   "the entry gives something else when it is called again");
    } else if (later != s.given) {
        check_fail(c, "the plugin: a later minor serves what was made for an earlier one",
                   "use BEACON_PLUGIN(name, &plugin)", "the entry gives nothing to a host of 1.%u",
                   LATER_MINOR);
    } else if (earlier != NULL) {
        check_fail(c, "NULL for a host that is older than min_host_minor",
                   "use BEACON_PLUGIN(name, &plugin)", "the entry serves a host of 1.%u",
                   s.table.min_host_minor - 1u);
    }
}

/* ---- what changes in the process ---- */

typedef bool (*differs_fn)(const struct process_state *before, const struct process_state *after,
                           char *ret, size_t n);

/* dlopen, entry and load between two looks at the process. */
static void observe_loading(struct check_case *c, differs_fn differs, const char *expected,
                            const char *remedy)
{
    struct subject s;
    char phrase[PHRASE_BYTES] = "";
    const struct beacon_host *host = host_lend(HOST_ORDINARY);
    struct process_state *before = process_state_take();
    if (subject_load(c, &s)) {
        struct process_state *after = process_state_take();
        if (differs(before, after, phrase, sizeof phrase)) {
            check_fail(c, expected, remedy, "%s", phrase);
        }
        process_state_free(after);
    }
    (void)host;
    process_state_free(before);
}

void check_load_files(struct check_case *c)
{
    observe_loading(c, process_state_files_differ, "the same descriptors and files as before",
                    "open files in create() or later; the host lends environment and secrets");
}

void check_load_sockets(struct check_case *c)
{
    observe_loading(c, process_state_sockets_differ, "no socket before the first request",
                    "leave the network to the host, or connect in stream()");
}

void check_load_threads(struct check_case *c)
{
    observe_loading(c, process_state_threads_differ, "as many threads as before",
                    "start threads in create(), with the capability \"threads\", and join them in "
                    "destroy()");
}

void check_load_output(struct check_case *c)
{
    observe_loading(c, process_state_output_differs, "silence: stdout belongs to the protocol",
                    "use host->log()");
}

void check_load_environment(struct check_case *c)
{
    observe_loading(c, process_state_environment_differs, "the same variables as before",
                    "keep settings in the instance; setenv() is never safe in a host with threads");
}

void check_load_cwd(struct check_case *c)
{
    observe_loading(c, process_state_cwd_differs, "the host's working directory",
                    "use absolute paths or openat() instead of chdir()");
}

void check_load_umask(struct check_case *c)
{
    observe_loading(c, process_state_umask_differs, "the host's umask",
                    "give open() and fchmod() the mode that is meant");
}

void check_load_locale(struct check_case *c)
{
    observe_loading(c, process_state_locale_differs, "the host's locale",
                    "use newlocale() and the functions that end in _l");
}

void check_load_signals(struct check_case *c)
{
    observe_loading(c, process_state_signals_differ, "the host's handlers and mask",
                    "leave signals to the host; for a broken pipe use MSG_NOSIGNAL");
}

/* ---- hosts of other ages ---- */

static void load_with(struct check_case *c, enum host_shape shape, const char *expected)
{
    struct subject s;
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    if (!subject_map(c, &s)) {
        return;
    }
    beacon_rc rc = subject_try_load(&s, host_lend(shape), &err);
    if (rc != BEACON_OK) {
        check_fail(c, expected, "read host structs by BEACON_HAS and BEACON_GET, ignore the rest",
                   "load() returned %d: %s", (int)rc, err.message);
    }
}

/* A fault behind the end of the struct ends the process, and is reported by whoever watches it. */
void check_load_older_host(struct check_case *c)
{
    load_with(c, HOST_OLDER, "BEACON_OK, reading nothing behind struct_size");
}

void check_load_newer_host(struct check_case *c)
{
    load_with(c, HOST_NEWER, "BEACON_OK: more fields and reserved ones that are set mean nothing");
}

/* What load() leaves is the business of other checks. */
void check_load_unloads(struct check_case *c)
{
    struct subject s;
    char phrase[PHRASE_BYTES] = "";
    if (!subject_load(c, &s)) {
        return;
    }
    if (s.table.unload == NULL) {
        check_skip(c, "the plugin has no unload()");
        return;
    }
    struct process_state *before = process_state_take();
    slot_enter("unload");
    s.table.unload(s.state);
    slot_leave();
    struct process_state *after = process_state_take();
    if (process_state_threads_differ(before, after, phrase, sizeof phrase) ||
        process_state_files_differ(before, after, phrase, sizeof phrase)) {
        check_fail(c, "nothing that was not there before", "undo in unload() what load() did", "%s",
                   phrase);
    }
    process_state_free(before);
    process_state_free(after);
}
