#!/usr/bin/env bash
# What the model is told about its calls, and what clients see of them.
. "$(dirname "$0")/lib.sh"

# one_call RESPONSE [ARGS…]: the model makes these calls and then ends.
one_call() {
    model "$1" '{"text":"Done."}'
    run_json "${@:2}" 'go'
    expect_exit 0
    expect_json_lines
}

# The call is told to the model only; clients see nothing but the final message.
expect_no_item() {
    expect_equal 'the items' "$(event .item .item.type)" agent_message
}

# ---- commands ----

check 'exec_command: the answer has an id, a time, the exit code, a count and the output'
one_call "$(command c1 'echo out; echo err >&2; exit 3')"
expect_equal 'the answer' "$(tool_output c1 | sed -E -e 's/^(Chunk ID:) [0-9a-f]{6}$/\1 HEX/' -e 's/[0-9]+\.[0-9]{4} seconds/N seconds/')" \
    'Chunk ID: HEX
Wall time: N seconds
Process exited with code 3
Original token count: 2
Output:
out
err'

check 'exec_command: workdir, shell and login are obeyed'
mkdir sub
one_call "$(together "$(command c1 pwd '{"workdir":"sub"}')" "$(command c2 'echo $0' '{"shell":"/bin/sh","login":false}')")"
expect_equal 'the directory' "$(command_output c1)" "$WORK/sub"
expect_equal 'the commands' "$(event '.type == "item.started"' .item.command)" '/bin/bash -lc pwd
/bin/sh -c '\''echo $0'\'''

check 'exec_command: what cannot be started is told to the model'
one_call "$(together "$(command c1 pwd '{"workdir":"missing"}')" "$(command c2 pwd '{"shell":"/no/such/shell"}')")"
expect_equal 'the exit status' "$STATUS" 0
expect_has <(tool_output c1) missing
expect_has <(tool_output c2) /no/such/shell

check 'a command that yields is polled with write_stdin'
mkfifo gate
model "$(command c1 'echo early; cat gate; echo late' '{"yield_time_ms":250}')" \
    "$(call w1 write_stdin '{"session_id":1,"yield_time_ms":300000}')" '{"text":"Done."}'
start_json -s workspace-write 'go'
wait_for_request 2
echo opened >gate
wait_for_exit
expect_exit 0
expect_has <(tool_output c1) 'Process running with session ID 1'
expect_equal 'its first output' "$(command_output c1)" early
expect_has <(tool_output w1) 'Process exited with code 0'
expect_equal 'its later output' "$(command_output w1)" 'opened
late'
expect_equal 'the item' "$(event '.item.exit_code == 0' .item.aggregated_output)" 'early
opened
late'
expect_equal 'polls are no items' "$(event .item .item.id | sort -u | paste -sd' ')" 'item_0 item_1'

check 'write_stdin types into a terminal'
model "$(command c1 'read -r line; echo "got $line"; tty >/dev/null && echo on a terminal' '{"tty":true,"yield_time_ms":250}')" \
    "$(call w1 write_stdin '{"session_id":1,"chars":"hello\n","yield_time_ms":30000}')" '{"text":"Done."}'
run_json 'go'
expect_exit 0
expect_equal 'the output' "$(command_output w1 | tr -d '\r')" 'hello
got hello
on a terminal'

check 'write_stdin without a terminal, or to nobody'
mkfifo gate
model "$(command c1 'cat gate' '{"yield_time_ms":250}')" \
    "$(together "$(call w1 write_stdin '{"session_id":1,"chars":"x"}')" "$(call w2 write_stdin '{"session_id":7}')" "$(call w3 write_stdin '{}')")" \
    '{"text":"Done."}'
run_json -s workspace-write 'go'
expect_exit 0
expect_has <(tool_output w1) 'stdin is closed for this session'
expect_equal 'an unknown session' "$(tool_output w2)" 'write_stdin failed: Unknown process id 7'
expect_has <(tool_output w3) 'failed to parse function arguments: missing field `session_id`'

check 'shell: the older tool takes an array and answers in JSON; a short timeout is raised'
one_call "$(call c1 shell '{"command":["sh","-c","sleep 0.1; echo done; exit 2"],"timeout_ms":1}')"
expect_equal 'the answer' "$(tool_output c1 | jq -c '[.output, .metadata.exit_code]')" '["done\n",2]'
expect_equal 'the command' "$(event '.type == "item.started"' .item.command)" "sh -c 'sleep 0.1; echo done; exit 2'"

check 'asking for more rights is refused'
one_call "$(command c1 'echo no' '{"sandbox_permissions":"require_escalated","justification":"please"}')"
expect_equal 'the answer' "$(tool_output c1)" 'approval policy is Never; reject command — you cannot ask for escalated permissions if the approval policy is Never'
expect_no_item

check 'long output is cut in the middle for the model, and whole for the client'
one_call "$(command c1 'seq 1 60000' '{"max_output_tokens":500}')"
expect_has <(tool_output c1) 'Original token count: 87224'
expect_equal 'what the model gets' "$(command_output c1 | sed '$d' | sed '$d' | cksum)" "$(
    {
        printf 'Warning: truncated output (original token count: 87224)\nTotal output lines: 60000\n\n'
        seq 1 60000 | head -c 1000
        printf '…86724 tokens truncated…'
        seq 1 60000 | tail -c 1000
        echo
    } | cksum
)"
expect_equal 'where the rest is' "$(command_output c1 | tail -n 1 | sed 's|/[0-9a-f-]*/command|/ID/command|')" \
    "[Full output saved to: $CODE_HOME/outputs/ID/command-1.txt]"
expect_equal 'what the client gets' "$(event '.item.exit_code == 0' .item.aggregated_output | head -c -1 | cksum)" "$(seq 1 60000 | cksum)"

check 'what is left out can be read while the session lives, and is gone with it'
model "$(command c1 'seq 1 60000' '{"max_output_tokens":500}')" \
    "$(command c2 "seq 1 60000 | cmp - '$CODE_HOME'/outputs/*/command-1.txt && echo same")" '{"text":"Done."}'
run_json go
expect_exit 0
expect_equal 'the comparison' "$(command_output c2)" same
expect_equal 'what is left' "$(find "$CODE_HOME/outputs" -mindepth 1)" ''

check '100 MB of output do not grow the host'
model "$(command c1 'head -c 100000000 /dev/zero | tr "\0" x; echo end')" '{"text":"Done."}'
python3 - "$BEACON" "$CASE" <<'PYTHON'
import resource, subprocess, sys
beacon, case = sys.argv[1:]
with open(case + "/stdout", "w") as out, open(case + "/stderr", "w") as err:
    end = subprocess.run([beacon, "exec", "--json", "--skip-git-repo-check", "go"],
                         stdin=subprocess.DEVNULL, stdout=out, stderr=err, timeout=60)
with open(case + "/peak", "w") as peak:
    print(end.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=peak)
PYTHON
read -r STATUS peak <"$CASE/peak"
expect_exit 0
expect_has <(tool_output c1) 'Original token count: 25000001'
expect_equal 'the end of it' "$(command_output c1 | sed '$d' | sed '$d' | tail -c 5)" end
expect_equal 'what is missing in the file' "$(command_output c1 | tail -n 1 | grep -cE '^\[Output but its last 66[0-9]{6} bytes saved to: .*/command-1.txt\]$')" 1
if [ "$IS_SANITIZED" = no ] && [ "$peak" -gt 32768 ]; then
    fail "the host needed $peak KiB"
fi

check 'output that is no text arrives as text'
one_call "$(command c1 "printf 'caf\\351 \\000 \\303\\251 \\377'")"
expect_equal 'what the client gets' "$(event '.item.exit_code == 0' '.item.aggregated_output | tojson')" '"caf� \u0000 é �"'
expect_equal 'what the model gets' "$(tail -n 1 "$LOG" | jq '.json.input[-1].output | split("Output:\n")[1]')" '"caf� \u0000 é �"'

check 'secrets of the environment are not given to commands'
model "$(command c1 env)" '{"text":"Done."}'
SOME_TOKEN=hidden DB_PASSWORD=hidden HARMLESS=shown run_json 'go'
expect_exit 0
expect_has <(command_output c1) HARMLESS=shown
expect_not <(command_output c1) hidden
expect_not <(command_output c1) "$MOCK_KEY"

# ---- patches ----

check 'apply_patch: the answer lists what was changed'
echo old >f
one_call "$(patch p1 '*** Add File: a/b.txt' '+new' '*** Update File: f' '@@' '-old' '+changed')" -s workspace-write
expect_equal 'the answer' "$(tool_output p1 | sed -E 's/[0-9.]+ seconds/N seconds/')" 'Exit code: 0
Wall time: N seconds
Output:
Success. Updated the following files:
A a/b.txt
M f'
expect_equal 'the files' "$(cat a/b.txt f)" 'new
changed'

check 'apply_patch: nothing is changed when a part does not fit'
echo one >f
one_call "$(patch p1 '*** Add File: a.txt' '+new' '*** Update File: f' '@@' '-two' '+2')" -s workspace-write
expect_equal 'the answer' "$(tool_output p1)" "apply_patch verification failed: Failed to find expected lines in $WORK/f:
two"
expect_equal 'the files' "$(ls)" f
expect_no_item

check 'apply_patch: refused in a read-only sandbox'
one_call "$(patch p1 '*** Add File: a.txt' '+new')" -s read-only
expect_equal 'the answer' "$(tool_output p1)" 'patch rejected: writing is blocked by read-only sandbox; rejected by user approval settings'
[ ! -e a.txt ] || fail 'it was written'
expect_no_item

check 'apply_patch: refused outside of the project, also through a link and a move'
model "$(patch p1 "*** Add File: $CASE/out.txt" '+new')" "$(patch p2 '*** Add File: ../out.txt' '+new')" \
    "$(patch p3 '*** Add File: link/out.txt' '+new')" \
    "$(patch p4 '*** Update File: f' '*** Move to: ../out.txt' '@@' '-one' '+two')" '{"text":"Done."}'
configure 'sandbox_mode = "workspace-write"' '' '[sandbox_workspace_write]
exclude_slash_tmp = true'
ln -s .. link
echo one >f
run_json 'go'
expect_exit 0
for id in p1 p2 p3 p4; do
    expect_equal "the answer to $id" "$(tool_output "$id")" 'patch rejected: writing outside of the project; rejected by user approval settings'
done
[ ! -e "$CASE/out.txt" ] || fail 'it was written'
expect_equal 'the file' "$(cat f)" one
expect_no_item

check 'apply_patch: an empty or broken patch is refused'
one_call "$(together '{"custom":[{"name":"apply_patch","call_id":"p1","input":"*** Begin Patch\n*** End Patch"}]}' \
    '{"custom":[{"name":"apply_patch","call_id":"p2","input":"no patch"}]}')" -s workspace-write
expect_equal 'the empty one' "$(tool_output p1)" 'patch rejected: empty patch'
expect_equal 'the broken one' "$(tool_output p2)" "apply_patch verification failed: Invalid patch: The first line of the patch must be '*** Begin Patch'"
expect_no_item

check 'apply_patch: recognised in a shell command, also behind cd'
mkdir sub
HEREDOC="apply_patch <<'EOF'
*** Begin Patch
*** Add File: x.txt
+here
*** End Patch
EOF"
one_call "$(together "$(command c1 "$HEREDOC")" "$(command c2 "cd sub && $HEREDOC")")" -s workspace-write
expect_equal 'the items' "$(event '.type == "item.completed"' .item.type)" 'file_change
file_change
agent_message'
expect_equal 'the files' "$(cat x.txt sub/x.txt)" 'here
here'
expect_has <(tool_output c2) 'Success. Updated the following files:'

check 'apply_patch: a program that other commands can run, also behind the profile of a login shell'
echo 'PATH=/usr/bin:/bin' >"$HOME/.bash_profile"
one_call "$(command c1 "echo first; apply_patch '*** Begin Patch
*** Add File: y.txt
+there
*** End Patch'")" -s workspace-write
expect_equal 'the item' "$(event '.type == "item.completed" and .item.id == "item_0"' '.item.type + " " + .item.aggregated_output')" \
    'command_execution first
Success. Updated the following files:
A y.txt'
expect_equal 'the file' "$(cat y.txt)" there
expect_has <(event '.type == "item.started"' .item.command) '/bin/bash -lc "echo first; apply_patch '

# ---- other tools ----

check 'view_image: the picture is shown to the model, and is no item'
echo 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==' | base64 -d >a.png
one_call "$(call v1 view_image '{"path":"a.png"}')"
expect_equal 'the answer' "$(tail -n 1 "$LOG" | jq -r '.json.input[-1].output[0] | .type + " " + (.image_url | split(",")[0])')" \
    'input_image data:image/png;base64'
expect_no_item

check 'view_image: missing, a folder, no picture'
echo text >text.png
one_call "$(together "$(call v1 view_image '{"path":"missing.png"}')" "$(call v2 view_image '{"path":"."}')" "$(call v3 view_image '{"path":"text.png"}')")"
expect_equal 'missing' "$(tool_output v1)" "unable to locate image at \`$WORK/missing.png\`: No such file or directory (os error 2)"
expect_equal 'a folder' "$(tool_output v2)" "image path \`$WORK\` is not a file"
expect_has <(tool_output v3) text.png
expect_no_item

check 'a tool nobody has, and arguments nobody understands'
one_call "$(together "$(call x1 teleport '{"to":"mars"}')" "$(call x2 exec_command '"{\"cmd\":"')" \
    "$(call x3 exec_command '{}')" "$(call x4 exec_command '{"cmd":["ls"]}')" "$(call x5 update_plan '{"plan":"later"}')" \
    '{"custom":[{"name":"teleport","call_id":"x6","input":"mars"}]}')"
expect_equal 'an unknown tool' "$(tool_output x1)" 'unsupported call: teleport'
expect_has <(tool_output x2) 'failed to parse function arguments: '
expect_has <(tool_output x3) 'failed to parse function arguments: missing field `cmd`'
expect_has <(tool_output x4) 'failed to parse function arguments: '
expect_has <(tool_output x5) 'failed to parse function arguments: '
expect_equal 'an unknown freeform tool' "$(tool_output x6)" 'unsupported custom tool call: teleport'
expect_equal 'broken arguments go back as they came' "$(request 2 '.input[] | select(.call_id == "x2" and .arguments) | .arguments')" '{"cmd":'
expect_no_item
