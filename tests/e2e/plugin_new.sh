#!/usr/bin/env bash
# A team of strangers: from the installed SDK alone to a plugin that beacon uses.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/llm.sh"

has_program cmake || skip_all 'there is no cmake'
[ "$IS_SANITIZED" = no ] || skip_all 'the test host of a sanitized build only links with the sanitizer'

# Installed in one place, then moved, so that nothing can rely on where it was.
(umask 002 && cmake --install "$BUILD" --prefix "$ROOT/first") >"$ROOT/install.log" 2>&1 || {
    cat "$ROOT/install.log"
    exit 2
}
mv "$ROOT/first" "$ROOT/sdk"
SDK=$ROOT/sdk
BEACON=$SDK/bin/beacon
export PATH=$SDK/bin:$PATH

# make_plugin KIND LANG: the usual plugin in the working directory.
make_plugin() {
    run plugin new --kind "$1" --id com.acme.llm --lang "$2"
    expect_exit 0
}

# Warnings are errors; the log is shown when something fails.
build_plugin() {
    { cmake -B b -DCMAKE_COMPILE_WARNING_AS_ERROR=ON "$@" && cmake --build b; } >"$CASE/build.log" 2>&1 ||
        fail 'the plugin does not build' "$CASE/build.log"
}

test_plugin() {
    ctest --test-dir b --output-on-failure >"$CASE/test.log" 2>&1 ||
        fail 'the tests of the plugin fail' "$CASE/test.log"
    expect_has "$CASE/test.log" '100% tests passed, 0 tests failed out of 1'
}

check 'what is installed names no folder of the machine that built it'
expect_equal 'the texts' "$(grep -rIlF -e "$SOURCE" -e "$BUILD" -e "$ROOT" "$SDK")" ''
if grep -q '^CMAKE_BUILD_TYPE:STRING=Release' "$BUILD/CMakeCache.txt"; then
    expect_equal 'the programs' "$(grep -rlF -e "$SOURCE" -e "$BUILD" "$SDK")" ''
fi

check 'what is installed can only be changed by who installed it, whatever the umask'
expect_equal 'what others may change' "$(find "$SDK" -perm /022 ! -type l)" ''

check 'there are two components, and each is whole'
cmake --install "$BUILD" --prefix "$CASE/runtime" --component runtime >/dev/null
cmake --install "$BUILD" --prefix "$CASE/only-sdk" --component sdk >/dev/null
expect_equal 'the files' "$(cd "$CASE" && find runtime only-sdk ! -type d | sed 's|^[a-z-]*/||' | sort)" \
    "$(cd "$SDK" && find . ! -type d | sed 's|^\./||' | sort)"
[ -e "$CASE/runtime/include" ] && fail 'the runtime has headers'
[ -e "$CASE/only-sdk/bin" ] && fail 'the SDK has the program'

for kind in provider auth telemetry sandbox; do
    for lang in c c++; do
        check "a new $kind in $lang builds without warnings, passes its tests and the checker"
        make_plugin "$kind" "$lang"
        build_plugin
        test_plugin
        run plugin show b/"$kind"_llm.so
        expect_exit 0
        expect_has "$STDOUT" 'com.acme.llm 0.1.0'
        run plugin check b/"$kind"_llm.so
        expect_exit 0
        if [ "$kind" = provider ]; then # its recorded turns are found and played
            run plugin check --only P.events,P.chunks,P.truncated --format json b/provider_llm.so
            expect_equal 'what was played' "$(jq -r '[.plugins[].checks[].status] | unique | join(" ")' "$STDOUT")" passed
        fi
    done
done

check 'it also builds with clang, and the fuzz target runs'
if has_program clang; then
    make_plugin provider c
    build_plugin -DCMAKE_C_COMPILER=clang
    test_plugin
    { cmake --build b --target fuzz_plugin && b/fuzz_plugin -runs=200 -seed=1; } >"$CASE/fuzz.log" 2>&1 ||
        fail 'the fuzz target fails' "$CASE/fuzz.log"
else
    skip 'there is no clang'
fi

check 'a test of a plugin can fail'
make_plugin provider c
sed -i 's/rc == BEACON_OK ? beacon_emit_finish/rc == BEACON_OK \&\& code > 99 ? beacon_emit_finish/' plugin.c
build_plugin
ctest --test-dir b --output-on-failure >"$CASE/test.log" 2>&1 && fail 'a turn without its end passes'
expect_has "$CASE/test.log" 'grammar: -: the turn ends well and had no FINISH'

check 'beacon uses it after one drop-in file, tool call included'
make_plugin provider c
build_plugin
use_llm
mkdir "$HOME_DIR/plugins.d"
printf '[com.acme.llm]\npath = %s\n' "$PWD/b/provider_llm.so" >"$HOME_DIR/plugins.d/llm.ini"
mkdir "$CASE/elsewhere" && cd "$CASE/elsewhere" || exit 2
expect_llm_turn

check 'a refusal of its server is told in the words of the server'
serve '{"responses":[{"status":403,"body":{"error":{"message":"No such plan."}}}]}'
make_plugin provider c++
build_plugin
mkdir "$HOME_DIR/plugins.d"
printf '[com.acme.llm]\npath = %s\n' "$PWD/b/provider_llm.so" >"$HOME_DIR/plugins.d/llm.ini"
configure 'model_provider = "llm"' '' "[model_providers.llm]
name = \"LLM\"
plugin = \"llm\"
base_url = \"http://127.0.0.1:$PORT\""
sed -i '/^model_provider = "mock"/d' "$HOME_DIR/config.toml"
run exec --skip-git-repo-check hello
expect_exit 1
expect_has "$STDERR" 'No such plan.'

check 'headers alone are enough, through pkg-config'
if has_program pkg-config; then
    export PKG_CONFIG_PATH=$SDK/lib/pkgconfig
    printf '#include <beacon-sdk/sink.h>\nint main(void)\n{\n    return BEACON_OK;\n}\n' >one.c
    # shellcheck disable=SC2046 # flags are words
    if ! cc -std=c11 $(pkg-config --cflags beacon-plugin) one.c -o one || ! ./one; then
        fail 'the headers do not compile'
    fi
    unset PKG_CONFIG_PATH
else
    skip 'there is no pkg-config'
fi

check 'a folder that is not empty is left alone, unless it only has a repository'
echo mine >README.md
run plugin new --kind auth --id com.acme.login
expect_exit 1
expect_stderr 'error: . is not empty: it has README.md; name a new folder with --dir'
expect_equal README.md "$(cat README.md)" mine
run plugin new --kind auth --id com.acme.login --dir new
expect_exit 0
expect_has "$STDOUT" 'cd new'
expect_has new/plugin.json '"id": "com.acme.login"'
expect_has new/plugin.c 'BEACON_PLUGIN(com_acme_login, &plugin)'
run plugin new --kind auth --id com.acme.login --dir "it's new"
expect_exit 0
expect_has "$STDOUT" "cd 'it'\\''s new'"
mkdir -p repository/.git
run plugin new --kind auth --id com.acme.login --dir repository
expect_exit 0

check 'nothing is left to fill in'
run plugin new --kind provider --id org.example-site.big.model-x --lang c++ --dir made
expect_exit 0
expect_equal 'words between @' "$(grep -rnE '@[A-Z]+@' made)" ''
expect_equal files "$(cd made && find . -type f | sort | tr '\n' ' ')" './CMakeLists.txt ./README.md ./ci/check.sh ./fuzz_plugin.cpp ./plugin.cpp ./plugin.json ./test_plugin.cpp ./transcripts/answer.txt ./transcripts/tool_call.txt '
expect_has made/plugin.cpp '"model_x"'
expect_has made/README.md 'EXAMPLE_SITE_BIG_MODEL_X_API_KEY'
[ -x made/ci/check.sh ] || fail 'ci/check.sh cannot be run'

check 'an id that no plugin may have is refused, and so is a wrong command line'
for id in llm com..llm Com.acme com.acme_llm .com.acme com.acme. -com.acme 9.acme \
    com.acme.a-very-long-name-that-goes-beyond-all-limits; do
    run plugin new --kind auth --id "$id" --dir never
    expect_equal "the exit status for $id" "$STATUS" 2
done
for id in com.beacon com.beacon.auth-mine; do
    run plugin new --kind auth --id "$id" --dir never
    expect_equal "the exit status for $id" "$STATUS" 2
    expect_has "$STDERR" "ids that begin with com.beacon are Beacon's own"
done
run plugin new --kind provider --id acme
expect_has "$STDERR" 'tip: write it like com.acme.llm'
run plugin new --kind tool --id com.acme.llm
expect_exit 2
expect_equal 'the tips where the message says all' "$(grep -cE 'tip:|see --help' "$STDERR")" 0
run plugin new --id com.acme.llm
expect_exit 2
expect_has "$STDERR" '--kind is missing'
[ -e never ] && fail 'a refused plugin left files'

check 'without the SDK it says what is missing'
BEACON=$CASE/runtime/bin/beacon
cmake --install "$BUILD" --prefix "$CASE/runtime" --component runtime >/dev/null
run plugin new --kind auth --id com.acme.login
expect_has "$STDERR" 'install the SDK of this version of beacon'
