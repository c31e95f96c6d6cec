#!/usr/bin/env bash
# plugins.lock: made, compared, verified, signed; and in force it lets no other byte run.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/admin.sh"
has_program minisign || skip_all 'minisign is not installed'

SAY=(exec --skip-git-repo-check hi)
LOCK_NAME=plugins.lock
DEPLOYED=$ADMIN/plugins.lock
RESPONSES=$PLUGINS/provider_responses.so
MACHINE=linux-$(uname -m)

# One bit of the file is another: same size, still a plugin.
change_a_byte() {
    local at
    at=$(grep -abo 'BEACON-BUILD\|GCC: (' "$1" | head -n 1 | cut -d: -f1)
    printf 'X' | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
}

# The lock of this installation, in force by the policy.
deploy() {
    no_policy
    model_always '{"text":"ok"}'
    run plugin lock -o "$DEPLOYED"
    expect_exit 0
    policy 10-lock <<INI
[plugins]
lock = $DEPLOYED
$(cat)
INI
}

check 'lock writes every plugin of the installation, and says how to sign and deploy'
no_policy
run plugin lock
expect_exit 0
LOCK=$HOME_DIR/$LOCK_NAME
expect_has "$STDOUT" "$LOCK: locked"
expect_has "$STDOUT" "minisign -Sm $LOCK"
expect_has "$STDOUT" "install -o root -g root -m 644 $LOCK $DEPLOYED"
for file in "$PLUGINS"/*.so; do
    expect_has "$LOCK" "$MACHINE.sha256 = $(sha256sum <"$file" | cut -d' ' -f1)"
    expect_has "$LOCK" "$MACHINE.size = $(stat -c %s "$file")"
done
cp "$LOCK" "$CASE/first"
run plugin lock
cmp -s "$LOCK" "$CASE/first" || fail 'locking the same twice gives two different files'
run plugin lock --diff
expect_exit 0
run plugin lock --verify
expect_exit 0

check 'a lock in the home is in force: what differs is refused with 78'
no_policy
model_always '{"text":"ok"}'
run plugin lock
run "${SAY[@]}"
expect_exit 0
change_a_byte "$RESPONSES"
run "${SAY[@]}"
expect_exit 78
expect_has "$STDERR" "$HOME_DIR/plugins.lock"
expect_has "$STDERR" 'beacon plugin lock --diff'
run plugin lock --verify
expect_exit 1
expect_has "$STDOUT" "com.beacon.provider-responses for $MACHINE has other bytes"
run plugin lock --verify --json
expect_exit 1
expect_equal 'the kinds' "$(jq -r '[.differences[].kind] | join(" ")' "$STDOUT")" sha256
run plugin lock --diff
expect_exit 1
run plugin lock
expect_exit 0
run "${SAY[@]}"
expect_exit 0

check 'a lock of one file warns of the plugins that it takes out of use'
no_policy
run plugin lock "$RESPONSES"
expect_exit 0
expect_has "$STDERR" 'in use are not in this lock and will be refused'
run plugin lock
expect_exit 0
expect_stderr ''

check 'the lock of the policy goes before that of the home, and a user cannot add to it'
deploy <<<''
run "${SAY[@]}"
expect_exit 0
change_a_byte "$RESPONSES"
run plugin lock # the user's own lock has the new bytes
expect_exit 0
expect_has "$STDOUT" "In force is $DEPLOYED ($(place 10-lock.ini:2))"
run "${SAY[@]}"
expect_exit 78
expect_has "$STDERR" "$DEPLOYED:"
run plugin lock --verify
expect_exit 1
expect_has "$STDOUT" 'provider-responses'

check 'a plugin that is not in the lock is refused'
deploy <<<''
mkdir -p -m 700 "$HOME_DIR/plugins"
export TOY_MARKER=$CASE/ran
cp "$BUILD/tests/plugins/good/toy.so" "$HOME_DIR/plugins/toy.so"
run "${SAY[@]}" -c model_providers.mock.plugin=toy
expect_exit 78
expect_has "$STDERR" 'is not in the lock'
expect_nothing_ran
run plugin lock --verify
expect_exit 0
expect_has "$STDOUT" 'note: com.example.toy 1.2.3 is not in the lock, so it is refused'
run plugin lock --diff
expect_exit 1
expect_has "$STDOUT" 'com.example.toy 1.2.3 is not in the lock'

check 'a locked plugin that is gone is told'
deploy <<<''
rm "$PLUGINS/provider_replay.so"
run plugin lock --verify
expect_exit 1
expect_has "$STDOUT" 'com.beacon.provider-replay 0.1.0 is locked, but is not installed'

check 'verifying goes on behind a file that cannot be trusted'
deploy <<<''
chmod o+w "$PLUGINS/provider_replay.so"
change_a_byte "$RESPONSES"
run plugin lock --verify
expect_exit 1
expect_has "$STDOUT" 'com.beacon.provider-replay 0.1.0 is locked, but is not installed'
expect_has "$STDOUT" "note: $PLUGINS/provider_replay.so cannot be used: "
expect_has "$STDOUT" 'provider-responses'

check 'capabilities that were added are told first, in words'
no_policy
run plugin lock
sed -i '/provider-responses/,/^$/{/^capabilities/d;s/^version = .*/version = 0.0.1/}' "$HOME_DIR/$LOCK_NAME"
run plugin lock --diff
expect_exit 1
expect_equal 'the first line' "$(head -n 1 "$STDOUT" | cut -d' ' -f1-4)" \
    'com.beacon.provider-responses now asks for'
expect_has "$STDOUT" 'com.beacon.provider-responses has the version 0.1.0, locked is 0.0.1'

check 'a file of another platform goes into the same lock, side by side'
no_policy
run plugin lock
cp "$RESPONSES" "$CASE/provider_responses.so"
printf '\267\000' | dd of="$CASE/provider_responses.so" bs=1 seek=18 conv=notrunc status=none # AArch64
run plugin lock --platform linux-x86_64 "$CASE/provider_responses.so"
expect_exit 1
expect_has "$STDERR" 'is for linux-aarch64, not for linux-x86_64'
run plugin lock --platform linux-aarch64 "$CASE/provider_responses.so"
expect_exit 0
expect_has "$HOME_DIR/$LOCK_NAME" "linux-aarch64.sha256 = $(sha256sum <"$CASE/provider_responses.so" | cut -d' ' -f1)"
expect_has "$HOME_DIR/$LOCK_NAME" "$MACHINE.sha256 = $(sha256sum <"$RESPONSES" | cut -d' ' -f1)"
run plugin lock
expect_has "$HOME_DIR/$LOCK_NAME" 'linux-aarch64.sha256'
run plugin lock --verify
expect_exit 0

check 'a variable that would defeat a lock is refused by name'
deploy <<<''
if [ "$IS_SANITIZED" = yes ]; then
    skip 'sanitizer builds are exempt'
else
    for variable in LD_PRELOAD LD_LIBRARY_PATH; do
        env "$variable=$CASE/evil.so" "$BEACON" "${SAY[@]}" >"$STDOUT" 2>"$STDERR"
        STATUS=$?
        expect_exit 78
        expect_has "$STDERR" "$variable"
    done
fi

check 'a lock that cannot be trusted, read or found stops the host'
deploy <<<''
chown 65534 "$DEPLOYED"
run "${SAY[@]}"
expect_clamped "$(place 10-lock.ini:2)"
expect_has "$STDERR" "chown root:root $DEPLOYED"
chown 0 "$DEPLOYED"
echo 'broken' >>"$DEPLOYED"
run "${SAY[@]}"
expect_exit 78
expect_has "$STDERR" "$DEPLOYED:"
rm "$DEPLOYED"
run "${SAY[@]}"
expect_clamped "$(place 10-lock.ini:2)"
mkfifo "$DEPLOYED"
run "${SAY[@]}"
expect_exit 78

# ---- signatures ----

make_keys() {
    minisign -G -W -f -p "$CASE/$1.pub" -s "$CASE/$1.key" >/dev/null || exit 2
}

key() {
    sed -n 2p "$CASE/$1.pub"
}

check 'a signed lock covers every plugin in it'
make_keys acme
deploy <<<"signers = acme-2026:$(key acme)"
run "${SAY[@]}" # neither the lock nor the files are signed
expect_clamped "$(place 10-lock.ini:3)"
minisign -S -s "$CASE/acme.key" -m "$DEPLOYED" >/dev/null
run "${SAY[@]}"
expect_exit 0
expect_stdout ok
run plugin lock --verify
expect_exit 0

check 'a signature of another key, of other bytes or cut short stops the host'
make_keys acme
make_keys mallory
deploy <<<"signers = acme-2026:$(key acme)"
minisign -S -s "$CASE/mallory.key" -m "$DEPLOYED" >/dev/null
run "${SAY[@]}"
expect_clamped "$(place 10-lock.ini:3)"
expect_has "$STDERR" 'not among the signers'
minisign -S -s "$CASE/acme.key" -m "$DEPLOYED" >/dev/null
echo '; one more line' >>"$DEPLOYED"
run "${SAY[@]}"
expect_clamped "$(place 10-lock.ini:3)"
run plugin lock --verify
expect_exit 1
truncate -s 100 "$DEPLOYED.minisig"
run "${SAY[@]}"
expect_clamped "$(place 10-lock.ini:3)"

check 'without a lock each file must be signed by a key that every file of the policy names'
no_policy
model_always '{"text":"ok"}'
make_keys acme
make_keys other
policy 10-acme <<INI
[plugins]
signers = acme:$(key acme), other:$(key other)
INI
run "${SAY[@]}"
expect_clamped "$(place 10-acme.ini:2)"
for file in "$PLUGINS"/*.so; do
    minisign -S -s "$CASE/other.key" -m "$file" >/dev/null
done
run "${SAY[@]}"
expect_exit 0
policy 20-more <<INI
[plugins]
signers = acme:$(key acme)
INI
run "${SAY[@]}"
expect_exit 78
expect_has "$STDERR" 'not among the signers'

check 'the example of docs/plugin-policy.md works as it is written'
no_policy
model_always '{"text":"ok"}'
make_keys acme
sed -n "/^cat .*INI'$/,/^INI$/p" "$SOURCE/docs/plugin-policy.md" | sed '1d;$d' |
    sed -e "s|/etc/code|$ADMIN|" -e "s|RW[A-Za-z0-9+/]\{54\}|$(key acme)|" \
        -e "s|https://llm.acme.example|http://127.0.0.1:$PORT|" >"$CASE/example"
expect_equal 'the lines of the example' "$(wc -l <"$CASE/example")" 9
run plugin lock -o "$DEPLOYED"
minisign -S -s "$CASE/acme.key" -m "$DEPLOYED" >/dev/null
policy 10-acme <"$CASE/example"
run plugin lock --verify
expect_exit 0
run "${SAY[@]}"
expect_exit 0
expect_stdout ok

check 'wrong usage'
no_policy
run plugin lock --verify --diff
expect_exit 2
run plugin lock --platform linux-aarch64
expect_exit 2
run plugin lock --json
expect_exit 2
run plugin lock /bin/true
expect_exit 1
expect_has "$STDERR" '/bin/true'
run plugin lock --verify -o "$CASE/none.lock"
expect_exit 1

remove_policy
