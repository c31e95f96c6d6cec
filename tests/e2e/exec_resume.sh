#!/usr/bin/env bash
# A session goes on where it ended, however it ended.
. "$(dirname "$0")/lib.sh"

# What the person said, in the Nth request.
prompts() {
    request "$1" '[.input[] | select(.role == "user") | .content[-1].text | select(startswith("<") | not)] | join("|")'
}

first_session() {
    run_json "$@"
    expect_exit 0
    ID=$(thread_id)
}

check 'resume ID: the same thread, the same cache key, the whole history, usage added up'
model "$(command c1 'echo hi')" '{"text":"First answer."}' '{"text":"Second answer."}' '{"text":"Third answer."}'
first_session 'first question'
run_json resume "$ID" 'second question'
expect_exit 0
expect_equal 'the thread id' "$(thread_id)" "$ID"
expect_equal 'the item ids begin again' "$(event .item .item.id)" item_0
expect_equal 'the cache keys' "$(jq -r .json.prompt_cache_key "$LOG" | sort -u)" "$ID"
expect_equal 'the history' "$(request 3 '[.input[] | .role // .type] | join(" ")')" \
    'user user function_call function_call_output assistant user'
expect_equal 'the prompts' "$(prompts 3)" 'first question|second question'
expect_equal 'the instructions' "$(request 3 .instructions)" "$(request 1 .instructions)"
expect_equal 'the usage' "$(event .usage '.usage | [.input_tokens, .cached_input_tokens, .output_tokens, .reasoning_output_tokens] | join(" ")')" \
    '300 60 90 30'
run_json resume "$ID" 'third question'
expect_equal 'the usage' "$(event .usage .usage.input_tokens)" 400
expect_equal 'the prompts' "$(prompts 4)" 'first question|second question|third question'
expect_equal 'the number of session files' "$(rollouts | wc -l)" 1
expect_whole_rollouts

check 'a request repeats the one before it word for word, and adds to it'
model "$(command c1 'echo hi')" '{"text":"One."}' '{"text":"Two."}'
first_session 'first question'
run_json resume --last 'second question'
expect_equal 'the beginning' "$(request 3 '.input[:-2] | tojson')" "$(request 2 '.input | tojson')"
expect_equal 'the tools' "$(request 3 '.tools | tojson')" "$(request 1 '.tools | tojson')"

check 'resume with the beginning of an id'
model_always '{"text":"ok"}'
first_session 'one'
first_session 'two'
run_json resume "${ID:0:30}" 'three'
expect_exit 0
expect_equal 'the thread id' "$(thread_id)" "$ID"
expect_equal 'the prompts' "$(prompts 3)" 'two|three'
run_json resume "${ID:0:3}" 'which?'
expect_exit 1
expect_stdout ''
expect_has "$STDERR" "2 sessions have an id that begins with ${ID:0:3}"

check 'resume --last: the newest of this directory, with --all of any'
model_always '{"text":"ok"}'
mkdir here there
first_session -C here 'in here'
HERE=$ID
first_session -C there 'in there'
THERE=$ID
run_json -C here resume --last 'more'
expect_equal 'the one of here' "$(thread_id)" "$HERE"
run_json -C there resume --last 'more'
expect_equal 'the one of there' "$(thread_id)" "$THERE"
run_json -C here resume --last --all 'more'
expect_equal 'the newest' "$(thread_id)" "$THERE"
run_json resume --last 'more'
expect_exit 1
expect_stdout ''

check 'an unknown session is refused in the known words'
model '{"text":"never asked"}'
run_json resume 0198c0de-0000-7000-8000-000000000000 'go on'
expect_exit 1
expect_stdout ''
expect_line "$STDERR" 'Error: thread/resume: thread/resume failed: no rollout found for thread id 0198c0de-0000-7000-8000-000000000000 (code -32600)'
run_json resume my-session 'go on'
expect_exit 1
run_json resume --last 'go on'
expect_exit 1
run_json resume
expect_exit 2
expect_requests 0
expect_equal 'the number of session files' "$(rollouts | wc -l)" 0

check 'a prompt from stdin, options before and behind'
model_always '{"text":"ok"}'
first_session 'one'
printf 'two' | run exec --experimental-json --skip-git-repo-check --sandbox read-only resume "$ID" --model gpt-5-mini
expect_exit 0
expect_equal 'the prompts' "$(prompts 2)" 'one|two'
expect_equal 'the model' "$(request 2 .model)" gpt-5-mini
echo 'three' | run exec --json resume --skip-git-repo-check --last -
expect_exit 0
expect_equal 'the prompts' "$(prompts 3)" 'one|two|three'

check 'reasoning and patches are sent back as they came'
model '{"reasoning":{"summary":"Hm.","encrypted_content":"c2VjcmV0"},"text":"First."}' \
    "$(patch p1 '*** Add File: a.txt' '+a')" '{"text":"Second."}'
first_session -s workspace-write 'one'
run_json -s workspace-write resume --last 'two'
expect_exit 0
expect_equal 'the reasoning' "$(request 2 '.input[] | select(.type == "reasoning") | .encrypted_content')" 'c2VjcmV0'
expect_equal 'the patch' "$(request 3 '.input[] | select(.type == "custom_tool_call") | .input')" '*** Begin Patch
*** Add File: a.txt
+a
*** End Patch'

# ---- sessions that ended badly ----

# A finished item, then silence.
HALF='{"sse":[{"type":"response.output_item.done","item":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"So far."}]}},{"type":"response.in_progress"}],"hang_after_events":2}'

# Kill the host for good, and go on with the session.
kill_and_resume() {
    kill -KILL "$BEACON_PID"
    wait_for_exit
    expect_exit 137
    ID=$(thread_id)
    run_json -s workspace-write resume --last 'go on'
    expect_exit 0
    expect_equal 'the thread id' "$(thread_id)" "$ID"
    expect_equal 'the answer' "$(event '.item.type == "agent_message"' .item.text)" 'Here again.'
    expect_whole_rollouts
}

check 'killed while the model is silent'
model '{"hang":true}' '{"text":"Here again."}'
start_json 'first'
wait_for_request 1
kill_and_resume
expect_equal 'the prompts' "$(prompts 2)" 'first|go on'

check 'killed while the model speaks: what was finished is kept'
model "$HALF" '{"text":"Here again."}'
start_json 'first'
wait_for_event 'So far.'
kill_and_resume
expect_equal 'the history' "$(request 2 '[.input[] | select(.role != null) | .content[-1].text | select(startswith("<") | not)] | join("|")')" \
    'first|So far.|go on'

check 'killed while a command runs: the command is gone, its call is answered'
make_alive
model "$(command c1 "$STAY_ALIVE")" '{"text":"Here again."}'
start_json -s workspace-write 'first'
wait_until_alive
kill_and_resume
expect_gone
expect_equal 'the calls and answers' "$(request 2 '[.input[] | select(.call_id == "c1") | .type] | join(" ")')" \
    'function_call function_call_output'
expect_has <(tool_output c1) aborted

check 'killed between two attempts'
model '{"status":503,"headers":{"Retry-After":"60"},"body":"later"}' '{"text":"Here again."}'
configure '' 'request_max_retries = 1'
start_json 'first'
wait_for_event Reconnecting
kill_and_resume
expect_equal 'the prompts' "$(prompts 2)" 'first|go on'

check 'killed between a command and the next answer: it is not run again'
model "$(command c1 'echo run >>count')" '{"hang":true}' '{"text":"Here again."}'
start_json -s workspace-write 'first'
wait_for_request 2
kill_and_resume
expect_equal 'how often it ran' "$(cat count)" run
expect_has <(tool_output c1) 'Process exited with code 0'

check 'a torn last line is cut back'
model_always '{"text":"Here again."}'
first_session 'first'
printf '{"timestamp":"2026-01-01T00:00:00.000Z","type":"response_item","payload":{"type":"mess' >>"$(rollouts)"
run_json resume --last 'go on'
expect_exit 0
expect_equal 'the prompts' "$(prompts 2)" 'first|go on'
expect_whole_rollouts

check 'lines nobody understands are passed over'
model_always '{"text":"Here again."}'
first_session 'first'
printf '%s\n' 'no json' '{"type":"from_the_future","payload":{}}' '[]' '' >>"$(rollouts)"
run_json resume --last 'go on'
expect_exit 0
expect_equal 'the prompts' "$(prompts 2)" 'first|go on'

check 'a session file without a beginning is refused'
model_always '{"text":"never asked"}'
mkdir -p "$HOME_DIR/sessions/2026/01/01"
file=$HOME_DIR/sessions/2026/01/01/rollout-2026-01-01T00-00-00-0198c0de-0000-7000-8000-000000000000.jsonl
: >"$file"
run_json resume 0198c0de-0000-7000-8000-000000000000 'go on'
expect_exit 1
expect_has "$STDERR" 'empty session file'
echo '{"type":"response_item","payload":{}}' >"$file"
run_json resume 0198c0de-0000-7000-8000-000000000000 'go on'
expect_exit 1
expect_has "$STDERR" 'failed to parse conversation ID from rollout file'
expect_requests 0

check 'a session that another process writes to cannot be resumed'
model '{"hang":true}' '{"text":"The other."}'
export CODE_HOME_LOCK=shared
start_json 'first'
wait_for_request 1
run_json resume --last 'go on'
expect_exit 1
expect_stdout ''
expect_has "$STDERR" 'is open in another process'
expect_requests 1
run_json 'a session of its own'
expect_exit 0
unset CODE_HOME_LOCK

check '--ephemeral keeps nothing'
model_always '{"text":"ok"}'
run_json --ephemeral 'first'
expect_exit 0
expect_equal 'the session files' "$(rollouts)" ''
