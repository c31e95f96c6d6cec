# shellcheck shell=bash
# telemetry.sh - what leaves as telemetry, what does not, and that it costs no turn anything.
. "$(dirname "$0")/lib.sh"

RECORDS='' # the file of the current check

# otel LINES…: the configuration of the mock provider with these lines behind [otel].
otel() {
    RECORDS=$HOME_DIR/telemetry.jsonl
    configure '' "${PROVIDER-}" "[otel]
$(printf '%s\n' "$@")"
}

# The records named codex.NAME through a jq filter on their attributes.
records() {
    jq -rc "select(.name == \"codex.$1\") | .attributes | ${2-.}" "$RECORDS"
}

# Every line is a JSON object, and the last one is whole.
expect_whole_records() {
    if ! jq -es 'length > 0 and all(.[]; .type == "log")' "$RECORDS" >/dev/null 2>&1 ||
        [ -n "$(tail -c 1 "$RECORDS")" ]; then
        fail 'the telemetry file is not JSON Lines' "$RECORDS" "$STDERR"
    fi
}

use_odd_exporters() {
    export BEACON_PLUGIN_PATH=$BUILD/tests/odd_exporters
    export ODD_EXPORTERS_LOG=$CASE/exporter.log
    : >"$ODD_EXPORTERS_LOG"
}

check 'without an exporter nothing is written'
model '{"text":"ok"}'
otel 'log_user_prompt = true'
run exec --skip-git-repo-check 'say hello'
expect_exit 0
[ ! -e "$RECORDS" ] || fail 'there is a telemetry file'

check 'a turn with a tool leaves the records that dashboards know'
model "$(command c1 'echo from-the-tool')" '{"text":"done"}'
otel 'environment = "production"' 'exporter = "file"'
run exec --skip-git-repo-check 'my very own words'
expect_exit 0
expect_stdout 'done'
expect_whole_records
expect_equal 'the names' "$(jq -r .name "$RECORDS" | sort | uniq -c | sed 's/^ *//')" \
    '2 codex.api_request
1 codex.conversation_starts
13 codex.sse_event
1 codex.tool_decision
1 codex.tool_result
4 codex.turn_latency
1 codex.user_prompt'
expect_equal 'the prompt' "$(records user_prompt '[.prompt_length, .prompt]')" \
    '["17","[REDACTED]"]'
expect_equal 'the request' "$(records api_request '[.attempt, .["http.response.status_code"]]')" \
    '[0,200]
[0,200]'
expect_equal 'the decision' "$(records tool_decision '[.tool_name, .call_id, .decision, .source]')" \
    '["exec_command","c1","approved","config"]'
expect_equal 'the result' \
    "$(records tool_result '[.tool_name, .call_id, .success, .arguments, .output]')" \
    '["exec_command","c1","true","[REDACTED]","[REDACTED]"]'
expect_equal 'who writes' "$(jq -sc '[.[] | .resource | [.env, .["service.name"],
    .["telemetry.sdk.name"], .["telemetry.sdk.language"]]] | unique' "$RECORDS")" \
    '[["production","code_exec","opentelemetry","c"]]'
expect_equal 'the conversation' "$(jq -sr '[.[] | .attributes["conversation.id"]] | unique | length' \
    "$RECORDS")" 1
expect_equal 'the mode of the file' "$(stat -c %a "$RECORDS")" 600
expect_not "$RECORDS" 'very own words'
expect_not "$RECORDS" 'from-the-tool'
expect_not "$RECORDS" "$MOCK_KEY"

check 'a person may let words be told, and keys still are not'
model "$(command c1 "echo from-the-tool $MOCK_KEY")" '{"text":"done"}'
otel 'log_user_prompt = true' 'exporter = "file"'
run exec --skip-git-repo-check "my very own words and $MOCK_KEY"
expect_exit 0
expect_equal 'the prompt' "$(records user_prompt .prompt)" 'my very own words and [REDACTED]'
expect_has "$RECORDS" 'from-the-tool'
expect_not "$RECORDS" "$MOCK_KEY"

check 'a key that the server repeats in its error is not told'
model "{\"status\":401,\"body\":\"wrong key $MOCK_KEY\"}"
otel 'exporter = "file"'
run exec --skip-git-repo-check 'say hello'
expect_exit 1
expect_whole_records
expect_equal 'the status' "$(records api_request '.["http.response.status_code"]')" 401
expect_not "$RECORDS" "$MOCK_KEY"

check 'events on stdout change nothing about the records'
model "$(command c1 'echo hi')" '{"text":"done"}'
otel 'exporter = "file"'
run exec --skip-git-repo-check 'say hello'
jq -c '[.name, (.attributes | keys)]' "$RECORDS" >"$CASE/human"
rm -f "$RECORDS"
model "$(command c1 'echo hi')" '{"text":"done"}'
otel 'exporter = "file"'
run_json 'say hello'
expect_json_lines
jq -c '[.name, (.attributes | keys)]' "$RECORDS" >"$CASE/json"
expect_equal 'the records' "$(cat "$CASE/json")" "$(cat "$CASE/human")"

check 'a failing request is told with its attempts'
serve "$(responses '{"status":500,"body":"{}"}' '{"text":"ok"}')"
PROVIDER='request_max_retries = 1' otel 'exporter = "file"'
run exec --skip-git-repo-check 'say hello'
expect_exit 0
expect_equal 'the requests' "$(records api_request '[.attempt, .["http.response.status_code"]]')" \
    '[0,500]
[1,200]'
expect_equal 'the phases' "$(records turn_latency '.["turn.phase"]')" \
    'request_scheduled
request_failed
request_scheduled
request_completed'

check 'the path, the size and the number of files can be chosen'
model '{"text":"ok"}'
otel "[otel.exporter.file]" "path = \"$WORK/t.jsonl\"" 'max_bytes = 4096' 'max_files = 2'
RECORDS=$WORK/t.jsonl
run exec --skip-git-repo-check 'say hello'
expect_exit 0
expect_whole_records
expect_equal 'the files' "$(find . -name 't.jsonl*' | sort)" './t.jsonl
./t.jsonl.1'
find . -name 't.jsonl*' -size +4096c | grep -q . && fail 'a file is larger than max_bytes'

check 'an exporter that cannot be opened is a warning, and the turn goes on'
model '{"text":"ok"}'
otel "[otel.exporter.file]" "path = \"$WORK\""
run exec --skip-git-repo-check 'say hello'
expect_exit 0
expect_stdout 'ok'
expect_has "$STDERR" "warning: telemetry: cannot open telemetry file $WORK: it is a folder; "

check 'a wrong key of an exporter is named'
model '{"text":"ok"}'
otel "[otel.exporter.file]" 'max_byte = 5000'
run exec --skip-git-repo-check 'say hello'
expect_exit 0
expect_has "$STDERR" 'the file exporter has no key max_byte; known are path, max_bytes'

check 'configurations of other exporters still work'
for exporter in 'exporter = "otlp-http"' \
    'exporter = {otlp-grpc={endpoint="http://127.0.0.1:1",headers={}}}' \
    '[otel.exporter."otlp-http"]
endpoint = "http://127.0.0.1:1/v1/logs"
protocol = "binary"
[otel.exporter."otlp-http".headers]
"x-key" = "abc"
[otel.exporter."otlp-http".tls]
ca-certificate = "certs/ca.pem"'; do
    model '{"text":"ok"}'
    otel "$exporter"
    run exec --skip-git-repo-check 'say hello'
    expect_exit 0
    expect_stdout 'ok'
    expect_has "$STDERR" 'warning: telemetry: there is no telemetry plugin otlp-'
done

check 'a project cannot switch telemetry on'
model '{"text":"ok"}'
configure '' '' "[projects.\"$WORK\"]
trust_level = \"trusted\""
RECORDS=$HOME_DIR/telemetry.jsonl
mkdir -p .code && printf '[otel]\nexporter = "file"\n' >.code/config.toml
git init -q . 2>/dev/null
run exec 'say hello'
expect_exit 0
[ ! -e "$RECORDS" ] || fail 'there is a telemetry file'
expect_has "$STDERR" '`otel` in'

check 'a disk that is full loses records, says so, and leaves whole lines'
if mkdir small && mount -t tmpfs -o size=8k none small 2>/dev/null; then
    model '{"text":"ok"}'
    otel "[otel.exporter.file]" "path = \"$WORK/small/t.jsonl\""
    RECORDS=$WORK/small/t.jsonl
    run exec --skip-git-repo-check 'say hello'
    expect_exit 0
    expect_stdout 'ok'
    expect_has "$STDERR" 'com.beacon.telemetry-file lost '
    expect_has "$STDERR" 'the disk is full; free some disk space'
    [ ! -s "$RECORDS" ] || expect_whole_records
    mount -o remount,ro "$WORK/small"
    run exec --skip-git-repo-check 'say hello'
    expect_has "$STDERR" 'its file system is read-only'
    umount small
else
    skip 'no file system can be mounted here'
fi

check 'two sessions may write the same file'
model_always '{"text":"ok"}'
otel 'exporter = "file"'
printf 'home_lock = "shared"\n%s\n' "$(cat "$HOME_DIR/config.toml")" >"$HOME_DIR/config.new"
mv "$HOME_DIR/config.new" "$HOME_DIR/config.toml"
pids=()
for _ in 1 2 3; do
    timeout 60 "$BEACON" exec --skip-git-repo-check 'say hello' >/dev/null 2>>"$STDERR" &
    pids+=($!)
done
for pid in "${pids[@]}"; do
    wait "$pid" || fail 'a session failed' "$STDERR"
done
expect_whole_records
expect_equal 'the conversations' "$(records user_prompt '.["conversation.id"]' | sort -u | wc -l)" 3

# What follows needs exporters that are files.
if is_enterprise; then
    exit 0
fi

check 'an exporter that leaves sending to the host is refused by name'
model '{"text":"ok"}'
use_odd_exporters
otel 'exporter = "asking"'
run exec --skip-git-repo-check 'say hello'
expect_exit 0
expect_stdout 'ok'
expect_has "$STDERR" 'exporter asking of com.beacon.test-odd-exporters leaves sending its requests'
unset BEACON_PLUGIN_PATH ODD_EXPORTERS_LOG

check 'an exporter that stalls holds up neither the answer nor the end'
model '{"text":"the answer"}'
use_odd_exporters
otel 'exporter = "slow"'
timeout --foreground 60 "$BEACON" exec --skip-git-repo-check 'say hello' >"$STDOUT" 2>&1
STATUS=$?
expect_exit 0
expect_equal 'the last lines' "$(tail -n 2 "$STDOUT" | sed 's/ lost .*//')" 'the answer
warning: telemetry: com.beacon.test-odd-exporters'
expect_has "$STDOUT" 'the peer never answered; wait longer'
expect_line "$ODD_EXPORTERS_LOG" 'shutdown'

check 'an exporter that never comes back is named and left alone'
model '{"text":"the answer"}'
use_odd_exporters
otel 'exporter = "deaf"'
timeout --foreground 60 "$BEACON" exec --skip-git-repo-check 'say hello' >"$STDOUT" 2>&1
STATUS=$?
expect_exit 0
expect_line "$STDOUT" 'the answer'
expect_has "$STDOUT" 'plugin com.beacon.test-odd-exporters did not answer a cancel in write()'
expect_has "$HOME_DIR/quarantine.ini" 'com.beacon.test-odd-exporters'
unset BEACON_PLUGIN_PATH ODD_EXPORTERS_LOG
