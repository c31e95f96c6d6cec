#!/usr/bin/env bash
# docs/network.md: every command of it, typed from top to bottom, and what it says they print.
. "$(dirname "$0")/lib.sh"

PAGE=$SOURCE/docs/network.md
GUIDE=$SOURCE/tests/e2e/guide.py
has_program python3 || skip_all 'there is no python3'

check 'every command of the page does what the page says'
serve '{"match":[{"when":"\"absent\"","response":{"status":503,"body":"no such model today"}}],"responses":[{"text":"Hello."}],"repeat_last":true}'
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
# Blocks of configuration are tried by the scripts that are named after their subject.
awk '/^```(toml|json)$/ {skip = 1} !skip {print} /^```$/ {skip = 0}' "$PAGE" >"$CASE/page.md"
python3 "$GUIDE" extract "$CASE/page.md" "$CASE/blocks" || fail 'the page cannot be read'
export PATH=$BUILD/bin:$PATH
for file in "$CASE"/blocks/*.sh; do
    name=${file%.sh}
    bash -u "$file" >"$name.out" 2>"$name.err" </dev/null || fail "the command at line $(cat "$name.line") fails" "$file" "$name.out" "$name.err"
    [ -e "$name.text" ] || { fail "the command at line $(cat "$name.line") has no output"; continue; }
    python3 "$GUIDE" compare "$name.text" "$name.out" >"$name.diff" ||
        fail "the output at line $(cat "$name.line") of the page is another" "$name.diff"
done

check 'every key of the page is a key'
for key in $(grep -oE '`(http|network)\.[a-z_]+`' "$PAGE" | tr -d '`' | sort -u) model_fallback; do
    run config explain "$key"
    expect_exit 0
done
for key in $(grep -oE '^\| `[a-z_]+_(ms|retries)`' "$PAGE" | tr -d '|` '); do
    run config explain "model_providers.x.$key"
    expect_exit 0
done
