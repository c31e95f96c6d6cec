#!/usr/bin/env bash
# Profiles of providers: where they are found, what `beacon provider` says of them, and what it finds out about a
# server. The servers are played by provider_server.py.
. "$(dirname "$0")/lib.sh"

has_program python3 || skip_all 'there is no python3'

# play KIND: a server of that kind at $URL; its requests go to $LOG.
play() {
    rm -f "$CASE/played"
    mkfifo "$CASE/played"
    python3 "$SOURCE/tests/e2e/provider_server.py" "$1" "$CASE/played" "$LOG" 2>"$CASE/server" &
    SERVER_PIDS+=($!)
    disown
    URL=http://127.0.0.1:$(cat "$CASE/played")
}

# profile ID LINE…: a profile in the home.
profile() {
    mkdir -p -m 700 "$HOME_DIR/providers.d"
    printf '%s\n' "id: $1" "${@:2}" >"$HOME_DIR/providers.d/$1.yaml"
    chmod 600 "$HOME_DIR/providers.d/$1.yaml"
}

check 'a session runs on a profile of the home'
serve "$(responses '{"text":"Hello."}')"
profile acme 'wire: responses' "base_url: http://127.0.0.1:$PORT/v1" 'env_key: MOCK_KEY' \
    'extra: {service_tier: flex}' 'models:' '  - {id: small, max_output: 77}'
run exec --skip-git-repo-check -c model_provider=acme -m small 'say hello'
expect_exit 0
expect_stdout 'Hello.'
expect_equal 'the extra key' "$(request 1 .service_tier)" flex
expect_has "$LOG" 'Bearer sk-e2e-secret'

check 'a key may go into a header of its own'
serve "$(responses '{"text":"Hello."}')"
profile acme 'wire: responses' "base_url: http://127.0.0.1:$PORT/v1" 'env_key: MOCK_KEY' 'auth_header: x-api-key'
run exec --skip-git-repo-check -c model_provider=acme -m small 'say hello'
expect_exit 0
expect_equal 'the key' "$(sed -n 1p "$LOG" | jq -r '.headers["x-api-key"]')" sk-e2e-secret
expect_not "$LOG" 'Bearer'

check 'a broken profile stops the session with its file and line'
profile acme 'wire: chat' 'bas_url: http://x'
run exec --skip-git-repo-check -c model_provider=acme 'say hello'
expect_exit 1
expect_has "$STDERR" "$HOME_DIR/providers.d/acme.yaml:3: there is no key \`bas_url\`"
expect_has "$STDERR" 'did you mean `base_url`?'

check 'nobody else may have written a profile'
profile acme 'wire: chat' 'base_url: http://x/v1'
chmod 666 "$HOME_DIR/providers.d/acme.yaml"
run exec --skip-git-repo-check -c model_provider=acme 'say hello'
[ "$STATUS" -ne 0 ] || fail 'it is used'
expect_has "$STDERR" "can be changed by others"
expect_has "$STDERR" "chmod go-w $HOME_DIR/providers.d/acme.yaml"

check 'a repository brings no profiles'
mkdir -p .code/providers.d providers.d .git
printf 'id: evil\nwire: chat\nbase_url: http://evil/v1\n' | tee .code/providers.d/evil.yaml >providers.d/evil.yaml
run exec -c model_provider=evil 'say hello'
[ "$STATUS" -ne 0 ] || fail 'it is used'
expect_has "$STDERR" 'Model provider `evil` not found'

check 'list tells wire, key, place and what is shadowed'
profile groq 'wire: chat' 'base_url: http://mine/v1' 'env_key: MOCK_KEY'
profile openai 'wire: chat' 'base_url: http://evil/v1'
run provider list --json
expect_exit 0
expect_equal 'groq' "$(jq -c '.[] | select(.id == "groq") | [.wire, .key, .key_is_set, (.definitions | map(.kind + " " + .use))]' "$STDOUT")" \
    '["chat","MOCK_KEY",true,["home used","bundled shadowed"]]'
expect_equal 'openai' "$(jq -c '.[] | select(.id == "openai") | [.wire, (.definitions | map(.use))]' "$STDOUT")" \
    '["responses",["used","models only","shadowed"]]'
for id in anthropic azure deepseek fireworks github-models google groq llama-cpp lmstudio mistral ollama openai openrouter oss together vllm xai; do
    jq -e --arg id "$id" 'any(.[]; .id == $id)' "$STDOUT" >/dev/null || fail "there is no $id" "$STDOUT"
done
run provider list
expect_exit 0
expect_has "$STDOUT" 'MOCK_KEY is set'
expect_not "$STDOUT" sk-e2e-secret

check 'show tells where each value comes from, and no secret'
profile acme 'wire: chat' 'base_url: http://x/v1' 'http_headers: {X-Team: sk-header-secret}' \
    'query_params: {sig: sk-query-secret, v: "1"}' 'models: [{id: m, price: {input: 0.5}}]'
cat >"$HOME_DIR/config.toml" <<'TOML'
[model_providers.acme]
base_url = "http://me:sk-password@mine/v1?key=sk-url-secret"
experimental_bearer_token = "sk-bearer-secret"
TOML
run provider show acme
expect_exit 0
expect_not "$STDOUT" sk-
expect_has "$STDOUT" "base_url = \"http://(not shown)@mine/v1?(not shown)\"    # $HOME_DIR/config.toml:2"
expect_has "$STDOUT" "wire_api = \"chat\"    # $HOME_DIR/providers.d/acme.yaml:2"
expect_has "$STDOUT" "price_input = 0.5    # $HOME_DIR/providers.d/acme.yaml:6"
run provider show --json acme
expect_exit 0
expect_not "$STDOUT" sk-
expect_equal 'the query' "$(jq -c .values.query_params.value "$STDOUT")" '{"sig":"(not shown)","v":"1"}'
run provider show nobody
expect_exit 1
expect_has "$STDERR" 'Model provider `nobody` not found'
run provider show
expect_exit 2

# probe_of KIND [OPTIONS]: what is found, and the profile, which the strict reader takes.
probe_of() {
    play "$1"
    run provider probe "$URL" --name found --timeout 10 --json "${@:2}"
    expect_exit 0
    jq -r .profile "$STDOUT" >"$CASE/profile"
    mkdir -p -m 700 "$HOME_DIR/providers.d"
    (umask 077 && cp "$CASE/profile" "$HOME_DIR/providers.d/found.yaml")
    "$BEACON" provider show found --json >"$CASE/shown" 2>&1 || fail 'the profile cannot be read' "$CASE/shown" "$CASE/profile"
    jq -e 'has("problem") | not' "$CASE/shown" >/dev/null || fail 'the profile is refused' "$CASE/shown"
    rm "$HOME_DIR/providers.d/found.yaml"
}
found() {
    jq -c "$1" "$STDOUT"
}

check 'probe knows Ollama'
probe_of ollama
expect_equal 'what is found' "$(found '[.local, .model, .models[0].context, .chosen, (.wires[3] | .tool_call, .usage, .reasoning)]')" \
    '["ollama","qwen3:8b",40960,"chat","whole","stream_options","reasoning"]'
expect_line "$CASE/profile" 'local: ollama'
expect_line "$CASE/profile" '    context: 40960'
expect_line "$CASE/profile" '  reasoning_out: [reasoning]'
expect_has "$CASE/profile" "base_url: \"$URL/v1\""

check 'probe knows llama.cpp, which speaks three wires'
probe_of llama
expect_equal 'what is found' "$(found '[.local, .models[0].context, .chosen, (.wires | map(.answers))]')" \
    '["llama.cpp",8192,"chat",[true,true,false,true]]'
expect_equal 'the pieces' "$(found '.wires[3].tool_call')" '"fragments"'

check 'probe knows LM Studio'
probe_of lmstudio
expect_equal 'what is found' "$(found '[.local, .models[0].context, .chosen]')" '["lmstudio",4096,"chat"]'

check 'probe knows vLLM'
probe_of vllm
expect_equal 'what is found' "$(found '[.local, .models[0].context, .chosen]')" '["vllm",16384,"chat"]'

check 'probe takes Responses of a service, with its key'
probe_of service --key-env MOCK_KEY
expect_equal 'what is found' "$(found '[.local, .chosen, .model]')" '[null,"responses","gpt"]'
expect_line "$CASE/profile" 'env_key: "MOCK_KEY"'
expect_not "$STDOUT" sk-e2e-secret

check 'probe finds the header that the key goes into'
probe_of anthropic --key-env MOCK_KEY
expect_equal 'the wire' "$(found .chosen)" '"messages"'
expect_line "$CASE/profile" 'auth_header: "x-api-key"'
probe_of gemini --key-env MOCK_KEY
expect_equal 'the wire' "$(found '[.chosen, .model, .models[0].context, .models[0].max_output]')" '["gemini","gem",1000,100]'
expect_line "$CASE/profile" 'auth_header: "x-goog-api-key"'
expect_has "$CASE/profile" "base_url: \"$URL/v1beta\""

check 'probe asks a server without stream_options again'
probe_of old
expect_equal 'the usage' "$(found '.wires[3].usage')" '"always"'
expect_line "$CASE/profile" '  usage: always'

check 'names of a hostile server write nothing into the profile'
probe_of hostile
expect_equal 'the models' "$(found '[.models[].id]')" '["good"]'
expect_not "$CASE/profile" env_key

check 'probe says that a key is wanted'
play service
run provider probe "$URL"
expect_exit 1
expect_has "$STDERR" 'wants a key'
expect_has "$STDERR" '--key-env'
run provider probe "$URL" --key-env NOT_SET
expect_exit 1
expect_has "$STDERR" 'Missing environment variable: `NOT_SET`.'

check 'a web page is no server of models'
play page
run provider probe "$URL"
expect_exit 1
expect_has "$STDERR" 'speaks one of the wires'

check 'probe gives up on a server that says nothing'
play silent
run provider probe "$URL" --timeout 1
[ "$STATUS" -ne 0 ] || fail 'it found something'
expect_equal 'requests' "$(n_requests)" 1

check 'probe writes the profile, and nothing over another'
play ollama
run provider probe "$URL" --name mine --write
expect_exit 0
expect_equal 'the mode' "$(stat -c %a "$HOME_DIR/providers.d/mine.yaml")" 600
run provider probe "$URL" --name mine --write
[ "$STATUS" -ne 0 ] || fail 'it was written over'
expect_has "$STDERR" 'is there already'
run provider probe "$URL" --name openai --write
[ "$STATUS" -ne 0 ] || fail 'a built-in was replaced'
expect_has "$STDERR" 'cannot be replaced'
run provider probe "$URL" --name ../x --write
[ "$STATUS" -ne 0 ] || fail 'it leads out of the folder'
run provider probe ftp://x
expect_has "$STDERR" 'is no address'

check 'probe goes through the allow-list of the session'
play ollama
cat >"$HOME_DIR/config.toml" <<'TOML'
[network]
allow = ["api.example.org"]
TOML
run provider probe "$URL"
[ "$STATUS" -ne 0 ] || fail 'the server was asked'
expect_equal 'requests' "$(n_requests)" 0
