#!/usr/bin/env bash
# A recorded session, played again without its server.
. "$(dirname "$0")/lib.sh"
check 'a recorded session replays offline, byte for byte'
export CANARY_TOKEN=canary-token-0123456789
model "$(command call_1 'echo ran >>ran; echo $((6*7)) from the tool')" '{"text":"All done."}'
run_json --sandbox workspace-write --record "$CASE/c.jsonl" "do it canary-token-0123456789"
expect_exit 0
expect_equal mode "$(stat -c %a "$CASE/c.jsonl")" 600
expect_not "$CASE/c.jsonl" "$MOCK_KEY"
expect_not "$CASE/c.jsonl" canary-token
stop_servers
rm -f "$HOME_DIR/config.toml"; unset MOCK_KEY
: >ran
run replay "$CASE/c.jsonl" --speed max
expect_exit 0
expect_stdout 'All done.'
expect_equal ran "$(cat ran)" ''
run replay "$CASE/c.jsonl" -c model=other
expect_exit 1
run replay --diff "$CASE/c.jsonl" "$CASE/c.jsonl"
expect_exit 0
run replay "$CASE/c.jsonl" --tools live
expect_equal ran "$(cat ran)" 'ran'
