# shellcheck shell=bash
# llm.sh - one turn with a tool call through the provider that `beacon plugin new` makes, wherever its
# code is: in a file, or in the program. Sourced behind lib.sh.

# Its made-up server, and a configuration that uses it.
use_llm() {
    serve "$(responses \
        '{"sse":[{"type":"start","id":"r1","model":"m"},{"type":"text","text":"I look."},{"type":"call","id":"c1","name":"exec_command","arguments":{"cmd":"echo made-up"}},{"type":"done","reason":"calls","usage":{"input":10,"output":5}}]}' \
        '{"sse":[{"type":"text","text":"It says "},{"type":"text","text":"made-up."},{"type":"done","reason":"stop","usage":{"input":20,"output":4}}]}')"
    cat >"$HOME_DIR/config.toml" <<TOML
model = "m"
model_provider = "llm"
[model_providers.llm]
name = "LLM"
plugin = "com.acme.llm:llm"
base_url = "http://127.0.0.1:$PORT/v1"
env_key = "MOCK_KEY"
TOML
}

expect_llm_turn() {
    run_json 'what does it say?'
    expect_exit 0
    expect_equal 'the answer' "$(event '.type == "item.completed" and .item.type == "agent_message"' '.item.text')" \
        'I look.
It says made-up.'
    expect_requests 2
    expect_equal 'the path' "$(sed -n 1p "$LOG" | jq -r .path)" /v1/chat
    expect_equal 'the model' "$(request 1 .model)" m
    expect_equal 'the tool' "$(request 1 '.tools | map(.name) | index("exec_command") != null')" true
    expect_equal 'the result' "$(request 2 '.input[] | select(.type == "result") | .id')" c1
    expect_has "$LOG" 'made-up'
    expect_equal 'the usage' "$(event '.type == "turn.completed"' '.usage.output_tokens')" 9
    expect_has "$LOG" 'Bearer sk-e2e-secret'
}
