#!/usr/bin/env bash
# Looking at plugins: what is there, why some are not used, and what one says about itself.
. "$(dirname "$0")/lib.sh"
needs_plugin_files

BUNDLED='api_key chat file gemini landlock messages namespaces none replay responses seatbelt'
TOYS=$BUILD/tests/plugins

check 'the bundled plugins are listed'
run plugin list
expect_exit 0
for name in $BUNDLED; do
    expect_equal "the lines of $name" "$(grep -c "^$name " "$STDOUT")" 1
done

check '--json is one document with the same plugins'
run plugin list --json
expect_exit 0
expect_equal 'the number of documents' "$(jq -s length "$STDOUT")" 1
expect_equal 'the components' "$(jq -r '[.[] | select(.state == "usable") | .components[].name] | sort | join(" ")' "$STDOUT")" "$BUNDLED"

check 'broken files are reported, each with one sentence, and the others still work'
model '{"text":"ok"}'
mkdir "$CASE/plugins"
cp "$BUILD"/lib/beacon/plugins/sandbox_none.so "$CASE/plugins/truncated.so"
truncate -s 700 "$CASE/plugins/truncated.so"
echo 'no plugin at all' >"$CASE/plugins/text.so"
: >"$CASE/plugins/empty.so"
cp /bin/true "$CASE/plugins/program.so"
head -c 100000 /dev/urandom >"$CASE/plugins/random.so"
ln -s "$CASE/nowhere.so" "$CASE/plugins/dangling.so"
mkdir "$CASE/plugins/folder.so"
mkfifo "$CASE/plugins/pipe.so"
export BEACON_PLUGIN_PATH=$CASE/plugins
run plugin list
expect_exit 0
for file in truncated text empty program random dangling folder pipe; do
    expect_equal "the lines of $file.so" "$(grep -cE "^ +refused: .*$file\.so" "$STDOUT")" 1
done
expect_equal 'what to do' "$(grep -c 'what to do: ' "$STDOUT")" 8
for name in $BUNDLED; do
    expect_equal "the lines of $name" "$(grep -c "^$name " "$STDOUT")" 1
done
run plugin list --json
expect_exit 0
expect_equal 'the states' "$(jq -r '[.[].state] | group_by(.) | map(.[0] + " " + (length | tostring)) | join(", ")' "$STDOUT")" 'refused 8, usable 10'
run exec --skip-git-repo-check 'hi'
expect_exit 0
expect_stdout ok
unset BEACON_PLUGIN_PATH

check 'listing runs no code of a plugin'
if has_program strace && strace -f true 2>/dev/null; then
    ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 timeout 60 strace -f -qq -y -e trace=mmap,openat \
        -o "$CASE/trace" "$BEACON" plugin list >"$STDOUT" 2>"$STDERR"
    # A loaded library is mapped executable from its file; -y shows the file.
    expect_has "$CASE/trace" 'lib/beacon/plugins/provider_responses.so'
    expect_equal 'the plugins that were loaded' "$(grep 'PROT_EXEC' "$CASE/trace" | grep 'lib/beacon/plugins')" ''
else
    skip 'strace cannot be used here'
fi

# install FILE: a plugin into the home.
install_plugin() {
    mkdir -p -m 700 "$HOME_DIR/plugins" "$HOME_DIR/plugins.d"
    cp "$1" "$HOME_DIR/plugins/"
}

check 'a drop-in brings a plugin in, and why tells which file and line did'
mkdir -m 700 "$HOME_DIR/plugins.d" "$CASE/opt"
cp "$TOYS/good/toy.so" "$CASE/opt/acme.so"
printf '# acme\n[com.example.toy]\npath = %s\n' "$CASE/opt/acme.so" >"$HOME_DIR/plugins.d/10.ini"
run plugin list
expect_exit 0
expect_has "$STDOUT" 'toy         provider   com.example.toy'
run plugin why toy
expect_exit 0
expect_has "$STDOUT" "com.example.toy 1.2.3 is used: $CASE/opt/acme.so."
expect_has "$STDOUT" "$HOME_DIR/plugins.d/10.ini:2 names $CASE/opt/acme.so"
run plugin why toy --json
expect_exit 0
expect_equal 'the answer' "$(jq -c '[.found, .used, .load.ok, (.places | map(select(.entries != [])) | map(.from))]' "$STDOUT")" '[true,true,true,["home drop-in"]]'

check 'a masked plugin is refused with the file and line that masks it'
model '{"text":"ok"}'
printf '[com.beacon.provider-responses]\nenabled = no\n' >"$CASE/off.ini"
mkdir -m 700 "$HOME_DIR/plugins.d" && mv "$CASE/off.ini" "$HOME_DIR/plugins.d/off.ini"
run exec --skip-git-repo-check hi
expect_exit 3
expect_has "$STDERR" "$HOME_DIR/plugins.d/off.ini:2 disables com.beacon.provider-responses"
expect_requests 0
run plugin why responses
expect_exit 0
expect_has "$STDOUT" 'responses is not used, it is masked'
expect_has "$STDOUT" 'What to do: write enabled = yes there.'
rm "$HOME_DIR/plugins.d/off.ini"
run exec --skip-git-repo-check hi
expect_exit 0

check 'a mistake in a drop-in is told with file and line, and the rest works'
model '{"text":"ok"}'
mkdir -m 700 "$HOME_DIR/plugins.d"
printf '[com.example.toy]\npath = toy.so\n' >"$HOME_DIR/plugins.d/bad.ini"
run plugin list
expect_exit 0
expect_has "$STDOUT" "refused: $HOME_DIR/plugins.d/bad.ini:2: the path toy.so depends on the current directory"
run exec --skip-git-repo-check hi
expect_exit 0

check 'a required plugin that is missing stops exec, and can be looked at'
model '{"text":"ok"}'
mkdir -m 700 "$HOME_DIR/plugins.d"
printf '[com.example.toy]\nrequired = yes\n' >"$HOME_DIR/plugins.d/need.ini"
run exec --skip-git-repo-check hi
expect_exit 1
expect_has "$STDERR" 'the required plugin com.example.toy cannot be used'
expect_has "$STDERR" "$HOME_DIR/plugins.d/need.ini:2"
expect_requests 0
run plugin list
expect_exit 0
expect_has "$STDOUT" 'it is required: beacon does not run without it'
install_plugin "$TOYS/good/toy.so"
run exec --skip-git-repo-check hi
expect_exit 0

check 'a file that others can change is refused in the listing already'
install_plugin "$TOYS/good/toy.so"
chmod 666 "$HOME_DIR/plugins/toy.so"
run plugin list
expect_exit 0
expect_has "$STDOUT" "refused: $HOME_DIR/plugins/toy.so can be changed by others: its mode is 0666"
expect_has "$STDOUT" "what to do: chmod go-w $HOME_DIR/plugins/toy.so"

check 'secure mode and safe mode say what they do not search'
mkdir "$CASE/extra"
cp "$TOYS/good/toy.so" "$CASE/extra/"
BEACON_PLUGIN_PATH=$CASE/extra CODE_SECURE_MODE=1 run plugin list
expect_exit 0
expect_has "$STDOUT" 'BEACON_PLUGIN_PATH is ignored under CODE_SECURE_MODE=1'
expect_not "$STDOUT" 'com.example.toy'
install_plugin "$TOYS/good/toy.so"
run plugin list --safe-mode
expect_exit 0
expect_has "$STDOUT" 'safe mode uses bundled plugins only'
expect_not "$STDOUT" 'com.example.toy'
run plugin why --safe-mode toy
expect_exit 1
expect_has "$STDOUT" 'was found in the places that were searched'
expect_has "$STDOUT" 'What to do: start without --safe-mode.'

check 'with raised privileges no place of the user counts'
if [ "$(id -u)" -eq 0 ] && ! findmnt -no OPTIONS -T "$CASE" | grep -q nosuid; then
    mkdir -p "$CASE/raised/bin" "$CASE/extra"
    cp "$BEACON" "$CASE/raised/bin/beacon"
    cp -a "$BUILD/lib" "$CASE/raised/lib"
    chown root:65534 "$CASE/raised/bin/beacon"
    chmod 2755 "$CASE/raised/bin/beacon" # the group differs from the caller's: AT_SECURE
    cp "$TOYS/good/toy.so" "$CASE/extra/"
    install_plugin "$TOYS/good/toy_old.so"
    BEACON=$CASE/raised/bin/beacon
    BEACON_PLUGIN_PATH=$CASE/extra run plugin list
    BEACON=$BUILD/bin/beacon
    expect_exit 0
    expect_has "$STDOUT" 'places of a user are ignored while the program runs with raised privileges'
    expect_has "$STDOUT" 'com.beacon.provider-responses'
    expect_not "$STDOUT" 'com.example.toy'
else
    skip 'only root can raise, and nothing can where nosuid is mounted'
fi

check 'show tells about an installed plugin and about any file'
install_plugin "$TOYS/good/toy.so"
run plugin show toy
expect_exit 0
expect_has "$STDOUT" 'State       usable, from: home'
expect_has "$STDOUT" "SHA-256     $(sha256sum "$TOYS/good/toy.so" | cut -d' ' -f1)"
run plugin show "$TOYS/good/toy_kit.so"
expect_exit 0
expect_has "$STDOUT" 'State       not installed'
expect_has "$STDOUT" 'kernel     it may shape the sandbox'
run plugin show --json "$TOYS/good/toy_kit.so"
expect_equal 'the hash' "$(jq -r .sha256 "$STDOUT")" "$(sha256sum "$TOYS/good/toy_kit.so" | cut -d' ' -f1)"
run plugin show /bin/true
expect_exit 1
expect_has "$STDERR" 'error: true '
run plugin show nosuch
expect_exit 1
expect_has "$STDERR" 'there is no plugin called nosuch'

check 'what is nowhere is answered with the places that were searched'
run plugin why com.acme.llm
expect_exit 1
expect_has "$STDOUT" 'Nothing called com.acme.llm was found.'
expect_has "$STDOUT" "your plugins: $HOME_DIR/plugins"
run plugin why --json com.acme.llm
expect_exit 1
expect_equal 'found' "$(jq .found "$STDOUT")" false

check 'wrong usage'
run plugin nosuch
expect_exit 2
expect_has "$STDERR" "unrecognized subcommand 'nosuch'"
run plugin list --nosuch
expect_exit 2
run plugin list more
expect_exit 2
expect_has "$STDERR" "unexpected argument 'more' found"
run plugin why
expect_exit 2
run plugin show a b
expect_exit 2
run plugin
expect_exit 2
