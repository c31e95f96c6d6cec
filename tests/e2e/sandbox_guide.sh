#!/usr/bin/env bash
# docs/sandbox.md: every command of it, typed from top to bottom by root and by an ordinary user, its table
# and the sentences it quotes.
. "$(dirname "$0")/lib.sh"

PAGE=$SOURCE/docs/sandbox.md
GUIDE=$SOURCE/tests/e2e/guide.py
TABLE=$SOURCE/tests/e2e/sandbox_table.py
for program in curl git python3; do
    has_program "$program" || skip_all "there is no $program"
done
"$BEACON" sandbox linux --backend namespaces -- true 2>/dev/null ||
    skip_all 'there are no user namespaces, and the page is about a machine that has them'

# Not below /tmp, which workspace-write makes writable.
PLACE=$(mktemp -d /var/tmp/beacon-guide.XXXXXX) || exit 2
trap 'status=$?; rm -rf "$PLACE"; (exit "$status"); finish' EXIT
chmod 711 "$PLACE"

# Who types: a name, and the words in front of a command.
PEOPLE=(me)
AS_me=()
if [ "$(id -u)" -eq 0 ]; then
    AS_somebody=(setpriv --reuid 65534 --regid 65534 --clear-groups --)
    if has_program setpriv && "${AS_somebody[@]}" "$BEACON" --version >/dev/null 2>&1; then
        PEOPLE+=(somebody)
    else
        skip 'an ordinary user cannot start this program'
    fi
fi

# type_page PERSON: the blocks in one shell, so that cd goes on; it stops at the first command that fails.
type_page() {
    local place=$PLACE/$1 file name
    local -n as=AS_$1
    {
        echo 'set -eu -o pipefail'
        for file in "$place"/blocks/*.sh; do
            name=${file%.sh}
            echo "echo '$name' >'$place/last'; . '$file' >'$name.out' 2>&1"
        done
        echo "echo all >'$place/last'"
    } >"$place/run"
    chmod 755 "$place/run"
    "${as[@]}" env -i HOME="$place/home" PATH="$BUILD/bin:/usr/local/bin:/usr/bin:/bin" SHELL=/bin/bash TERM=dumb LC_ALL=C.UTF-8 \
        bash "$place/run" >"$place/log" 2>&1 </dev/null
}

# verify_all PERSON: what the table is compared with.
verify_all() {
    local place=$PLACE/$1 backend
    local -n as=AS_$1
    for backend in namespaces landlock; do
        "${as[@]}" env -i HOME="$place/home" PATH="$PATH" TERM=dumb \
            "$BEACON" sandbox verify --json --backend "$backend" >"$PLACE/$1.$backend.json" 2>>"$place/log" || true
    done
}

expect_page() {
    local place=$PLACE/$1 last name file
    last=$(cat "$place/last" 2>/dev/null)
    if [ "$last" != all ]; then
        fail "$1: the commands at line $(cat "$last.line") of the page fail" "$last.sh" "$last.out" "$place/log"
    fi
    for file in "$place"/blocks/*.out; do
        name=${file%.out}
        [ -e "$name.text" ] || continue
        sed "s|$place/home|~|g" "$file" >"$name.seen"
        python3 "$GUIDE" compare "$name.text" "$name.seen" >"$name.diff" ||
            fail "$1: the output at line $(cat "$name.line") of the page is another" "$name.diff"
    done
}

check 'every command of the page does what the page says'
begin=$SECONDS
for person in "${PEOPLE[@]}"; do
    mkdir -p "$PLACE/$person/home" "$PLACE/$person/blocks"
    python3 "$GUIDE" extract "$PAGE" "$PLACE/$person/blocks" || fail 'the page cannot be read'
    [ "$person" = me ] || chown -R 65534:65534 "$PLACE/$person"
    type_page "$person" &
done
wait
for person in "${PEOPLE[@]}"; do
    expect_page "$person"
done
echo "   ${#PEOPLE[@]} people in $((SECONDS - begin)) s"

check 'the table of the page is what verify finds'
if "$BEACON" sandbox linux --backend landlock -- true 2>/dev/null; then
    for person in "${PEOPLE[@]}"; do
        verify_all "$person" &
    done
    wait
    python3 "$TABLE" "$PAGE" "$PLACE"/*.json >"$CASE/table" || fail 'the table is another' "$CASE/table"
    sed 's/^| plant a git hook | yes | in read-only |$/| plant a git hook | yes | yes |/' "$PAGE" >other.md
    python3 "$TABLE" other.md "$PLACE"/*.json >/dev/null && fail 'a table that promises too much passes'
else
    skip 'there is no Landlock'
fi

check 'the sentences of the page are what the model is told'
mkdir -p "$PLACE/session/project"
cd "$PLACE/session/project" || exit 2
git init -q
model "$(together "$(command c1 'touch /etc/hosts')" "$(command c2 'touch .git/hooks/pre-commit')" \
    "$(command c3 'curl -sS http://example.org')")" '{"text":"Done."}'
configure 'sandbox_backend = "namespaces"' '' '[sandbox_workspace_write]
exclude_slash_tmp = true
exclude_tmpdir_env_var = true'
run_json -s workspace-write 'go'
expect_exit 0
for id in c1 c2 c3; do
    tool_output "$id" | sed "s|$PLACE/session/project|~/project|g"
done >told
grep '^> ' "$PAGE" | sed 's/^> //' >quoted
expect_equal 'sentences' "$(wc -l <quoted | tr -d ' ')" 3
while IFS= read -r sentence; do
    expect_has told "$sentence"
done <quoted
