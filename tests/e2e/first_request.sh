#!/usr/bin/env bash
# What the first request of a session weighs on each wire, with the default tools and instructions.
. "$(dirname "$0")/lib.sh"

MOST=6144

for wire in responses chat messages gemini; do
    check "the first request of the $wire wire is at most $MOST bytes"
    model_always '{"status":400,"body":{"error":{"message":"enough"}}}'
    sed -i "s/^wire_api = .*/wire_api = \"$wire\"/; s/^env_key = .*/requires_openai_auth = false/" "$HOME_DIR/config.toml"
    run exec --skip-git-repo-check 'say hello'
    expect_exit 1
    expect_has "$STDERR" 'enough'
    bytes=$(head -n 1 "$LOG" | jq -j .body | wc -c | tr -d ' ')
    [ "$bytes" -gt 1000 ] || fail "the body has $bytes bytes: that is no request"
    [ "$bytes" -le $MOST ] || fail "the body has $bytes bytes"
    echo "    $wire: $bytes bytes"
done

