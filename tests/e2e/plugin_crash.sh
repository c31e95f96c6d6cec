#!/usr/bin/env bash
# A plugin of strangers that crashes or hangs: it is named, the session is intact, and after three times
# it is left out until a person lets it in again.
. "$(dirname "$0")/lib.sh"
needs_plugin_files

ulimit -c 0
FAULTY_ID=com.example.faulty

# faulty COMPONENT: the plugin as a person would install it, selected, with a server to talk to.
faulty() {
    mkdir -p "$HOME_DIR/plugins"
    cp "$BUILD/tests/plugins/faulty/faulty.so" "$HOME_DIR/plugins/"
    serve '{"responses":[{"text":"unused"}],"repeat_last":true}'
    cat >"$HOME_DIR/config.toml" <<TOML
model = "m"
model_provider = "faulty"
[model_providers.faulty]
name = "Faulty"
plugin = "$1"
base_url = "http://127.0.0.1:$PORT/v1"
request_max_retries = 0
stream_max_retries = 0
TOML
}

# crash SLOT:HOW [ARGS…]: one run that ends by a signal; the shell's own word about it is left out.
crash() {
    {
        FAULTY=$1 run exec --skip-git-repo-check "${@:2}" hi
    } 2>/dev/null
}

# The faults a sanitizer does not own end the same way everywhere.
FAULTS='abort'
[ "$IS_SANITIZED" = yes ] || FAULTS='abort segv overflow'

number_of() {
    case $1 in
    abort) echo 134 ;;
    *) echo 139 ;;
    esac
}

name_of() {
    case $1 in
    abort) echo SIGABRT ;;
    *) echo SIGSEGV ;;
    esac
}

report() {
    find "$HOME_DIR/log" -name 'crash-*.txt' | head -n 1
}

expect_named() { # SLOT SIGNAL
    expect_equal 'the panic line' "$(grep -c '^Panic occurred: ' "$STDERR")" 1
    expect_has "$STDERR" "in plugin $FAULTY_ID 1.0.0, in its slot $1(); beacon "
    expect_has "$STDERR" "Panic occurred: $2"
    expect_has "$STDERR" "beacon plugin quarantine $FAULTY_ID; for one run: --safe-mode"
    expect_has "$STDERR" 'beacon exec resume --last'
}

for fault in $FAULTS; do
    for slot in create open poll on_frame; do
        check "a fault in $slot() ($fault) ends the program by its own signal, and names plugin and slot"
        faulty faulty
        crash "$slot:$fault"
        expect_exit "$(number_of "$fault")"
        expect_named "$slot" "$(name_of "$fault")"
        expect_equal 'stdout' "$(cat "$STDOUT")" ''
    done
    check "a fault on a worker, in stream() ($fault), is named too"
    faulty faulty-worker
    crash "stream:$fault"
    expect_exit "$(number_of "$fault")"
    expect_named stream "$(name_of "$fault")"
done

check 'the report is private, and says where in which file'
faulty faulty
crash on_frame:abort
expect_equal 'its mode' "$(stat -c %a "$(report)")" 600
expect_has "$STDERR" "The report is $(report)."
expect_has "$(report)" "in plugin $FAULTY_ID 1.0.0, in its slot on_frame()"
expect_has "$(report)" 'memory map:'
expect_has "$(report)" 'faulty.so'

check 'after a crash the journal is whole, and resume goes on from what the model had said'
faulty faulty
crash on_frame:abort
expect_whole_rollouts
expect_has "$(rollouts)" 'It works.'
before=$(tail -n 1 "$LOG" | jq .json.messages)
run exec --skip-git-repo-check resume --last 'go on'
expect_exit 0
expect_stdout 'It works.'
expect_equal 'what the model was shown more' "$(($(tail -n 1 "$LOG" | jq .json.messages) - before))" 2

check 'with --json every line of stdout is whole when a plugin crashes'
faulty faulty
crash on_frame:abort --json
expect_exit 134
expect_json_lines
expect_has "$STDOUT" 'It works.'
expect_equal 'the last byte of stdout' "$(tail -c 1 "$STDOUT" | od -An -tx1 | tr -d ' ')" 0a

if [ "$IS_SANITIZED" = no ]; then
    check 'a fault on a thread that the plugin started is not called a fault of beacon'
    faulty faulty-worker
    crash stream:thread
    expect_exit 139
    expect_has "$STDERR" 'in a thread that a plugin or a library started'
    expect_has "$STDERR" 'faulty.so'
    expect_has "$STDERR" '--safe-mode'
fi

check 'after three crashes the plugin is left out, says so, and can be let in again'
faulty faulty
for i in 1 2; do
    crash poll:abort
    run plugin quarantine --json
    expect_equal 'what is counted' "$(jq -c '.[] | [.id, .version, .count, .is_out, .slot]' "$STDOUT")" \
        "[\"$FAULTY_ID\",\"1.0.0\",$i,false,\"poll\"]"
done
crash poll:abort
run exec --skip-git-repo-check hi
expect_exit 3
expect_has "$STDERR" 'quarantine'
expect_has "$STDERR" 'crashed with SIGABRT'
run plugin list
expect_has "$STDOUT" 'quarantine'
run plugin quarantine
expect_exit 0
expect_has "$STDOUT" 'crashed with SIGABRT in poll(), 3 of 3'
run plugin quarantine "$FAULTY_ID" --lift
expect_exit 0
run exec --skip-git-repo-check hi
expect_exit 0
expect_stdout 'It works.'

check 'a plugin that is deaf to a cancel is named, counted, and left out after the third time'
faulty faulty-worker
for i in 1 2 3; do
    FAULTY=stream:ignore start_json hi
    wait_for_event 'It works.'
    kill -INT "$BEACON_PID"
    wait_for_exit
    expect_exit 130
    expect_json_lines
    expect_equal 'the warning' "$(event '.type == "item.completed" and .item.type == "error"' .item.message | cut -d';' -f1)" \
        "plugin $FAULTY_ID did not answer a cancel in stream() within 250 ms"
done
expect_has "$STDOUT" "beacon plugin quarantine $FAULTY_ID --lift"
run exec --skip-git-repo-check hi
expect_exit 3
expect_has "$STDERR" 'did not answer a cancel in stream'

check 'a call that never comes back is named after a while, and Ctrl-C ends the program, naming it'
faulty faulty
FAULTY=poll:spin start exec --skip-git-repo-check hi
wait_for_stderr_line() {
    local tail_pid line found=no
    exec {TAIL}< <(exec tail -n +1 -f -- "$STDERR" 2>/dev/null)
    tail_pid=$!
    while IFS= read -r -t 30 -u "$TAIL" line; do
        case $line in
        *"$1"*) found=yes && break ;;
        esac
    done
    kill "$tail_pid" 2>/dev/null
    exec {TAIL}<&-
    [ "$found" = yes ] || fail "stderr never had $1" "$STDERR"
}
wait_for_stderr_line "warning: plugin $FAULTY_ID has been inside poll() for 5 seconds"
kill -INT "$BEACON_PID"
wait_for_exit
expect_exit 130
expect_has "$STDERR" "plugin $FAULTY_ID did not answer a cancel in poll()"
expect_whole_rollouts
run plugin quarantine --json
expect_equal 'what is counted' "$(jq -c '.[] | [.id, .count, .slot]' "$STDOUT")" "[\"$FAULTY_ID\",1,\"poll\"]"

check 'a second Ctrl-C does not wait, SIGTERM ends with its own status, also before the turn begins'
faulty faulty
FAULTY=create:spin start exec --skip-git-repo-check hi
wait_for_stderr_line 'the plugin spins'
kill -TERM "$BEACON_PID"
kill -TERM "$BEACON_PID"
wait_for_exit
expect_exit 143
expect_has "$STDERR" "plugin $FAULTY_ID did not answer a cancel in create()"

check 'Ctrl-C while no plugin is inside a call ends the turn as ever'
faulty faulty
serve '{"responses":[{"hang":true}]}'
sed -i "s|^base_url.*|base_url = \"http://127.0.0.1:$PORT/v1\"|" "$HOME_DIR/config.toml"
start_json hi
wait_for_request 1
kill -INT "$BEACON_PID"
wait_for_exit
expect_exit 130
expect_has "$STDOUT" '"turn.failed"'

check '--safe-mode runs with bundled plugins only, and says what it left out'
faulty faulty
run exec --skip-git-repo-check --safe-mode hi
expect_exit 1
expect_has "$STDERR" 'safe mode'
expect_not "$STDERR" 'Panic'
run --safe-mode exec --skip-git-repo-check hi
expect_exit 1
expect_has "$STDERR" 'safe mode'
run --safe-mode plugin list
expect_exit 0
expect_has "$STDOUT" 'safe mode'
expect_not "$STDOUT" 'faulty.so'
run sandbox linux --safe-mode -- true
expect_exit 0
run --safe-mode sandbox linux -- true
expect_exit 0

check 'the header of a session says that it is safe mode'
model '{"text":"ok"}'
run exec --skip-git-repo-check --safe-mode hi
expect_exit 0
expect_stdout ok
expect_line "$STDERR" 'plugins: bundled ones only (safe mode)'
model '{"text":"ok"}'
run exec --skip-git-repo-check hi
expect_not "$STDERR" 'plugins: '

check 'a person keeps a plugin out, with a reason, and lets it in again'
faulty faulty
run plugin quarantine "$FAULTY_ID" --reason 'under review'
expect_exit 0
expect_stdout "Plugin $FAULTY_ID is not used any more, whatever its version."
run exec --skip-git-repo-check hi
expect_exit 3
expect_has "$STDERR" 'under review'
run plugin quarantine --lift "$FAULTY_ID"
expect_exit 0
run plugin quarantine --lift "$FAULTY_ID"
expect_exit 1
expect_has "$STDERR" "nothing is known against plugin $FAULTY_ID"
run plugin quarantine
expect_stdout 'No plugin is kept out, and none hung or crashed.'

check 'a damaged quarantine is warned of with file and line, and the work goes on'
faulty faulty
printf '[%s]\ncount = many\n' "$FAULTY_ID" >"$HOME_DIR/quarantine.ini"
run exec --skip-git-repo-check hi
expect_exit 0
expect_stdout 'It works.'
expect_has "$STDERR" "warning: $HOME_DIR/quarantine.ini:2: the count is no number"
run plugin quarantine
expect_exit 1
expect_has "$STDERR" 'quarantine.ini:2:'

check 'wrong usage of plugin quarantine'
run plugin quarantine --lift
expect_exit 2
run plugin quarantine a b
expect_exit 2
run plugin quarantine 'no id'
expect_exit 1
run plugin quarantine x --lift --reason why
expect_exit 2
