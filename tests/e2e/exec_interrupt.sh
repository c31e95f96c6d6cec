#!/usr/bin/env bash
# Ctrl-C and SIGTERM end the children and leave a session that can be resumed.
. "$(dirname "$0")/lib.sh"

# interrupt SIGNAL STATUS: end the run that is under way, then resume it. An SDK aborts with SIGTERM and
# expects the stream just to end; a person's Ctrl-C is told.
interrupt() {
    kill "-$1" "$BEACON_PID"
    wait_for_exit
    expect_exit "$2"
    expect_json_lines
    expect_equal 'the failures told' "$(event '.type == "turn.failed"' .error.message)" \
        "$([ "$1" = INT ] && echo interrupted)"
    expect_whole_rollouts
    ID=$(thread_id)
    run_json -s workspace-write resume --last 'go on'
    expect_exit 0
    expect_equal 'the thread id' "$(thread_id)" "$ID"
    expect_equal 'the answer' "$(event '.item.type == "agent_message"' .item.text)" 'Here again.'
}

for signal in 'INT 130' 'TERM 143'; do
    name=${signal% *} status=${signal#* }

    check "SIG$name while the model is silent"
    model '{"hang":true}' '{"text":"Here again."}'
    start_json 'first'
    wait_for_request 1
    interrupt "$name" "$status"

    check "SIG$name while the model speaks"
    model '{"sse":[{"type":"response.output_item.done","item":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"So far."}]}},{"type":"response.in_progress"}],"hang_after_events":2}' \
        '{"text":"Here again."}'
    start_json 'first'
    wait_for_event 'So far.'
    interrupt "$name" "$status"

    check "SIG$name while a command runs: it ends with all its children"
    make_alive
    model "$(command c1 '(sleep 1000 & sleep 1000) & trap "" INT TERM HUP; '"$STAY_ALIVE")" '{"text":"Here again."}'
    start_json -s workspace-write 'first'
    wait_until_alive
    interrupt "$name" "$status"
    expect_gone
    expect_has <(tool_output c1) aborted

    check "SIG$name in the pause before another attempt"
    model '{"status":503,"headers":{"Retry-After":"60"},"body":"later"}' '{"text":"Here again."}'
    configure '' 'request_max_retries = 1'
    start_json 'first'
    wait_for_event Reconnecting
    interrupt "$name" "$status"
done

check 'the calls behind an interrupted one are not run'
make_alive
model "$(together "$(command c1 "$STAY_ALIVE")" "$(patch p1 '*** Add File: f' '+no')")" '{"text":"Here again."}'
start_json -s workspace-write 'first'
wait_until_alive
interrupt INT 130
expect_gone
[ ! -e f ] || fail 'the patch was applied'
expect_equal 'each call has one answer' \
    "$(request 2 '[.input[] | select(.call_id) | .call_id] | sort | join(" ")')" 'c1 c1 p1 p1'

check 'a second SIGINT changes nothing but the time'
make_alive
model "$(command c1 "$STAY_ALIVE")" '{"text":"Here again."}'
start_json -s workspace-write 'first'
wait_until_alive
kill -INT "$BEACON_PID"
kill -INT "$BEACON_PID" 2>/dev/null
wait_for_exit
expect_exit 130
expect_gone
expect_whole_rollouts
run_json resume --last 'go on'
expect_exit 0

check 'a person is told how to go on'
model '{"hang":true}'
start exec --skip-git-repo-check 'first'
wait_for_request 1
kill -INT "$BEACON_PID"
wait_for_exit
expect_exit 130
expect_stdout ''
expect_line "$STDERR" 'ERROR: interrupted'
expect_has "$STDERR" 'resume'

check 'a terminal that hangs up ends the run'
make_alive
model "$(command c1 "$STAY_ALIVE")" '{"text":"Here again."}'
start_json -s workspace-write 'first'
wait_until_alive
kill -HUP "$BEACON_PID"
wait_for_exit
expect_gone
expect_whole_rollouts
run_json resume --last 'go on'
expect_exit 0
