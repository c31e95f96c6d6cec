#!/usr/bin/env bash
# model_fallback: another model goes on where the first cannot, with the same history, its own key, and no
# tool run twice.
. "$(dirname "$0")/lib.sh"

# two FIRST SECOND [TOP] [PROVIDER LINES]: the scenarios of the provider mock and of a second one, "other",
# whose requests go to $LOG.2.
two() {
    local first_port
    serve "$1"
    first_port=$PORT
    LOG=$LOG.2
    : >"$LOG"
    rm -f "$CASE/port"
    serve "$2"
    LOG=${LOG%.2}
    OTHER_PORT=$PORT
    PORT=$first_port
    configure "${3-model_fallback = [\"big@other\"]}" "${4-}" "[model_providers.other]
name = \"Other\"
base_url = \"http://127.0.0.1:$OTHER_PORT/v1\"
env_key = \"OTHER_PHRASE\"
wire_api = \"responses\"
request_max_retries = 0
stream_max_retries = 0
http_headers = { X-Where = \"other\" }"
}
always() {
    printf '{"responses":[%s],"repeat_last":true}' "$1"
}
export OTHER_PHRASE=sk-other

notices() {
    event '.item.type == "error"' .item.message | grep -e '^Falling back' -e '^model_fallback'
}

for reason in \
    '{"status":429,"body":{"error":{"message":"slow down"}}}|exceeded retry limit, last status: 429 Too Many Requests' \
    '{"status":500,"body":"oops"}|We’re currently experiencing high demand, which may cause temporary errors.' \
    '{"status":529,"body":"overloaded"}|We’re currently experiencing high demand, which may cause temporary errors.' \
    '{"raw":""}|PEER closed the connection without an answer' \
    '{"text":"half a","drop_after_events":3}|stream disconnected before completion: stream closed before response.completed'; do
    check "the next model answers after: ${reason%%|*}"
    two "$(always "${reason%%|*}")" "$(responses '{"text":"I can."}')" 'model_fallback = ["big@other"]' 'request_max_retries = 1
stream_max_retries = 0'
    run_json go
    expect_exit 0
    expect_equal 'the message' "$(event '.item.type == "agent_message"' .item.text)" 'I can.'
    sentence=${reason#*|}
    expect_equal 'the notice' "$(notices)" "Falling back from gpt-5.5 (mock) to big (other): ${sentence/PEER/127.0.0.1:$PORT}"
    expect_equal 'what the second was asked' "$(jq -r '.json.model + " " + .headers.authorization + " " + .headers["x-where"]' "$LOG.2")" 'big Bearer sk-other other'
    expect_equal 'the same history' "$(jq -c .json.input "$LOG.2")" "$(sed -n 1p "$LOG" | jq -c .json.input)"
done

check 'a person is told, and the journal keeps it'
two "$(always '{"status":503,"body":"x"}')" "$(responses '{"text":"I can."}')"
run exec --skip-git-repo-check go
expect_exit 0
expect_stdout 'I can.'
expect_line "$STDERR" 'warning: Falling back from gpt-5.5 (mock) to big (other): We’re currently experiencing high demand, which may cause temporary errors.'
expect_equal 'warnings' "$(grep -c '^warning: ' "$STDERR")" 1
expect_equal 'in the journal' "$(jq -r 'select(.payload.type == "model_reroute").payload | .from_model + " " + .to_model + " " + .to_provider' "$(rollouts)")" 'gpt-5.5 big other'
expect_whole_rollouts

check 'what only a person can mend is no reason'
for failure in '{"status":400,"body":{"error":{"message":"bad"}}}' '{"status":401,"body":{"error":{"message":"bad key"}}}' \
    '{"status":404,"body":{"error":{"message":"no"}}}'; do
    : >"$LOG"
    two "$(always "$failure")" "$(responses '{"text":"never asked"}')"
    run_json go
    expect_exit 1
    expect_equal 'the requests to the second' "$(wc -l <"$LOG.2")" 0
    expect_equal 'the notices' "$(notices)" ''
done

check 'a chain: each is told, and the last failure is the failure'
two "$(always '{"status":500,"body":"x"}')" "$(always '{"status":429,"body":"y"}')" 'model_fallback = ["small", "big@other", "huge@other"]'
run_json go
expect_exit 1
expect_equal 'the notices' "$(notices | cut -d: -f1)" 'Falling back from gpt-5.5 (mock) to small (mock)
Falling back from small (mock) to big (other)
Falling back from big (other) to huge (other)'
expect_equal 'the failure' "$(event '.type == "turn.failed"' .error.message)" 'exceeded retry limit, last status: 429 Too Many Requests'
expect_equal 'the models asked' "$(cat "$LOG" "$LOG.2" | jq -r .json.model)" 'gpt-5.5
small
big
huge'
expect_equal 'the keys' "$(cat "$LOG" "$LOG.2" | jq -r .headers.authorization | sort | uniq -c | tr -s ' ')" ' 2 Bearer sk-e2e-secret
 2 Bearer sk-other'

check 'a call that arrived whole runs once, before the next model is asked'
call_item=$(jq -cn '{type: "response.output_item.done", item: {type: "function_call", id: "fc_1", call_id: "c1",
    name: "exec_command", arguments: ({cmd: "echo run >>count; wc -l <count"} | tojson)}}')
two "$(always "{\"sse\":[$call_item,{\"type\":\"response.output_text.delta\",\"delta\":\"x\"}],\"drop_after_events\":2}")" \
    "$(responses '{"text":"Done."}')"
run_json -s workspace-write go
expect_exit 0
expect_equal 'how often it ran' "$(cat count)" run
expect_equal 'what the second was told' "$(jq -r '[.json.input[] | select(.call_id == "c1") | .type] | join(" ")' "$LOG.2")" 'function_call function_call_output'
expect_equal 'the message' "$(event '.item.type == "agent_message"' .item.text)" 'Done.'

check 'a tool that ran before the failure does not run again'
two "$(responses "$(command c1 'echo run >>count')" '{"status":500,"body":"x"}')" "$(responses "$(command c2 'cat count')" '{"text":"Done."}')"
run_json -s workspace-write go
expect_exit 0
expect_equal 'how often it ran' "$(cat count)" run
expect_equal 'what the second read' "$(tail -n 1 "$LOG.2" | jq -r '.json.input[] | select(.call_id == "c2" and .type == "function_call_output").output' | grep -c '^run$')" 1

check 'dropped after each event: the call runs once and what was said is said once'
whole='{"text":"Hello there.","calls":[{"name":"exec_command","arguments":{"cmd":"echo run >>count"},"call_id":"c1"}],"delta":4'
for n in 1 2 3 4 5 6 7 8 9; do
    rm -f count
    : >"$LOG"
    two "$(always "$whole,\"drop_after_events\":$n}")" "$(responses '{"text":"Done."}')"
    run_json -s workspace-write go
    expect_exit 0
    [ ! -e count ] || expect_equal "how often it ran, dropped after $n" "$(cat count)" run
    said=$(event '.item.type == "agent_message"' .item.text)
    case $said in
    Done. | 'Hello there.
Done.') ;;
    *) fail "dropped after $n it said: $said" "$STDOUT" ;;
    esac
    expect_equal "the calls told again, dropped after $n" "$(jq -r '[.json.input[] | select(.type == "function_call")] | length' "$LOG.2")" \
        "$([ -e count ] && echo 1 || echo 0)"
done

check 'one that cannot be used is passed over, with the reason'
two "$(always '{"status":500,"body":"x"}')" "$(responses '{"text":"I can."}')" 'model_fallback = ["a@broken", "big@other"]'
cat >>"$HOME_DIR/config.toml" <<'TOML'
[model_providers.broken]
base_url = "http://127.0.0.1:1/v1"
plugin = "nosuch"
TOML
run_json go
expect_exit 0
notices >"$CASE/notices"
expect_has "$CASE/notices" 'model_fallback: a@broken cannot be used: '
expect_has "$CASE/notices" 'Falling back from gpt-5.5 (mock) to big (other)'

check 'network.allow holds the chain, too'
two "$(always '{"status":500,"body":"x"}')" "$(responses '{"text":"never asked"}')"
run_json -c "network.allow=[\"127.0.0.1:$PORT\"]" go
expect_exit 1
notices >"$CASE/notices"
expect_has "$CASE/notices" "model_fallback: big@other cannot be used: provider other: no connection to 127.0.0.1:$OTHER_PORT"
expect_equal 'the requests to the second' "$(wc -l <"$LOG.2")" 0

check 'the key of a model that may be fallen back to is in no command'
two "$(responses "$(command c1 'env | grep -c -e OTHER_PHRASE -e MOCK_KEY')" '{"text":"Done."}')" "$(responses '{"text":"never asked"}')"
run_json -s workspace-write go
expect_exit 0
expect_equal 'how many keys it sees' "$(command_output c1)" 0

check 'a name without a provider, with an @ of its own'
two "$(always '{"status":500,"body":"x"}')" "$(responses)" 'model_fallback = ["vendor/model@2025"]'
run_json go
expect_exit 1
expect_equal 'the models asked' "$(jq -r .json.model "$LOG")" 'gpt-5.5
vendor/model@2025'
run_json -c 'model_fallback=[""]' go
expect_exit 1
expect_has "$STDERR" 'names no model'
