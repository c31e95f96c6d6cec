#!/usr/bin/env bash
# Listing plugins: what is there, and why some are not used.
. "$(dirname "$0")/lib.sh"

BUNDLED='landlock none replay responses'

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
expect_equal 'the states' "$(jq -r '[.[].state] | group_by(.) | map(.[0] + " " + (length | tostring)) | join(", ")' "$STDOUT")" 'refused 8, usable 4'
run exec --skip-git-repo-check 'hi'
expect_exit 0
expect_stdout ok
unset BEACON_PLUGIN_PATH

check 'listing runs no code of a plugin'
if command -v strace >/dev/null && strace -f true 2>/dev/null; then
    ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 timeout 60 strace -f -qq -y -e trace=mmap,openat \
        -o "$CASE/trace" "$BEACON" plugin list >"$STDOUT" 2>"$STDERR"
    # A loaded library is mapped executable from its file; -y shows the file.
    expect_has "$CASE/trace" 'lib/beacon/plugins/provider_responses.so'
    expect_equal 'the plugins that were loaded' "$(grep 'PROT_EXEC' "$CASE/trace" | grep 'lib/beacon/plugins')" ''
else
    skip 'strace cannot be used here'
fi

check 'wrong usage'
run plugin nosuch
expect_exit 2
expect_has "$STDERR" "unexpected argument 'nosuch' found"
run plugin list --nosuch
expect_exit 2
run plugin
expect_exit 2
