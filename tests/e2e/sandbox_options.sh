#!/usr/bin/env bash
# beacon sandbox: what is asked for wrongly is one sentence that says what to do, and no command runs.
. "$(dirname "$0")/lib.sh"

# refused STATUS SENTENCE ARG…: the first line of stderr, nothing on stdout, and the command did not run.
refused() {
    local status=$1 sentence=$2
    shift 2
    run sandbox "$@"
    expect_exit "$status"
    expect_equal "the sentence of: $*" "$(head -n 1 "$STDERR")" "error: $sentence"
    expect_equal 'its output' "$(cat "$STDOUT")" ''
    [ "$(wc -l <"$STDERR")" -le 8 ] || fail "more than a few lines: $*" "$STDERR"
    [ ! -e "$WORK/ran" ] || fail "the command ran: $*"
}

check 'a wrong command line is one sentence with the usage below'
refused 2 'say what to do: linux, macos, none, explain or verify'
refused 2 'unknown sandbox command windows' windows
refused 2 'COMMAND is missing' linux --full-auto
refused 2 "invalid value 'bogus' for '--sandbox MODE'" linux --sandbox bogus -- touch ran
expect_has "$STDERR" 'possible values: read-only, workspace-write, danger-full-access'
refused 2 "invalid value 'maybe' for '--network WHAT'" linux --full-auto --network maybe -- touch ran
refused 2 'a value is missing after --writable' linux --full-auto --writable
refused 2 '--writable needs --sandbox workspace-write' linux --writable . -- touch ran
refused 2 '--network and --allow need --sandbox workspace-write, not read-only' \
    linux --sandbox read-only --allow example.org -- touch ran

check 'a workspace that cannot be one is refused'
refused 126 'cannot use the workspace nowhere: No such file or directory' linux --full-auto -C nowhere -- touch ran
refused 126 'cannot use the workspace /etc/passwd: Not a directory' linux -C /etc/passwd -- touch ran
refused 126 'the workspace / cannot be writable: it is the whole system' linux --full-auto -C / -- touch "$WORK/ran"
refused 126 'the workspace /proc cannot be writable: it is a part of the kernel'"'"'s' linux --full-auto -C /proc -- touch "$WORK/ran"

check 'a writable folder that cannot be one is refused, not left out'
refused 126 "$WORK/nowhere is not writable: No such file or directory" linux --full-auto --writable nowhere -- touch ran
refused 126 '/ is not writable: it is the whole system' linux --full-auto --writable / -- touch ran
refused 126 '/etc/passwd is not writable: it is no directory' linux --full-auto --writable /etc/passwd -- touch ran
ln -s / "$CASE/root"
refused 126 "$CASE/root is not writable: it is the whole system" linux --full-auto --writable "$CASE/root" -- touch ran

check 'a link as a writable folder is the folder it leads to'
mkdir "$CASE/target"
ln -s "$CASE/target" "$CASE/link"
run sandbox linux --full-auto --writable "$CASE/link" -- sh -c "echo x >'$CASE/link/f'"
expect_exit 0
expect_equal 'the file' "$(cat "$CASE/target/f")" x

check 'a backend that cannot be had is refused with the way out'
known='namespaces, landlock, none, seatbelt'
! is_enterprise || known='namespaces, landlock, seatbelt, none' # in the order they were built in
refused 126 "no sandbox for this mode: there is no sandbox plugin bogus; known are $known" \
    linux --backend bogus -- touch ran
refused 126 'no sandbox for this mode: sandbox backend none cannot enforce: file writes, network (this backend restricts nothing)' \
    linux --backend none -- touch ran
expect_has "$STDERR" 'backend auto'
refused 127 'program no-such-program was not found' linux -- no-such-program

# In a user namespace of its own, whose limit is nobody else's.
without_namespaces() {
    unshare --user --map-root-user sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"' sh "$@"
}

check 'where namespaces are refused the next best backend runs the command, and a named one says why it cannot'
if without_namespaces true 2>/dev/null; then
    cd "$WORK" || exit 2
    # shellcheck disable=SC2016
    expect_equal 'the backend' \
        "$(without_namespaces "$BEACON" sandbox linux --full-auto -- sh -c 'echo "$BEACON_SANDBOX"' 2>&1)" landlock
    without_namespaces "$BEACON" sandbox linux --full-auto --backend namespaces -- touch ran 2>"$STDERR"
    expect_equal 'its status' $? 126
    expect_has "$STDERR" 'no sandbox for this mode: sandbox backend namespaces cannot enforce: file writes'
    expect_has "$STDERR" 'user.max_user_namespaces is reached or 0'
    [ ! -e "$WORK/ran" ] || fail 'the command ran'
else
    skip 'user namespaces are refused already'
fi

check 'a session says which writable folders it goes on without'
model '{"text":"Done."}'
run_json -s workspace-write --add-dir nowhere 'go'
expect_exit 0
expect_has "$STDOUT" "$WORK/nowhere is not writable: No such file or directory"
