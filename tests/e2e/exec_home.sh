#!/usr/bin/env bash
# The code home: missing, read-only, full, in use. Each ends with one sentence and nothing half-written.
. "$(dirname "$0")/lib.sh"

# Is one sentence on stderr, and nothing on stdout?
expect_sentence() {
    expect_exit 1
    expect_stdout ''
    grep -v 'Reading additional input' "$STDERR" >"$CASE/sentence"
    expect_equal 'the number of lines' "$(wc -l <"$CASE/sentence")" 1
    expect_has "$CASE/sentence" "$1"
}

# A shell in a mount namespace of its own; as root of a user namespace when we are not root.
NAMESPACE=(unshare --mount)
[ "$(id -u)" = 0 ] || NAMESPACE=(unshare --user --map-root-user --mount)

in_namespace() {
    "${NAMESPACE[@]}" bash -c "$1"
}

can_mount() {
    in_namespace 'mount -t tmpfs none /mnt' 2>/dev/null || { skip 'no mount namespaces here' && false; }
}

check 'without CODE_HOME, ~/.code is made, for its owner only'
model '{"text":"ok"}'
mkdir "$HOME/.code"
mv "$HOME_DIR/config.toml" "$HOME/.code"
rmdir "$HOME_DIR"
unset CODE_HOME
run_json 'hi'
expect_exit 0
HOME_DIR=$HOME/.code
expect_equal 'the number of session files' "$(rollouts | wc -l)" 1
rm -r "$HOME/.code"
run_json -c model_provider=nosuch 'hi'
expect_equal 'its mode' "$(stat -c %a "$HOME/.code")" 700

check 'session files are for their owner only'
model '{"text":"ok"}'
(umask 000; run_json 'hi')
expect_equal 'their mode' "$(stat -c %a "$(rollouts)")" 600

check 'CODEX_HOME is an alias, with a warning'
model '{"text":"ok"}'
unset CODE_HOME
CODEX_HOME=$HOME_DIR run_json 'hi'
expect_exit 0
expect_equal 'the warning' "$(event '.item.type == "error"' .item.message)" 'CODEX_HOME is deprecated; set CODE_HOME instead'

check 'a CODE_HOME that does not exist, or is a file'
model '{"text":"never asked"}'
CODE_HOME=$CASE/nosuch run_json 'hi'
expect_sentence "CODE_HOME points to $CASE/nosuch, which does not exist"
touch "$CASE/file"
CODE_HOME=$CASE/file run_json 'hi'
expect_sentence "CODE_HOME points to $CASE/file, which is not a folder"
expect_requests 0

check 'neither HOME nor an entry for the user'
model '{"text":"never asked"}'
if [ "$(id -u)" != 0 ]; then
    skip 'only root may become a user nobody knows'
else
    # Everybody may look at this check's folder, so that only the missing home is in the way.
    chmod 755 "$ROOT" "$CASE" "$WORK"
    env -u HOME -u CODE_HOME setpriv --reuid 54321 --regid 54321 --clear-groups \
        "$BEACON" exec --json --skip-git-repo-check 'hi' >"$STDOUT" 2>"$STDERR"
    STATUS=$?
    if [ "$STATUS" = 126 ] || [ "$STATUS" = 127 ]; then
        skip 'the build folder is not open to other users'
    else
        expect_sentence 'HOME is not set'
    fi
fi
env -u HOME -u CODE_HOME "$BEACON" --version >"$STDOUT"
STATUS=$?
expect_exit 0

check 'a read-only home'
model '{"text":"never asked"}'
if can_mount; then
    in_namespace "mount --bind '$HOME_DIR' '$HOME_DIR' && mount -o remount,bind,ro '$HOME_DIR' &&
        exec '$BEACON' exec --json --skip-git-repo-check hi" >"$STDOUT" 2>"$STDERR"
    STATUS=$?
    expect_sentence "code home $HOME_DIR cannot be written: Read-only file system"
    expect_requests 0
    expect_equal 'the files' "$(ls "$HOME_DIR")" config.toml
fi

check 'a sessions folder that cannot be written'
model '{"text":"never asked"}'
touch "$HOME_DIR/sessions"
run_json 'hi'
expect_sentence "$HOME_DIR/sessions"
expect_requests 0

# Run with 32 KiB left on the disk of the home, then resume with more. What the runs print goes to
# $STDOUT and $CASE/later, the session as the first one leaves it to $CASE/kept.
full_disk() {
    cp "$HOME_DIR/config.toml" "$CASE/config.toml"
    in_namespace "mount -t tmpfs -o size=1056k none '$HOME_DIR' && cp '$CASE/config.toml' '$HOME_DIR' &&
        head -c 1048576 /dev/zero >'$HOME_DIR/filler' || exit 99
        '$BEACON' exec --json --skip-git-repo-check -s workspace-write first >'$STDOUT' 2>'$STDERR'
        status=\$?
        cp -r '$HOME_DIR/sessions' '$CASE/kept'
        rm '$HOME_DIR/filler'
        '$BEACON' exec --json --skip-git-repo-check -s workspace-write resume --last 'go on' >'$CASE/later' 2>&1
        echo \$? >'$CASE/later-status'
        exit \$status"
    STATUS=$?
}

check 'a disk that fills while a session is recorded: the turn fails, nothing runs unrecorded, it resumes'
long=$(head -c 60000 /dev/zero | tr '\0' x)
model "$(command c1 'echo run >>count')" "$(jq -cn --arg text "$long" '{$text}')" '{"text":"Here again."}'
if can_mount; then
    full_disk
    expect_exit 1
    expect_json_lines
    expect_equal 'the last event' "$(tail -n 1 "$STDOUT" | jq -r .type)" turn.failed
    expect_has "$STDOUT" 'No space left on device'
    expect_equal 'how often the command ran' "$(cat count)" run
    for file in $(find "$CASE/kept" -name '*.jsonl'); do
        jq -es 'length > 0' "$file" >/dev/null || fail 'a line is torn' "$file"
    done
    expect_equal 'the exit status later' "$(cat "$CASE/later-status")" 0
    expect_has "$CASE/later" 'Here again.'
    expect_equal 'how often the command ran' "$(cat count)" run
fi

check 'a disk that is full before the call of a tool is recorded: the tool does not run'
model "$(command c1 "echo run >>count; : $long")" '{"text":"never"}'
if can_mount; then
    full_disk
    expect_exit 1
    expect_equal 'the last event' "$(tail -n 1 "$STDOUT" | jq -r .type)" turn.failed
    [ ! -e count ] || fail 'the tool ran'
    expect_equal 'requests of the first run' "$(jq -s '[.[] | select(.json.input[-1].content[-1].text == "first")] | length' "$LOG")" 1
fi

check 'a disk that is full from the start'
model '{"text":"never asked"}'
if can_mount; then
    in_namespace "mount -t tmpfs -o size=8k none '$HOME_DIR' && cp '$HOME_DIR/../scenario.json' '$HOME_DIR/x' 2>/dev/null
        cat >'$HOME_DIR/config.toml' <<<'model_provider = \"replay\"'; head -c 100000 /dev/zero >'$HOME_DIR/filler' 2>/dev/null
        exec '$BEACON' exec --json --skip-git-repo-check hi" >"$STDOUT" 2>"$STDERR"
    STATUS=$?
    expect_sentence 'No space left on device'
    expect_requests 0
fi

check 'a home in use: the second instance is refused at once'
model '{"hang":true}' '{"text":"ok"}'
start_json 'first'
wait_for_request 1
"$BEACON" exec --json --skip-git-repo-check 'second' >"$CASE/second" 2>"$CASE/second-said"
expect_equal 'its exit status' $? 1
expect_equal 'its stdout' "$(cat "$CASE/second")" ''
expect_has "$CASE/second-said" 'code home already in use; set CODE_HOME to isolate state per instance'
expect_requests 1
# With another home, or a shared one, both run.
mkdir "$CASE/home2"
cp "$HOME_DIR/config.toml" "$CASE/home2"
CODE_HOME=$CASE/home2 "$BEACON" exec --skip-git-repo-check 'third' >"$CASE/third" 2>/dev/null
expect_equal 'the answer' "$(cat "$CASE/third")" ok
kill -KILL "$BEACON_PID"
wait_for_exit
run_json 'after the crash'
expect_requests 3

check 'a shared home serves several at once'
model_always '{"text":"ok"}'
configure 'home_lock = "shared"'
for i in 1 2 3 4; do
    "$BEACON" exec --skip-git-repo-check "number $i" >"$CASE/answer$i" 2>/dev/null &
    pids[i]=$!
done
for i in 1 2 3 4; do
    wait "${pids[i]}" || fail "number $i failed"
    expect_equal "answer $i" "$(cat "$CASE/answer$i")" ok
done
expect_equal 'the number of session files' "$(rollouts | wc -l)" 4
expect_whole_rollouts

check '.env of the home is read, and cannot be used to move CODEX variables in'
model '{"text":"ok"}'
configure '' 'env_http_headers = { X-From-Env = "MY_SETTING" }'
printf 'export MY_SETTING="from the file" # why\nCODEX_INTERNAL_ORIGINATOR_OVERRIDE=evil\n' >"$HOME_DIR/.env"
run_json 'hi'
expect_exit 0
expect_equal 'the header' "$(jq -r '.headers["x-from-env"]' "$LOG")" 'from the file'
expect_equal 'the originator' "$(jq -r .headers.originator "$LOG")" code_exec
