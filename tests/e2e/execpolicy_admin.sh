#!/usr/bin/env bash
# The administrator's command rules in a session.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/admin.sh"

# admin_rules: standard input becomes the administrator's file.
admin_rules() {
    no_policy
    mkdir "$ADMIN/rules"
    cat >"$ADMIN/rules/site.rules"
}

session() {
    stop_servers
    : >"$LOG"
    model "$(command c1 "$1")" '{"text":"Done."}'
    mkdir -p "$HOME_DIR/rules"
    echo 'prefix_rule(["touch"])' >"$HOME_DIR/rules/default.rules"
    run_json -s workspace-write go
    expect_exit 0
    tool_output c1 >"$CASE/told"
}

check 'what the administrator forbids, nobody can allow'
admin_rules <<<'prefix_rule(["touch"], "forbidden", justification="site rule 7")'
session 'touch made'
[ ! -e made ] || fail 'it ran'
expect_has "$CASE/told" 'rejected: site rule 7'

check 'without the rule it is allowed by the user'
admin_rules <<<'prefix_rule(["tee"], "forbidden")'
session 'touch made'
[ -e made ] || fail 'it did not run' "$CASE/told"

check 'a file that somebody else could have written makes every command ask'
admin_rules <<<'prefix_rule(["touch"])'
chmod o+w "$ADMIN/rules/site.rules"
session 'touch made'
[ ! -e made ] || fail 'it ran'
expect_has "$CASE/told" 'site.rules is writable by others'
chown 12345 "$ADMIN/rules"
session 'ls'
expect_has "$CASE/told" 'belongs to user 12345 and not to root'

check 'a broken file of the administrator makes every command ask'
admin_rules <<<'prefix_rule('
session 'ls'
expect_has "$CASE/told" 'site.rules:2:1: unexpected end of file'

no_policy
