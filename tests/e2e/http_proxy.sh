#!/usr/bin/env bash
# Proxies on the way to a model: which one is taken, what a refusal is told as, and that no password shows.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net/net.sh"

# The model is called model.test, a name that only the proxy knows.
behind() {
    model_always '{"text":"Hello."}'
    MODEL_PORT=$PORT
    configure '' "${1-}" "${2-}"
    sed -i "s|127.0.0.1:$PORT|model.test:$PORT|" "$HOME_DIR/config.toml"
}

# The same with TLS, whose CA is trusted.
behind_tls() {
    authority ca
    certificate server ca 2 DNS:model.test
    model_always '{"text":"Hello."}'
    relay tls tls "$PORT" --cert "$CASE/server.pem" --key "$CASE/server.key"
    MODEL_PORT=$RELAY_PORT
    PORT=$RELAY_PORT
    configure '' "${1-}" "[http]
ca_bundle = \"$CASE/ca.pem\"
${2-}"
    sed -i "s|http://127.0.0.1:$PORT|https://model.test:$PORT|" "$HOME_DIR/config.toml"
}

check 'HTTPS_PROXY is asked to connect, and the TLS goes through it'
behind_tls
relay proxy proxy --to "$MODEL_PORT"
HTTPS_PROXY=http://127.0.0.1:$RELAY_PORT run exec --skip-git-repo-check go
expect_stdout Hello.
expect_equal 'what the proxy was asked' "$(cat "$CASE/proxy.log")" "CONNECT model.test:$MODEL_PORT user=-"
https_proxy=127.0.0.1:$RELAY_PORT HTTPS_PROXY=http://127.0.0.1:1 run exec --skip-git-repo-check go
expect_stdout Hello.
ALL_PROXY=http://127.0.0.1:$RELAY_PORT run exec --skip-git-repo-check go
expect_stdout Hello.

check 'HTTP_PROXY serves http, and HTTPS_PROXY does not'
behind
relay proxy proxy --to "$MODEL_PORT"
HTTP_PROXY=http://127.0.0.1:$RELAY_PORT run exec --skip-git-repo-check go
expect_stdout Hello.
expect_has "$CASE/proxy.log" "POST http://model.test:$MODEL_PORT/v1/responses"
HTTPS_PROXY=http://127.0.0.1:$RELAY_PORT run exec --skip-git-repo-check go
expect_exit 1
REQUEST_METHOD=GET HTTP_PROXY=http://127.0.0.1:$RELAY_PORT run exec --skip-git-repo-check go
expect_exit 1
expect_equal 'how often it was asked' "$(wc -l <"$CASE/proxy.log")" 1

check 'http.proxy and http.no_proxy go before the environment'
behind_tls
relay proxy proxy --to "$MODEL_PORT"
HTTPS_PROXY=http://127.0.0.1:1 run exec --skip-git-repo-check -c "http.proxy=\"http://127.0.0.1:$RELAY_PORT\"" go
expect_stdout Hello.
run exec --skip-git-repo-check -c "http.proxy=\"http://127.0.0.1:$RELAY_PORT\"" -c 'http.no_proxy=["model.test"]' go
expect_exit 1
expect_has "$STDERR" 'cannot find the address of model.test'
HTTPS_PROXY=http://127.0.0.1:$RELAY_PORT run exec --skip-git-repo-check -c 'http.proxy="none"' go
expect_exit 1
expect_has "$STDERR" 'cannot find the address of model.test'

check 'NO_PROXY: names, what is beneath them, addresses, all'
model_always '{"text":"Hello."}'
for list in 127.0.0.1 '*' "x, 127.0.0.1:$PORT" 127.0.0.0/8; do
    HTTP_PROXY=http://127.0.0.1:1 NO_PROXY=$list run exec --skip-git-repo-check go
    expect_stdout Hello.
done
for list in 127.0.0.2 127.0.0.1:1 128.0.0.0/8 27.0.0.1; do
    HTTP_PROXY=http://127.0.0.1:1 NO_PROXY=$list run_json go
    expect_equal 'the failure' "$(failure)" "the proxy 127.0.0.1:1 on the way to 127.0.0.1:$PORT cannot be used: connection refused"
done

check 'user and password are given, and shown nowhere'
behind_tls
relay proxy proxy --to "$MODEL_PORT" --user me:pa55-word
export HTTPS_PROXY=http://me:pa55-word@127.0.0.1:$RELAY_PORT
BEACON_LOG=debug run exec --skip-git-repo-check go
expect_stdout Hello.
cat "$STDOUT" "$STDERR" >"$CASE/printed"
run net list
cat "$STDOUT" "$STDERR" >>"$CASE/printed"
run net list --json
cat "$STDOUT" "$STDERR" >>"$CASE/printed"
run config explain http.proxy -c "http.proxy=\"$HTTPS_PROXY\""
cat "$STDOUT" "$STDERR" >>"$CASE/printed"
expect_not "$CASE/printed" pa55-word
expect_has "$CASE/proxy.log" 'user=right'
if grep -rqF pa55-word "$HOME_DIR"; then
    fail 'CODE_HOME keeps the password'
fi
HTTPS_PROXY=http://me:wrong@127.0.0.1:$RELAY_PORT run_json go
expect_final_failure "the proxy 127.0.0.1:$RELAY_PORT answered 407 instead of connecting to model.test:$MODEL_PORT"
HTTPS_PROXY=http://127.0.0.1:$RELAY_PORT run exec --skip-git-repo-check go
expect_has "$STDERR" 'put user and password into HTTPS_PROXY: http://user:password@host:port'
unset HTTPS_PROXY

check 'a proxy that refuses is one sentence, and not asked again'
behind_tls 'request_max_retries = 3'
relay proxy proxy --to "$MODEL_PORT" --refuse 403
HTTPS_PROXY=http://127.0.0.1:$RELAY_PORT run_json go
expect_final_failure "the proxy 127.0.0.1:$RELAY_PORT answered 403 instead of connecting to model.test:$MODEL_PORT"
expect_equal 'how often it was asked' "$(wc -l <"$CASE/proxy.log")" 1
HTTPS_PROXY=http://127.0.0.1:$RELAY_PORT run exec --skip-git-repo-check go
expect_has "$STDERR" 'ask who runs the proxy named by HTTPS_PROXY, or name the host in NO_PROXY'

check 'a proxy that wants a password for plain http says so itself'
behind 'request_max_retries = 3'
relay proxy proxy --to "$MODEL_PORT" --user me:x
HTTP_PROXY=http://127.0.0.1:$RELAY_PORT run_json go
expect_final_failure "the proxy 127.0.0.1:$RELAY_PORT answered 407 instead of connecting to model.test:$MODEL_PORT"

check 'a gateway that is down may come back: asked again'
behind_tls 'request_max_retries = 2'
relay proxy proxy --to "$MODEL_PORT" --refuse 503
HTTPS_PROXY=http://127.0.0.1:$RELAY_PORT run_json go
expect_exit 1
expect_equal 'how often it was asked' "$(wc -l <"$CASE/proxy.log")" 3

check 'a proxy that hangs runs out the connect clock, and is named'
behind_tls 'connect_timeout_ms = 300'
relay proxy proxy --hang
HTTPS_PROXY=http://127.0.0.1:$RELAY_PORT run_json go
expect_exit 1
expect_equal 'the failure' "$(failure)" "timeout connecting to model.test:$MODEL_PORT through the proxy 127.0.0.1:$RELAY_PORT after 300 ms"

check 'a proxy that is not there'
behind_tls
HTTPS_PROXY=http://nosuch.invalid:3128 run_json go
expect_equal 'the failure' "$(failure)" "the proxy nosuch.invalid:3128 on the way to model.test:$MODEL_PORT cannot be used: its address is not found"
for address in 'http://' 'ftp://127.0.0.1:1' 'http://127.0.0.1 x' 'http://:1'; do
    HTTPS_PROXY=$address run_json go
    expect_final_failure 'the address of the proxy in HTTPS_PROXY is not valid'
done

check 'the proxy must be on the list, too'
behind_tls
relay proxy proxy --to "$MODEL_PORT"
export HTTPS_PROXY=http://127.0.0.1:$RELAY_PORT
run_json -c 'network.allow=["model.test"]' go
expect_final_failure "no connection to the proxy 127.0.0.1:$RELAY_PORT: network.allow does not name it (-c)" 3
run exec --skip-git-repo-check -c "network.allow=[\"model.test\",\"127.0.0.1:$RELAY_PORT\"]" go
expect_stdout Hello.
expect_equal 'how often it was asked' "$(wc -l <"$CASE/proxy.log")" 1
unset HTTPS_PROXY
