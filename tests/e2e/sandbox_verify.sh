#!/usr/bin/env bash
# beacon sandbox verify: what it tells is true, and it leaves nothing behind.
. "$(dirname "$0")/lib.sh"

# verify ARG…: in a temporary folder of its own, which is empty again afterwards.
verify() {
    mkdir -p "$CASE/tmp"
    STATUS=0
    TMPDIR=$CASE/tmp "$BEACON" sandbox verify "$@" >"$STDOUT" 2>"$STDERR" || STATUS=$?
    expect_equal 'what it left' "$(find "$CASE/tmp" -mindepth 1)" ''
}

state_of() { # MODE ID
    jq -r --arg mode "$1" --arg id "$2" '.modes[] | select(.mode == $mode) | .canaries[] | select(.id == $id) | .state' "$STDOUT"
}

check 'everything that is promised is enforced'
verify --json
expect_exit 0
expect_equal 'the broken promises' "$(jq '[.modes[].broken_promises] | add' "$STDOUT")" 0
expect_equal 'the modes' "$(jq -r '[.modes[].mode] | join(" ")' "$STDOUT")" 'read-only workspace-write'
expect_equal 'at least 40 canaries in each' "$(jq '[.modes[] | (.canaries | length) >= 40] | all' "$STDOUT")" true
expect_equal 'the counts' "$(jq '[.modes[] | .enforced + .not_enforced + .not_applicable == (.canaries | length)] | all' "$STDOUT")" true
for mode in read-only workspace-write; do
    expect_equal "a file outside, $mode" "$(state_of "$mode" files.create)" enforced
    expect_equal "a server outside, $mode" "$(state_of "$mode" network.tcp)" enforced
done
expect_equal 'the workspace, read-only' "$(state_of read-only files.workspace)" enforced
expect_equal 'work in the workspace' "$(state_of workspace-write works.ordinary)" enforced

check 'the table says the same in words'
verify --sandbox workspace-write
expect_exit 0
expect_equal 'the first line' "$(head -n 1 "$STDOUT" | grep -cE '^Backend: [a-z]+, on Linux .* as (root|an ordinary user)$')" 1
expect_equal 'a row' "$(grep -cE '^  create a file outside +enforced *$' "$STDOUT")" 1
expect_equal 'the summary' "$(tail -n 1 "$STDOUT" | grep -cE '^workspace-write: [0-9]+ enforced, [0-9]+ not enforced, [0-9]+ not applicable\. Promised: .*file writes')" 1

check 'the backend is the one asked for, and what it cannot do is named'
verify --json --backend landlock
expect_exit 0
expect_equal 'the backends' "$(jq -r '[.modes[].backend] | unique | join(" ")' "$STDOUT")" landlock
expect_equal 'planting a hook' "$(state_of workspace-write names.hook)" 'not enforced'
expect_equal 'it is not promised' "$(jq '[.modes[].canaries[] | select(.id == "names.hook") | .promised] | any' "$STDOUT")" false

check 'a mode that restricts nothing has nothing to verify'
verify --sandbox danger-full-access
expect_exit 2
expect_equal 'the sentence' "$(head -n 1 "$STDERR")" 'error: there is nothing to verify in sandbox mode danger-full-access'

check 'an unknown backend is one sentence'
verify --backend nonsense
expect_exit 126
expect_equal 'the lines' "$(wc -l <"$STDERR")" 2

check 'a folder that cannot be written is one sentence'
mkdir "$CASE/closed"
chmod 555 "$CASE/closed"
if [ "$(id -u)" = 0 ]; then
    TMPDIR=/proc "$BEACON" sandbox verify >"$STDOUT" 2>"$STDERR" && STATUS=0 || STATUS=$?
else
    TMPDIR=$CASE/closed "$BEACON" sandbox verify >"$STDOUT" 2>"$STDERR" && STATUS=0 || STATUS=$?
fi
expect_exit 126
expect_equal 'the sentence' "$(head -n 1 "$STDERR" | grep -c '^error: cannot make a temporary folder to try things on: ')" 1

