#!/usr/bin/env bash
# docs/providers.md: every command of it, typed from top to bottom, and its tables against the sources.
. "$(dirname "$0")/lib.sh"

has_program python3 || skip_all 'there is no python3'
PAGE=$SOURCE/docs/providers.md
GUIDE=$SOURCE/tests/e2e/guide.py

check 'every command of the page does what the page says'
mkfifo "$CASE/played"
python3 "$SOURCE/tests/e2e/provider_server.py" ollama "$CASE/played" "$LOG" 2>"$CASE/server" &
SERVER_PIDS+=($!)
disown
URL=http://127.0.0.1:$(cat "$CASE/played")
mkdir "$CASE/blocks"
python3 "$GUIDE" extract "$PAGE" "$CASE/blocks" || fail 'the page cannot be read'
sed -i "s|http://localhost:11434|$URL|g" "$CASE"/blocks/*.sh
{
    echo 'set -eu -o pipefail'
    for file in "$CASE"/blocks/*.sh; do
        echo "echo '${file%.sh}' >'$CASE/last'; . '$file' >'${file%.sh}.out' 2>&1"
    done
    echo "echo all >'$CASE/last'"
} >"$CASE/run"
env -i HOME="$CASE/user" PATH="$(dirname "$BEACON"):/usr/local/bin:/usr/bin:/bin" TERM=dumb LC_ALL=C.UTF-8 \
    bash "$CASE/run" >"$CASE/typed" 2>&1 </dev/null
last=$(cat "$CASE/last")
[ "$last" = all ] || fail "the commands at line $(cat "$last.line") of the page fail" "$last.sh" "$last.out" "$CASE/typed"
for file in "$CASE"/blocks/*.out; do
    name=${file%.out}
    [ -e "$name.text" ] || continue
    sed -e "s|$CASE/user|~|g" -e "s|$URL|http://localhost:11434|g" "$file" >"$name.seen"
    python3 "$GUIDE" compare "$name.text" "$name.seen" >"$name.diff" ||
        fail "the output at line $(cat "$name.line") of the page is another" "$name.diff"
done

check 'the page has every key and every quirk'
sed -n 's/^    {"\([a-z]*\)", "\([a-z_]*\)", QUIRK_.*/\1 \2/p' "$SOURCE/host/config/profile_quirks.c" >quirks
[ "$(wc -l <quirks)" -ge 20 ] || fail 'the rows of the quirks are not found' quirks
while read -r wire name; do
    grep -q "^| $wire | .*\`$name\`" "$PAGE" || fail "the page has no quirk $name of the wire $wire"
done <quirks
sed -n '/provider_rows\[\]/,/^};/s/^ *{"\([a-z_]*\)".*/\1/p' "$SOURCE/host/config/profile_check.c" >keys
[ "$(wc -l <keys)" -ge 20 ] || fail 'the rows of the keys are not found' keys
while read -r name; do
    grep -q "^| .*\`$name\`" "$PAGE" || fail "the page has no key $name"
done <keys
