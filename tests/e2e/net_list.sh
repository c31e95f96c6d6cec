#!/usr/bin/env bash
# The hosts beacon connects to: listed with the key that names each, and held to network.allow.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net/net.sh"

# hosts FILTER: of the list, as JSON.
hosts() {
    jq -r ".hosts[] | $1" "$STDOUT"
}

check 'every host is listed with the key, the file and the line that name it'
PORT=4711
configure 'model_fallback = ["small", "big@local", "other@openai"]' '' '[model_providers.local]
base_url = "http://user:hush-hush@localhost:11434/v1?key=hush-hush"
[otel.exporter."acme"]
endpoint = "https://otel.acme.example:4318/v1/logs"
[mcp_servers.docs]
url = "https://mcp.acme.example/x"'
HTTPS_PROXY=http://me:hush-hush@proxy.acme.example:3128 run net list --json
expect_exit 0
expect_equal 'the hosts' "$(hosts '"\(.host):\(.port) \(.purpose) \(.name) \(.key) \(.via // "-")"')" \
    '127.0.0.1:4711 model provider mock model_providers.mock.base_url -
localhost:11434 model fallback local model_providers.local.base_url -
api.openai.com:443 model fallback openai openai_base_url proxy.acme.example:3128
proxy.acme.example:3128 proxy proxy.acme.example:3128  -
otel.acme.example:4318 telemetry acme otel.exporter."acme".endpoint proxy.acme.example:3128
mcp.acme.example:443 MCP server (not used yet) docs mcp_servers."docs".url proxy.acme.example:3128'
expect_not "$STDOUT" hush-hush
expect_equal 'the places' "$(hosts .where)" "$HOME_DIR/config.toml:$(grep -n 4711 "$HOME_DIR/config.toml" | cut -d: -f1)
$HOME_DIR/config.toml:$(grep -n 11434 "$HOME_DIR/config.toml" | cut -d: -f1)
built in
environment variable HTTPS_PROXY
$HOME_DIR/config.toml:$(grep -n 4318 "$HOME_DIR/config.toml" | cut -d: -f1)
$HOME_DIR/config.toml:$(grep -n mcp.acme "$HOME_DIR/config.toml" | cut -d: -f1)"
run net list
expect_exit 0
expect_has "$STDOUT" 'api.openai.com:443  model fallback openai'
expect_has "$STDOUT" 'No other host is connected to.'
expect_not "$STDOUT" hush-hush

check 'the list is made without a connection'
model '{"text":"never asked"}'
run net list
expect_exit 0
expect_requests 0

check 'an entry allows a host, one of its ports, or what is beneath it'
model_always '{"text":"Hello."}'
for entry in 127.0.0.1 "127.0.0.1:$PORT"; do
    run exec --skip-git-repo-check -c "network.allow=[\"$entry\"]" go
    expect_stdout Hello.
done
n=$(n_requests)
for entry in 127.0.0.1:1 127.0.0.2 '*.127.0.0.1' localhost 127.0.0.1.example 7.0.0.1; do
    run_json -c "network.allow=[\"$entry\"]" go
    expect_exit 3
done
expect_requests "$n"

check 'a refusal is one sentence, with the file, the line and the fix'
model '{"text":"never asked"}'
configure '' '' '[network]
allow = ["api.acme.example"]'
line=$(grep -n '^allow' "$HOME_DIR/config.toml" | cut -d: -f1)
run exec --skip-git-repo-check go
expect_exit 3
expect_equal 'the sentence' "$(grep -F 'network.allow' "$STDERR")" "Error: provider mock: no connection to 127.0.0.1:$PORT: network.allow does not name it ($HOME_DIR/config.toml:$line); add the host to network.allow there, or use another provider; \`beacon net list\` shows every host this configuration reaches"
expect_requests 0
run net list
expect_exit 0
expect_has "$STDOUT" "refused   no connection to 127.0.0.1:$PORT: network.allow does not name it ($HOME_DIR/config.toml:$line)"
run net list --json
expect_equal 'the verdict' "$(hosts '"\(.allowed) \(.code)"')" 'false refused'

check 'an empty list is offline, and says so'
model '{"text":"never asked"}'
run_json -c 'network.allow=[]' go
expect_exit 3
expect_requests 0

check 'what is no host is an error, not a hole'
model '{"text":"never asked"}'
for entry in 'https://x' 'x/y' '' ' ' '*' '*.' 'x:0' 'x:70000' 'x:y' '[::1' 'a,b'; do
    run_json -c "network.allow=[\"$entry\"]" go
    expect_exit 1
    expect_has "$STDERR" 'is no host'
done
expect_requests 0

check 'a user in the address does not make it another host'
model_always '{"text":"Hello."}'
sed -i "s|http://127.0.0.1|http://api.acme.example@127.0.0.1|" "$HOME_DIR/config.toml"
run_json -c 'network.allow=["api.acme.example"]' go
expect_exit 3
expect_requests 0

check 'only http/ makes connections: every other socket of the host belongs to a command'
calls='(^|[^_[:alnum:].>])(socket|connect|getaddrinfo|gethostbyname|uv_tcp_connect|uv_getaddrinfo)\('
found=$(cd "$SOURCE/host" && grep -rnE --include='*.c' "$calls" . | grep -vE '^\./(sandbox|verify)/' | grep -v '^\./[^:]*:[0-9]*: *\*')
expect_equal 'the others' "$found" ''
found=$(cd "$SOURCE/host" && grep -rlE --include='*.c' 'curl/curl\.h|libcurl\.so' . | grep -v '^\./http/')
expect_equal 'who else uses libcurl' "$found" ''

check 'usage'
run net
expect_exit 2
run net lst
expect_exit 2
run net list --help
expect_exit 0
run net list extra
expect_exit 2
