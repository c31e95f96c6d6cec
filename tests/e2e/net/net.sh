# shellcheck shell=bash
# net.sh - certificates, relays and proxies for the tests of the network; sourced behind lib.sh.

RELAY=$SOURCE/tests/e2e/net/relay.py
for program in openssl python3; do
    has_program "$program" || skip_all "there is no $program"
done

# relay NAME KIND ARGS…: start one; sets RELAY_PORT. Its log is $CASE/NAME.log.
relay() {
    local pid name=$1
    shift
    rm -f "$CASE/$name.port"
    : >>"$CASE/$name.log"
    pid=$(python3 "$RELAY" --port-file "$CASE/$name.port" --log "$CASE/$name.log" "$@") || exit 2
    SERVER_PIDS+=("$pid")
    until [ -e "$CASE/$name.port" ]; do
        kill -0 "$pid" 2>/dev/null || { fail "the relay $name does not start"; return; }
        read -r -t 0.02 <> <(:) || true
    done
    RELAY_PORT=$(cat "$CASE/$name.port")
}

# authority NAME: a CA; its certificate is $CASE/NAME.pem.
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
        -keyout "$CASE/$1.key" -out "$CASE/$1.pem" 2>/dev/null
}

# certificate NAME CA DAYS SAN: $CASE/NAME.pem and .key, signed by the CA; a negative number of days has
# expired.
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
        -keyout "$CASE/$1.key" -out "$CASE/$1.csr" 2>/dev/null
    openssl x509 -req -in "$CASE/$1.csr" -CA "$CASE/$2.pem" -CAkey "$CASE/$2.key" -CAcreateserial \
        -days "$3" -out "$CASE/$1.pem" -extfile <(echo "subjectAltName=$4") 2>/dev/null
}

# failure: the sentence the turn failed with.
failure() {
    event '.type == "turn.failed"' .error.message
}

# expect_final_failure SENTENCE: told so, once, and never tried again.
expect_final_failure() {
    expect_exit "${2-1}"
    expect_equal 'the failure' "$(failure)" "$1"
    expect_equal 'the number of notices' "$(grep -c Reconnecting "$STDOUT")" 0
}

# A port that nobody listens on now.
free_port() {
    python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
