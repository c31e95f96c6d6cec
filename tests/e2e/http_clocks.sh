#!/usr/bin/env bash
# The clocks of a request: to connect, to the first byte, between bytes, and for all of it. None waits for
# ever, each is one sentence that says which it was, and a person sees the wait before another try.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net/net.sh"

check 'to connect: a server that accepts and never speaks TLS'
relay silent hang
PORT=$RELAY_PORT
configure '' 'connect_timeout_ms = 200'
sed -i 's|http://|https://|' "$HOME_DIR/config.toml"
run_json go
expect_final_failure "timeout connecting to 127.0.0.1:$PORT after 200 ms"

check 'to the first byte: a server that takes the request and says nothing'
model_always '{"hang":true}'
configure '' 'first_byte_timeout_ms = 200'
run_json go
expect_final_failure "timeout waiting for the first byte from 127.0.0.1:$PORT after 200 ms"
run exec --skip-git-repo-check go
expect_has "$STDERR" 'first_byte_timeout_ms'

check 'between bytes: an answer that stops'
model_always '{"text":"half a","hang_after_events":3}'
configure '' 'stream_idle_timeout_ms = 200'
run_json go
expect_final_failure 'stream disconnected before completion: idle timeout waiting for SSE'

check 'for all of it: an answer that never ends, however busy it is'
model_always '{"text":"abcdefghijklmnopqrstuvwxyz","delta":1,"hang_after_events":20}'
configure '' 'total_timeout_ms = 300'
run_json go
expect_final_failure "stream disconnected before completion: 127.0.0.1:$PORT did not finish its answer in 300 ms"
run exec --skip-git-repo-check go
expect_has "$STDERR" 'total_timeout_ms'

check 'Ctrl-C ends each wait at once'
for scenario in '{"hang":true}' '{"text":"half a","hang_after_events":3}' '{"status":503,"headers":{"Retry-After":"3000"},"body":"later"}'; do
    : >"$LOG"
    model_always "$scenario"
    configure '' 'request_max_retries = 1'
    start_json go
    case $scenario in
    *3000*) wait_for_event Reconnecting ;;
    *) wait_for_request 1 ;;
    esac
    kill -INT "$BEACON_PID"
    wait_for_exit
    expect_exit 130
done

check 'a wait is one line in a pipe, and counted down on a terminal'
model '{"status":503,"headers":{"Retry-After":"2"},"body":"later"}' '{"text":"Back."}' \
    '{"status":503,"headers":{"Retry-After":"2"},"body":"later"}' '{"text":"Back."}'
configure '' 'request_max_retries = 1'
run exec --skip-git-repo-check go
expect_exit 0
expect_equal 'the lines' "$(grep -c 'Reconnecting\.\.\. 1/1 .* in 2.0 s$' "$STDERR")" 1
expect_not "$STDERR" 'trying again'
python3 - "$BEACON" >"$CASE/screen" <<'PYTHON'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "exec", "--skip-git-repo-check", "go"])
seen = b""
try:
    while data := os.read(fd, 4096):
        seen += data
except OSError:
    pass
os.waitpid(pid, 0)
sys.stdout.buffer.write(seen)
PYTHON
tr '\r' '\n' <"$CASE/screen" | sed 's/\x1b\[[0-9;]*[mK]//g' >"$CASE/lines"
expect_line "$CASE/lines" '  trying again in 2 s'
expect_line "$CASE/lines" '  trying again in 1 s'
expect_has "$CASE/lines" 'Back.'

check 'a connection that is cut anywhere never doubles what was said'
model_always '{"text":"One two three four.","delta":4}'
MODEL_PORT=$PORT
curl -sN -X POST -d '{}' "http://127.0.0.1:$PORT/v1/responses" -o "$CASE/whole" 2>/dev/null || skip 'there is no curl'
if [ -s "$CASE/whole" ]; then
    for after in 1 40 120 200 300 500 700 $(($(wc -c <"$CASE/whole") / 2)); do
        relay "cut$after" cut "$MODEL_PORT" --after "$after"
        PORT=$RELAY_PORT
        configure '' 'stream_max_retries = 1'
        run_json go
        expect_exit 1
        expect_equal "the whole messages after a cut at $after" "$(event '.item.type == "agent_message"' .item.text)" ''
    done
fi
