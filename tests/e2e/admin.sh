# shellcheck shell=bash
# admin.sh - for tests in which somebody is the administrator; sourced behind lib.sh. The program is
# beacon_elsewhere, whose /etc/code is $ADMIN in the build tree. Only root can own that, so the whole
# script is skipped for anybody else, unless NO_ADMIN was set to go on without: then it tells why.

ELSEWHERE=$BUILD/tests/elsewhere
ADMIN=$ELSEWHERE/etc
PLUGINS=$ELSEWHERE/lib/beacon/plugins
BEACON=$ELSEWHERE/bin/beacon
umask 022

if [ -n "${NO_ADMIN+set}" ]; then
    NO_ADMIN=$(why_no_admin)
else
    needs_admin
fi
[ -e "$BUILD/lib/beacon/plugins/provider_responses.so" ] || skip_all 'the plugins are in the program'

# A fresh installation: no policy, and the plugins as they were built.
no_policy() {
    rm -rf "$ADMIN" "$ELSEWHERE/lib"
    mkdir -p "$ADMIN/policy.d" "$ADMIN/plugins.d"
    cp -a "$BUILD/lib" "$ELSEWHERE/lib"
    chown -R root:root "$ELSEWHERE/lib"
    chmod -R go-w "$ELSEWHERE/lib"
}

# policy NAME: standard input becomes policy.d/NAME.ini.
policy() {
    cat >"$ADMIN/policy.d/$1.ini"
}

# The place NAME:LINE as messages have it.
place() {
    echo "$ADMIN/policy.d/$1"
}

# expect_clamped PLACE: refused by the policy, at that file and line, with advice.
expect_clamped() {
    expect_exit 78
    expect_has "$STDERR" "$1"
    expect_has "$STDERR" 'administrator'
}

# No code of the toy, which writes into $CASE/ran, has run.
expect_nothing_ran() {
    [ ! -e "$CASE/ran" ] || fail 'code of a plugin ran that must not' "$CASE/ran" "$STDERR"
}

remove_policy() {
    rm -rf "$ADMIN" "$ELSEWHERE/lib"
}
