#!/usr/bin/env bash
# The administrator's profiles of providers.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/admin.sh"

# admin_profile: standard input becomes the administrator's acme.yaml.
admin_profile() {
    no_policy
    mkdir "$ADMIN/providers.d"
    cat >"$ADMIN/providers.d/acme.yaml"
}
ACME='id: acme
wire: responses
base_url: http://admin.example/v1'

check 'a profile of the administrator is a provider'
admin_profile <<<"$ACME"
run provider show acme
expect_exit 0
expect_has "$STDOUT" "\"http://admin.example/v1\"    # $ADMIN/providers.d/acme.yaml:3"

check 'one of the home replaces it'
admin_profile <<<"$ACME"
mkdir -m 700 "$HOME_DIR/providers.d"
(umask 077 && sed 's/admin/home/' >"$HOME_DIR/providers.d/acme.yaml" <<<"$ACME")
run provider list --json
expect_equal 'the definitions' "$(jq -c '.[] | select(.id == "acme") | .definitions | map(.kind + " " + .use)' "$STDOUT")" \
    '["home used","admin shadowed"]'
run provider show acme
expect_has "$STDOUT" 'http://home.example/v1'

check 'what somebody else could have written is refused'
admin_profile <<<"$ACME"
chmod g+w "$ADMIN/providers.d/acme.yaml"
run provider show acme
expect_exit 78
expect_has "$STDERR" 'acme.yaml is writable by others'
expect_has "$STDERR" 'chmod go-w'
chmod g-w "$ADMIN/providers.d/acme.yaml"
chown 65534 "$ADMIN/providers.d/acme.yaml"
run provider show acme
expect_exit 78
expect_has "$STDERR" 'chown root:root'

no_policy
