#!/usr/bin/env bash
# The Gemini API through the whole program: what is sent, what comes back, who puts the key on it.
. "$(dirname "$0")/lib.sh"
has_program python3 || skip_all 'there is no python3'

# gemini ANSWER…: a server that answers so, and a config.toml that uses it.
gemini() {
    local pid IFS=,
    printf '[%s]\n' "$*" >"$CASE/scenario.json"
    pid=$("$SOURCE/tests/e2e/gemini_model.py" "$CASE/port" "$LOG" "$CASE/scenario.json") || exit 2
    SERVER_PIDS+=("$pid")
    PORT=$(cat "$CASE/port")
    configure_gemini
}

# configure_gemini [PROVIDER LINES]
configure_gemini() {
    cat >"$HOME_DIR/config.toml" <<TOML
model = "gemini-e2e"
model_provider = "mock"
[model_providers.mock]
name = "Mock"
base_url = "http://127.0.0.1:$PORT/v1beta"
env_key = "MOCK_KEY"
wire_api = "gemini"
auth_header = "x-goog-api-key"
request_max_retries = 1
stream_max_retries = 1
${1-}
TOML
}

THOUGHT='{"text":"I look \"first\" – é.","thought":true}'
SIGNATURE='"thoughtSignature":"EqMBCqABAdHt/wZ+9x=="'
text() {
    jq -cn --arg text "$1" '{parts: [{$text}]}'
}
# exec ID COMMAND: a functionCall, without an id when that is empty.
function_call() {
    jq -cn --arg id "$1" --arg cmd "$2" \
        '{name: "exec_command", args: {cmd: ("echo ran >>ran; " + $cmd)}} + if $id == "" then {} else {$id} end'
}

check 'a tool runs, and the call comes back with its signature'
CALL="{\"functionCall\":$(function_call f1 'echo from the tool'),$SIGNATURE}"
gemini "{\"parts\":[$THOUGHT,$CALL]}" "{\"parts\":[{\"text\":\"All \"},{\"text\":\"done.\"},{\"text\":\"\",$SIGNATURE}]}" \
    "$(text 'As before.')"
run_json --sandbox workspace-write 'do it'
expect_exit 0
expect_requests 2
expect_equal 'what the tool did' "$(cat ran)" 'ran'
expect_equal 'the path' "$(sed -n 1p "$LOG" | jq -r .path)" '/v1beta/models/gemini-e2e:streamGenerateContent?alt=sse'
expect_equal 'the key' "$(sed -n 1p "$LOG" | jq -r '.headers["x-goog-api-key"]')" "$MOCK_KEY"
expect_equal 'the other key' "$(sed -n 1p "$LOG" | jq -r '.headers.authorization')" 'null'
expect_equal 'the wish to think' "$(request 1 '.generationConfig.thinkingConfig | tojson')" \
    '{"includeThoughts":true,"thinkingBudget":8192}'
expect_equal 'the roles' "$(request 2 '[.contents[].role] | join(" ")')" 'user model user'
expect_equal 'the call' "$(request 2 '.contents[1].parts | tojson' | jq -cS .)" "$(jq -cnS "[$CALL]")"
expect_equal 'the result' "$(request 2 '.contents[2].parts[0].functionResponse | .id, .name, (.response.output | test("from the tool"))')" \
    $'f1\nexec_command\ntrue'
expect_equal 'the thought' "$(event '.item.type == "reasoning"' .item.text)" 'I look "first" – é.'
expect_equal 'the message' "$(event '.item.type == "agent_message"' .item.text)" 'All done.'
expect_equal 'the tokens' "$(event '.type == "turn.completed"' '.usage | .input_tokens, .cached_input_tokens, .output_tokens')" \
    $'100\n60\n26'
expect_equal 'the first request at the beginning of the second' \
    "$(request 2 '.contents |= .[:1] | tojson')" "$(request 1 tojson)"
run exec --skip-git-repo-check resume --last 'and again'
expect_exit 0
expect_equal 'the text with its signature' "$(request 3 '.contents[3].parts | tojson' | jq -cS .)" \
    "$(jq -cnS "[{\"text\":\"All done.\"},{\"text\":\"\",$SIGNATURE}]")"

check 'two calls without ids are answered together, in their order'
gemini "{\"parts\":[{\"functionCall\":$(function_call '' 'echo one'),$SIGNATURE},{\"functionCall\":$(function_call '' 'echo two')}]}" \
    "$(text 'Fine.')"
run_json --sandbox workspace-write 'do it'
expect_exit 0
expect_equal 'what the tools did' "$(cat ran)" $'ran\nran'
expect_equal 'the contents' "$(request 2 '[.contents[].parts | length] | tojson' | sed 's/^\[[0-9]*/[N/')" '[N,2,2]'
expect_equal 'the signatures' "$(request 2 '[.contents[1].parts[] | has("thoughtSignature")] | tojson')" '[true,false]'
expect_equal 'the answers' "$(request 2 '[.contents[2].parts[].functionResponse | has("id"), (.response.output | capture("(?<w>one|two)").w)] | tojson')" \
    '[false,"one",false,"two"]'

check 'a patch is a function with one string, and runs as the tool it is'
gemini '{"parts":[{"functionCall":{"name":"apply_patch","args":{"input":"*** Begin Patch\n*** Add File: a.txt\n+new\n*** End Patch\n"}}}]}' \
    "$(text 'Patched.')"
run_json --sandbox workspace-write 'patch it'
expect_exit 0
expect_equal 'the file' "$(cat a.txt)" 'new'
expect_equal 'the declaration' "$(request 1 '.tools[0].functionDeclarations[] | select(.name == "apply_patch").parametersJsonSchema.required | tojson')" \
    '["input"]'

check 'an error in the stream is tried again, and what was shown is not said twice'
gemini '{"parts":[{"text":"Half an"}],"error":{"code":503,"status":"UNAVAILABLE","message":"The model is overloaded."}}' \
    "$(text 'A whole answer.')"
run exec --skip-git-repo-check 'say it'
expect_exit 0
expect_requests 2
expect_stdout 'A whole answer.'

check 'a call that came before the stream broke runs once'
gemini "{\"parts\":[{\"functionCall\":$(function_call '' true),$SIGNATURE}],\"breaks\":true}" "$(text 'Done.')"
run_json --sandbox workspace-write 'do it'
expect_exit 0
expect_requests 2
expect_equal 'what the tool did' "$(cat ran)" 'ran'
expect_equal 'the calls of the second' "$(request 2 '[.contents[].parts[] | select(.functionCall or .functionResponse) | keys[0]] | join(" ")')" \
    'functionCall functionResponse'

check 'a server that does not stream is understood'
gemini '{"parts":[{"text":"At "},{"text":"once."}],"list":true}'
run exec --skip-git-repo-check 'say it'
expect_exit 0
expect_stdout 'At once.'

check 'a model that cannot be told how to think is asked without'
gemini '{"status":400,"body":{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"Thinking is not enabled for this model."}}}' \
    "$(text 'Without.')"
run exec --skip-git-repo-check 'say it'
expect_exit 0
expect_stdout 'Without.'
expect_has "$STDERR" 'quirks.thinking'
expect_equal 'the wishes' "$(jq -r '.json | has("generationConfig") and (.generationConfig | has("thinkingConfig"))' "$LOG")" \
    $'true\nfalse'

check 'a refusal and a full answer are told'
gemini '{"parts":[{"text":"First you"}],"reason":"SAFETY"}'
run exec --skip-git-repo-check 'say it'
expect_has "$STDERR" 'the model refused to go on: SAFETY'
gemini '{"parts":[{"text":"On and on"}],"reason":"MAX_TOKENS"}'
run exec --skip-git-repo-check 'say it'
expect_has "$STDERR" 'the answer ends at the limit of output tokens: MAX_TOKENS'

check 'a key that is refused is named in the words of the server'
REFUSED='{"status":400,"body":{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"API key not valid. Please pass a valid API key.","details":[{"reason":"API_KEY_INVALID"}]}}}'
gemini "$REFUSED" "$REFUSED"
run exec --skip-git-repo-check 'say it'
expect_has "$STDERR" 'API key not valid'
expect_not "$STDERR" "$MOCK_KEY"
expect_not "$STDERR" '"details"'

check 'quirks and extra members of the configuration reach the request'
gemini "$(text 'Hi.')"
configure_gemini 'quirks = { thinking = "level", schema_name = "parameters" }
extra = { safetySettings = [] }'
run exec --skip-git-repo-check 'say it'
expect_exit 0
expect_equal 'the body' "$(request 1 '.generationConfig.thinkingConfig.thinkingLevel, (.safetySettings | tojson)')" \
    $'medium\n[]'
expect_equal 'the unknown words' "$(request 1 '[.tools | .. | objects | keys[] | select(. == "additionalProperties" or . == "parametersJsonSchema")] | tojson')" \
    '[]'
