#!/usr/bin/env bash
# TLS between beacon and a model: whom it believes, who it says it is, and the one sentence it fails with.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net/net.sh"

# secure CERTIFICATE [TOP] [RELAY ARGUMENTS…]: a model behind TLS that can be asked three times.
secure() {
    local name=$1 top=${2-}
    model_always '{"text":"Hello."}'
    relay tls tls "$PORT" --cert "$CASE/$name.pem" --key "$CASE/$name.key" "${@:3}"
    PORT=$RELAY_PORT
    configure '' 'request_max_retries = 3
stream_max_retries = 3' "$top"
    sed -i 's|http://|https://|' "$HOME_DIR/config.toml"
}

check 'a CA that nobody knows: one sentence with the fix, never asked again'
authority ca
certificate server ca 2 IP:127.0.0.1
secure server
run_json go
expect_final_failure "the TLS certificate of 127.0.0.1:$PORT is not trusted: SSL certificate problem: unable to get local issuer certificate"
run exec --skip-git-repo-check go
expect_has "$STDERR" 'name that in http.ca_bundle of config.toml, or in SSL_CERT_FILE; this is not retried'
expect_requests 0

check 'http.ca_bundle, CODEX_CA_CERTIFICATE and SSL_CERT_FILE make it known'
authority ca
certificate server ca 2 IP:127.0.0.1
secure server "[http]
ca_bundle = \"$CASE/ca.pem\""
run exec --skip-git-repo-check go
expect_stdout Hello.
configure
sed -i 's|http://|https://|' "$HOME_DIR/config.toml"
CODEX_CA_CERTIFICATE=$CASE/ca.pem run exec --skip-git-repo-check go
expect_stdout Hello.
SSL_CERT_FILE=$CASE/ca.pem run exec --skip-git-repo-check go
expect_stdout Hello.
expect_requests 3

check 'a bundle of the configuration is added to the others'
authority system
authority company
certificate server system 2 IP:127.0.0.1
secure server "[http]
ca_bundle = \"$CASE/company.pem\""
SSL_CERT_FILE=$CASE/system.pem run exec --skip-git-repo-check go
expect_stdout Hello.
SSL_CERT_FILE=$CASE/company.pem run exec --skip-git-repo-check go
expect_exit 1
CODEX_CA_CERTIFICATE=$CASE/system.pem run exec --skip-git-repo-check go
expect_stdout Hello.

check 'a bundle is found beside the configuration, and a missing one is named'
authority ca
certificate server ca 2 IP:127.0.0.1
secure server '[http]
ca_bundle = "ca.pem"'
run_json go
expect_final_failure "the file $HOME_DIR/ca.pem, named by http.ca_bundle, cannot be read: No such file or directory"
cp "$CASE/ca.pem" "$HOME_DIR/ca.pem"
echo planted >"$WORK/ca.pem"
run exec --skip-git-repo-check go
expect_stdout Hello.
echo 'no certificate' >"$HOME_DIR/ca.pem"
run_json go
expect_final_failure "the file $HOME_DIR/ca.pem, named by http.ca_bundle, has no -----BEGIN  in it"

check 'a repository cannot say whom to believe'
authority ca
certificate server ca 2 IP:127.0.0.1
secure server "[projects.\"$WORK\"]
trust_level = \"trusted\""
mkdir .code
printf '[http]\nca_bundle = "%s"\nproxy = "http://127.0.0.1:1"\n[network]\nallow = []\n' "$CASE/ca.pem" >.code/config.toml
run_json go
expect_final_failure "the TLS certificate of 127.0.0.1:$PORT is not trusted: SSL certificate problem: unable to get local issuer certificate"
expect_has "$STDOUT" 'a project cannot set it'
printf 'SSL_CERT_FILE=%s\nCODEX_CA_CERTIFICATE=%s\nhttps_proxy=http://127.0.0.1:1\n' "$CASE/ca.pem" "$CASE/ca.pem" >.env
run_json go
expect_final_failure "the TLS certificate of 127.0.0.1:$PORT is not trusted: SSL certificate problem: unable to get local issuer certificate"

check 'a certificate that has expired'
authority ca
certificate server ca -1 IP:127.0.0.1
secure server
SSL_CERT_FILE=$CASE/ca.pem run_json go
expect_final_failure "the TLS certificate of 127.0.0.1:$PORT has expired"
SSL_CERT_FILE=$CASE/ca.pem run exec --skip-git-repo-check go
expect_has "$STDERR" 'ask who runs the server to renew it, and check the clock of this machine'

check 'a certificate for another name'
authority ca
certificate server ca 2 DNS:elsewhere.example
secure server
SSL_CERT_FILE=$CASE/ca.pem run_json go
expect_exit 1
failure >"$CASE/message"
expect_has "$CASE/message" "the TLS certificate of 127.0.0.1:$PORT is for another name: "
expect_not "$STDOUT" Reconnecting

check 'a certificate that vouches for itself'
authority server
secure server
run_json go
expect_final_failure "the TLS certificate of 127.0.0.1:$PORT is not trusted: SSL certificate problem: self-signed certificate"

for version in 1.2 1.3; do
    check "a server that asks for a client certificate (TLS $version)"
    arguments=()
    [ "$version" = 1.3 ] || arguments=(--tls12)
    authority ca
    authority people
    certificate server ca 2 IP:127.0.0.1
    certificate me people 2 DNS:me
    secure server "[http]
ca_bundle = \"$CASE/ca.pem\"" --client-ca "$CASE/people.pem" "${arguments[@]}"
    run_json go
    expect_exit 1
    failure >"$CASE/message"
    expect_has "$CASE/message" 'client certificate'
    expect_not "$STDOUT" Reconnecting
    run exec --skip-git-repo-check go
    expect_has "$STDERR" 'set http.client_certificate (and http.client_key) in config.toml'
    printf '[http]\nca_bundle = "%s"\nclient_certificate = "%s"\nclient_key = "%s"\n' "$CASE/ca.pem" "$CASE/me.pem" "$CASE/me.key" >"$CASE/http"
    sed -i '/^\[http\]/,$d' "$HOME_DIR/config.toml"
    cat "$CASE/http" >>"$HOME_DIR/config.toml"
    run exec --skip-git-repo-check go
    expect_stdout Hello.
    expect_line "$CASE/tls.log" 'tls client=me'
    cat "$CASE/me.pem" "$CASE/me.key" >"$CASE/both.pem"
    sed -i "s|^client_certificate.*|client_certificate = \"$CASE/both.pem\"|; /^client_key/d" "$HOME_DIR/config.toml"
    run exec --skip-git-repo-check go
    expect_stdout Hello.
done

check 'a client certificate that the server does not accept, and one that is none'
authority ca
authority people
authority strangers
certificate server ca 2 IP:127.0.0.1
certificate me strangers 2 DNS:me
certificate other people 2 DNS:other
secure server "[http]
ca_bundle = \"$CASE/ca.pem\"
client_certificate = \"$CASE/me.pem\"
client_key = \"$CASE/me.key\"" --client-ca "$CASE/people.pem"
run_json go
expect_exit 1
failure >"$CASE/message"
expect_has "$CASE/message" "127.0.0.1:$PORT does not accept the client certificate"
expect_not "$STDOUT" Reconnecting
sed -i "s|^client_key.*|client_key = \"$CASE/other.key\"|" "$HOME_DIR/config.toml"
run_json go
expect_exit 1
failure >"$CASE/message"
expect_has "$CASE/message" "the client certificate for 127.0.0.1:$PORT cannot be used"
openssl ec -in "$CASE/me.key" -aes256 -passout pass:x -out "$CASE/locked.key" 2>/dev/null
sed -i "s|^client_key.*|client_key = \"$CASE/locked.key\"|" "$HOME_DIR/config.toml"
run_json go
expect_final_failure "the key in $CASE/locked.key, named by http.client_key, is locked with a password"

check 'a client certificate is read again when it has changed, within one session'
authority ca
authority people
certificate server ca 2 IP:127.0.0.1
certificate first people 2 DNS:first
certificate second people 2 DNS:second
cp "$CASE/first.pem" "$CASE/mine.pem"
cp "$CASE/first.key" "$CASE/mine.key"
model "$(command c1 "cp $CASE/second.key $CASE/mine.key && cp $CASE/second.pem $CASE/mine.pem")" '{"text":"Renewed."}'
relay tls tls "$PORT" --cert "$CASE/server.pem" --key "$CASE/server.key" --client-ca "$CASE/people.pem"
PORT=$RELAY_PORT
configure '' '' "[http]
ca_bundle = \"$CASE/ca.pem\"
client_certificate = \"$CASE/mine.pem\"
client_key = \"$CASE/mine.key\""
sed -i 's|http://|https://|' "$HOME_DIR/config.toml"
run exec --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox go
expect_stdout Renewed.
expect_equal 'who was there' "$(cat "$CASE/tls.log")" 'tls client=first
tls client=second'

check 'the requests of a turn share one TLS connection'
authority ca
certificate server ca 2 IP:127.0.0.1
model "$(command c1 'echo one')" "$(command c2 'echo two')" '{"text":"Done."}'
relay tls tls "$PORT" --cert "$CASE/server.pem" --key "$CASE/server.key"
PORT=$RELAY_PORT
configure
sed -i 's|http://|https://|' "$HOME_DIR/config.toml"
SSL_CERT_FILE=$CASE/ca.pem run exec --skip-git-repo-check go
expect_stdout Done.
expect_requests 3
expect_equal 'the connections' "$(wc -l <"$CASE/tls.log")" 1

NGHTTPD=$(PATH=$PATH:/usr/sbin type -P nghttpd) || NGHTTPD=''
check 'HTTP/2 where the server offers it, and one connection for all requests'
if [ -z "$NGHTTPD" ]; then
    skip 'there is no nghttpd'
else
    authority ca
    certificate server ca 2 IP:127.0.0.1
    mkdir -p "$CASE/www/v1"
    printf 'event: response.created\ndata: {"type":"response.created","response":{"id":"r"}}\n\n' \
        >"$CASE/www/v1/responses" # never whole, so that it is asked for again
    PORT=$(free_port)
    exec {H2}< <(exec stdbuf -oL "$NGHTTPD" -v --address=127.0.0.1 --htdocs="$CASE/www" "$PORT" \
        "$CASE/server.key" "$CASE/server.pem" 2>&1)
    SERVER_PIDS+=("$!")
    while IFS= read -r -t 20 -u "$H2" line; do
        case $line in
        *listen*) break ;;
        esac
    done
    configure '' 'stream_max_retries = 2'
    sed -i 's|http://|https://|' "$HOME_DIR/config.toml"
    SSL_CERT_FILE=$CASE/ca.pem run_json go
    expect_exit 1
    kill "${SERVER_PIDS[-1]}"
    cat <&"$H2" >"$CASE/h2.log"
    exec {H2}<&-
    expect_has "$CASE/h2.log" 'The negotiated protocol: h2'
    expect_equal 'the requests' "$(grep -c ':method: POST' "$CASE/h2.log")" 3
    expect_equal 'the connections' "$(grep -o '^\[id=[0-9]*\]' "$CASE/h2.log" | sort -u)" '[id=1]'
fi
