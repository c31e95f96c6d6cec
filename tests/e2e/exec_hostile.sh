#!/usr/bin/env bash
# What a model server must not get past the host, however it words it.
. "$(dirname "$0")/lib.sh"

# An answer whose one item is a call with the name and the id that are given, as they stand in JSON.
call_of() {
    jq -cn --arg name "$1" --arg id "$2" '{type: "response.output_item.done", item: {type: "function_call",
        name: "NAME", call_id: "ID", arguments: ({cmd: "echo run >>count"} | tojson)}} | tojson |
        sub("NAME"; $name) | sub("ID"; $id) | {sse: ["data: " + . + "\n\n"]}'
}

check 'a tool whose name goes on behind a NUL is not run by the part before it'
model "$(call_of 'exec_command\u0000x' c1)" '{"text":"Done."}'
configure
run_json -s workspace-write 'go'
expect_exit 1
[ ! -e count ] || fail 'it ran'

check 'a call whose id contains a NUL is not run'
model "$(call_of exec_command 'c1\u0000x')" '{"text":"Done."}'
configure
run_json -s workspace-write 'go'
expect_exit 1
[ ! -e count ] || fail 'it ran'

check 'a command does not see the key, whatever its variable is called'
model '{"calls":[{"name":"exec_command","arguments":{"cmd":"env; cat /proc/$PPID/environ"},"call_id":"c1"}]}' '{"text":"Done."}'
configure
sed -i 's/^env_key.*/env_key = "ACME_ACCESS"/' "$CODE_HOME/config.toml"
export ACME_ACCESS=sk-e2e-hidden
run_json -s read-only 'go'
unset ACME_ACCESS
expect_exit 0
expect_requests 2
! grep -q sk-e2e-hidden "$STDOUT" || fail 'the key is in the output'
