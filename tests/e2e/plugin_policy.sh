#!/usr/bin/env bash
# An administrator's policy: no file, variable, flag or repository of a user gets around it, and every
# attempt is explained with the line that decided and exit status 78.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/admin.sh"

# A provider that says, in the file TOY_MARKER names, that its code ran.
TOY=$BUILD/tests/plugins/good/toy.so
[ -e "$TOY" ] || skip_all "$TOY is not built"
SAY=(exec --skip-git-repo-check hi)

plant() {
    no_policy
    export TOY_MARKER=$CASE/ran
    mkdir -p -m 700 "$HOME_DIR/plugins" "$CASE/extra"
    cp "$TOY" "$CASE/extra/toy.so"
    model_always '{"text":"ok"}'
}

check 'without a policy a plugin of the user runs, or these tests would prove nothing'
plant
export BEACON_PLUGIN_PATH=$CASE/extra
run "${SAY[@]}" -c model_providers.mock.plugin=toy
[ -e "$CASE/ran" ] || fail 'the toy did not run' "$STDERR"
unset BEACON_PLUGIN_PATH

# clamp_every_way PLACE: each way a user has to bring a plugin along.
clamp_every_way() {
    local where=$1
    export BEACON_PLUGIN_PATH=$CASE/extra
    run "${SAY[@]}" -c model_providers.mock.plugin=toy
    expect_clamped "$where"
    configure '' 'plugin = "toy"'
    run "${SAY[@]}"
    expect_clamped "$where"
    unset BEACON_PLUGIN_PATH

    cp "$TOY" "$HOME_DIR/plugins/toy.so"
    run "${SAY[@]}"
    expect_clamped "$where"
    run "${SAY[@]}" -c 'model_providers.mock.plugin="com.example.toy:toy"'
    expect_clamped "$where"
    rm "$HOME_DIR/plugins/toy.so"

    mkdir -p -m 700 "$HOME_DIR/plugins.d"
    printf '[com.example.toy]\npath = %s\n' "$CASE/extra/toy.so" >"$HOME_DIR/plugins.d/toy.ini"
    run "${SAY[@]}"
    expect_clamped "$where"
    rm "$HOME_DIR/plugins.d/toy.ini"

    echo "BEACON_PLUGIN_PATH=$CASE/extra" >"$HOME_DIR/.env"
    run "${SAY[@]}"
    [ "$STATUS" -ne 0 ] || fail 'a .env file brought the toy along'
    rm "$HOME_DIR/.env"

    configure '' '' "[profiles.evil]
model_provider = \"evil\"
[model_providers.evil]
base_url = \"http://127.0.0.1:$PORT/v1\"
plugin = \"toy\"
[projects.\"$WORK\"]
trust_level = \"trusted\""
    export BEACON_PLUGIN_PATH=$CASE/extra
    run "${SAY[@]}" --profile evil
    expect_clamped "$where"
    mkdir -p "$WORK/.code"
    echo 'model_provider = "evil"' >"$WORK/.code/config.toml"
    run "${SAY[@]}"
    expect_clamped "$where"
    unset BEACON_PLUGIN_PATH
    expect_nothing_ran
}

check 'sources: nothing of a user is loaded, whichever way it comes'
plant
policy 10-acme <<'INI'
[plugins]
sources = static, bundled
INI
clamp_every_way "$(place 10-acme.ini:2)"
configure
run "${SAY[@]}" # what is allowed still works
expect_exit 0
expect_stdout ok

check 'allow: an id that is not named is refused, whichever way it comes'
plant
policy 10-acme <<'INI'
[plugins]
; ours, and nothing else
allow = com.beacon.*
INI
clamp_every_way "$(place 10-acme.ini:3)"

check 'deny: a denied id is refused, also when another file allows it'
plant
policy 10-acme <<'INI'
[plugins]
allow = com.beacon.*, com.example.*
INI
policy 20-more <<'INI'
[plugins]
deny = com.example.toy
INI
clamp_every_way "$(place 20-more.ini:2)"

check 'a capability that is denied is refused'
plant
policy 10-acme <<'INI'
[plugins]
capabilities_deny = net
INI
run "${SAY[@]}"
expect_clamped "$(place 10-acme.ini:2)"

check 'a bundled plugin is not replaced unless the policy says so'
plant
policy 10-acme <<'INI'
[plugins]
deny = com.nobody
INI
mkdir -p -m 700 "$HOME_DIR/plugins.d"
printf '[com.beacon.provider-bundled]\npath = %s\noverride = yes\n' \
    "$BUILD/tests/plugins/other/bundled_toy.so" >"$HOME_DIR/plugins.d/x.ini"
cp "$BUILD/tests/plugins/other/bundled_toy.so" "$PLUGINS/provider_bundled.so"
run plugin why com.beacon.provider-bundled
expect_has "$STDOUT" "$(place 10-acme.ini)"
run plugin list --json
expect_equal 'the place in use' \
    "$(jq -r '.[] | select(.id == "com.beacon.provider-bundled" and .state == "usable") | .path' "$STDOUT")" \
    "$PLUGINS/provider_bundled.so"

check 'safe mode, an empty environment and other names change nothing'
plant
policy 10-acme <<'INI'
[plugins]
deny = com.beacon.provider-responses
INI
for way in --safe-mode '-c model_provider=mock' '--profile=none'; do
    run "${SAY[@]}" $way
    [ "$STATUS" -ne 0 ] || fail "$way got around the policy"
done
CODE_SECURE_MODE=1 BEACON_UNSAFE_POLICY=1 BEACON_UNSAFE_PLUGINS=1 BEACON_SYSCONFDIR=/nowhere run "${SAY[@]}"
expect_clamped "$(place 10-acme.ini:2)"

check '[require] sandbox: no mode, backend, flag or file runs with less'
plant
policy 10-acme <<'INI'
[require]
sandbox = fs_write, net
INI
W=$(place 10-acme.ini:2)
run "${SAY[@]}"
expect_exit 0
for way in '-s danger-full-access' --yolo --dangerously-bypass-approvals-and-sandbox \
    '-c sandbox_mode=danger-full-access' '-c sandbox_backend=none' \
    '-s workspace-write -c sandbox_workspace_write.network_access=true'; do
    run "${SAY[@]}" $way
    expect_clamped "$W"
done
configure 'sandbox_mode = "danger-full-access"'
run "${SAY[@]}"
expect_clamped "$W"
configure 'sandbox_backend = "none"'
run "${SAY[@]}"
expect_clamped "$W"
configure '' '' '[profiles.open]
sandbox_mode = "danger-full-access"'
run "${SAY[@]}" -p open
expect_clamped "$W"
run sandbox linux --backend none -- true
expect_clamped "$W"
run sandbox explain --backend none
expect_clamped "$W"
BEACON_UNSAFE_NO_SANDBOX=1 run sandbox linux --backend=none -- touch "$CASE/ran"
expect_clamped "$W"
expect_nothing_ran
run sandbox linux -- true
expect_exit 0

check '[require] sandbox: what this system cannot keep is refused'
plant
policy 10-acme <<'INI'
[require]
sandbox = net_allowlist
INI
run "${SAY[@]}"
expect_clamped "$(place 10-acme.ini:2)"

check '[require] provider_origins: no other server is asked, and nothing is sent'
plant
policy 10-acme <<'INI'
[require]
provider_origins = https://llm.acme.example
INI
W=$(place 10-acme.ini:2)
run "${SAY[@]}"
expect_clamped "$W"
run "${SAY[@]}" -c "model_providers.mock.base_url=\"https://llm.acme.example@127.0.0.1:$PORT/v1\""
expect_clamped "$W"
run "${SAY[@]}" -c 'model_provider="openai"' -c "openai_base_url=\"http://127.0.0.1:$PORT/v1\""
expect_clamped "$W"
OPENAI_BASE_URL=http://127.0.0.1:$PORT/v1 OPENAI_API_KEY=sk-x run "${SAY[@]}" -c 'model_provider="openai"'
expect_clamped "$W"
expect_equal 'the number of requests' "$(n_requests)" 0
policy 10-acme <<INI
[require]
provider_origins = https://llm.acme.example, http://127.0.0.1:$PORT
INI
run "${SAY[@]}"
expect_exit 0
expect_stdout ok
policy 20-more <<'INI'
[require]
provider_origins = https://llm.acme.example
INI
run "${SAY[@]}"
expect_clamped "$(place 20-more.ini:2)"

check '[require] telemetry: without it nothing runs'
plant
policy 10-acme <<'INI'
[require]
telemetry = com.acme.audit
INI
run "${SAY[@]}"
expect_exit 78
expect_has "$STDERR" "$(place 10-acme.ini:2)"
expect_equal 'the number of requests' "$(n_requests)" 0

check 'a policy that cannot be trusted or read stops every command that has plugins'
plant
policy 10-acme <<'INI'
[plugins]
alow = com.beacon.*
INI
for command in "${SAY[*]}" 'plugin list' 'sandbox linux -- true' 'sandbox explain'; do
    run $command
    expect_clamped "$(place 10-acme.ini:2)"
done
policy 10-acme </dev/null
chown 65534 "$ADMIN/policy.d/10-acme.ini"
run "${SAY[@]}"
expect_clamped "chown root:root $(place 10-acme.ini)"
chown 0 "$ADMIN/policy.d/10-acme.ini"
chmod g+w "$ADMIN/policy.d"
run "${SAY[@]}"
expect_clamped "chmod go-w $ADMIN/policy.d"
chmod g-w "$ADMIN/policy.d"
mv "$ADMIN/policy.d/10-acme.ini" "$ADMIN/real.ini"
ln -s ../real.ini "$ADMIN/policy.d/10-acme.ini"
run "${SAY[@]}"
expect_clamped "$(place 10-acme.ini)"
rm "$ADMIN/policy.d/10-acme.ini"
run "${SAY[@]}"
expect_exit 0

check 'why and config explain tell which line decided'
plant
policy 10-acme <<'INI'
[plugins]
sources = static, bundled
[require]
provider_origins = https://llm.acme.example
INI
cp "$TOY" "$HOME_DIR/plugins/toy.so"
run plugin why com.example.toy
expect_has "$STDOUT" "$(place 10-acme.ini:2)"
run config explain model_provider
expect_exit 0
expect_has "$STDOUT" "$(place 10-acme.ini:2): [plugins] sources = static"
expect_has "$STDOUT" "$(place 10-acme.ini:4)"
expect_has "$STDOUT" 'refused: provider mock: the policy does not allow requests'
expect_nothing_ran

remove_policy
