#!/usr/bin/env bash
# Headers of a provider: written down, from the environment, and printed by a command of the person, whose
# words are kept out of everything but the request.
. "$(dirname "$0")/lib.sh"

# printing WORDS: the program that prints them, and notes in $CASE/ran that it ran and where.
printing() {
    cat >"$CASE/helper" <<SCRIPT
#!/bin/sh
pwd >>"$CASE/ran"
$1
SCRIPT
    chmod 755 "$CASE/helper"
    : >"$CASE/ran"
}
n_runs() {
    wc -l <"$CASE/ran"
}
with_command() {
    configure '' "http_headers_command = [\"$CASE/helper\", \"token\"]
${1-}"
}
header() {
    sed -n "$1p" "$LOG" | jq -r ".headers[\"$2\"]"
}

check 'written, from the environment, and from a command, which runs in CODE_HOME'
model_always '{"text":"Hello."}'
printing 'echo "{\"headers\":{\"X-Token\":\"hush-$1\",\"X-Two\":\"2\"}}"; echo noise-of-it >&2'
with_command 'http_headers = { X-Written = "w" }
env_http_headers = { X-From = "E2E_FROM", X-Unset = "E2E_UNSET" }'
E2E_FROM=environment run exec --skip-git-repo-check go
expect_stdout Hello.
expect_equal 'the headers' "$(header 1 x-written) $(header 1 x-from) $(header 1 x-unset) $(header 1 x-token) $(header 1 x-two)" 'w environment null hush-token 2'
expect_equal 'where it ran' "$(cat "$CASE/ran")" "$HOME_DIR"
expect_not "$STDERR" noise-of-it

check 'kept for the session, or until it expires'
model "$(command c1 true)" '{"text":"Hello."}'
printing 'echo "{\"headers\":{\"X-Token\":\"$(wc -l <'"$CASE"'/ran)\"}}"'
with_command
run_json go
expect_exit 0
expect_equal 'the runs' "$(n_runs)" 1
expect_equal 'what was sent' "$(header 1 x-token) $(header 2 x-token)" '1 1'
model "$(command c1 true)" '{"text":"Hello."}'
: >"$LOG"
printing 'echo "{\"headers\":{\"X-Token\":\"$(wc -l <'"$CASE"'/ran)\"},\"expires_at\":\"2020-01-01T00:00:00Z\"}"'
with_command
run_json go
expect_exit 0
expect_equal 'the runs' "$(n_runs)" 2
expect_equal 'what was sent' "$(tail -n 2 "$LOG" | jq -r '.headers["x-token"]' | tr '\n' ' ')" '1 2 '
model "$(command c1 true)" '{"text":"Hello."}'
printing 'echo "{\"headers\":{\"X-Token\":\"x\"},\"expires_at\":4102444800}"'
with_command
run_json go
expect_equal 'the runs' "$(n_runs)" 1

check 'a 401 makes it run again, once'
model '{"status":401,"body":{"error":{"message":"old"}}}' '{"text":"Hello."}'
printing 'echo "{\"headers\":{\"X-Token\":\"$(wc -l <'"$CASE"'/ran)\"}}"'
with_command
run exec --skip-git-repo-check go
expect_stdout Hello.
expect_equal 'what was sent' "$(header 1 x-token) $(header 2 x-token)" '1 2'
model_always '{"status":401,"body":{"error":{"message":"no"}}}'
: >"$LOG"
printing 'echo "{\"headers\":{\"X-Token\":\"$(wc -l <'"$CASE"'/ran)\"}}"'
with_command
run_json go
expect_exit 1
expect_requests 2
expect_equal 'the runs' "$(n_runs)" 2

check 'what it does wrong is one sentence without its words, and nothing is sent'
model_always '{"text":"never asked"}'
while IFS='|' read -r script sentence; do
    printing "$script"
    with_command
    run_json go
    expect_exit 1
    expect_equal 'the failure' "$(event '.type == "turn.failed"' .error.message)" "the command for headers, $CASE/helper, $sentence"
    cat "$STDOUT" "$STDERR" >>"$CASE/printed"
done <<'CASES'
echo hush-hush|printed no JSON object
echo '["hush-hush"]'|printed no JSON object
echo '{"X-Token":"hush-hush"}'|printed an object with more than headers and expires_at
echo '{"headers":{}}'|printed an object without a table of "headers"
echo '{"headers":"hush-hush"}'|printed an object without a table of "headers"
echo '{"headers":{"X-Token":["hush-hush"]}}'|printed a header that is no string
echo '{"headers":{"X-Token":"hush-hush"},"expires_at":"soon"}'|printed an expires_at that is no time
echo '{"headers":{"X-Token":"hush-hush"}'|printed no JSON object
echo '{"headers":{"X-Token":"hush-hush"}}'; exit 3|ended with status 3
echo '{"headers":{"X-Token":"hush-hush"}}'; kill -9 $$|was ended by a signal
head -c 100000 /dev/zero|printed more than 64 KiB
head -c 100000 /dev/zero; sleep 1000|printed more than 64 KiB
CASES
expect_not "$CASE/printed" hush-hush
expect_requests 0
printing "echo '{\"headers\":{\"X-Token\":\"hush\\u000ahush\"}}'"
with_command
run_json go
expect_exit 1
expect_requests 0
configure '' 'http_headers_command = ["/nonexistent/helper"]'
run_json go
expect_exit 1
expect_has "$STDOUT" 'http_headers_command: '
configure '' 'http_headers_command = []'
run_json go
expect_exit 1
expect_has "$STDERR" 'names no program'

check 'its words are kept out of everything that is printed or stored'
model '{"status":500,"body":"oops"}' '{"text":"Hello."}'
printing 'echo "{\"headers\":{\"X-Token\":\"hush-hush\"}}"'
with_command 'request_max_retries = 1'
BEACON_LOG=debug run_json go
expect_exit 0
expect_equal 'what was sent' "$(header 2 x-token)" hush-hush
cat "$STDOUT" "$STDERR" >"$CASE/printed"
expect_not "$CASE/printed" hush-hush
if grep -rqF hush-hush "$HOME_DIR"; then
    fail 'CODE_HOME keeps the words of the command'
fi

check 'a repository cannot name a command, trusted or not'
model_always '{"text":"Hello."}'
printing 'echo "{\"headers\":{\"X-Token\":\"x\"}}"'
mkdir .code
printf '[model_providers.mock]\nhttp_headers_command = ["%s"]\n' "$CASE/helper" >.code/config.toml
for level in untrusted trusted; do
    configure '' '' "[projects.\"$WORK\"]
trust_level = \"$level\""
    run_json go
    expect_equal "the runs in a project that is $level" "$(n_runs)" 0
done
expect_has "$STDOUT" 'a project cannot set it'

check 'it dies with the turn'
model_always '{"text":"never asked"}'
make_alive
printing "cd '$WORK'; $STAY_ALIVE"
with_command
start_json go
wait_until_alive
kill -INT "$BEACON_PID"
wait_for_exit
expect_exit 130
expect_gone
expect_requests 0
