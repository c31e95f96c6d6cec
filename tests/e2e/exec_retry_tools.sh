#!/usr/bin/env bash
# A model's call is acted upon once, however often the stream of its answer breaks.
. "$(dirname "$0")/lib.sh"

# The events of an answer that calls exec_command, up to the durable call.
durable_call() {
    jq -cn --arg id "$1" --arg cmd "$2" '{type: "response.output_item.done", item: {type: "function_call",
        id: ("fc_" + $id), call_id: $id, name: "exec_command", arguments: ({cmd: $cmd} | tojson)}}'
}

check 'a call that arrived whole before the stream was dropped runs once'
model "{\"sse\":[$(durable_call c1 'echo run >>count; wc -l <count'),{\"type\":\"response.output_text.delta\",\"delta\":\"x\"}],\"drop_after_events\":2}" \
    '{"text":"Done."}'
configure '' 'stream_max_retries = 2'
run_json -s workspace-write 'count'
expect_exit 0
expect_requests 2
expect_equal 'how often it ran' "$(cat count)" run
expect_equal 'the notices' "$(grep -c 'Reconnecting\.\.\. 1/2' "$STDOUT")" 1
expect_equal 'what the model is told' "$(command_output c1)" 1
expect_equal 'the calls in the second request' "$(request 2 '[.input[] | select(.call_id == "c1")] | length')" 2
expect_equal 'the commands shown' "$(event '.type == "item.started"' .item.id | wc -l)" 1

check 'a call that was cut is not acted upon'
model '{"calls":[{"name":"exec_command","arguments":{"cmd":"echo run >>count"},"call_id":"c1"}],"drop_after_events":2}' \
    '{"text":"Done."}'
configure '' 'stream_max_retries = 1'
run_json -s workspace-write 'count'
expect_exit 0
expect_requests 2
[ ! -e count ] || fail 'the half call ran'
expect_equal 'the calls in the second request' "$(request 2 '[.input[] | select(.call_id)] | length')" 0

check 'a patch that arrived whole is applied once'
echo one >f
patch_item=$(jq -cn '{type: "response.output_item.done", item: {type: "custom_tool_call", call_id: "p1", name: "apply_patch",
    input: "*** Begin Patch\n*** Update File: f\n@@\n one\n+two\n*** End Patch"}}')
model "{\"sse\":[$patch_item],\"drop_after_events\":1}" '{"text":"Done."}'
configure '' 'stream_max_retries = 1'
run_json -s workspace-write 'patch'
expect_exit 0
expect_equal 'the file' "$(cat f)" "$(printf 'one\ntwo')"

check 'a server that breaks every answer does not make a call run again'
model_always "{\"sse\":[$(durable_call c1 'echo run >>count')],\"drop_after_events\":1}"
configure '' 'stream_max_retries = 2'
run_json -s workspace-write 'count'
expect_exit 1
# Each answer makes a call of its own, as far as anyone can know; that of the last one, with which the
# turn fails, is not run any more.
expect_requests 3
expect_equal 'the number of runs' "$(wc -l <count)" 2

check 'answers to finished calls survive a broken answer that follows'
model "$(command c1 'echo run >>count; cat count')" '{"text":"half","drop_after_events":2}' '{"status":500,"body":"x"}' '{"text":"Done."}'
configure '' 'stream_max_retries = 2
request_max_retries = 1'
run_json -s workspace-write 'count'
expect_exit 0
expect_requests 4
expect_equal 'how often it ran' "$(cat count)" run
expect_equal 'the last request' "$(request 4 '.input | tojson')" "$(request 2 '.input | tojson')"
