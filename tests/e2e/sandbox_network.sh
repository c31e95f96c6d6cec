#!/usr/bin/env bash
# Which hosts a command reaches. The server is the judge: what its log does not have was not reached.
. "$(dirname "$0")/lib.sh"

has_program curl || skip_all 'there is no curl'
check 'the strongest sandbox can be had here'
if ! "$BEACON" sandbox linux --backend namespaces -- true 2>"$STDERR"; then
    skip_all "no namespaces here: $(head -n 1 "$STDERR")"
fi

# A server on the loopback of this machine, which answers everything.
server() {
    serve '{"responses":[{"status":200,"body":"reached"}],"repeat_last":true}'
}

# inside OPTIONS… -- SCRIPT: run it in the sandbox.
inside() {
    run sandbox linux --sandbox workspace-write --backend namespaces "${@:1:$#-2}" -- \
        bash -c "${!#}"
}

n_requests() {
    wc -l <"$LOG"
}

check 'an allowed server is reached through the proxy, in each of its protocols'
server
URL=http://127.0.0.1:$PORT/x
inside --allow "127.0.0.1:$PORT" -- "unset NO_PROXY no_proxy; curl -sS $URL"
expect_exit 0
expect_equal 'its requests' "$(n_requests)" 1
inside --allow "127.0.0.1:$PORT" -- "unset NO_PROXY no_proxy; curl -sS --proxytunnel $URL"
expect_exit 0
inside --allow "127.0.0.1:$PORT" -- "unset NO_PROXY no_proxy; curl -sS --proxy socks5h://127.0.0.1:3128 $URL"
expect_exit 0
expect_equal 'its requests' "$(n_requests)" 3

check 'and by no other way'
server
URL=http://127.0.0.1:$PORT/x
for way in "curl -sS --noproxy '*' $URL" "exec 3<>/dev/tcp/127.0.0.1/$PORT" \
    "curl -sS --noproxy '*' --unix-socket /run/x $URL" \
    "curl -sS --noproxy '*' --proxy '' --resolve x:$PORT:127.0.0.1 http://x:$PORT/" \
    "exec 3<>/dev/udp/127.0.0.1/$PORT; echo x >&3; exit 1"; do
    inside --allow "127.0.0.1:$PORT" -- "$way"
    [ "$STATUS" != 0 ] || fail "it was reached: $way"
done
expect_equal 'its requests' "$(n_requests)" 0

check 'a server that is not on the list is refused with the reason'
server
URL=http://127.0.0.1:$PORT/x
inside --allow example.org -- "unset NO_PROXY no_proxy; curl -sS -w '%{http_code}' $URL"
expect_has "$STDOUT" '127.0.0.1 is not on the allow-list'
expect_has "$STDOUT" 403
expect_has "$STDERR" "the sandbox refused a connection to 127.0.0.1:$PORT"
for name in 127.1 0x7f000001 2130706433 '[::ffff:127.0.0.1]' localhost 0; do
    inside --allow "127.0.0.2:$PORT" --allow localhost:1 -- \
        "unset NO_PROXY no_proxy; printf 'CONNECT $name:$PORT HTTP/1.1\r\n\r\n' >/dev/tcp/127.0.0.1/3128
         curl -sS --proxytunnel 'http://$name:$PORT/'"
    [ "$STATUS" != 0 ] || fail "$name was reached"
done
inside --allow "127.0.0.1:$PORT" --deny 127.0.0.1 -- "unset NO_PROXY no_proxy; curl -sS $URL"
expect_has "$STDOUT" network_deny
inside --allow "localhost:$PORT" -- \
    "unset NO_PROXY no_proxy; curl -sS -w '%{http_code}' http://localhost:$PORT/"
expect_has "$STDOUT" 'which only an entry that names it opens'
expect_equal 'its requests' "$(n_requests)" 0

check 'the proxy of one command is no way out for another one'
server
inside -- "echo >/dev/tcp/127.0.0.1/3128"
[ "$STATUS" != 0 ] || fail 'there is a proxy without a list'
if (echo >/dev/tcp/127.0.0.1/3128) 2>/dev/null; then
    skip 'something else listens on port 3128 of this machine'
else
    mkfifo up down
    inside --allow "127.0.0.1:$PORT" -- 'echo >/dev/tcp/127.0.0.1/3128 && echo up >up; read -r _ <down' &
    read -r line <up
    expect_equal 'what it said' "$line" up
    if (echo >/dev/tcp/127.0.0.1/3128) 2>/dev/null; then
        fail 'the proxy can be reached from outside'
    fi
    inside --allow "127.0.0.1:$PORT" -- 'echo >/dev/tcp/127.0.0.1/3128' # beside the other one
    expect_exit 0
    echo >down
    wait $!
fi

check 'a server and its client in one command need no list'
for network in off allow-list; do
    inside --network "$network" -- \
        'coproc { exec python3 -u -m http.server --bind 127.0.0.1 8000; }
         read -r line <&"${COPROC[0]}"
         curl -sS http://127.0.0.1:8000/ >/dev/null'
    expect_exit 0
done

check 'the variables say what there is'
inside -- 'echo "$BEACON_SANDBOX $CODEX_SANDBOX_NETWORK_DISABLED ${HTTP_PROXY-none}"'
expect_stdout 'namespaces 1 none'
inside --network allow-list -- \
    'echo "$BEACON_SANDBOX ${CODEX_SANDBOX_NETWORK_DISABLED-unset} $https_proxy $ALL_PROXY $NO_PROXY"'
expect_stdout 'namespaces unset http://127.0.0.1:3128 http://127.0.0.1:3128 localhost,127.0.0.1,::1'
inside --network on -- 'echo "${CODEX_SANDBOX_NETWORK_DISABLED-unset} ${HTTP_PROXY-none}"'
expect_stdout 'unset none'

check 'what cannot be meant is refused'
inside --allow 'https://example.org' -- true
expect_exit 126
expect_has "$STDERR" 'https://example.org'
run sandbox linux --network on -- true
expect_exit 2
inside --network off --allow example.org -- true
expect_exit 2
inside --network sometimes -- true
expect_exit 2
run sandbox linux --sandbox workspace-write --backend landlock --allow example.org -- true
expect_exit 126
expect_has "$STDERR" 'allow-list of hosts'

# ---- in a session ----

# session TABLE_LINES SCRIPT: run the script as the model's command.
session() {
    stop_servers
    : >"$LOG"
    model "$(command c1 "$2")" '{"text":"Done."}'
    configure 'sandbox_backend = "namespaces"' '' "[sandbox_workspace_write]
$1"
    run_json -s workspace-write 'go'
}

check 'the model and the person are told of a refusal, and the journal of the list'
session 'network_access = "allow-list"
network_allow = ["example.org", "*.example.net:8443"]' \
    'curl -sS -o /dev/null http://refused.test/; true'
expect_exit 0
tail -n 1 "$LOG" | jq -r '.json.input[] | select(.type == "function_call_output") | .output' >"$CASE/told"
expect_has "$CASE/told" 'the sandbox refused a connection to refused.test:80'
tail -n 1 "$LOG" | jq -r '.json.input[0].content[0].text' >"$CASE/environment"
expect_has "$CASE/environment" '<allowed_host>*.example.net:8443</allowed_host>'
expect_has "$CASE/environment" '<network_access>restricted</network_access>'
cat "$HOME_DIR"/sessions/*/*/*/*.jsonl >"$CASE/journal"
expect_equal 'the policy in the journal' \
    "$(jq -c 'select(.type == "turn_context") | .payload.sandbox_policy' "$CASE/journal" | head -n 1)" \
    '{"type":"workspace-write","network_access":false,"network_allow":["example.org","*.example.net:8443"],"network_deny":[]}'
expect_has "$STDOUT" 'The sandbox refused a connection to refused.test:80'

check 'a list that cannot be read ends the session before it begins'
session 'network_access = "allow-list"
network_allow = ["10.0.0.0/8"]' 'true'
[ "$STATUS" != 0 ] || fail 'it began'
expect_has "$STDERR" '10.0.0.0/8'
session 'network_access = "allow-list"
loopback = false' 'true'
[ "$STATUS" != 0 ] || fail 'it began'
expect_has "$STDERR" 'loopback'
