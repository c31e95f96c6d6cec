#!/usr/bin/env bash
# What a server or the network can do to a turn: how often it is asked again, what the person and the
# client are told, and that the run ends with one clear sentence and exit status 1.
. "$(dirname "$0")/lib.sh"

# A failing model, once with and once without --json, with these numbers of retries.
# failing RESPONSE REQUEST_RETRIES STREAM_RETRIES [PROVIDER LINES]
failing() {
    model_always "$1"
    configure '' "request_max_retries = $2
stream_max_retries = $3
${4-}"
    run_json 'go'
    expect_exit 1
    expect_json_lines
}

# expect_failure REQUESTS NOTICES MESSAGE: the counts, and the message as the last two events.
expect_failure() {
    expect_requests "$1"
    expect_equal 'the number of notices' "$(grep -c '"Reconnecting\.\.\. ' "$STDOUT")" "$2"
    expect_equal 'the last two events' "$(tail -n 2 "$STDOUT")" \
        "$(jq -cn --arg m "$3" '{type: "error", message: $m}, {type: "turn.failed", error: {message: $m}}')"
}

# The sentence of a person: stderr has it once as an error, stdout stays empty.
expect_human_failure() {
    run exec --skip-git-repo-check 'go'
    expect_exit 1
    expect_stdout ''
    expect_equal 'the sentence' "$(grep -cxF -- "ERROR: $1" "$STDERR")" 1
}

failed_event() {
    printf '{"sse":[{"type":"response.failed","response":{"id":"r","status":"failed","error":%s}}]}' "$1"
}

check 'HTTP 400: not asked again, the body is the message'
failing '{"status":400,"body":{"error":{"message":"bad thing","type":"invalid_request_error"}}}' 1 1
expect_failure 1 0 '{"error":{"message":"bad thing","type":"invalid_request_error"}}'
expect_human_failure '{"error":{"message":"bad thing","type":"invalid_request_error"}}'

check 'HTTP 401: not asked again without a login that can be renewed'
failing '{"status":401,"body":{"error":{"message":"bad key"}}}' 1 1
expect_failure 1 0 "unexpected status 401 Unauthorized: bad key, url: http://127.0.0.1:$PORT/v1/responses"

check 'HTTP 404: not asked again'
failing '{"status":404,"body":{"error":{"message":"no such model"}}}' 1 1
expect_failure 1 0 "unexpected status 404 Not Found: no such model, url: http://127.0.0.1:$PORT/v1/responses"

check 'HTTP 429: asked again, then the last status is told'
failing '{"status":429,"body":{"error":{"message":"slow down"}}}' 1 1
expect_failure 2 1 'exceeded retry limit, last status: 429 Too Many Requests'

check 'HTTP 429 with Retry-After: the server decides how long to wait'
model '{"status":429,"headers":{"Retry-After":"0.4"},"body":"later"}' '{"text":"Here I am."}'
configure '' 'request_max_retries = 1'
before=$(date +%s%3N)
run_json 'go'
after=$(date +%s%3N)
expect_exit 0
expect_requests 2
[ $((after - before)) -ge 400 ] || fail "asked again after $((after - before)) ms"
expect_equal 'the notice' "$(event '.type == "error"' .message)" \
    'Reconnecting... 1/1 (exceeded retry limit, last status: 429 Too Many Requests)'
expect_equal 'the message' "$(event '.item.type == "agent_message"' .item.text)" 'Here I am.'

check 'HTTP 429 that asks for hours is not waited for'
failing '{"status":429,"headers":{"Retry-After":"86400"},"body":"tomorrow"}' 2 2
expect_failure 1 0 'exceeded retry limit, last status: 429 Too Many Requests'

check 'HTTP 429 without quota: not asked again'
failing '{"status":429,"body":{"error":{"type":"insufficient_quota","message":"You exceeded"}}}' 1 1
expect_failure 1 0 'Quota exceeded. Check your plan and billing details.'

check 'HTTP 429 at the usage limit: not asked again, with the time it ends'
failing '{"status":429,"body":{"error":{"type":"usage_limit_reached","plan_type":"team","resets_in_seconds":12720}}}' 1 1
expect_failure 1 0 'You’ve hit your usage limit. Try again in 3 hours 32 minutes.'

check 'HTTP 500: first the request is repeated, then the stream'
failing '{"status":500,"body":"oops"}' 1 1
expect_failure 4 3 'We’re currently experiencing high demand, which may cause temporary errors.'

check 'HTTP 500, then an answer: the turn completes'
model '{"status":500,"body":"oops"}' '{"status":503,"body":"oops"}' '{"text":"Back."}'
configure '' 'request_max_retries = 2'
run exec --skip-git-repo-check 'go'
expect_exit 0
expect_stdout 'Back.'
expect_requests 3
expect_equal 'the last request' "$(request 3 '.input | tojson')" "$(request 1 '.input | tojson')"

check 'a redirect is not followed'
failing '{"status":302,"headers":{"Location":"http://127.0.0.1:1/"},"body":""}' 1 1
expect_requests 1
expect_has "$STDOUT" '302'

check 'a stream that is dropped: asked again, then told'
failing '{"text":"half a","drop_after_events":3}' 1 1
expect_failure 2 1 'stream disconnected before completion: stream closed before response.completed'
expect_equal 'the notice' "$(event '.type == "error"' .message | head -n 1)" \
    'Reconnecting... 1/1 (stream disconnected before completion: stream closed before response.completed)'

check 'a stream that is reset: asked again'
model '{"text":"half a","drop_after_events":3,"reset":true}' '{"text":"Whole."}'
configure '' 'stream_max_retries = 1'
run exec --skip-git-repo-check 'go'
expect_exit 0
expect_stdout 'Whole.'
expect_requests 2
expect_has "$STDERR" 'ERROR: Reconnecting... 1/1 (stream disconnected before completion: '

check 'a stream of garbage: asked again, then told'
failing '{"garbage":true}' 1 1
expect_failure 2 1 'stream disconnected before completion: stream closed before response.completed'

check 'an answer that is no HTTP'
failing '{"raw":"\u0001\u0002 no protocol at all\r\n\r\n"}' 1 0
expect_failure 2 1 "127.0.0.1:$PORT does not answer in HTTP"

check 'an answer that is HTML'
failing '{"status":200,"headers":{"X-From":"a proxy"},"body":"<html>log in</html>"}' 1 1
expect_json_lines
expect_equal 'the last event' "$(tail -n 1 "$STDOUT" | jq -r .type)" turn.failed

check 'a server that never answers: the first byte is not waited for forever'
failing '{"hang":true}' 1 0 'first_byte_timeout_ms = 150'
expect_requests 2
expect_equal 'the number of notices' "$(grep -c '"Reconnecting\.\.\. 1/1 ' "$STDOUT")" 1
expect_equal 'the last event' "$(tail -n 1 "$STDOUT" | jq -r .type)" turn.failed

check 'a stream that falls silent: the idle timeout ends it'
failing '{"text":"half a","hang_after_events":3}' 1 1 'stream_idle_timeout_ms = 150'
expect_failure 2 1 'stream disconnected before completion: idle timeout waiting for SSE'

check 'connection refused'
PORT=1
configure '' 'request_max_retries = 1
stream_max_retries = 0'
run_json 'go'
expect_exit 1
expect_equal 'the notice' "$(event '.type == "error"' .message | head -n 1)" \
    'Reconnecting... 1/1 (connection refused by 127.0.0.1:1)'
expect_equal 'the failure' "$(event '.type == "turn.failed"' .error.message)" 'connection refused by 127.0.0.1:1'
run exec --skip-git-repo-check 'go'
expect_exit 1
expect_line "$STDERR" 'ERROR: connection refused by 127.0.0.1:1'
expect_has "$STDERR" 'check that the server runs'

check 'a host that does not exist'
configure
sed -i 's|^base_url.*|base_url = "http://nosuch.invalid/v1"|' "$HOME_DIR/config.toml"
run_json 'go'
expect_exit 1
event '.type == "turn.failed"' .error.message >"$CASE/message"
expect_has "$CASE/message" 'nosuch.invalid'

# A TLS server with a certificate that nobody vouches for; sets PORT.
serve_tls() {
    local line
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
        -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
        -keyout "$CASE/key.pem" -out "$CASE/cert.pem" 2>/dev/null
    exec {TLS}< <(exec openssl s_server -accept 127.0.0.1:0 -naccept 20 -www \
        -key "$CASE/key.pem" -cert "$CASE/cert.pem" 2>&1)
    SERVER_PIDS+=("$!")
    while IFS= read -r -t 20 -u "$TLS" line; do
        case $line in
        ACCEPT*)
            PORT=${line##*:}
            return
            ;;
        esac
    done
    fail 'openssl s_server does not start'
}

check 'a TLS certificate nobody vouches for: not asked again'
serve_tls
configure '' 'request_max_retries = 3
stream_max_retries = 3'
sed -i 's|http://|https://|' "$HOME_DIR/config.toml"
run_json 'go'
expect_exit 1
expect_equal 'the number of notices' "$(grep -c 'Reconnecting' "$STDOUT")" 0
event '.type == "turn.failed"' .error.message >"$CASE/message"
expect_has "$CASE/message" "the TLS certificate of 127.0.0.1:$PORT is not trusted"
run exec --skip-git-repo-check 'go'
expect_exit 1
expect_has "$STDERR" 'SSL_CERT_FILE'
# Vouched for, the same server is spoken to; it only has nothing to say.
configure '' 'first_byte_timeout_ms = 200'
sed -i 's|http://|https://|' "$HOME_DIR/config.toml"
SSL_CERT_FILE=$CASE/cert.pem run_json 'go'
expect_exit 1
expect_not "$STDOUT" 'not trusted'
exec {TLS}<&-

check 'a key that is not set: nothing is sent'
model '{"text":"never asked"}'
( unset MOCK_KEY; run_json 'go'; exit "$STATUS" )
STATUS=$?
expect_exit 1
expect_requests 0
expect_equal 'the failure' "$(event '.type == "turn.failed"' .error.message)" 'Missing environment variable: `MOCK_KEY`.'
configure '' 'env_key_instructions = "Ask the team for one."'
( unset MOCK_KEY; run_json 'go'; exit "$STATUS" )
expect_equal 'the failure' "$(event '.type == "turn.failed"' .error.message)" \
    'Missing environment variable: `MOCK_KEY`. Ask the team for one.'

check 'response.failed: the context is full'
failing "$(failed_event '{"code":"context_length_exceeded","message":"too long"}')" 1 1
expect_failure 1 0 "Codex ran out of room in the model's context window. Start a new thread or clear earlier history before retrying."

check 'response.failed: no quota'
failing "$(failed_event '{"code":"insufficient_quota","message":"none left"}')" 1 1
expect_failure 1 0 'Quota exceeded. Check your plan and billing details.'

check 'response.failed: the prompt is not accepted'
failing "$(failed_event '{"code":"invalid_prompt","message":"not that"}')" 1 1
expect_failure 1 0 'not that'

check 'response.failed: the rate limit, after the delay the text names'
failing "$(failed_event '{"code":"rate_limit_exceeded","message":"Rate limit reached. Please try again in 0.3s."}')" 1 1
expect_requests 2
expect_equal 'the notice' "$(event '.type == "error"' .message | head -n 1)" \
    'Reconnecting... 1/1 (rate limit exceeded: Rate limit reached. Please try again in 0.3s.)'

check 'response.failed: anything else is asked again'
failing "$(failed_event '{"code":"server_error","message":"it broke"}')" 1 1
expect_failure 2 1 'stream disconnected before completion: it broke'

check 'response.incomplete: not asked again'
failing '{"sse":[{"type":"response.incomplete","response":{"id":"r","incomplete_details":{"reason":"max_output_tokens"}}}]}' 1 1
expect_failure 1 0 'Incomplete response returned, reason: max_output_tokens'

check 'an error event is like a failed response'
failing '{"sse":[{"type":"error","code":"server_error","message":"it broke"}]}' 1 1
expect_failure 2 1 'stream disconnected before completion: it broke'

check 'a failure after a finished message: the message stays, the turn fails'
model_always '{"sse":[{"type":"response.output_item.done","item":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"So far."}]}},{"type":"response.failed","response":{"error":{"code":"invalid_prompt","message":"no more"}}}]}'
run_json 'go'
expect_exit 1
expect_equal 'the items' "$(event '.item.type == "agent_message"' .item.text)" 'So far.'
run exec --skip-git-repo-check 'go'
expect_exit 1
expect_stdout ''

check 'secrets are never printed or kept'
model '{"status":401,"body":{"error":{"message":"bad key"}}}' '{"status":500,"body":"oops"}' '{"text":"ok"}'
configure '' 'http_headers = { X-Secret = "hush-hush" }
request_max_retries = 1'
run exec --skip-git-repo-check 'go'
cat "$STDOUT" "$STDERR" >>"$CASE/printed"
BEACON_LOG=debug RUST_LOG=debug run_json 'go'
expect_exit 0
cat "$STDOUT" "$STDERR" >>"$CASE/printed"
expect_equal 'what is sent' "$(sed -n 3p "$LOG" | jq -r '.headers.authorization + " " + .headers["x-secret"]')" \
    "Bearer $MOCK_KEY hush-hush"
for secret in "$MOCK_KEY" hush-hush; do
    expect_not "$CASE/printed" "$secret"
    if grep -rqF --exclude=config.toml -- "$secret" "$HOME_DIR"; then
        fail "CODE_HOME keeps $secret"
    fi
done
