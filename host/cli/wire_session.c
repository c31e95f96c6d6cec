/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wire_session.h"

#include <stdlib.h>
#include <string.h>

#include "agent/project_doc.h"
#include "agent/prompt.h"
#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "base/uuid.h"
#include "cli/provider_config.h"
#include "cli/replay_session.h"
#include "cli/version.h"
#include "cli/wire.h"
#include "cli/wire_network.h"
#include "cli/wire_rules.h"
#include "event/fanout.h"
#include "policy/rules.h"
#include "session/catalog.h"
#include "session/history.h"
#include "session/journal.h"
#include "session/recorder.h"
#include "tools/environment.h"

#define DOC_MAX (4u << 20)

int wire_session_choose(struct wire *wire, const struct wire_request *request,
                        struct beacon_error *err)
{
    wire->is_resumed = request->resume_id != NULL || request->resumes_last;
    if (!wire->is_resumed) {
        if (request->replay != NULL) {
            replay_thread_id(request->replay, wire);
        } else {
            uuid_v7(clock_unix_ms(), wire->thread_id);
        }
        wire->history = history_create();
        return BEACON_OK;
    }
    struct catalog_entry entry = {0};
    const char *home = wire->start->home.path;
    const char *cwd = request->resumes_any_cwd ? NULL : wire->start->cwd;
    int rc = request->resumes_last ? catalog_find_last(home, cwd, &entry, err)
                                   : catalog_find(home, request->resume_id, &entry, err);
    /* Locked, and its torn end cut back, before it is read: nobody appends in between. */
    if (rc == BEACON_OK && !request->is_ephemeral) {
        rc = journal_open_append(entry.path, &wire->journal, err);
    }
    if (rc == BEACON_OK) {
        rc = replay_read(entry.path, &wire->replay, err);
    }
    if (rc == BEACON_OK) {
        wire->history = take_pointer(wire->replay.history);
        (void)strncpy(wire->thread_id, wire->replay.id, sizeof wire->thread_id - 1);
    }
    catalog_entry_finish(&entry);
    return rc;
}

/* A new session's file; that of a resumed one is open already. */
static int open_journal(struct wire *wire, const struct wire_request *request,
                        struct beacon_error *err)
{
    if (!request->is_ephemeral && !wire->is_resumed) {
        int rc = journal_create(wire->start->home.path, wire->thread_id, clock_unix_ms(),
                                &wire->journal, err);
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    const char *durability = config_string(wire->start->config, "durability");
    if (wire->journal != NULL && durability != NULL && strcmp(durability, "power-loss") == 0) {
        journal_set_durability(wire->journal, JOURNAL_POWER_LOSS);
    }
    return BEACON_OK;
}

int wire_session_open(struct wire *wire, const struct wire_request *request,
                      struct beacon_error *err)
{
    int rc = open_journal(wire, request, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    wire->recorder = recorder_create(take_pointer(wire->journal));
    fanout_add_without_deltas(wire->events, recorder_sink, wire->recorder);
    fanout_add_without_deltas(wire->events, request->sink, request->sink_ctx);
    if (wire->is_resumed) {
        return BEACON_OK;
    }
    struct recorder_session session = {.id = wire->thread_id,
                                       .now_ms = clock_unix_ms(),
                                       .cwd = wire->start->cwd,
                                       .originator = provider_config_originator(),
                                       .cli_version = BEACON_VERSION,
                                       .source = request->source,
                                       .model_provider = wire->provider_settings.id,
                                       .base_instructions = wire->base_instructions};
    return recorder_begin(wire->recorder, &session, err);
}

static void announce(struct wire *wire, const struct wire_request *request)
{
    const struct config *config = wire->start->config;
    struct event event = {.kind = EVENT_SESSION_STARTED, .turn_id = ""};
    event.as.session = (struct event_session){
        .thread_id = wire->thread_id,
        .cwd = wire->start->cwd,
        .model = config_string(config, "model"),
        .provider = wire->provider_settings.id,
        .approval = wire->approval_policy,
        .sandbox = config_string(config, "sandbox_mode"),
        .sandbox_backend = sandbox_backend_label(wire->sandbox),
        .effort = config_string(config, "model_reasoning_effort"),
        .summary = config_string(config, "model_reasoning_summary"),
        .version = BEACON_VERSION,
        .is_resumed = wire->is_resumed,
        .is_safe_mode = request->is_safe_mode,
    };
    fanout_emit(wire->events, &event);
}

static void warn(struct wire *wire, const char *sentence)
{
    struct event event = {.kind = EVENT_WARNING, .turn_id = ""};
    event.as.message.text = sentence;
    fanout_emit(wire->events, &event);
}

static void warn_sentence(void *ctx, const char *sentence)
{
    warn(ctx, sentence);
}

/* Before the first command meets them. */
static void warn_about_rules(struct wire *wire)
{
    for (size_t i = 0; i < rules_problem_count(wire->rules); i++) {
        AUTO_TEXT struct text sentence;
        text_init(&sentence, 2 * (size_t)RULES_PROBLEM_MAX);
        wire_rules_describe(wire->rules, i, &sentence);
        warn(wire, text_string(&sentence));
    }
}

static void warn_about_roots(struct wire *wire)
{
    const char *sentence = NULL;
    for (size_t i = 0; (sentence = sandbox_root_left_out(wire->sandbox, i)) != NULL; i++) {
        warn(wire, sentence);
    }
}

static void environment_text(struct wire *wire, struct text *out)
{
    size_t n = sandbox_root_count(wire->sandbox);
    AUTO_FREE const char **roots = alloc_array(n, sizeof *roots);
    for (size_t i = 0; i < n; i++) {
        roots[i] = sandbox_root_path(wire->sandbox, i);
    }
    const struct config *config = wire->start->config;
    size_t n_hosts = 0;
    AUTO_FREE const char **hosts = wire_network_hosts(config, &n_hosts);
    struct prompt_environment environment = {
        .cwd = wire->start->cwd,
        .approval = wire->approval_policy,
        .sandbox = config_string(config, "sandbox_mode"),
        .shell = wire->shell,
        .has_network = sandbox_is_unrestricted(wire->sandbox) ||
                       (!sandbox_is_read_only(wire->sandbox) &&
                        config_bool(config, "sandbox_workspace_write.network_access")),
        .allowed_hosts = hosts,
        .n_allowed_hosts = n_hosts,
        .writable_roots = roots,
        .n_writable_roots = n,
    };
    prompt_add_environment(&environment, out);
}

static void doc_text(struct wire *wire, struct text *out)
{
    const struct config *config = wire->start->config;
    struct json_object *list = config_node(config, "project_doc_fallback_filenames");
    size_t n = list != NULL ? json_object_array_length(list) : 0;
    AUTO_FREE const char **names = alloc_array(n, sizeof *names);
    for (size_t i = 0; i < n; i++) {
        names[i] = json_object_get_string(json_object_array_get_idx(list, i));
    }
    int64_t max = config_int(config, "project_doc_max_bytes");
    struct project_doc_request request = {.home = wire->start->home.path,
                                          .cwd = wire->start->cwd,
                                          .fallback = names,
                                          .n_fallback = n,
                                          .max_bytes = max > 0 ? (size_t)max : 0};
    AUTO_TEXT struct text doc;
    text_init(&doc, DOC_MAX);
    project_doc_read(&request, &doc);
    prompt_add_project_doc(wire->start->cwd, text_string(&doc), out);
}

/* Is the same message in the history already? Then a resumed session need not hear it again. */
static bool is_known(const struct wire *wire, const char *text)
{
    AUTO_JSON struct json_object *quoted = json_object_new_string(text);
    const char *wanted = json_object_to_json_string_ext(quoted, JSON_C_TO_STRING_PLAIN |
                                                                    JSON_C_TO_STRING_NOSLASHESCAPE);
    for (size_t i = history_count(wire->history); i-- > 0;) {
        struct beacon_str item = history_item(wire->history, i);
        if (memmem(item.p, item.n, wanted, strlen(wanted)) != NULL) {
            return true;
        }
    }
    return false;
}

static int add_context(struct wire *wire, const struct text *text, struct beacon_error *err)
{
    if (text->len == 0 || (wire->is_resumed && is_known(wire, text_string(text)))) {
        return BEACON_OK;
    }
    return agent_add_context(wire->agent, text_string(text), err);
}

int wire_session_begin(struct wire *wire, const struct wire_request *request,
                       struct beacon_error *err)
{
    announce(wire, request);
    if (wire->start->home.warning != NULL) {
        warn(wire, wire->start->home.warning);
    }
    for (size_t i = 0; i < config_warning_count(wire->start->config); i++) {
        warn(wire, config_warning(wire->start->config, i));
    }
    environment_warn(config_node(wire->start->config, "shell_environment_policy"), warn_sentence,
                     wire);
    warn_about_rules(wire);
    warn_about_roots(wire);
    AUTO_TEXT struct text environment, doc;
    text_init(&environment, DOC_MAX);
    text_init(&doc, DOC_MAX);
    environment_text(wire, &environment);
    doc_text(wire, &doc);
    int rc = add_context(wire, &environment, err);
    return rc == BEACON_OK ? add_context(wire, &doc, err) : rc;
}
