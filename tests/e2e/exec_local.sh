#!/usr/bin/env bash
# Models on this machine: what their servers really read of a conversation is asked for, and told.
. "$(dirname "$0")/lib.sh"

# local_server KIND WINDOW: a server, and a configuration that uses it as a profile does.
local_server() {
    mkfifo "$CASE/port"
    python3 "$SOURCE/tests/e2e/local_server.py" "$1" "$2" "$CASE/port" "$LOG" 2>"$CASE/server" &
    SERVER_PID=$!
    read -r PORT <"$CASE/port"
    cat >"$HOME_DIR/config.toml" <<TOML
model = "qwen3:8b"
model_provider = "here"
[model_providers.here]
name = "My server"
base_url = "http://127.0.0.1:$PORT/v1"
wire_api = "chat"
local = "$([ "$1" = llama.cpp ] && echo llama.cpp || echo ollama)"
TOML
}
ask() {
    run exec --skip-git-repo-check -s workspace-write "$@" 'go'
    kill "$SERVER_PID"
    wait "$SERVER_PID"
}

check 'Ollama with too small a window is warned of before anything is lost'
local_server ollama 4096
ask
expect_exit 0
expect_has "$STDERR" 'warning: My server reads at most 4096 tokens of a conversation'
expect_has "$STDERR" 'start it with OLLAMA_CONTEXT_LENGTH=32768'

check 'a window that is large enough is not worth a word'
local_server ollama 131072
ask
expect_exit 0
expect_stdout 'Done.'
expect_equal 'the warnings' "$(grep -c '^warning: My server reads' "$STDERR")" 0

check 'what llama.cpp holds decides when the conversation is compacted'
local_server llama.cpp 8192
ask
expect_exit 0
expect_has "$STDERR" 'reads at most 8192 tokens'
expect_has "$STDERR" '--ctx-size 32768'
expect_has "$STDERR" 'compacted of about'

check 'a server that says nothing is caught by its count of the prompt'
local_server unloaded 2048
ask
expect_exit 0
expect_has "$STDERR" 'warning: the server read 2048 tokens of a request of about '
expect_has "$STDERR" 'it seems to cut the conversation without saying so'

check 'what the configuration says is not asked for'
local_server ollama 4096
ask -c model_context_window=262144
expect_equal 'the questions' "$(jq -r .path "$LOG" | sort -u)" '/v1/chat/completions'
