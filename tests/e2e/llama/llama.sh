#!/usr/bin/env bash
# A real server of somebody else's: llama-server, whose model knows five answers by heart (README.md).
#
#     BEACON_TEST_LLAMA=1 bash tests/e2e/llama/llama.sh BUILD_DIR
#
# Without that variable it runs where build.sh has built the server before, and is skipped elsewhere.
here=$(cd "$(dirname "$0")" && pwd)
if ! LLAMA_SERVER=$("$here/build.sh" --find); then
    if [ "${BEACON_TEST_LLAMA-}" != 1 ]; then
        echo 'llama: skipped, llama-server is not built; BEACON_TEST_LLAMA=1 builds it, in some minutes'
        exit 77
    fi
    LLAMA_SERVER=$("$here/build.sh") || exit 1
fi

# shellcheck source=tests/e2e/lib.sh
. "$here/../lib.sh"
MODEL=$ROOT/hand-set.gguf
python3 "$here/make_gguf.py" "$MODEL" || exit 1

# llama CONTEXT: a server with that window; sets PORT. It says where it listens when it is ready.
llama() {
    local pid tail line
    : >"$CASE/server"
    "$LLAMA_SERVER" --model "$MODEL" --host 127.0.0.1 --port 0 --ctx-size "$1" --parallel 1 --threads 1 --jinja \
        --offline --no-warmup --metrics >>"$CASE/server" 2>&1 &
    pid=$!
    disown
    SERVER_PIDS+=("$pid")
    exec {tail}< <(exec tail -n +1 -f --pid="$pid" -- "$CASE/server")
    PORT=''
    while IFS= read -r -t 60 -u "$tail" line; do
        if [[ $line =~ listening\ on\ http://127.0.0.1:([0-9]+) ]]; then
            PORT=${BASH_REMATCH[1]}
            break
        fi
    done
    exec {tail}<&-
    [ -n "$PORT" ] || fail 'llama-server never listened' "$CASE/server"
}

# use WIRE [LINE]: a configuration for the server, as the profile llama-cpp has it.
use() {
    cat >"$HOME_DIR/config.toml" <<TOML
model = "hand-set"
model_provider = "here"
${2-}
[model_providers.here]
name = "My server"
base_url = "http://127.0.0.1:$PORT/v1"
wire_api = "$1"
local = "llama.cpp"
request_max_retries = 0
stream_max_retries = 0
TOML
}

# What the server has counted since it began, for instance `metric tokens_predicted_total`.
metric() {
    curl --silent --noproxy '*' "http://127.0.0.1:$PORT/metrics" | sed -n "s/^llamacpp:$1 //p"
}

texts() {
    event '.type == "item.completed" and .item.type == "agent_message"' '.item.text'
}

# The usage that beacon tells, which is that of the whole session, is what the server has counted itself.
expect_usage() {
    expect_equal 'the tokens that were read' "$(event '.usage' '.usage | .input_tokens - .cached_input_tokens')" \
        "$(metric prompt_tokens_total)"
    expect_equal 'the tokens that were said' "$(event '.usage' '.usage.output_tokens')" \
        "$(metric tokens_predicted_total)"
}

check 'a Responses stream of llama-server has no output_index, which the wire below does without'
llama 8192
curl --silent --noproxy '*' "http://127.0.0.1:$PORT/v1/responses" --json \
    '{"model": "hand-set", "stream": true, "input": [{"role": "user", "content": "hello"}]}' >"$STDOUT"
expect_has "$STDOUT" 'response.output_text.delta'
expect_not "$STDOUT" 'output_index'

for wire in responses chat messages; do
    check "$wire: a text is answered, and its tokens are counted"
    llama 32768
    use "$wire"
    run_json 'say hello'
    expect_exit 0
    expect_json_lines
    expect_equal 'what is said' "$(texts)" 'The small model says hello.'
    expect_equal 'the warnings' "$(grep -c '^warning' "$STDERR")" 0
    expect_usage

    check "$wire: a tool call runs once, its result goes back, and the conversation goes on"
    llama 32768
    use "$wire"
    run_json -s workspace-write 'use the shell'
    expect_exit 0
    expect_equal 'what is thought' "$(event '.item.type == "reasoning"' '.item.text')" 'I ask the shell.'
    expect_equal 'what is run' "$(event '.type == "item.completed" and .item.type == "command_execution"' '.item.exit_code')" 0
    expect_equal 'what it did' "$(cat ran)" 'hand-set weights'
    expect_equal 'what is said' "$(texts)" 'It answered: hand-set weights.'
    expect_usage
    run_json resume --last 'say hello'
    expect_exit 0
    expect_equal 'what is said next' "$(texts)" 'The small model says hello.'
    expect_equal 'what it did' "$(cat ran)" 'hand-set weights'
    expect_usage

    check "$wire: a prompt that the server has no room for ends the turn with its reason and a way out"
    llama 2048
    use "$wire" 'model_context_window = 262144'
    run exec --skip-git-repo-check 'say hello'
    expect_exit 1
    expect_has "$STDERR" 'exceeds the available context size (2048 tokens)'
    expect_has "$STDERR" 'choose a model or a server with a larger context'
done

check 'probe recognises the server, its three wires and its context'
llama 16384
run provider probe "http://127.0.0.1:$PORT" --name found --timeout 10 --json
expect_exit 0
expect_equal 'the server' "$(jq -c '[.local, .chosen, .models[0].context]' "$STDOUT")" '["llama.cpp","chat",16384]'
expect_equal 'the wires' "$(jq -c '[.wires[] | select(.answers) | [.wire, .tool_call, .tool_call_id, .usage]]' "$STDOUT")" \
    '[["responses","fragments",true,"always"],["messages","fragments",true,"always"],["chat","fragments",true,"stream_options"]]'
mkdir -m 700 "$HOME_DIR/providers.d"
(umask 077 && jq -r .profile "$STDOUT" >"$HOME_DIR/providers.d/found.yaml")
run exec --skip-git-repo-check -c model_provider=found -m "$(jq -r .model "$STDOUT")" 'say hello'
expect_exit 0
expect_stdout 'The small model says hello.'
