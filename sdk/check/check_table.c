/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "check.h"
#include "checks.h"

static const struct {
    char letter;
    const char *title;
} groups[] = {
    {'S', "static audit"}, {'L', "load"}, {'C', "life cycle"}, {'P', "provider"},
    {'X', "sandbox"},      {'A', "auth"}, {'T', "telemetry"},
};

const char *check_group_title(char group)
{
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (groups[i].letter == group) {
            return groups[i].title;
        }
    }
    return "";
}

/* Group by group; a check stands behind the one it needs. */
const struct check check_table[] = {
    {"S.note", CHECK_FILE, NULL, "the file carries a complete manifest for this ABI",
     check_static_note},
    {"S.texts", CHECK_FILE, "S.note", "the manifest has description, licence and known interfaces",
     check_static_texts},
    {"S.capabilities", CHECK_FILE, "S.note", "capabilities are known and fit the components",
     check_static_capabilities},
    {"S.exports", CHECK_FILE, "S.note", "the entry is the only exported symbol",
     check_static_exports},
    {"S.imports", CHECK_FILE, "S.note", "what is imported is covered by the capabilities",
     check_static_imports},
    {"S.needed", CHECK_FILE, "S.note", "only libraries are needed that every host allows",
     check_static_needed},
    {"S.search_path", CHECK_FILE, "S.note", "no library search path is built in",
     check_static_search_path},
    {"S.relro", CHECK_FILE, "S.note", "relocations are read-only once the file is mapped",
     check_static_relro},
    {"S.stack", CHECK_FILE, "S.note", "no executable stack is asked for", check_static_stack},
    {"S.pages", CHECK_FILE, "S.note", "no page is writable and executable", check_static_pages},
    {"S.pic", CHECK_FILE, "S.note", "the code is position independent", check_static_pic},

    {"L.maps", CHECK_FILE, "S.note", "the file can be mapped and its entry gives the plugin",
     check_load_maps},
    {"L.entry", CHECK_FILE, "L.maps", "the entry is repeatable and serves later hosts",
     check_load_entry},
    {"L.agrees", CHECK_FILE, "L.maps", "code and manifest say the same", check_load_agrees},
    {"L.tables", CHECK_FILE, "L.agrees", "every component has the slots that are mandatory",
     check_load_tables},
    {"L.loads", CHECK_FILE, "L.tables", "load() succeeds with an ordinary host", check_load_loads},
    {"L.files", CHECK_FILE, "L.loads", "loading opens and creates no file", check_load_files},
    {"L.sockets", CHECK_FILE, "L.loads", "loading opens no socket", check_load_sockets},
    {"L.threads", CHECK_FILE, "L.loads", "loading starts no thread", check_load_threads},
    {"L.output", CHECK_FILE, "L.loads", "loading writes nothing to stdout or stderr",
     check_load_output},
    {"L.environment", CHECK_FILE, "L.loads", "loading leaves environment variables alone",
     check_load_environment},
    {"L.cwd", CHECK_FILE, "L.loads", "loading leaves the working directory alone", check_load_cwd},
    {"L.umask", CHECK_FILE, "L.loads", "loading leaves the umask alone", check_load_umask},
    {"L.locale", CHECK_FILE, "L.loads", "loading leaves the locale alone", check_load_locale},
    {"L.signals", CHECK_FILE, "L.loads", "loading leaves signal handlers and masks alone",
     check_load_signals},
    {"L.facets", CHECK_FILE, "L.loads", "facets that are not known exactly are NULL",
     check_load_facets},
    {"L.older_host", CHECK_FILE, "L.loads", "a host with the shortest structs is served",
     check_load_older_host},
    {"L.newer_host", CHECK_FILE, "L.loads", "a host with longer structs is served",
     check_load_newer_host},
    {"L.unloads", CHECK_FILE, "L.loads", "unload() leaves nothing behind", check_load_unloads},

    {"C.schema", CHECK_COMPONENT, "L.loads", "the configuration is described by a JSON Schema",
     check_config_schema},
    {"C.creates", CHECK_COMPONENT, "L.loads", "an instance can be made and unmade",
     check_cycle_creates},
    {"C.leaks", CHECK_COMPONENT, "C.creates", "making and unmaking 1000 instances leaves nothing",
     check_cycle_leaks},
    {"C.missing", CHECK_COMPONENT, "C.creates", "a required key that is missing is named",
     check_config_missing},
    {"C.wrong_type", CHECK_COMPONENT, "C.creates", "a key with a value of a wrong type is named",
     check_config_wrong_type},
    {"C.huge", CHECK_COMPONENT, "C.creates", "a huge value is taken or refused in words",
     check_config_huge},
    {"C.garbage", CHECK_COMPONENT, "C.creates", "nonsense for a configuration is survived",
     check_config_garbage},
    {"C.short_errors", CHECK_COMPONENT, "C.creates",
     "errors are written as far as their size allows", check_cycle_short_errors},
    {"C.no_memory", CHECK_COMPONENT, "C.creates", "any allocation of create() may fail",
     check_cycle_no_memory},

    {"P.repeats", CHECK_PROVIDER, "C.creates", "equal conversations make equal requests",
     check_request_repeats},
    {"P.prefix", CHECK_PROVIDER, "C.creates",
     "a longer history leaves the request's front as it was", check_request_prefix},
    {"P.injection", CHECK_PROVIDER, "C.creates", "no text can add a header to the request",
     check_request_injection},
    {"P.origin", CHECK_PROVIDER, "C.creates", "requests go where the capabilities allow",
     check_request_origin},
    {"P.credentials", CHECK_PROVIDER, "C.creates", "requests carry no credentials",
     check_request_credentials},
    {"P.hard_text", CHECK_PROVIDER, "C.creates", "NUL and invalid UTF-8 never reach the server",
     check_request_hard_text},
    {"P.huge", CHECK_PROVIDER, "C.creates", "a message of 1 MiB is sent whole or refused",
     check_request_huge},
    {"P.judge", CHECK_PROVIDER, "C.creates", "failures are judged so that the host does right",
     check_judge_table},
    {"P.garbage", CHECK_PROVIDER, "C.creates", "any answer is survived", check_judge_garbage},
    {"P.models", CHECK_PROVIDER, "C.creates", "models are listed, or that is refused",
     check_judge_models},
    {"P.events", CHECK_PROVIDER, "C.creates", "recorded answers give events in their grammar",
     check_replay_events},
    {"P.usage", CHECK_PROVIDER, "C.creates", "token counts add up, and unknown is -1",
     check_replay_usage},
    {"P.chunks", CHECK_PROVIDER, "C.creates", "answers in pieces of any size give the same events",
     check_replay_chunks},
    {"P.truncated", CHECK_PROVIDER, "C.creates", "an answer that is cut short is noticed",
     check_replay_truncated},
    {"P.cancel", CHECK_PROVIDER, "C.creates", "a turn can be closed after any call",
     check_replay_cancel},
    {"P.refused", CHECK_PROVIDER, "C.creates", "a host that refuses an event is obeyed",
     check_replay_refused},
    {"P.opaque", CHECK_PROVIDER, "C.creates", "what is opaque to the host comes back bit-exact",
     check_replay_opaque},
    {"P.short_structs", CHECK_PROVIDER, "C.creates", "nothing is written behind a struct's size",
     check_struct_short},
    {"P.long_structs", CHECK_PROVIDER, "C.creates", "longer structs of a newer host change nothing",
     check_struct_long},
    {"P.leaks", CHECK_PROVIDER, "C.creates", "closed turns leave no memory behind",
     check_exchange_leaks},
    {"P.no_memory", CHECK_PROVIDER, "C.creates", "any allocation of a turn may fail",
     check_exchange_no_memory},
};

const size_t check_table_n = sizeof check_table / sizeof check_table[0];
