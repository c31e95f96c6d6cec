# shellcheck shell=bash
# The Messages API through the whole program: what is sent, what comes back, who puts the key on it.
. "$(dirname "$0")/lib.sh"
has_program python3 || skip_all 'there is no python3'

# claude ANSWER…: a server that answers so, and a config.toml that uses it.
claude() {
    local pid IFS=,
    printf '[%s]\n' "$*" >"$CASE/scenario.json"
    pid=$("$SOURCE/tests/e2e/messages_model.py" "$CASE/port" "$LOG" "$CASE/scenario.json") || exit 2
    SERVER_PIDS+=("$pid")
    PORT=$(cat "$CASE/port")
    configure_claude
}

# configure_claude [PROVIDER LINES]
configure_claude() {
    cat >"$HOME_DIR/config.toml" <<TOML
model = "claude-test"
model_provider = "mock"
[model_providers.mock]
name = "Mock"
base_url = "http://127.0.0.1:$PORT/v1"
env_key = "MOCK_KEY"
wire_api = "messages"
auth_header = "x-api-key"
request_max_retries = 1
stream_max_retries = 1
${1-}
TOML
}

THOUGHT='{"type":"thinking","thinking":"I look \"first\" – \u00e9.","signature":"EqQBCkYI/+9=="}'
SECRET='{"type":"redacted_thinking","data":"EmwKAhgB/+=="}'
text() {
    jq -cn --arg text "$1" '{blocks: [{type: "text", $text}]}'
}
use() {
    jq -cn --arg id "$1" --arg cmd "$2" \
        '{type: "tool_use", $id, name: "exec_command", input: {cmd: ("echo ran >>ran; " + $cmd)}}'
}

check 'a tool runs, and thinking comes back with its signature, before the call it led to'
claude "{\"blocks\":[$THOUGHT,$SECRET,$(use toolu_1 'echo from the tool')],\"stop\":\"tool_use\"}" "$(text 'All done.')"
run_json --sandbox workspace-write 'do it'
expect_exit 0
expect_requests 2
expect_equal 'what the tool did' "$(cat ran)" 'ran'
expect_equal 'the path' "$(sed -n 1p "$LOG" | jq -r .path)" '/v1/messages'
expect_equal 'the key' "$(sed -n 1p "$LOG" | jq -r '.headers["x-api-key"]')" "$MOCK_KEY"
expect_equal 'the other key' "$(sed -n 1p "$LOG" | jq -r '.headers.authorization')" 'null'
expect_equal 'the version' "$(sed -n 1p "$LOG" | jq -r '.headers["anthropic-version"]')" '2023-06-01'
expect_equal 'the thoughts' "$(request 2 '.messages[-2].content[:2]' | jq -cS .)" \
    "$(jq -cnS "[$THOUGHT,$SECRET]")"
expect_equal 'the blocks' "$(request 2 '[.messages[-2:][].content[].type] | join(" ")')" \
    'thinking redacted_thinking tool_use tool_result'
expect_equal 'the result' "$(request 2 '.messages[-1].content[0] | .tool_use_id, (.content | test("from the tool"))')" \
    $'toolu_1\ntrue'
expect_equal 'the roles' "$(request 2 '[.messages[].role] | join(" ")')" 'user assistant user'
expect_equal 'the message' "$(event '.item.type == "agent_message"' .item.text)" 'All done.'
expect_equal 'the tokens' "$(event '.type == "turn.completed"' '.usage | .input_tokens, .cached_input_tokens, .output_tokens')" \
    $'230\n200\n40'

check 'two calls of one answer are answered together, and the prefix stays'
claude "{\"blocks\":[$(use toolu_1 'echo one'),$(use toolu_2 'false')],\"stop\":\"tool_use\"}" \
    "{\"blocks\":[$(use toolu_3 'echo three')],\"stop\":\"tool_use\"}" "$(text 'Fine.')"
run_json --sandbox workspace-write 'do it'
expect_exit 0
expect_equal 'the answers' "$(request 2 '[.messages[-1].content[].tool_use_id] | join(" ")')" 'toolu_1 toolu_2'
for n in 1 2; do
    expect_equal "request $n at the beginning of the next" \
        "$(request $((n + 1)) "del(.. | .cache_control?) | .messages |= .[:$((2 * n - 1))]")" \
        "$(request "$n" 'del(.. | .cache_control?)')"
done
expect_equal 'the breakpoints' "$(sed -n 3p "$LOG" | grep -o '"cache_control"' | wc -l)" 3

check 'a patch is a function with one string, and runs as the tool it is'
claude '{"blocks":[{"type":"tool_use","id":"toolu_1","name":"apply_patch","input":{"input":"*** Begin Patch\n*** Add File: a.txt\n+new\n*** End Patch\n"}}],"stop":"tool_use"}' \
    "$(text 'Patched.')"
run_json --sandbox workspace-write 'patch it'
expect_exit 0
expect_equal 'the file' "$(cat a.txt)" 'new'
expect_equal 'the call in the next request' "$(request 2 '.messages[-2].content[0].input | keys | join(" ")')" 'input'

check 'an error in the stream is tried again, and what was shown is not said twice'
claude "{\"blocks\":[{\"type\":\"text\",\"text\":\"Half an\"}],\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}" \
    "$(text 'A whole answer.')"
run exec --skip-git-repo-check 'say it'
expect_exit 0
expect_requests 2
expect_stdout 'A whole answer.'

check 'an answer that breaks behind its call is asked for again, and the tool runs once'
claude "{\"blocks\":[$THOUGHT,$(use toolu_1 'true')],\"breaks\":true}" \
    "{\"blocks\":[$THOUGHT,$(use toolu_2 'true')],\"stop\":\"tool_use\"}" "$(text 'Done.')"
run_json --sandbox workspace-write 'do it'
expect_exit 0
expect_requests 3
expect_equal 'what the tool did' "$(cat ran)" 'ran'
expect_equal 'the second request' "$(sed -n 2p "$LOG" | jq -c .json)" "$(sed -n 1p "$LOG" | jq -c .json)"
expect_equal 'the calls of the third' "$(request 3 '[.messages[].content[] | select(.type == "tool_use").id] | join(" ")')" \
    'toolu_2'

check 'a server that does not stream is understood'
claude '{"body":{"id":"msg_1","type":"message","role":"assistant","model":"claude-test","content":[{"type":"text","text":"At once."}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":2}}}'
run exec --skip-git-repo-check 'say it'
expect_exit 0
expect_stdout 'At once.'

check 'a model that takes no budget is asked without'
claude '{"status":400,"body":{"type":"error","error":{"type":"invalid_request_error","message":"thinking: not supported by this model"}}}' \
    "$(text 'Without.')"
run exec --skip-git-repo-check 'say it'
expect_exit 0
expect_stdout 'Without.'
expect_equal 'the wishes' "$(jq -r '.json | has("thinking")' "$LOG")" $'true\nfalse'

check 'a key that is refused is named in the words of the server'
claude '{"status":401,"body":{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}}' \
    '{"status":401,"body":{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}}'
run exec --skip-git-repo-check 'say it'
expect_has "$STDERR" 'invalid x-api-key'
expect_not "$STDERR" "$MOCK_KEY"

check 'quirks and extra members of the configuration reach the request'
claude "$(text 'Hi.')"
configure_claude 'quirks = { thinking = "adaptive", cache_control = false, max_tokens_default = 777 }
extra = { service_tier = "auto" }'
run exec --skip-git-repo-check 'say it'
expect_exit 0
expect_equal 'the body' "$(request 1 '.max_tokens, .thinking.type, .output_config.effort, .service_tier')" \
    $'777\nadaptive\nmedium\nauto'
expect_equal 'the breakpoints' "$(grep -c '"cache_control"' "$LOG")" 0
