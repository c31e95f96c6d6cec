#!/usr/bin/env bash
# A config.toml written for Codex, with a custom Responses provider, drives exec unchanged.
. "$(dirname "$0")/lib.sh"

check 'a Codex configuration is used as it stands'
serve "$(responses "$(command c1 'echo "$MY_MARK"; pwd')" '{"text":"Done."}')"
git init -q .
cat >"$HOME_DIR/config.toml" <<TOML
#:schema https://developers.openai.com/codex/config-schema.json
model = "gpt-5.1-codex"
model_provider = "local-proxy"
model_reasoning_effort = "high"
model_reasoning_summary = "detailed"
model_verbosity = "low"
approval_policy = "on-request"
sandbox_mode = "workspace-write"
hide_agent_reasoning = false
file_opener = "vscode"
project_doc_max_bytes = 65536
notify = ["true"]

[model_providers.local-proxy]
name = "Local proxy"
base_url = "http://127.0.0.1:$PORT/v1"
env_key = "PROXY_API_KEY"
wire_api = "responses"
query_params = { api-version = "2025-04-01-preview" }
http_headers = { "X-Team" = "agents" }
env_http_headers = { "X-Request-Source" = "REQUEST_SOURCE" }
request_max_retries = 4
stream_max_retries = 5
stream_idle_timeout_ms = 300000

[sandbox_workspace_write]
network_access = false
writable_roots = []

[shell_environment_policy]
inherit = "core"
set = { MY_MARK = "marked" }

[profiles.fast]
model = "gpt-5.1-codex-mini"
model_reasoning_effort = "low"

[projects."$WORK"]
trust_level = "trusted"

[mcp_servers]

[tui]
notifications = true

[history]
persistence = "none"

[features]
web_search_request = false
TOML
PROXY_API_KEY=sk-proxy REQUEST_SOURCE=tests run exec --json 'do it'
expect_exit 0
expect_events <<'EVENTS'
{"type":"thread.started","thread_id":"UUID"}
{"type":"turn.started"}
{"type":"item.started","item":{"id":"item_0","type":"command_execution","command":"/bin/bash -lc 'echo \"$MY_MARK\"; pwd'","aggregated_output":"","exit_code":null,"status":"in_progress"}}
{"type":"item.completed","item":{"id":"item_0","type":"command_execution","command":"/bin/bash -lc 'echo \"$MY_MARK\"; pwd'","aggregated_output":"marked\nWORK\n","exit_code":0,"status":"completed"}}
{"type":"item.completed","item":{"id":"item_1","type":"agent_message","text":"Done."}}
{"type":"turn.completed","usage":{"input_tokens":200,"cached_input_tokens":40,"cache_write_input_tokens":0,"output_tokens":60,"reasoning_output_tokens":20}}
EVENTS
expect_equal 'the request line' "$(jq -r '.method + " " + .path' "$LOG" | sort -u)" 'POST /v1/responses?api-version=2025-04-01-preview'
expect_equal 'the headers' "$(sed -n 1p "$LOG" | jq -r '.headers | [.authorization, .["x-team"], .["x-request-source"], .["content-type"], .accept] | join("\n")')" \
    'Bearer sk-proxy
agents
tests
application/json
text/event-stream'
expect_equal 'the body' "$(request 1 '[.model, .reasoning.effort, .reasoning.summary, .text.verbosity, .stream, .store, .tool_choice, .parallel_tool_calls, .include[0]] | map(tostring) | join(" ")')" \
    'gpt-5.1-codex high detailed low true false auto true reasoning.encrypted_content'

check 'a key that Codex knows and Beacon does not yet is no error'
model '{"text":"ok"}'
configure 'disable_paste_burst = true
check_for_update_on_startup = false
personality = "friendly"' '' '[otel]
environment = "dev"
[marketplaces.someone]
source = "x"'
run_json 'hi'
expect_exit 0
expect_equal 'the message' "$(event '.item.type == "agent_message"' .item.text)" ok
