/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wire.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/project_doc.h"
#include "agent/prompt.h"
#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/io.h"
#include "base/json.h"
#include "base/path.h"
#include "base/spawn.h"
#include "base/text.h"
#include "cli/provider_config.h"
#include "cli/record.h"
#include "cli/replay_session.h"
#include "cli/sandbox_config.h"
#include "cli/version.h"
#include "cli/wire_approvals.h"
#include "cli/wire_budget.h"
#include "cli/wire_compact.h"
#include "cli/wire_credentials.h"
#include "cli/wire_fallback.h"
#include "cli/wire_http.h"
#include "cli/wire_local.h"
#include "cli/wire_network.h"
#include "cli/wire_policy.h"
#include "cli/wire_rules.h"
#include "cli/wire_session.h"
#include "cli/wire_telemetry.h"
#include "event/fanout.h"
#include "loop/loop.h"
#include "plugin/discover.h"
#include "plugin/loader.h"
#include "plugin/provider.h"
#include "policy/approval.h"
#include "policy/rules.h"
#include "session/history.h"
#include "session/journal.h"
#include "session/recorder.h"
#include "tools/command.h"
#include "tools/environment.h"
#include "tools/output_limit.h"

extern char **environ;

static int open_provider(struct wire *wire, const struct wire_request *request,
                         struct beacon_error *err)
{
    if (request->replay != NULL) {
        return replay_open_provider(request->replay, wire, err);
    }
    const struct config *config = wire->start->config;
    struct provider_settings *settings = &wire->provider_settings;
    int rc = config_provider(config, config_string(config, "model_provider"), settings, err);
    rc = rc == BEACON_OK ? wire_http_check_provider(wire, settings, err) : rc;
    if (rc != BEACON_OK) {
        return rc;
    }
    wire->provider_config =
        provider_config_json(settings, config_string(config, "model"), wire->thread_id);
    rc = provider_open(wire->plugins.set, settings->plugin, wire->provider_config, &wire->provider,
                       err);
    if (rc != BEACON_OK) {
        return rc;
    }
    wire->limits = (struct http_limits){.connect_timeout_ms = settings->connect_timeout_ms,
                                        .first_byte_timeout_ms = settings->first_byte_timeout_ms,
                                        .idle_timeout_ms = settings->stream_idle_timeout_ms,
                                        .total_timeout_ms = settings->total_timeout_ms};
    wire_credentials_open(wire);
    rc = wire_http_check_transport(wire, settings, wire->provider, err);
    return rc == BEACON_OK ? wire_fallback_read(wire, err) : rc;
}

/* With every host open no backend closes single ones: to run with less than what was asked for would be
 * worse than not to run. */
static int check_network(const struct sandbox_settings *settings, struct beacon_error *err)
{
    if (settings->mode == SANDBOX_WORKSPACE_WRITE && settings->network == SANDBOX_NETWORK_ON &&
        settings->n_network_deny > 0) {
        return error_set(err, BEACON_E_REFUSED,
                         "set network_access = \"allow-list\" and name the hosts in network_allow, "
                         "or remove network_deny",
                         "no sandbox for this mode: with network_access = true none can close "
                         "single hosts, as sandbox_workspace_write.network_deny asks");
    }
    return BEACON_OK;
}

static int open_sandbox(struct wire *wire, const struct wire_request *request,
                        struct beacon_error *err)
{
    const struct config *config = wire->start->config;
    struct sandbox_config read;
    sandbox_config_read(config, wire->start->cwd, wire->start->home.path, request->add_dirs,
                        request->n_add_dirs, &read);
    wire_policy_require_sandbox(wire->plugins.policy, &read.settings);
    wire_network_equip(wire, &read.settings);
    int rc = check_network(&read.settings, err);
    rc = rc == BEACON_OK ? sandbox_create(wire->plugins.set, &read.settings, &wire->sandbox, err)
                         : rc;
    wire->sandbox_policy_json = wire_network_policy_json(config, &read.settings);
    sandbox_config_finish(&read);
    return rc;
}

static bool is_shell(const char *path)
{
    const char *name = path_base(path);
    return path[0] == '/' && access(path, X_OK) == 0 &&
           (strcmp(name, "bash") == 0 || strcmp(name, "zsh") == 0 || strcmp(name, "sh") == 0);
}

/* The person's own shell where the agent can speak to it. */
static char *default_shell(void)
{
    const char *chosen = getenv("SHELL");
    if (chosen != NULL && is_shell(chosen)) {
        return alloc_string(chosen);
    }
    return alloc_string(access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh");
}

/* The folder with apply_patch, for commands that call it as a program; NULL when not installed. */
static char *helper_dir(void)
{
    AUTO_FREE char *dir = path_executable_dir();
    AUTO_FREE char *helpers = dir != NULL ? path_normal(dir, "../lib/beacon/bin") : NULL;
    return helpers != NULL && access(helpers, X_OK) == 0 ? take_pointer(helpers) : NULL;
}

static void prepare_tools(struct wire *wire)
{
    const struct config *config = wire->start->config;
    wire->program_dir = helper_dir();
    AUTO_FREE const char **key_names = wire_fallback_key_names(wire);
    wire->env = environment_build(environ, config_node(config, "shell_environment_policy"),
                                  wire->program_dir, key_names);
    wire->shell = default_shell();
    wire->commands = command_table_create();
    AUTO_FREE char *outputs = path_join(wire->start->home.path, "outputs");
    command_table_spill_to(wire->commands, outputs, wire->thread_id);
    int64_t tokens = config_is_set(config, "tool_output_token_limit")
                         ? config_int(config, "tool_output_token_limit")
                         : OUTPUT_TOKENS_DEFAULT;
    wire->tools = (struct tool_context){
        .loop = wire->loop,
        .sandbox = wire->sandbox,
        .approvals = wire->approvals,
        .open_outside = wire_open_outside,
        .open_outside_ctx = wire,
        .events = wire->events,
        .commands = wire->commands,
        .cwd = wire->start->cwd,
        .env = (const char *const *)wire->env,
        .shell = wire->shell,
        .program_dir = wire->program_dir,
        .turn_id = "",
        .max_output_tokens = tokens < 1                   ? 1
                             : tokens > OUTPUT_TOKENS_MAX ? OUTPUT_TOKENS_MAX
                                                          : (uint32_t)tokens,
    };
    spawn_adopt_orphans();
}

static int read_instructions(struct wire *wire, struct beacon_error *err)
{
    const struct config *config = wire->start->config;
    const char *file = config_string(config, "experimental_instructions_file");
    if (wire->is_resumed && wire->replay.base_instructions != NULL &&
        wire->replay.base_instructions[0] != '\0') {
        /* The provider's cache knows this session by its first words. */
        wire->base_instructions = alloc_string(wire->replay.base_instructions);
        return BEACON_OK;
    }
    if (file == NULL || file[0] == '\0') {
        wire->base_instructions = alloc_string(prompt_base_instructions);
        return BEACON_OK;
    }
    struct text content;
    text_init(&content, 1u << 20);
    AUTO_FREE char *path = path_join(wire->start->cwd, file);
    int rc = io_read_file(path, &content, err);
    wire->base_instructions = text_take(&content);
    if (rc == BEACON_OK && wire->base_instructions[0] == '\0') {
        return error_set(err, BEACON_E_INVALID, "write instructions into it, or remove the key",
                         "experimental_instructions_file %s is empty", path);
    }
    return rc;
}

static const char *string_or(const struct config *config, const char *path, const char *fallback)
{
    const char *value = config_string(config, path);
    return value != NULL ? value : fallback;
}

static void make_agent(struct wire *wire, const struct wire_request *request)
{
    const struct config *config = wire->start->config;
    struct agent_parts parts = {.loop = wire->loop,
                                .http = wire->http,
                                .provider = wire->provider,
                                .limits = &wire->limits,
                                .credentials = wire->credentials,
                                .history = wire->history,
                                .recorder = wire->recorder,
                                .events = wire->events,
                                .tools = &wire->tools};
    wire_fallback_chain(wire, &parts.chain);
    const struct model_profile *profile =
        provider_settings_model(&wire->provider_settings, string_or(config, "model", ""));
    struct agent_settings settings = {
        .thread_id = wire->thread_id,
        .model = string_or(config, "model", ""),
        .provider = wire->provider_settings.id,
        .effort = string_or(config, "model_reasoning_effort", ""),
        .summary = string_or(config, "model_reasoning_summary", ""),
        .verbosity = string_or(config, "model_text_verbosity", ""),
        .output_schema = request->output_schema,
        .base_instructions = wire->base_instructions,
        .approval = wire->approval_policy,
        .sandbox_policy_json = wire->sandbox_policy_json,
        .max_output_tokens = config_max_output_tokens(config, profile),
        .request_max_retries = wire->provider_settings.request_max_retries,
        .stream_max_retries = wire->provider_settings.stream_max_retries,
        .profile = profile,
        .budget = &wire->budget,
    };
    wire_compact_limit(config, &settings);
    settings.is_local = wire->provider_settings.local != NULL;
    if (settings.context_tokens < 1) {
        settings.context_tokens = probe_window_effective(&wire->local_window);
    }
    settings.compact_prompt = wire->compact_prompt;
    if (wire->is_resumed && wire->replay.has_usage) {
        settings.usage = wire->replay.total;
        settings.cost_before = &wire->replay.cost;
    }
    if (request->replay != NULL) {
        replay_settle(request->replay, wire, &settings);
    }
    if (request->record != NULL) {
        session_record_settings(request->record, wire, &settings);
    }
    wire->agent = agent_create(&parts, &settings, request->on_end, request->on_end_ctx);
}

/* What is replayed is played offline. */
static int open_telemetry(struct wire *wire, const struct wire_request *request,
                          struct beacon_error *err)
{
    return request->replay == NULL ? wire_telemetry_open(wire, err) : BEACON_OK;
}

static int open_all(struct wire *wire, const struct wire_request *request, struct beacon_error *err)
{
    wire->loop = loop_create();
    wire->http = http_create(wire->loop);
    wire->events = fanout_create();
    int rc = wire_session_choose(wire, request, err);
    if (rc == BEACON_OK) {
        const struct wire_plugins_request plugins = {.home = wire->start->home.path,
                                                     .is_safe_mode = request->is_safe_mode};
        rc = wire_plugins_open(&plugins, &wire->plugins, err);
    }
    if (rc == BEACON_OK) {
        rc = wire_http_open(wire, err);
        rc = rc == BEACON_OK ? open_provider(wire, request, err) : rc;
    }
    if (rc == BEACON_OK && request->record != NULL) {
        rc = session_record_open(request->record, wire, err);
    }
    if (rc == BEACON_OK && request->replay == NULL) {
        wire_local_look(wire);
    }
    if (rc == BEACON_OK) {
        rc = wire_budget_open(wire, err);
    }
    if (rc == BEACON_OK) {
        rc = open_telemetry(wire, request, err);
    }
    if (rc == BEACON_OK) {
        rc = open_sandbox(wire, request, err);
    }
    if (rc == BEACON_OK) {
        rc = read_instructions(wire, err);
    }
    if (rc == BEACON_OK) {
        rc = wire_compact_read_prompt(wire->start->config, wire->start->cwd, &wire->compact_prompt,
                                      err);
    }
    if (rc == BEACON_OK) {
        rc = wire_rules_open(wire->start, &wire->rules, err);
    }
    if (rc == BEACON_OK) {
        wire_approvals_open(wire, request);
        prepare_tools(wire);
        rc = wire_session_open(wire, request, err);
    }
    if (rc == BEACON_OK) {
        wire_telemetry_listen(wire);
        make_agent(wire, request);
        rc = request->replay != NULL ? replay_begin(request->replay, wire, err)
                                     : wire_session_begin(wire, request, err);
    }
    if (rc == BEACON_OK) {
        wire_local_warn(wire);
    }
    return rc;
}

int wire_open(struct wire_start *start, const struct wire_request *request, struct wire *ret,
              struct beacon_error *err)
{
    *ret = (struct wire){.start = start};
    int rc = open_all(ret, request, err);
    if (rc != BEACON_OK) {
        wire_close(ret);
    }
    return rc;
}

void wire_close_session(struct wire *wire)
{
    wire->has_hung_plugin |= wire->agent != NULL && agent_has_hung_plugin(wire->agent);
    agent_destroy(take_pointer(wire->agent));
    command_table_destroy(take_pointer(wire->commands));
    approvals_destroy(take_pointer(wire->approvals));
    recorder_destroy(take_pointer(wire->recorder));
    journal_close(take_pointer(wire->journal));
}

/* What belongs to a thread that hangs, kept where a leak checker finds it. */
static struct wire *volatile left_behind;

void wire_close(struct wire *wire)
{
    wire_close_session(wire);
    bool has_hung_plugin = wire->has_hung_plugin;
    history_destroy(wire->history);
    replay_finish(&wire->replay);
    fanout_destroy(wire->events);
    const bool is_exporter_hung = wire_telemetry_close(wire);
    rules_destroy(wire->rules);
    sandbox_destroy(wire->tools.outside);
    sandbox_destroy(wire->sandbox);
    http_destroy(wire->http);
    wire_http_close(wire);
    has_hung_plugin |= wire_credentials_close(wire);
    if (!has_hung_plugin) { /* else its thread still runs in there, and the process ends soon */
        wire_fallback_close(wire);
        provider_close(wire->provider);
        wire_plugins_close(&wire->plugins);
        if (!is_exporter_hung) {
            plugin_unload_all();
        }
        loop_destroy(wire->loop);
    } else {
        left_behind = alloc_copy(wire, sizeof *wire);
    }
    provider_settings_finish(&wire->provider_settings);
    environment_free(wire->env);
    free(wire->shell);
    free(wire->provider_config);
    free(wire->program_dir);
    free(wire->base_instructions);
    free(wire->compact_prompt);
    free(wire->sandbox_policy_json);
    *wire = (struct wire){0};
}
