#!/usr/bin/env bash
# docs/plugin-guide.md: a stranger types every command of it, from top to bottom, and sees what it says.
# The stranger has the installed SDK, an empty home and the programs of the system, nothing of the tree.
. "$(dirname "$0")/lib.sh"
needs_plugin_files
NO_ADMIN=
. "$(dirname "$0")/admin.sh"

PAGE=$SOURCE/docs/plugin-guide.md
GUIDE=$SOURCE/tests/e2e/guide.py
for program in cmake git minisign python3; do
    has_program "$program" || skip_all "there is no $program"
done
echo '#include <cmocka.h>' | cc -include stdarg.h -include stddef.h -include setjmp.h -include stdint.h \
    -fsyntax-only -xc - 2>/dev/null || skip_all 'there is no cmocka'
[ "$IS_SANITIZED" = no ] || skip_all 'the test host of a sanitized build only links with the sanitizer'

check 'a page that promises what does not happen is seen'
printf '%s\n' '```sh' 'true' '```' '```text' 'a … c' '…' 'd' '```' >page.md
mkdir blocks
python3 "$GUIDE" extract page.md blocks || fail 'a good page is refused'
printf 'a b c\nd\n' >same
printf 'a b c\nx\ny\nd\n' >longer
printf 'a b\nd\n' >other
for file in same longer; do
    python3 "$GUIDE" compare blocks/01.text "$file" || fail "$file is not recognised"
done
python3 "$GUIDE" compare blocks/01.text other >/dev/null && fail 'another output passes'
printf '%s\n' '```sh' 'true' '```' '' '```text' 'far away' '```' >page.md
python3 "$GUIDE" extract page.md blocks 2>/dev/null && fail 'a block that nothing tries passes'

check 'every command of the plugin guide does what the page says'
mkdir -p blocks checkout/build
ln -s "$BUILD" checkout/build/release
python3 "$GUIDE" extract "$PAGE" blocks || fail 'the page cannot be read'
PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
OPT=$ELSEWHERE/opt
clean_up() {
    local pid
    pid=$(cat "$CASE/user/server.pid" 2>/dev/null)
    if [ -n "$pid" ] && grep -q acme_llm_server "/proc/$pid/cmdline" 2>/dev/null; then
        kill "$pid"
    fi
    rm -rf "$OPT"
    [ -n "$NO_ADMIN" ] || remove_policy
}
trap 'status=$?; clean_up; (exit "$status"); finish' EXIT

# Where the page names what a test must not touch, a place that it may.
for file in blocks/*.sh; do
    # In two steps: the tree itself may lie below /opt.
    sed -i -e "s|/opt/|@OPT@/|g" -e "s|/etc/code|$ADMIN|g" -e "s|@OPT@|$OPT|g" -e "s|8808|$PORT|g" "$file"
done
# What a person's terminal would not say, and the names of these places.
as_on_the_page() {
    sed -e '/^Reading additional input from stdin\.\.\.$/d' -e "s|$HOME|~|g" -e "s|$ADMIN|/etc/code|g" \
        -e "s|$OPT/|/opt/|g" -e "s|127.0.0.1:$PORT|127.0.0.1:8808|g" "$1"
}

# One shell for all, so that cd and export go on; it stops at the first command that fails.
{
    echo 'set -eu -o pipefail'
    echo "cd '$PWD/checkout'"
    for file in blocks/*.sh; do
        if [ -n "$NO_ADMIN" ] && grep -q '^# as root$' "$file"; then
            break # and what follows is about the policy
        fi
        name=${file%.sh}
        echo "echo '$name' >'$PWD/last'; . '$PWD/$file' >'$PWD/$name.out' 2>&1"
        if [ "$name" = blocks/01 ]; then
            # The same program, but /etc/code is a folder of this test.
            [ -n "$NO_ADMIN" ] || echo "cp '$BEACON' ~/beacon/bin/beacon"
        fi
    done
    echo "echo all >'$PWD/last'"
} >run_guide
if [ -n "$NO_ADMIN" ]; then
    skip "the administrator's side: $NO_ADMIN"
else
    no_policy # the folder is this test's, see RESOURCE_LOCK
    rm -rf "$ADMIN" "$OPT"
fi
begin=$SECONDS
env -i HOME="$HOME" PATH="$PATH" SHELL=/bin/bash TERM=dumb LC_ALL=C.UTF-8 bash run_guide >guide.log 2>&1
last=$(cat last)
if [ "$last" != all ]; then
    fail "the commands at line $(cat "$last.line") of the page fail" "$last.sh" "$last.out" guide.log
fi
for file in blocks/*.out; do
    name=${file%.out}
    [ -e "$name.text" ] || continue
    as_on_the_page "$file" >"$name.seen"
    python3 "$GUIDE" compare "$name.text" "$name.seen" >"$name.diff" ||
        fail "the output at line $(cat "$name.line") of the page is another" "$name.diff"
done
run_blocks=(blocks/*.out) all_blocks=(blocks/*.sh)
echo "   ${#run_blocks[@]} of ${#all_blocks[@]} blocks in $((SECONDS - begin)) s"
