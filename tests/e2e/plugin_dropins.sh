#!/usr/bin/env bash
# What an admin says in plugins.d of the system, against what a user says. The program under test is the
# one whose admin's folder is in the build tree.
. "$(dirname "$0")/lib.sh"
needs_plugin_files

needs_admin
ELSEWHERE=$BUILD/tests/elsewhere
BEACON=$ELSEWHERE/bin/beacon
TOYS=$BUILD/tests/plugins

rm -rf "$ELSEWHERE/etc" "$ELSEWHERE/lib"
mkdir -p -m 755 "$ELSEWHERE/etc/plugins.d" "$ELSEWHERE/lib/beacon/plugins"
cp "$BUILD"/lib/beacon/plugins/*.so "$ELSEWHERE/lib/beacon/plugins/"

# admin TEXT: the drop-in of the system.
admin() {
    printf '%s\n' "$@" >"$ELSEWHERE/etc/plugins.d/10-admin.ini"
}

# user TEXT: the drop-in of the user.
user() {
    mkdir -p -m 700 "$HOME_DIR/plugins.d"
    printf '%s\n' "$@" >"$HOME_DIR/plugins.d/mine.ini"
}

check 'the system speaks before the user'
mkdir -m 755 "$CASE/opt"
cp "$TOYS/good/toy.so" "$CASE/opt/theirs.so"
cp "$TOYS/good/toy.so" "$CASE/opt/mine.so"
admin '[com.example.toy]' "path = $CASE/opt/theirs.so"
user '[com.example.toy]' "path = $CASE/opt/mine.so" 'override = yes'
run plugin why toy
expect_exit 0
expect_has "$STDOUT" "com.example.toy 1.2.3 is used: $CASE/opt/theirs.so"
expect_has "$STDOUT" "it is decided by $ELSEWHERE/etc/plugins.d/10-admin.ini:1"

check 'what the system masks stays masked, in safe mode too'
admin '[com.beacon.provider-responses]' 'path ='
user '[com.beacon.provider-responses]' 'enabled = yes'
model '{"text":"ok"}'
for mode in '' --safe-mode; do
    # shellcheck disable=SC2086 # empty on purpose
    run exec --skip-git-repo-check $mode hi
    expect_exit 3
    expect_has "$STDERR" "$ELSEWHERE/etc/plugins.d/10-admin.ini:2 masks com.beacon.provider-responses"
done
expect_requests 0

check 'a slip in a drop-in, which undoes a mask, is warned of'
admin '[com.example.toy]' 'paht ='
model '{"text":"ok"}'
run exec --skip-git-repo-check hi
expect_exit 0
expect_has "$STDERR" "warning: $ELSEWHERE/etc/plugins.d/10-admin.ini:2: there is no key \"paht\""

check 'what the system requires must be there'
admin '[com.example.toy]' 'required = yes'
model '{"text":"ok"}'
run exec --skip-git-repo-check hi
expect_exit 1
expect_has "$STDERR" "$ELSEWHERE/etc/plugins.d/10-admin.ini:2 requires com.example.toy"
expect_requests 0

check 'a drop-in of the system that others can change is not followed'
mkdir -m 755 "$CASE/opt"
cp "$TOYS/good/toy.so" "$CASE/opt/toy.so"
admin '[com.example.toy]' "path = $CASE/opt/toy.so"
chmod 666 "$ELSEWHERE/etc/plugins.d/10-admin.ini"
run plugin list
expect_exit 0
expect_has "$STDOUT" "refused: $ELSEWHERE/etc/plugins.d/10-admin.ini can be changed by others: its mode is 0666"
expect_not "$STDOUT" 'com.example.toy  '
chmod 644 "$ELSEWHERE/etc/plugins.d/10-admin.ini"
run plugin list
expect_has "$STDOUT" 'com.example.toy  '

rm -rf "$ELSEWHERE/etc" "$ELSEWHERE/lib"
