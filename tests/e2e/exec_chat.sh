#!/usr/bin/env bash
# Chat Completions through the whole program: what is sent, what comes back, what of a bad stream remains.
. "$(dirname "$0")/lib.sh"
has_program python3 || skip_all 'there is no python3'

# chat ANSWER…: a server that answers so, and a config.toml that uses it.
chat() {
    local pid IFS=,
    printf '[%s]\n' "$*" >"$CASE/scenario.json"
    pid=$("$SOURCE/tests/e2e/chat_model.py" "$CASE/port" "$LOG" "$CASE/scenario.json") || exit 2
    SERVER_PIDS+=("$pid")
    PORT=$(cat "$CASE/port")
    configure_chat
}

# configure_chat [PROVIDER LINES]
configure_chat() {
    cat >"$HOME_DIR/config.toml" <<TOML
model = "local"
model_provider = "mock"
[model_providers.mock]
name = "Mock"
base_url = "http://127.0.0.1:$PORT/v1"
env_key = "MOCK_KEY"
wire_api = "chat"
request_max_retries = 1
stream_max_retries = 1
${1-}
TOML
}

said() {
    jq -cn --arg text "$1" '{deltas: [{role: "assistant", content: ""}, {content: $text[:3]}, {content: $text[3:]}]}'
}
# run_tool ID SCRIPT: a call in three pieces, after some reasoning and a word.
run_tool() {
    jq -cn --arg id "$1" --arg cmd "$2" '({cmd: ("echo ran >>ran; " + $cmd)} | tojson) as $arguments |
        {finish: "tool_calls", usage: {prompt_tokens: 100, completion_tokens: 20, total_tokens: 120},
         deltas: [{role: "assistant", content: null, reasoning: "I must look."}, {content: "Looking."},
            {tool_calls: [{index: 0, $id, type: "function", function: {name: "exec_command", arguments: ""}}]},
            {tool_calls: [{index: 0, function: {arguments: $arguments[:9]}}]},
            {tool_calls: [{index: 0, function: {arguments: $arguments[9:]}}]}]}'
}
message() {
    event '.item.type == "agent_message"' .item.text
}

check 'a tool runs, its answer goes back, and the answer of the model is one message'
chat "$(run_tool call_1 'echo from the tool')" "$(said 'All done.')"
run_json --sandbox workspace-write 'do it'
expect_exit 0
expect_requests 2
expect_equal 'what the tool did' "$(cat ran)" 'ran'
expect_equal 'the path' "$(sed -n 1p "$LOG" | jq -r .path)" '/v1/chat/completions'
expect_equal 'the key' "$(sed -n 1p "$LOG" | jq -r .headers.authorization)" "Bearer $MOCK_KEY"
expect_equal 'the order' "$(request 1 'keys_unsorted | join(" ")')" \
    'model stream stream_options parallel_tool_calls tools messages'
expect_equal 'the roles' "$(request 2 '[.messages[].role] | join(" ")')" 'system user user assistant tool'
expect_equal 'the answer of the model' "$(request 2 '.messages[-2] | .content, .reasoning, .tool_calls[0].id')" \
    $'Looking.\nI must look.\ncall_1'
expect_equal 'the result' "$(request 2 '.messages[-1] | .tool_call_id, (.content | test("from the tool"))')" \
    $'call_1\ntrue'
expect_equal 'the messages' "$(message)" $'Looking.\nAll done.'
expect_equal 'the first request, again' "$(request 2 '.messages[:-2] | tojson')" "$(request 1 '.messages | tojson')"

check 'a patch comes in the one parameter of a function'
chat '{"finish":"tool_calls","deltas":[{"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"apply_patch","arguments":"{\"input\":\"*** Begin Patch\\n*** Add File: new.txt\\n+made\\n*** End Patch\\n\"}"}}]}]}' \
    "$(said 'Patched.')"
run_json --sandbox workspace-write 'do it'
expect_exit 0
expect_equal 'the file' "$(cat new.txt)" 'made'
expect_equal 'the call that goes back' "$(request 2 '.messages[-2].tool_calls[0].function.arguments | fromjson | keys[0]')" input

check 'arguments that do not parse are answered by the tool, and the model goes on'
chat '{"finish":"tool_calls","deltas":[{"tool_calls":[{"index":0,"id":"c","function":{"name":"exec_command","arguments":"{cmd: ls}"}}]}]}' \
    "$(said 'I see.')"
run_json --sandbox workspace-write 'do it'
expect_exit 0
expect_requests 2
expect_equal 'what goes back parses' "$(request 2 '.messages[-2].tool_calls[0].function.arguments | fromjson | .input')" '{cmd: ls}'
expect_equal 'the role of the answer' "$(request 2 '.messages[-1].role')" tool

check 'a server that does not stream is understood'
chat '{"body":{"id":"1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Whole."},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":1}}}'
run exec --skip-git-repo-check 'hello'
expect_exit 0
expect_stdout 'Whole.'

check 'a stream without the mark of its end is whole'
chat "$(said 'Hello.' | jq -c '.mark = false')"
run exec --skip-git-repo-check 'hello'
expect_exit 0
expect_stdout 'Hello.'
expect_requests 1

check 'what a broken stream said is not said twice'
chat "$(said 'Hello.' | jq -c '.finish = null')" "$(said 'Hello.')"
run_json 'hello'
expect_exit 0
expect_requests 2
expect_equal 'the messages' "$(message)" 'Hello.'

check 'a call in a stream that breaks does not run, and runs once when it came whole'
chat "$(run_tool call_1 true | jq -c '.finish = null')" "$(run_tool call_1 true)" "$(said 'Done.')"
run_json --sandbox workspace-write 'do it'
expect_exit 0
expect_requests 3
expect_equal 'what the tool did' "$(cat ran)" 'ran'

check 'an error within a stream is tried again, and told when it stays'
error='{"chunks":[{"error":{"code":502,"message":"the provider is gone"}}]}'
chat "$error" "$error"
run_json 'hello'
expect_exit 1
expect_requests 2
expect_equal 'the failure' "$(event '.type == "turn.failed"' .error.message)" \
    'stream disconnected before completion: the provider is gone'

check 'quirks of the configuration change the request'
chat "$(said 'Hello.')"
configure_chat 'quirks = { system_role = "developer", usage = "none", parallel_calls = false, num_ctx = 4096 }'
run_json 'hello'
expect_exit 0
expect_equal 'the order' "$(request 1 'keys_unsorted | join(" ")')" 'model stream num_ctx options tools messages'
expect_equal 'the role' "$(request 1 '.messages[0].role')" developer

check 'the tokens are those the server counted'
chat "$(said 'Hello.' | jq -c '.usage = {prompt_tokens: 12, completion_tokens: 3, total_tokens: 15, prompt_tokens_details: {cached_tokens: 8}}')"
run_json 'hello'
expect_exit 0
expect_equal 'the usage' "$(event '.type == "turn.completed"' '.usage | [.input_tokens, .cached_input_tokens, .output_tokens] | join(" ")')" \
    '12 8 3'
