#!/usr/bin/env bash
# Ways around an administrator's policy and lock that begin outside of the plugin folders: the
# environment, the way the program is started, a copy of it, its own tools. None of them gets a byte of
# somebody's plugin to run, and each is told.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/admin.sh"

TOY=$BUILD/tests/plugins/good/toy.so
[ -e "$TOY" ] || skip_all "$TOY is not built"
SAY=(exec --skip-git-repo-check hi)
USE_TOY=(-c model_providers.mock.plugin=toy)

clamp() {
    no_policy
    export TOY_MARKER=$CASE/ran
    model_always '{"text":"ok"}'
    "$BEACON" plugin lock -o "$ADMIN/plugins.lock" >/dev/null 2>&1 || fail 'no lock was made'
    policy 10-acme <<INI
[plugins]
sources = bundled
lock = $ADMIN/plugins.lock
INI
    run "${SAY[@]}"
    expect_exit 0
}

check 'no variable that makes a library load code is set while a lock is in force'
clamp
for variable in OPENSSL_CONF OPENSSL_CONF_INCLUDE OPENSSL_MODULES OPENSSL_ENGINES GCONV_PATH \
    LD_LIBRARY_PATH; do
    export "$variable=$CASE"
    run "${SAY[@]}"
    unset "$variable"
    expect_exit 78
    expect_has "$STDERR" "$variable is set"
    expect_has "$STDERR" "env -u $variable"
done
echo "OPENSSL_CONF=$CASE/x" >"$HOME_DIR/.env"
run "${SAY[@]}"
expect_exit 78
expect_has "$STDERR" 'OPENSSL_CONF is set'

check 'without a policy or lock the same variables are nobody'\''s business'
clamp
rm -r "$ADMIN/policy.d"
GCONV_PATH=$CASE run "${SAY[@]}"
expect_exit 0

check 'a dynamic linker that is started by hand is seen'
clamp
linker=$(readelf -p .interp "$BEACON" 2>/dev/null | grep -o '/[^ ]*')
if [ "$IS_SANITIZED" = no ] && [ -x "$linker" ]; then
    timeout 60 "$linker" "$BEACON" "${SAY[@]}" >"$STDOUT" 2>"$STDERR"
    STATUS=$?
    expect_exit 78
    expect_has "$STDERR" 'started through the dynamic linker'
    rm -r "$ADMIN/policy.d"
    timeout 60 "$linker" "$BEACON" --version >"$STDOUT" 2>"$STDERR"
    STATUS=$?
    expect_exit 0
else
    skip 'there is no linker to start'
fi

check 'a copy of the program brings no bundled plugins of its own along'
clamp
policy 10-acme <<'INI'
[plugins]
sources = bundled
INI
mkdir -p "$CASE/copy/bin" "$CASE/copy/lib/beacon/plugins"
cp "$BEACON" "$CASE/copy/bin/beacon"
cp "$PLUGINS"/*.so "$TOY" "$CASE/copy/lib/beacon/plugins/"
INSTALLED=$BEACON
BEACON=$CASE/copy/bin/beacon
run "${SAY[@]}" "${USE_TOY[@]}"
expect_clamped "$(place 10-acme.ini:2)"
expect_has "$STDERR" 'others than root can change'
BEACON=$INSTALLED
expect_nothing_ran

check 'the checker runs nothing where a policy says what may run'
clamp
cp "$TOY" "$CASE/toy.so"
run plugin check "$CASE/toy.so"
expect_exit 78
expect_has "$STDERR" "$ADMIN/policy.d"
for way in '--only L' '--only=S,L' '--only S --only L' '-o x' '--skip S'; do
    run plugin check $way "$CASE/toy.so"
    expect_exit 78
done
run plugin check --only S "$CASE/toy.so"
[ "$STATUS" -le 1 ] || fail "looking was refused ($STATUS)" "$STDERR"
expect_has "$STDOUT" 'S.'
cp "$TOY" S # where "--only" may be taken for the value of -o, and S for the file
run plugin check -o --only S
if grep -q 'L\.' "$STDOUT"; then
    fail 'the checker did more than look' "$STDOUT"
fi
expect_nothing_ran

check 'names with escape sequences reach no terminal'
clamp
mkdir -p -m 700 "$HOME_DIR/plugins" "$HOME_DIR/plugins.d"
cp "$TOY" "$HOME_DIR/plugins/$(printf 'a\033]0;b\007\nc.so')"
printf '[com.example.x]\npath = /\033[2Jx.so\n' >"$HOME_DIR/plugins.d/$(printf 'x\033[3m.ini')"
run "${SAY[@]}" -c 'model_providers.mock.plugin="x\u001b[31m"'
cat "$STDERR" >"$CASE/all"
for command in 'plugin list' 'plugin list --json' 'plugin why com.example.toy' \
    "plugin show $(printf 'x\033[31m')" "plugin why $(printf 'x\033[31m')" \
    "config explain $(printf 'x\033[31m')"; do
    run $command
    cat "$STDOUT" "$STDERR" >>"$CASE/all"
done
if grep -q '[[:cntrl:]]' "$CASE/all"; then
    fail 'a control character reached the output' "$CASE/all"
fi
expect_nothing_ran

remove_policy
