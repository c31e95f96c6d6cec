# shellcheck shell=bash
# lib.sh - what every end-to-end test is written with. A test is run as
#
#     bash tests/e2e/NAME.sh BUILD_DIR        (E2E_KEEP=1 leaves its files)
#
# and reads like this:
#
#     . "$(dirname "$0")/lib.sh"
#     check 'stdout is the final message and nothing else'
#     model '{"text":"Hello."}'
#     run exec 'say hello'
#     expect_exit 0
#     expect_stdout 'Hello.'
#
# Real: the binary, the plugins, the kernel's sandbox, git, TCP. Scripted: the model (the language of a
# response is described in tests/support/mock_model.c). Each check has a CODE_HOME, a HOME and a working
# directory of its own. Nothing sleeps: a test waits for a line, an end of file or the end of a process.
# A failed expectation is reported and the script goes on; its exit status tells at the end.
set -u -o pipefail
shopt -s lastpipe # `echo prompt | run …` sets STATUS here

BUILD=$(cd "${1:?usage: $0 BUILD_DIR}" && pwd) || exit 2
SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
NAME=$(basename "$0" .sh)
BEACON=$BUILD/bin/beacon
MOCK_MODEL=$BUILD/tests/mock_model
# Where Linux keeps the name of a path free of links: the product prints real paths.
ROOT=$(cd "$(mktemp -d "${TMPDIR:-/tmp}/beacon-e2e.XXXXXX")" && pwd -P) || exit 2

# ---- the surroundings ----

IS_SANITIZED=no
if grep -q '^BEACON_SANITIZE:STRING=.' "$BUILD/CMakeCache.txt" 2>/dev/null; then
    IS_SANITIZED=yes
fi
is_enterprise() {
    grep -q '^BEACON_DLOPEN:BOOL=OFF' "$BUILD/CMakeCache.txt"
}
# For a whole script about plugin files.
needs_plugin_files() {
    is_enterprise && skip_all 'this program loads no plugin files'
}
# Why nobody can be the administrator here, or nothing: only root can own that folder of the build tree,
# and where others can write nothing is trusted.
why_no_admin() {
    local folder=$BUILD/tests/elsewhere
    if [ "$(id -u)" -ne 0 ]; then
        echo 'only root can be the administrator'
    elif [ ! -x "$folder/bin/beacon" ]; then
        echo "$folder/bin/beacon is not built"
    else
        while [ "$folder" != / ]; do
            if [ "$(stat -c %u "$folder")" -ne 0 ] || [ $((0$(stat -c %a "$folder") & 022)) -ne 0 ]; then
                echo "$folder is not root's alone"
                return
            fi
            folder=$(dirname "$folder")
        done
    fi
}
# For a whole script in which somebody is the administrator.
needs_admin() {
    local why
    why=$(why_no_admin)
    [ -z "$why" ] || skip_all "$why"
}
export ASAN_OPTIONS=detect_leaks=1:log_path=$ROOT/sanitizer
export UBSAN_OPTIONS=print_stacktrace=1:log_path=$ROOT/sanitizer
export TSAN_OPTIONS=halt_on_error=1:log_path=$ROOT/sanitizer

# What a person has set up must not decide whether a test passes.
for variable in $(compgen -e); do
    case $variable in
    CODE_* | CODEX_* | BEACON_* | OPENAI_* | AZURE_* | *_proxy | *_PROXY | SSL_CERT_* | CURL_* | GIT_* | TMPDIR)
        unset "$variable"
        ;;
    esac
done
export SHELL=/bin/bash TERM=dumb LC_ALL=C.UTF-8 MOCK_KEY=sk-e2e-secret
exec </dev/null

CASE='' WORK='' HOME_DIR='' LOG='' STDOUT='' STDERR='' # of the current check
STATUS=0 # of the last run
SERVER_PIDS=()
BEACON_PID='' EVENTS=''
N_CHECKS=0 N_FAILED=0

# ---- one check after the other ----

# Begin a check; the sentence is what must stay true.
check() {
    end_check
    N_CHECKS=$((N_CHECKS + 1))
    CASE=$ROOT/$N_CHECKS
    WORK=$CASE/work HOME_DIR=$CASE/home LOG=$CASE/log STDOUT=$CASE/stdout STDERR=$CASE/stderr
    mkdir -p -m 700 "$WORK" "$HOME_DIR" "$CASE/user"
    : >"$LOG" && : >"$STDOUT" && : >"$STDERR"
    cd "$WORK" || exit 2
    export CODE_HOME=$HOME_DIR HOME=$CASE/user
    echo "-- $1"
}

end_check() {
    local report
    stop_beacon
    stop_servers
    for report in "$ROOT"/sanitizer.*; do
        if [ -e "$report" ]; then
            fail "a sanitizer complains: $(cat "$report")"
            rm -f "$report"
        fi
    done
}

stop_servers() {
    local pid
    for pid in "${SERVER_PIDS[@]}"; do
        kill "$pid" 2>/dev/null
    done
    SERVER_PIDS=()
}

stop_beacon() {
    if [ -n "$BEACON_PID" ]; then
        {
            kill -KILL "$BEACON_PID"
            wait "$BEACON_PID"
        } 2>/dev/null
        exec {EVENTS}<&-
    fi
    BEACON_PID=''
}

finish() {
    local status=$?
    trap - EXIT
    end_check
    cd / || exit 2
    if [ -n "${E2E_KEEP-}" ]; then
        echo "kept $ROOT"
    else
        rm -rf "$ROOT"
    fi
    echo "$NAME: $N_CHECKS checks, $N_FAILED failed expectations"
    [ "$N_FAILED" -eq 0 ] || status=1
    exit "$status"
}
trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# Leave the whole script out; ctest shows it as skipped.
skip_all() {
    echo "$NAME: skipped, $1"
    trap - EXIT
    rm -rf "$ROOT"
    exit 77
}

# Leave the rest of one check out.
skip() {
    echo "   skipped: $1"
}

# has_program NAME: is it in PATH? `command` is a function of these tests, see below.
has_program() {
    type -P "$1" >/dev/null
}

# ---- the scripted model ----

# serve SCENARIO: start a server and set PORT. Its requests go to $LOG, one JSON line each.
serve() {
    local pid
    printf '%s\n' "$1" >"$CASE/scenario.json"
    pid=$("$MOCK_MODEL" --port-file "$CASE/port" --log "$LOG" --idle-exit-s 100 --background \
        "$CASE/scenario.json") || exit 2
    SERVER_PIDS+=("$pid")
    PORT=$(cat "$CASE/port")
}

# responses A B …: the scenario that answers A, then B, …
responses() {
    local IFS=,
    printf '{"responses":[%s]}' "$*"
}

# model A B …: a server that answers so, and a config.toml that uses it.
model() {
    serve "$(responses "$@")"
    configure
}

# model_always A: the same answer to every request.
model_always() {
    serve "{\"responses\":[$1],\"repeat_last\":true}"
    configure
}

# configure [TOP] [PROVIDER] [TABLES]: config.toml with more lines at these places. Nothing is retried
# unless the provider's lines say so.
configure() {
    local key provider=${2-}
    for key in request_max_retries stream_max_retries; do
        case $provider in
        *$key*) ;;
        *) provider="$key = 0
$provider" ;;
        esac
    done
    cat >"$HOME_DIR/config.toml" <<TOML
model = "gpt-5.5"
model_provider = "mock"
${1-}
[model_providers.mock]
name = "Mock"
base_url = "http://127.0.0.1:${PORT-1}/v1"
env_key = "MOCK_KEY"
wire_api = "responses"
$provider
${3-}
TOML
}

# Responses that call a tool. command ID SCRIPT [MORE ARGUMENTS AS JSON]
command() {
    jq -cn --arg id "$1" --arg cmd "$2" --argjson more "${3-null}" \
        '{calls: [{name: "exec_command", arguments: ({cmd: $cmd} + $more), call_id: $id}]}'
}

# call ID TOOL ARGUMENTS (a JSON object, or a JSON string sent as it is)
call() {
    jq -cn --arg id "$1" --arg name "$2" --argjson arguments "$3" \
        '{calls: [{$name, $arguments, call_id: $id}]}'
}

# patch ID LINE…: apply_patch with these lines between Begin and End.
patch() {
    jq -cn --arg id "$1" --args \
        '{custom: [{name: "apply_patch", call_id: $id,
            input: (["*** Begin Patch"] + $ARGS.positional + ["*** End Patch"] | join("\n"))}]}' \
        -- "${@:2}"
}

# together A B …: one response with the calls of all.
together() {
    printf '%s\n' "$@" | jq -cs '{calls: map(.calls // []) | add, custom: map(.custom // []) | add}'
}

# ---- running beacon ----

# run ARGS…: to the end, with the script's stdin; sets STATUS, $STDOUT and $STDERR.
run() {
    timeout --foreground 60 "$BEACON" "$@" >"$STDOUT" 2>"$STDERR"
    STATUS=$?
}

# run_json ARGS…: beacon exec with events on stdout.
run_json() {
    run exec --json --skip-git-repo-check "$@"
}

# start ARGS…: in the background. Read what it says with wait_for_event, end with wait_for_exit.
start() {
    rm -f "$CASE/events"
    mkfifo "$CASE/events"
    # Shells ignore SIGINT for their background jobs; a person's shell would not.
    env --default-signal=INT,QUIT "$BEACON" "$@" >"$CASE/events" 2>"$STDERR" &
    BEACON_PID=$!
    exec {EVENTS}<"$CASE/events"
    : >"$STDOUT"
}

start_json() {
    start exec --json --skip-git-repo-check "$@"
}

# Block until a line of stdout has this text.
wait_for_event() {
    local line
    while IFS= read -r -t 30 -u "$EVENTS" line; do
        printf '%s\n' "$line" >>"$STDOUT"
        case $line in
        *"$1"*) return ;;
        esac
    done
    fail "no event has $1" "$STDOUT" "$STDERR"
}

# Block until beacon has ended; sets STATUS.
wait_for_exit() {
    { # the shell reports who was killed, which is what some tests do
        cat <&"$EVENTS" >>"$STDOUT"
        wait "$BEACON_PID"
        STATUS=$?
    } 2>/dev/null
    BEACON_PID=''
    exec {EVENTS}<&-
}

# Block until FILE (which exists) has N lines.
wait_for_lines() {
    local tail line n=0
    exec {tail}< <(exec tail -n +1 -f -- "$1" 2>/dev/null)
    local pid=$!
    while [ "$n" -lt "$2" ] && IFS= read -r -t 30 -u "$tail" line; do
        n=$((n + 1))
    done
    kill "$pid" 2>/dev/null
    exec {tail}<&-
    [ "$n" -ge "$2" ] || fail "$1 never had $2 lines" "$1" "$STDERR"
}

# Block until the model was asked for the Nth time.
wait_for_request() {
    wait_for_lines "$LOG" "$1"
}

# A command of the model shows that it lives by holding `alive` open for writing (see STAY_ALIVE):
# wait_until_alive blocks until it runs, expect_gone until it and its children have gone.
# shellcheck disable=SC2034 # the tests put it into calls
STAY_ALIVE='exec 9>alive; echo up >&9; sleep 1000'

make_alive() {
    rm -f "$WORK/alive"
    mkfifo "$WORK/alive"
}

wait_until_alive() {
    local line
    exec {ALIVE}<"$WORK/alive"
    IFS= read -r -t 30 -u "$ALIVE" line || fail 'the command never ran'
}

expect_gone() {
    local line
    IFS= read -r -t 20 -u "$ALIVE" line
    if [ $? -ne 1 ]; then # 1 is end of file, more than 128 that time was up
        fail 'a process of the command is left'
    fi
    exec {ALIVE}<&-
}

# ---- looking at what happened ----

# JSON of the Nth request's body, through a jq filter.
request() {
    sed -n "$1p" "$LOG" | jq -r ".json | ${2-.}"
}

n_requests() {
    wc -l <"$LOG" | tr -d ' '
}

# What the model was told about a call, in the newest request.
tool_output() {
    tail -n 1 "$LOG" | jq -r --arg id "$1" \
        '.json.input[] | select(.call_id == $id and (.type | endswith("_output"))) | .output'
}

# The same without the lines that say how the command went.
command_output() {
    tool_output "$1" | sed '1,/^Output:$/d'
}

# stdout with what differs from run to run named instead: session ids and the working directory.
events() {
    sed -E -e 's/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/UUID/g' \
        -e "s|$WORK|WORK|g" "$STDOUT"
}

# The event lines that match a jq condition, through a filter.
event() {
    jq -r "select($1) | ${2-.}" "$STDOUT"
}

thread_id() {
    event '.type == "thread.started"' '.thread_id'
}

# Paths of the session files.
rollouts() {
    find "$HOME_DIR/sessions" -name 'rollout-*.jsonl' 2>/dev/null | sort
}

# ---- expectations ----

# fail MESSAGE [FILE…]: the check is broken; the files show how.
fail() {
    local file
    N_FAILED=$((N_FAILED + 1))
    if [ "$N_FAILED" -le 30 ]; then
        echo "   FAILED: $1"
        echo "           $(where)"
        for file in "${@:2}"; do
            echo "   $(basename "$file"):"
            head -c 3000 "$file" | sed 's/^/   | /'
        done
    fi
}

# The line of the test that is being judged.
where() {
    local i
    for ((i = 1; i < ${#BASH_LINENO[@]}; i++)); do
        if [ "${BASH_SOURCE[i]}" != "${BASH_SOURCE[0]}" ]; then
            echo "$(basename "${BASH_SOURCE[i]}") line ${BASH_LINENO[i - 1]}"
            return
        fi
    done
}

expect_exit() {
    if [ "$STATUS" -ne "$1" ]; then
        fail "exit status $STATUS instead of $1" "$STDOUT" "$STDERR"
    fi
}

# expect_equal WHAT GOT WANTED
expect_equal() {
    if [ "$2" != "$3" ]; then
        printf '%s\n' "$2" >"$CASE/got"
        printf '%s\n' "$3" >"$CASE/wanted"
        diff "$CASE/wanted" "$CASE/got" >"$CASE/difference"
        fail "$1 is not as expected (< wanted, > got)" "$CASE/difference"
    fi
}

expect_stdout() {
    expect_equal stdout "$(cat "$STDOUT")" "$1"
}

expect_stderr() {
    expect_equal stderr "$(cat "$STDERR")" "$1"
}

# All events, as events() shows them, against standard input.
expect_events() {
    expect_equal events "$(events)" "$(cat)"
}

# A file has this text somewhere.
expect_has() {
    if ! grep -qF -- "$2" "$1"; then
        fail "$(basename "$1") has no '$2'" "$1"
    fi
}

# A file has exactly this line.
expect_line() {
    if ! grep -qxF -- "$2" "$1"; then
        fail "$(basename "$1") has no line '$2'" "$1"
    fi
}

expect_not() {
    if grep -qF -- "$2" "$1"; then
        fail "$(basename "$1") has '$2'" "$1"
    fi
}

expect_requests() {
    expect_equal 'the number of requests' "$(n_requests)" "$1"
}

# Every line of stdout is a JSON object with a type.
expect_json_lines() {
    if ! jq -es 'length > 0 and all(.[]; type == "object" and (.type | type) == "string")' \
        "$STDOUT" >/dev/null 2>&1; then
        fail 'stdout is not JSON Lines' "$STDOUT"
    fi
}

# Every session file consists of whole JSON lines.
expect_whole_rollouts() {
    local file
    for file in $(rollouts); do
        if ! jq -es 'length > 0' "$file" >/dev/null 2>&1 || [ -n "$(tail -c 1 "$file")" ]; then
            fail "$file is not whole" "$file"
        fi
    done
}
