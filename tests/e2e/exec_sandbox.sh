#!/usr/bin/env bash
# What the model's commands may do in each sandbox, tried against the kernel.
. "$(dirname "$0")/lib.sh"

# Temporary folders are writable by default; the working directory of these checks lies in one.
STRICT='[sandbox_workspace_write]
exclude_slash_tmp = true
exclude_tmpdir_env_var = true'

# attempt SANDBOX SCRIPT: STATUS becomes the exit status of the command, $CASE/said what it printed.
attempt() {
    stop_servers
    : >"$LOG"
    model "$(command c1 "$2")" '{"text":"Done."}'
    configure '' '' "${CONFIG-$STRICT}"
    run_json -s "$1" "${@:3}" 'go'
    expect_exit 0
    event '.type == "item.completed" and .item.id == "item_0"' .item.aggregated_output >"$CASE/said"
    STATUS=$(event '.type == "item.completed" and .item.id == "item_0"' .item.exit_code)
}

expect_denied() {
    if [ "$STATUS" = 0 ]; then
        fail 'it was allowed' "$CASE/said"
    fi
}

check 'read-only: reading is allowed, writing nowhere'
echo content >f
attempt read-only 'cat f /etc/hostname >/dev/null && cat f'
expect_exit 0
expect_has "$CASE/said" content
attempt read-only 'echo x >new'
expect_denied
attempt read-only 'echo x >>f'
expect_denied
attempt read-only 'echo x >/tmp/beacon-e2e-denied'
expect_denied
attempt read-only 'rm f; mv f g; mkdir d; ln -s f l; chmod 777 f; truncate -s 0 f; exit 1'
expect_denied
expect_equal 'the files' "$(ls)" f
expect_equal 'its content' "$(cat f)" content
[ ! -e /tmp/beacon-e2e-denied ] || fail '/tmp was written to'

check 'read-only: /dev/null and pipes work'
attempt read-only 'echo x >/dev/null && echo y | cat'
expect_exit 0

check 'workspace-write: inside is allowed, outside is not'
attempt workspace-write 'mkdir d && echo x >d/f && mv d e && rm -r e && echo y >inside'
expect_exit 0
expect_equal 'the files' "$(ls)" inside
attempt workspace-write "echo x >$CASE/outside"
expect_denied
attempt workspace-write "echo x >$CASE/home/config.toml"
expect_denied
attempt workspace-write 'echo x >/tmp/beacon-e2e-denied'
expect_denied
attempt workspace-write "ln -s $CASE link; echo x >link/outside"
expect_denied
attempt workspace-write "mv inside $CASE/outside"
expect_denied
[ ! -e "$CASE/outside" ] || fail 'it was written'
[ ! -e /tmp/beacon-e2e-denied ] || fail '/tmp was written to'

check 'workspace-write: temporary folders are writable unless left out'
CONFIG='' attempt workspace-write 'f=$(mktemp) && rm "$f"'
expect_exit 0
attempt workspace-write 'f=$(mktemp) && rm "$f"'
expect_denied

check 'workspace-write: more folders by configuration and by --add-dir'
mkdir "$CASE/more" "$CASE/added"
CONFIG="$STRICT
writable_roots = [\"$CASE/more\"]" attempt workspace-write "echo x >$CASE/more/f && echo y >$CASE/added/f" --add-dir "$CASE/added"
expect_exit 0
expect_equal 'the files' "$(cat "$CASE/more/f" "$CASE/added/f")" 'x
y'

# A TCP connection to the model server.
CONNECT='exec 3<>/dev/tcp/127.0.0.1/$(cat port)'

connect() {
    : >port
    stop_servers
    : >"$LOG"
    model "$(command c1 "$CONNECT")" '{"text":"Done."}'
    configure '' '' "${CONFIG-}"
    echo "$PORT" >port
    run_json "$@" 'go'
    STATUS=$(event '.type == "item.completed" and .item.id == "item_0"' .item.exit_code)
}

check 'the network is off in read-only and workspace-write'
connect -s read-only
expect_denied
connect -s workspace-write
expect_denied
expect_equal 'the variable' "$(tail -n 1 "$LOG" | jq -r '.json.input[0].content[0].text' | grep -c 'network_access>restricted')" 1

check 'the network is on when it is asked for'
CONFIG='[sandbox_workspace_write]
network_access = true' connect -s workspace-write
expect_exit 0
CONFIG='[sandbox_workspace_write]
network_access = true' connect -s read-only
expect_denied

check 'danger-full-access: nothing is denied'
attempt danger-full-access "echo x >$CASE/outside"
expect_exit 0
expect_equal 'the file' "$(cat "$CASE/outside")" x
connect --yolo
expect_exit 0

check 'a command cannot take its sandbox off'
attempt read-only 'setpriv --no-new-privs true; unshare -Ur true 2>/dev/null; echo x >new'
expect_denied
attempt read-only 'grep NoNewPrivs /proc/self/status'
expect_has "$CASE/said" 'NoNewPrivs:	1'

check 'a sandbox that cannot be had is refused, not replaced by a weaker one'
model "$(command c1 'echo x >new')" '{"text":"never asked"}'
configure 'sandbox_backend = "nosuch"'
run_json -s workspace-write 'go'
expect_exit 3
expect_stdout ''
expect_has "$STDERR" nosuch
[ ! -e new ] || fail 'the command ran'
expect_requests 0

check 'single hosts cannot be closed where all are open, and that is refused'
model_always "$(command c1 'echo x >new')"
run_json -s workspace-write -c sandbox_workspace_write.network_access=true \
    -c 'sandbox_workspace_write.network_deny=["example.org"]' 'go'
expect_exit 3
expect_stdout ''
expect_has "$STDERR" 'no sandbox for this mode'
[ ! -e new ] || fail 'the command ran'
expect_requests 0

check 'git = "protected" and allow_git_writes = false keep .git as it is'
git init -q . && git add -A
for setting in 'git = "protected"' 'allow_git_writes = false'; do
    CONFIG="$STRICT
$setting" attempt workspace-write 'echo x >.git/HEAD'
    expect_denied
    CONFIG="$STRICT
$setting" attempt workspace-write 'echo x >beside'
    expect_exit 0
done
expect_has .git/HEAD refs/heads

check 'beacon sandbox linux runs one command as the agent would'
run sandbox linux -- sh -c 'echo hi; exit 5'
expect_exit 5
expect_stdout hi
run sandbox linux -- sh -c 'echo x >new'
[ "$STATUS" -ne 0 ] || fail 'writing was allowed'
run sandbox linux --full-auto -- sh -c 'echo x >new'
expect_exit 0
expect_equal 'the file' "$(cat new)" x
run sandbox linux -- sh -c 'kill -9 $$'
expect_exit 137
PATH=/usr/bin:/bin run sandbox linux -- nosuchcmd_zz # a folder that cannot be searched would be 126
expect_exit 127
run sandbox linux --backend nosuch -- true
expect_exit 126
run sandbox linux
expect_exit 2

check 'a command started by hand does not get the secrets of the environment, unless nothing is restricted'
MY_API_KEY=canary run sandbox linux -- env
expect_exit 0
expect_equal 'the key' "$(grep -c canary "$STDOUT")" 0
MY_API_KEY=canary run sandbox none -- env
expect_exit 0
expect_equal 'the key' "$(grep -c canary "$STDOUT")" 1

check 'what a command does to a pipe of the person is undone'
python3 - "$BEACON" >"$STDOUT" <<'END'
import fcntl, os, subprocess, sys
mine, theirs = os.pipe()
subprocess.run([sys.argv[1], "sandbox", "linux", "--", "python3", "-c", "import os; os.set_blocking(0, False)"],
               stdin=mine, check=True)
print("waits" if os.get_blocking(mine) else "does not wait")
END
expect_stdout waits

check 'beacon sandbox goes by the configuration where no option says otherwise'
cat >"$CODE_HOME/config.toml" <<END
sandbox_mode = "workspace-write"
$STRICT
writable_roots = ["$CASE/more"]
END
mkdir "$CASE/more"
run sandbox linux -- sh -c "echo x >'$CASE/more/new'"
expect_exit 0
run sandbox explain
expect_has "$STDOUT" "$CASE/more"
run sandbox linux --sandbox read-only -- sh -c "echo x >'$CASE/more/newer'"
[ ! -e "$CASE/more/newer" ] || fail 'the option did not count'
echo 'sandbox_mode = "bogus"' >"$CODE_HOME/config.toml"
run sandbox linux -- true
expect_exit 126
expect_has "$STDERR" 'sandbox_mode'
