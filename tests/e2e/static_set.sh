#!/usr/bin/env bash
# The program with its plugins inside: built by the preset `enterprise`.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/llm.sh"

is_enterprise || skip_all 'this build loads plugin files'

check 'dlopen is not among the undefined symbols of the program'
nm --dynamic --undefined-only "$BEACON" | sed 's/@.*//; s/.* //' | sort >"$STDOUT"
for symbol in dlopen dlmopen dlclose; do
    if grep -qx "$symbol" "$STDOUT"; then
        fail "the program imports $symbol" "$STDOUT"
    fi
done
expect_line "$STDOUT" curl_easy_init # the list is not empty, and libcurl is an ordinary library

check 'every bundled plugin is part of the program'
run plugin list --json
expect_exit 0
expect_equal places "$(jq -r 'map(.from) | unique | join(" ")' "$STDOUT")" static
jq -r '.[].id' "$STDOUT" | sort >"$CASE/there"
expect_equal 'what is missing' \
    "$(jq -r .id "$SOURCE"/plugins/*/plugin.json | sort | comm -23 - "$CASE/there")" ''

check 'a plugin from `beacon plugin new` behaves inside the program as in a file'
if jq -e 'any(.[]; .id == "com.acme.llm")' "$ROOT/2/stdout" >/dev/null; then
    use_llm
    expect_llm_turn
else
    skip 'this build was configured without one'
fi

check 'the program alone, in an empty folder, runs a whole session'
mkdir "$CASE/alone"
cp "$BEACON" "$CASE/alone/agent"
model '{"text":"All alone."}'
STATUS=0
"$CASE/alone/agent" exec --skip-git-repo-check hello >"$STDOUT" 2>"$STDERR" || STATUS=$?
expect_exit 0
expect_stdout 'All alone.'

check 'a plugin file is shown and refused, wherever it lies'
mkdir -p "$HOME_DIR/plugins"
cp "$MOCK_MODEL" "$HOME_DIR/plugins/sample.so" # some ELF file; what it is does not matter
run plugin list
expect_exit 0
expect_has "$STDOUT" "$HOME_DIR/plugins/sample.so"
expect_has "$STDOUT" 'refused'

check 'the inventory names the program and the sources by their hashes'
run --version --plugins --json
expect_exit 0
expect_equal 'the hash of the program' "$(jq -r .sha256 "$STDOUT")" \
    "$(sha256sum "$BEACON" | cut -d' ' -f1)"
expect_equal 'loads files' "$(jq -r .loads_plugin_files "$STDOUT")" false
for name in sandbox_none provider_responses; do
    wanted=$(cd "$SOURCE/plugins/$name" && sha256sum \
        $(ls | LC_ALL=C grep -E '\.(c|h|cc|cpp|cxx|hpp|json|cmake)$|^CMakeLists.txt$') |
        sha256sum | cut -d' ' -f1)
    expect_equal "the hash of $name" "$wanted" "$(jq -r --arg id "com.beacon.${name//_/-}" \
        '.plugins[] | select(.id == $id) | .sources_sha256' "$STDOUT")"
done
