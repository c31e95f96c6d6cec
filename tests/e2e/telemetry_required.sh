# shellcheck shell=bash
# telemetry_required.sh - an admin who wants an audit gets one, or no session.
. "$(dirname "$0")/lib.sh"

needs_admin

BEACON=$BUILD/tests/elsewhere/bin/beacon
ETC=$BUILD/tests/elsewhere/etc
LIB=$BUILD/tests/elsewhere/lib

rm -rf "$ETC" "$LIB"
mkdir -p -m 755 "$ETC/policy.d" "$LIB/beacon/plugins"
cp "$BUILD"/lib/beacon/plugins/*.so "$LIB/beacon/plugins/"
printf '[require]\ntelemetry = com.beacon.telemetry-file\n' >"$ETC/policy.d/10-audit.ini"
chmod 644 "$ETC/policy.d/10-audit.ini"
trap 'rm -rf "$ETC" "$LIB"; finish' EXIT

check 'without the exporter there is no session, and the line to add is told'
model '{"text":"ok"}'
run exec --skip-git-repo-check 'say hello'
expect_exit 78
expect_has "$STDERR" "$ETC/policy.d/10-audit.ini:2 requires telemetry by com.beacon.telemetry-file"
expect_has "$STDERR" '[otel.exporter."com.beacon.telemetry-file:file"]'
expect_requests 0
expect_equal 'the sessions' "$(rollouts)" ''

check 'the line that is told is the one that helps'
model '{"text":"ok"}'
configure '' '' '[otel.exporter."com.beacon.telemetry-file:file"]'
run exec --skip-git-repo-check 'say hello'
expect_exit 0
expect_stdout 'ok'
expect_has "$HOME_DIR/telemetry.jsonl" 'codex.user_prompt'

check 'a required exporter that cannot be opened is no warning'
model '{"text":"ok"}'
configure '' '' "[otel.exporter.file]
path = \"$WORK\""
run exec --skip-git-repo-check 'say hello'
expect_exit 78
expect_has "$STDERR" 'it is a folder'
expect_requests 0

check 'nobody can switch a required exporter off'
model '{"text":"ok"}'
configure '' '' '[otel]
exporter = "file"'
run exec --skip-git-repo-check -c 'otel.exporter="none"' 'say hello'
expect_exit 78
expect_requests 0
