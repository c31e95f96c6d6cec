#!/usr/bin/env bash
# The enterprise program under a policy: nothing but what is inside it ever runs.
. "$(dirname "$0")/lib.sh"

is_enterprise || skip_all 'this build loads plugin files'
needs_admin
BEACON=$BUILD/tests/elsewhere/bin/beacon
ADMIN=$BUILD/tests/elsewhere/etc
umask 022
rm -rf "$ADMIN"
mkdir -p "$ADMIN/policy.d"
trap 'rm -rf "$ADMIN"; finish' EXIT

check 'what the policy allows of the static set works'
cat >"$ADMIN/policy.d/10-fleet.ini" <<'INI'
[plugins]
sources = static
allow = com.beacon.provider-responses, com.beacon.sandbox-landlock, com.beacon.auth-api-key
INI
model '{"text":"From inside."}'
run exec --skip-git-repo-check hello
expect_exit 0
expect_stdout 'From inside.'

check 'what it does not allow is refused with the line that says so'
model '{"text":"never"}'
run exec --skip-git-repo-check -c model_provider=replay hello
expect_exit 78
expect_has "$STDERR" "$ADMIN/policy.d/10-fleet.ini:3"
expect_requests 0

check 'static plugins are not exempt from sources'
printf '[plugins]\nsources = bundled\n' >"$ADMIN/policy.d/20-files.ini"
model '{"text":"never"}'
run exec --skip-git-repo-check hello
expect_exit 78
expect_has "$STDERR" "$ADMIN/policy.d/"
expect_requests 0
rm "$ADMIN/policy.d/20-files.ini"

check 'a file is refused wherever a person puts it'
mkdir -p "$HOME_DIR/plugins" "$HOME_DIR/plugins.d"
cp "$MOCK_MODEL" "$HOME_DIR/plugins/mine.so"
printf '[com.acme.mine]\npath = %s\n' "$HOME_DIR/plugins/mine.so" >"$HOME_DIR/plugins.d/mine.ini"
BEACON_PLUGIN_PATH=$HOME_DIR/plugins run plugin list --json
expect_exit 0
expect_equal 'usable files' "$(jq '[.[] | select(.path // "" | endswith("mine.so")) |
    select(.state == "usable")] | length' "$STDOUT")" 0
expect_equal 'refused files' "$(jq '[.[] | select(.path // "" | endswith("mine.so"))] | length > 0' \
    "$STDOUT")" true
