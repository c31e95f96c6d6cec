# shellcheck shell=bash
# Logging in and out, and who gets the key.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

KEY=sk-proj-e2e0123456789secret
MASK='sk-proj-***ecret'
OTHER=sk-other-e2e9876543210key

# A server that the person's login is for.
login_model() {
    model "$@"
    sed -i 's/^env_key = .*/requires_openai_auth = true/' "$HOME_DIR/config.toml"
}

log_in() {
    printf '%s\n' "${1-$KEY}" | run login --with-api-key
}

authorization() {
    sed -n "$1p" "$LOG" | jq -r '.headers.authorization // "none"'
}

# The keys are nowhere but in the files that are for them.
expect_no_secret() {
    local key
    for key in "$KEY" "$OTHER"; do
        expect_not "$STDOUT" "$key"
        expect_not "$STDERR" "$key"
        if grep -rqF --exclude=auth.json --exclude=auth_accounts.json -- "$key" "$HOME_DIR"; then
            fail "CODE_HOME keeps $key: $(grep -rlF -- "$key" "$HOME_DIR" | tr '\n' ' ')"
        fi
    done
}

expect_mode() {
    expect_equal "the mode of $2" "$(stat -c %a "$HOME_DIR/$2")" "$1"
}

check 'nobody is logged in at first'
run login status
expect_exit 1
expect_stdout ''
expect_stderr 'Not logged in'
run logout
expect_exit 0
expect_stderr 'Not logged in'

check 'a key from standard input is kept, trimmed, and shown by its ends'
printf '  %s \r\n' "$KEY" | run login --with-api-key
expect_exit 0
expect_stdout ''
expect_line "$STDERR" 'Successfully logged in'
expect_equal 'auth.json' "$(jq -c . "$HOME_DIR/auth.json")" "{\"OPENAI_API_KEY\":\"$KEY\"}"
expect_mode 600 auth.json
expect_mode 600 auth_accounts.json
expect_mode 700 secrets
expect_equal 'the active account' "$(jq -r '.active_account_id == .accounts[0].id and
    .accounts[0].mode == "apikey" and (.accounts | length) == 1' "$HOME_DIR/auth_accounts.json")" true
expect_no_secret
run login status
expect_exit 0
expect_stdout ''
expect_stderr "Logged in using an API key - $MASK"

check 'a second login replaces the first, and both accounts stay'
log_in
log_in "$OTHER"
log_in "$OTHER"
expect_equal 'auth.json' "$(jq -r .OPENAI_API_KEY "$HOME_DIR/auth.json")" "$OTHER"
expect_equal 'the accounts' "$(jq -r '.accounts | length' "$HOME_DIR/auth_accounts.json")" 2

check 'a logout forgets the key and keeps the accounts'
log_in
run logout
expect_exit 0
expect_stdout ''
expect_stderr 'Successfully logged out'
[ -e "$HOME_DIR/auth.json" ] && fail 'auth.json is still there'
expect_equal 'the accounts' "$(jq -c '[.active_account_id, (.accounts | length)]' \
    "$HOME_DIR/auth_accounts.json")" '[null,1]'
run login status
expect_exit 1

check 'a key in the arguments is refused before it is kept'
run login --api-key "$KEY"
expect_exit 1
expect_has "$STDERR" 'beacon login --with-api-key'
[ -e "$HOME_DIR/auth.json" ] && fail 'the key was kept'
expect_no_secret

check 'no key, or what is none, is an error'
run login --with-api-key </dev/null
expect_exit 1
expect_has "$STDERR" 'No API key provided'
printf 'two words\n' | run login --with-api-key
expect_exit 1
head -c 100000 /dev/zero | tr '\0' k | run login --with-api-key
expect_exit 1
expect_has "$STDERR" 'it is over 8192 bytes'
[ -e "$HOME_DIR/auth.json" ] && fail 'something was kept'

check 'a login without a way says which there are'
run login
expect_exit 1
expect_has "$STDERR" 'api_key'
expect_has "$STDERR" '--with-api-key'
run login --device-auth
expect_exit 1
run login nonsense
expect_exit 2

check 'the stored key reaches its server and nothing else'
login_model '{"text":"Hello."}'
log_in
BEACON_LOG=trace run exec --skip-git-repo-check 'go'
expect_exit 0
expect_stdout 'Hello.'
expect_equal 'the header' "$(authorization 1)" "Bearer $KEY"
expect_no_secret
expect_equal 'the session files' "$(rollouts | wc -l)" 1

check 'the key is in no argument, environment or file of a command'
login_model "$(command c1 'env; ps axww')" '{"text":"done"}'
log_in
CODEX_API_KEY=$OTHER run_json -s danger-full-access 'go'
expect_exit 0
expect_equal 'the header' "$(authorization 2)" "Bearer $OTHER"
for key in "$KEY" "$OTHER"; do
    case $(tool_output c1) in
    *"$key"*) fail "the command saw $key" ;;
    esac
done
expect_no_secret

check 'the environment comes first, OPENAI_API_KEY last'
login_model '{"text":"a"}' '{"text":"b"}' '{"text":"c"}' '{"text":"d"}'
OPENAI_API_KEY=$OTHER run_json 'go'
log_in
OPENAI_API_KEY=sk-nobody run_json 'go'
BEACON_API_KEY=$OTHER CODEX_API_KEY=sk-nobody run_json 'go'
printf 'CODE_API_KEY=%s\n' "$OTHER" >"$HOME_DIR/.env"
BEACON_API_KEY=sk-nobody run_json 'go'
rm "$HOME_DIR/.env"
for i in 1 3 4; do
    expect_equal "header $i" "$(authorization "$i")" "Bearer $OTHER"
done
expect_equal 'header 2' "$(authorization 2)" "Bearer $KEY"

check 'another server gets no key'
login_model '{"text":"a"}'
log_in
sed -i 's/^requires_openai_auth = true//' "$HOME_DIR/config.toml"
OPENAI_API_KEY=$OTHER run_json 'go'
expect_exit 0
expect_equal 'the header' "$(authorization 1)" none

check 'a provider with its own key does not get that of the login'
model '{"text":"a"}' '{"text":"b"}'
log_in
run_json 'go'
expect_equal 'the header' "$(authorization 1)" "Bearer $MOCK_KEY"
( unset MOCK_KEY; run_json 'go'; exit "$STATUS" )
STATUS=$?
expect_exit 1
expect_requests 1

check 'a provider that needs no key loads no plugin for it'
model '{"text":"a"}'
sed -i '/^env_key/d' "$HOME_DIR/config.toml"
run_json -c 'auth="not-there"' 'go'
expect_exit 0
expect_equal 'the header' "$(authorization 1)" none

check 'auth = "none": the request goes as it is'
model '{"text":"a"}'
run_json -c 'model_providers.mock.auth="none"' 'go'
expect_exit 0
expect_equal 'the header' "$(authorization 1)" none

check 'an auth plugin that is not there is named, and nothing is sent'
model '{"text":"never asked"}'
run_json -c 'auth="acme_sso"' 'go'
expect_exit 1
expect_requests 0
expect_equal 'the failure' "$(event '.type == "turn.failed"' .error.message |
    grep -c 'auth = "acme_sso".*there is no auth plugin acme_sso; known are.*api_key')" 1
run login status -c 'auth="acme_sso"'
expect_exit 1
expect_has "$STDERR" 'Error checking login status: there is no auth plugin acme_sso'

check 'a corrupt auth.json is an error and not a logout'
login_model '{"text":"never asked"}'
printf '{"OPENAI_API_KEY": "%s' "$KEY" >"$HOME_DIR/auth.json"
run login status
expect_exit 1
expect_has "$STDERR" 'Error checking login status: '
expect_has "$STDERR" 'auth.json is malformed'
expect_no_secret
OPENAI_API_KEY=$OTHER run exec --skip-git-repo-check 'go'
expect_exit 1
expect_requests 0
expect_has "$STDERR" 'auth.json is malformed'
expect_no_secret
log_in
expect_exit 1
expect_equal 'auth.json' "$(cat "$HOME_DIR/auth.json")" "{\"OPENAI_API_KEY\": \"$KEY"
run logout
expect_exit 0
log_in
expect_exit 0

check '401: asked once, told with advice, and no key is shown'
login_model '{"status":401,"body":{"error":{"message":"bad key"}}}' '{"text":"never asked"}'
log_in
run exec --skip-git-repo-check 'go'
expect_exit 1
expect_requests 1
expect_has "$STDERR" "unexpected status 401 Unauthorized: bad key, url: http://127.0.0.1:$PORT/v1/responses"
expect_has "$STDERR" 'log in again with `beacon login --with-api-key`'
expect_no_secret

check '401 after another process has logged in: its key is used'
login_model "$(command c1 "jq '.OPENAI_API_KEY=\"$OTHER\"' \$CODE_HOME/auth.json >a && cat a >\$CODE_HOME/auth.json && rm a")" \
    '{"status":401,"body":{"error":{"message":"old key"}}}' '{"text":"with the new one"}'
log_in
run exec --skip-git-repo-check -s danger-full-access 'go'
expect_exit 0
expect_stdout 'with the new one'
expect_equal 'the refused key' "$(authorization 2)" "Bearer $KEY"
expect_equal 'the new key' "$(authorization 3)" "Bearer $OTHER"

check 'forced_login_method = "chatgpt": no key gets in or out'
login_model '{"text":"never asked"}'
log_in
sed -i '1i forced_login_method = "chatgpt"' "$HOME_DIR/config.toml"
log_in "$OTHER"
expect_exit 1
expect_has "$STDERR" "API key login is disabled: forced_login_method is \"chatgpt\" ($HOME_DIR/config.toml:1)"
expect_equal 'auth.json' "$(jq -r .OPENAI_API_KEY "$HOME_DIR/auth.json")" "$KEY"
run exec --skip-git-repo-check 'go'
expect_exit 3
expect_requests 0
expect_has "$STDERR" 'API key login is disabled'
sed -i 's/"chatgpt"/"api"/' "$HOME_DIR/config.toml"
run_json 'go'
expect_exit 0
expect_equal 'the header' "$(authorization 1)" "Bearer $KEY"

check 'a ChatGPT login is told from none'
login_model '{"text":"never asked"}'
printf '{"OPENAI_API_KEY":null,"tokens":{"access_token":"t"}}' >"$HOME_DIR/auth.json"
run login status
expect_exit 0
expect_stderr 'Logged in using ChatGPT'
run exec --skip-git-repo-check 'go'
expect_exit 1
expect_has "$STDERR" 'auth.json has a ChatGPT login'
log_in
expect_equal 'auth.json' "$(jq -c . "$HOME_DIR/auth.json")" "{\"OPENAI_API_KEY\":\"$KEY\"}"

check 'the login of Codex is read, hidden by a logout, and never changed'
mkdir "$HOME/.codex"
printf '{"OPENAI_API_KEY":"%s"}' "$KEY" >"$HOME/.codex/auth.json"
before=$(cat "$HOME/.codex/auth.json")
run_at_home() { (
    unset CODE_HOME
    run "$@"
    exit "$STATUS"
); STATUS=$?; }
run_at_home login status
expect_stderr "Logged in using an API key - $MASK"
run_at_home logout
expect_stderr 'Successfully logged out'
run_at_home login status
expect_exit 1
run_at_home logout
expect_stderr 'Not logged in'
expect_equal 'the file of Codex' "$(cat "$HOME/.codex/auth.json")" "$before"

check 'a home that cannot be written: the login says so'
if [ "$(id -u)" -eq 0 ]; then
    mkdir "$HOME_DIR/auth.json" # root writes everywhere, but not into a folder
    log_in
    expect_exit 1
    expect_has "$STDERR" 'auth.json is not a regular file'
else
    chmod 500 "$HOME_DIR"
    log_in
    expect_exit 1
    chmod 700 "$HOME_DIR"
fi

# On a terminal of its own; standard input of the script is what is typed. What the terminal showed goes
# to stdout.
on_terminal() {
    timeout 60 python3 - "$BEACON" login --with-api-key >"$STDOUT" 2>"$STDERR" <<PYTHON
import os, pty, sys, termios

typed = "$1".encode().decode("unicode_escape").encode()
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
shown = b""
while b"API key: " not in shown:
    shown += os.read(fd, 1024)
os.write(fd, typed)
try:
    while True:
        more = os.read(fd, 1024)
        if not more:
            break
        shown += more
except OSError:
    pass
sys.stdout.write(shown.decode())
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
PYTHON
    STATUS=$?
}

check 'on a terminal the key is asked for and not shown'
if has_program python3; then
    on_terminal "$KEY\\n"
    expect_exit 0
    expect_has "$STDOUT" 'API key: '
    expect_has "$STDOUT" 'Successfully logged in'
    expect_no_secret
    expect_equal 'auth.json' "$(jq -r .OPENAI_API_KEY "$HOME_DIR/auth.json")" "$KEY"
else
    skip 'no python3'
fi

check 'Ctrl-C at the prompt ends it with nothing kept'
if has_program python3; then
    on_terminal "$KEY\\x03"
    expect_exit 130
    expect_no_secret
    if [ -e "$HOME_DIR/auth.json" ]; then
        fail 'something was kept'
    fi
else
    skip 'no python3'
fi
