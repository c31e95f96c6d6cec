#!/usr/bin/env bash
# What `beacon exec` prints: a person's transcript on stderr, or one event per line on stdout.
. "$(dirname "$0")/lib.sh"

check 'stdout is the final message with one newline, and nothing else'
model '{"text":"First."}'
run exec --skip-git-repo-check 'say it'
expect_exit 0
expect_equal stdout "$(od -c "$STDOUT")" "$(echo 'First.' | od -c)"

check 'of several messages only the last is on stdout'
model "$(command c1 'echo hi' | jq -c '. + {text: "Let me look."}')" '{"text":"It says hi.\n"}'
run exec --skip-git-repo-check 'what does it say?'
expect_exit 0
expect_equal stdout "$(od -c "$STDOUT")" "$(echo 'It says hi.' | od -c)"

check 'the transcript on stderr shows what happened'
model '{"reasoning":{"summary":"I should look."},"calls":[{"name":"exec_command","arguments":{"cmd":"echo hi; exit 3"},"call_id":"c1"}]}' \
    "$(patch p1 '*** Add File: a.txt' '+one')" '{"text":"Done."}'
run exec --skip-git-repo-check --full-auto 'do it'
expect_exit 0
transcript=$(sed -E -e 's/[0-9]+ms:/Nms:/' -e 's/^Beacon v.*/Beacon vN/' -e "s|$WORK|WORK|g" \
    -e 's/^(session id:) [0-9a-f-]{36}$/\1 UUID/' -e 's/^(sandbox: workspace-write) \(.*/\1/' "$STDERR")
expect_equal 'the transcript' "$transcript" 'Reading additional input from stdin...
Beacon vN
--------
workdir: WORK
model: gpt-5.5
provider: mock
approval: never
sandbox: workspace-write
reasoning effort: medium
reasoning summaries: auto
session id: UUID
--------
user
do it
I should look.
exec
/bin/bash -lc '\''echo hi; exit 3'\'' in WORK
 exited 3 in Nms:
hi
apply patch
patch: completed
WORK/a.txt
--- /dev/null
+++ b/a.txt
@@ -0,0 +1,1 @@
+one
beacon
Done.
tokens used
390'

check 'a turn without a message completes, with an empty stdout'
model '{"sse":[{"type":"response.completed","response":{"id":"r1"}}]}'
run exec --skip-git-repo-check 'say nothing'
expect_exit 0
expect_stdout ''

check 'events: the order, the keys and their order are those of the specification'
model '{"reasoning":{"summary":"I should look."},"text":"Let me see."}' 
run_json 'look'
expect_exit 0
expect_json_lines
expect_events <<'EVENTS'
{"type":"thread.started","thread_id":"UUID"}
{"type":"turn.started"}
{"type":"item.completed","item":{"id":"item_0","type":"reasoning","text":"I should look."}}
{"type":"item.completed","item":{"id":"item_1","type":"agent_message","text":"Let me see."}}
{"type":"turn.completed","usage":{"input_tokens":100,"cached_input_tokens":20,"cache_write_input_tokens":0,"output_tokens":30,"reasoning_output_tokens":10}}
EVENTS

check 'events: --experimental-json is the same switch'
model '{"text":"Hi."}'
run exec --experimental-json --skip-git-repo-check 'hello'
expect_exit 0
expect_json_lines
expect_equal 'the message' "$(event '.item.type == "agent_message"' .item.text)" 'Hi.'

check 'events: commands that succeed, fail, are killed and do not exist'
model "$(command c1 'echo out; echo err >&2')" "$(command c2 'echo hi; exit 3')" \
    "$(command c3 'kill -9 $$')" "$(command c4 nosuchcmd_zz)" '{"text":"Done."}'
run_json 'run them'
expect_exit 0
expect_events <<'EVENTS'
{"type":"thread.started","thread_id":"UUID"}
{"type":"turn.started"}
{"type":"item.started","item":{"id":"item_0","type":"command_execution","command":"/bin/bash -lc 'echo out; echo err >&2'","aggregated_output":"","exit_code":null,"status":"in_progress"}}
{"type":"item.completed","item":{"id":"item_0","type":"command_execution","command":"/bin/bash -lc 'echo out; echo err >&2'","aggregated_output":"out\nerr\n","exit_code":0,"status":"completed"}}
{"type":"item.started","item":{"id":"item_1","type":"command_execution","command":"/bin/bash -lc 'echo hi; exit 3'","aggregated_output":"","exit_code":null,"status":"in_progress"}}
{"type":"item.completed","item":{"id":"item_1","type":"command_execution","command":"/bin/bash -lc 'echo hi; exit 3'","aggregated_output":"hi\n","exit_code":3,"status":"failed"}}
{"type":"item.started","item":{"id":"item_2","type":"command_execution","command":"/bin/bash -lc 'kill -9 $$'","aggregated_output":"","exit_code":null,"status":"in_progress"}}
{"type":"item.completed","item":{"id":"item_2","type":"command_execution","command":"/bin/bash -lc 'kill -9 $$'","aggregated_output":"","exit_code":137,"status":"failed"}}
{"type":"item.started","item":{"id":"item_3","type":"command_execution","command":"/bin/bash -lc nosuchcmd_zz","aggregated_output":"","exit_code":null,"status":"in_progress"}}
{"type":"item.completed","item":{"id":"item_3","type":"command_execution","command":"/bin/bash -lc nosuchcmd_zz","aggregated_output":"/bin/bash: line 1: nosuchcmd_zz: command not found\n","exit_code":127,"status":"failed"}}
{"type":"item.completed","item":{"id":"item_4","type":"agent_message","text":"Done."}}
{"type":"turn.completed","usage":{"input_tokens":500,"cached_input_tokens":100,"cache_write_input_tokens":0,"output_tokens":150,"reasoning_output_tokens":50}}
EVENTS

check 'events: a file added, updated, moved and deleted'
printf 'one\n' >upd.txt
printf 'two\n' >old.txt
printf 'three\n' >del.txt
model "$(patch p1 '*** Add File: add.txt' '+new' '*** Update File: upd.txt' '@@' '-one' '+1' \
    '*** Update File: old.txt' '*** Move to: new.txt' '@@' '-two' '+2' '*** Delete File: del.txt')" \
    '{"text":"Done."}'
run_json -s workspace-write 'change files'
expect_exit 0
expect_equal 'the file_change events' "$(events | grep file_change)" \
    '{"type":"item.started","item":{"id":"item_0","type":"file_change","changes":[{"path":"WORK/add.txt","kind":"add"},{"path":"WORK/upd.txt","kind":"update"},{"path":"WORK/old.txt","kind":"update"},{"path":"WORK/del.txt","kind":"delete"}],"status":"in_progress"}}
{"type":"item.completed","item":{"id":"item_0","type":"file_change","changes":[{"path":"WORK/add.txt","kind":"add"},{"path":"WORK/upd.txt","kind":"update"},{"path":"WORK/old.txt","kind":"update"},{"path":"WORK/del.txt","kind":"delete"}],"status":"completed"}}'
expect_equal 'the files' "$(grep -r . . | sort)" './add.txt:new
./new.txt:2
./upd.txt:1'

check 'events: the to-do list is one item that starts, is updated and is completed last'
model "$(call u1 update_plan '{"plan":[{"step":"A","status":"in_progress"},{"step":"B","status":"pending"}]}')" \
    "$(call u2 update_plan '{"plan":[{"step":"A","status":"completed"},{"step":"B","status":"in_progress"}]}')" \
    '{"text":"Done."}'
run_json 'plan it'
expect_exit 0
expect_equal 'the items' "$(events | grep '"item')" \
    '{"type":"item.started","item":{"id":"item_0","type":"todo_list","items":[{"text":"A","completed":false},{"text":"B","completed":false}]}}
{"type":"item.updated","item":{"id":"item_0","type":"todo_list","items":[{"text":"A","completed":true},{"text":"B","completed":false}]}}
{"type":"item.completed","item":{"id":"item_1","type":"agent_message","text":"Done."}}
{"type":"item.completed","item":{"id":"item_0","type":"todo_list","items":[{"text":"A","completed":true},{"text":"B","completed":false}]}}'
expect_equal 'what the model is told' "$(tool_output u2)" 'Plan updated'

check 'commands of one response run at the same time'
mkfifo there back
model "$(together "$(command c1 'echo ping >there; cat back')" "$(command c2 'cat there; echo pong >back')")" \
    '{"text":"Done."}'
run_json -s workspace-write 'run both'
expect_exit 0
expect_equal 'how the items begin' "$(event '.type == "item.started"' .item.id | paste -sd' ')" 'item_0 item_1'
expect_equal 'their output' \
    "$(event '.type == "item.completed" and .item.exit_code == 0' '.item.id + .item.aggregated_output' | sed '/^$/d' | sort)" \
    'item_0pong
item_1ping'
expect_equal 'the answers' \
    "$(request 2 '[.input[] | select(.type == "function_call_output") | .call_id] | sort | join(" ")')" 'c1 c2'

check 'a patch that is called with a command waits for it'
model "$(together "$(command c1 'ls')" "$(patch p1 '*** Add File: f' '+patched')")" '{"text":"Done."}'
run_json -s workspace-write 'in order'
expect_exit 0
expect_equal 'what the command saw' "$(command_output c1)" ''
expect_equal 'the file' "$(cat f)" patched

check 'events: a command that still runs when the turn ends has no completion'
make_alive
model "$(command c1 "$STAY_ALIVE" '{"yield_time_ms":250}')" '{"text":"It runs."}'
start_json -s workspace-write 'start it'
wait_until_alive
wait_for_exit
expect_exit 0
expect_gone
expect_equal 'the items' "$(event '.item' '.type + " " + .item.id')" 'item.started item_0
item.completed item_1'

check 'usage sums up the model calls of the turn'
model "$(command c1 true | jq -c '. + {usage: {input_tokens: 1, output_tokens: 2}}')" \
    '{"text":"Done.","usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":20,"output_tokens_details":{"reasoning_tokens":7},"total_tokens":30}}'
run_json 'count'
expect_equal 'the usage' "$(event '.type == "turn.completed"' '.usage | tojson')" \
    '{"input_tokens":11,"cached_input_tokens":4,"cache_write_input_tokens":0,"output_tokens":22,"reasoning_output_tokens":7}'

check 'text that JSON must escape arrives as it was said'
odd='"\"quoted\" \\ tab\t bell\u0007 newline\n snowman ☃ del\u007f astral 😀"'
model "{\"text\":$odd}"
run_json 'say odd things'
expect_exit 0
expect_json_lines
expect_equal 'the message' "$(event '.item.type == "agent_message"' '.item.text | tojson')" "$(jq -nc "$odd")"

check 'a NUL does not hide what follows it'
model '{"sse":[{"type":"response.output_item.done","item":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"before\u0000after"}]}},{"type":"response.completed","response":{"id":"r1"}}]}'
printf 'ask\0me' | run exec --skip-git-repo-check -
expect_exit 0
expect_stdout 'before after'
expect_equal 'the prompt' "$(request 1 '.input[-1].content[-1].text')" 'ask�me'

check 'a reader that went away ends the run'
model "$(command c1 'echo hi')" '{"text":"Done."}'
run_into_closed_pipe() {
    { timeout 60 "$BEACON" exec --json --skip-git-repo-check "go" 2>"$STDERR"; echo $? >"$CASE/status"; } | true
}
run_into_closed_pipe
expect_equal 'the exit status' "$(cat "$CASE/status")" 1

check 'stdout that cannot be written is a failure'
model_always '{"text":"Hello."}'
timeout 60 "$BEACON" exec --skip-git-repo-check 'say hello' >/dev/full 2>"$STDERR"
STATUS=$?
expect_exit 1
expect_has "$STDERR" 'cannot write to stdout: No space left on device'
timeout 60 "$BEACON" exec --json --skip-git-repo-check 'say hello' >/dev/full 2>"$STDERR"
STATUS=$?
expect_exit 1
expect_has "$STDERR" 'cannot write to stdout: No space left on device'

check 'what is closed at the start is never a file of ours'
model_always '{"text":"Hello."}'
"$BEACON" exec --json --skip-git-repo-check 'hello' <&- >&- 2>&-
STATUS=$?
expect_exit 0
expect_requests 1
expect_equal 'the lock file' "$(cat "$HOME_DIR/code-home.lock")" ''
expect_whole_rollouts
