#!/usr/bin/env bash
# docs/cost.md: every command of it, typed from top to bottom, and what it says they print.
. "$(dirname "$0")/lib.sh"

PAGE=$SOURCE/docs/cost.md
GUIDE=$SOURCE/tests/e2e/guide.py
has_program python3 || skip_all 'there is no python3'

check 'every command of the page does what the page says'
USAGE='"usage":{"input_tokens":1000,"input_tokens_details":{"cached_tokens":400},"output_tokens":100,"output_tokens_details":{"reasoning_tokens":10},"total_tokens":1100}'
serve "$(responses "{\"text\":\"Hello.\",$USAGE}" "{\"text\":\"Hello again.\",$USAGE}")"
cat >"$HOME_DIR/config.toml" <<TOML
model = "demo-1"
model_provider = "demo"
[model_providers.demo]
name = "Demo"
base_url = "http://127.0.0.1:$PORT/v1"
env_key = "MOCK_KEY"
request_max_retries = 0
stream_max_retries = 0
TOML
mkdir "$CASE/blocks"
python3 "$GUIDE" extract "$PAGE" "$CASE/blocks" || fail 'the page cannot be read'
export PATH=$BUILD/bin:$PATH
for file in "$CASE"/blocks/*.sh; do
    name=${file%.sh}
    bash -u "$file" >"$name.out" 2>"$name.err" </dev/null || fail "the command at line $(cat "$name.line") fails" "$file" "$name.out" "$name.err"
    [ -e "$name.text" ] || continue
    python3 "$GUIDE" compare "$name.text" "$name.out" >"$name.diff" ||
        fail "the output at line $(cat "$name.line") of the page is another" "$name.diff"
done
expect_requests 2
