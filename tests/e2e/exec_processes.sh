#!/usr/bin/env bash
# Processes and connections: no more than asked for, and none left behind.
. "$(dirname "$0")/lib.sh"

check '20 commands are 20 processes and one connection'
commands=()
for i in $(seq 1 20); do
    commands+=("$(command "c$i" true '{"login":false}')")
done
model "${commands[@]}" '{"text":"Done."}'
run_json 'run them'
expect_exit 0
expect_requests 21
expect_equal 'the connections' "$(jq -r .connection "$LOG" | sort -u)" 1
if ! has_program strace || ! strace -f true 2>/dev/null; then
    skip 'strace cannot be used here'
else
    stop_servers
    : >"$LOG"
    model "${commands[@]}" '{"text":"Done."}'
    # Not in a sandbox, where each has a process that reaps. The leak checker cannot work while
    # another tracer does.
    ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 timeout 60 strace -f -qq -e trace=execve,clone,clone3,fork,vfork \
        -o "$CASE/trace" "$BEACON" exec --json -s danger-full-access --skip-git-repo-check 'run them' >"$STDOUT" 2>"$STDERR"
    STATUS=$?
    expect_exit 0
    expect_equal 'the programs' "$(grep execve "$CASE/trace" | grep -c ' = 0$')" 21 # with beacon itself
    expect_equal 'the processes' "$(grep -E '(clone3?|v?fork)\(' "$CASE/trace" | grep -v CLONE_THREAD | grep -cE '(= [0-9]+|unfinished.*)$')" 20
fi

check 'a child in the background does not keep the turn waiting, and does not outlive it'
make_alive
mkfifo ready
model "$(command c1 'setsid bash -c "exec 9>alive; echo up >&9; echo ready >ready; exec sleep 1000" & cat ready')" \
    '{"text":"Done."}'
start_json -s workspace-write 'start a daemon'
wait_until_alive
wait_for_exit
expect_exit 0
expect_equal 'the output' "$(event '.item.exit_code == 0' .item.aggregated_output)" ready
expect_gone

check 'a command that the model left running ends with the turn'
make_alive
model "$(command c1 "$STAY_ALIVE" '{"yield_time_ms":250}')" '{"text":"Done."}'
start_json -s workspace-write 'start a server'
wait_until_alive
wait_for_exit
expect_exit 0
expect_gone

check 'kill -9 of the host ends the command that runs'
make_alive
model "$(command c1 "$STAY_ALIVE")" '{"text":"Done."}'
start_json -s workspace-write 'run'
wait_until_alive
kill -KILL "$BEACON_PID"
wait_for_exit
expect_exit 137
expect_gone

check 'a process that beacon was born with is left alone'
model "$(command c1 true)" '{"text":"Done."}'
sh -c 'sleep 1000 >/dev/null & echo $! >pid; exec "$0" exec --json --skip-git-repo-check "go"' "$BEACON" \
    >"$STDOUT" 2>"$STDERR"
STATUS=$?
expect_exit 0
kill "$(cat pid)" || fail 'it was killed'

check 'a command has no descriptor of the host, no terminal and no stdin'
model "$(command c1 'ls /proc/self/fd | tr "\n" " "; tty; wc -c' '{"login":false}')" '{"text":"Done."}'
run_json 'look'
expect_exit 0
expect_equal 'what it has' "$(event '.item.exit_code == 0' .item.aggregated_output)" '0 1 2 3 not a tty
0'

check 'a command has a process group of its own and the default signals'
model "$(command c1 'awk "{print (\$1 == \$5)}" /proc/self/stat; grep -E "^Sig(Blk|Ign)" /proc/self/status' '{"login":false}')" '{"text":"Done."}'
run_json 'look'
expect_exit 0
expect_has <(command_output c1) 'SigBlk:	0000000000000000'
expect_has <(command_output c1) 'SigIgn:	0000000000000000'
