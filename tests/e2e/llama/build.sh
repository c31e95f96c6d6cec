#!/usr/bin/env bash
# Build llama-server of llama.cpp, once: tests/e2e/llama/build.sh [--find] [CACHE_DIR]
#
# Its whole source is in the npm package node-llama-cpp, as a git bundle; nothing else is fetched, and nothing of
# the package is run. The program goes to CACHE_DIR/llama-cpp-VERSION/llama-server, whose path is printed. When it
# is there already, that is all; with --find, a program that is not there is not built, and the status is 1.
# CACHE_DIR is $BEACON_TEST_CACHE, or beacon-tests in the user's cache, when it is not given.
set -euo pipefail
umask 022

version=3.22.1
integrity=sha512-bltIipuWmc123H7tMIgDGKSsSrhmhlQYeVUC48XTjVW7XGJJiJJyCdlTMzQ/LiWoPkGDpcL4FviDpgw7qfTiDw==

may_build=yes
if [ "${1-}" = --find ]; then
    may_build=no
    shift
fi
cache=${1:-${BEACON_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/beacon-tests}}
program=$cache/llama-cpp-$version/llama-server
if [ -x "$program" ]; then
    echo "$program"
    exit 0
fi
[ "$may_build" = yes ] || exit 1

die() {
    echo "build.sh: $1" >&2
    exit 1
}
for tool in npm git cmake c++ openssl; do
    type -P "$tool" >/dev/null || die "there is no $tool; contrib/install-deps --test installs it"
done

mkdir -p "$cache"
exec {lock}>"$cache/llama-cpp.lock"
flock "$lock" # who waited for somebody else's build finds it below
if [ ! -x "$program" ]; then
    work=$(mktemp -d "$cache/llama-cpp.XXXXXX")
    trap 'rm -rf "$work"' EXIT

    # As the machine has npm set up: with its registry, proxy and certificates.
    package=$(cd "$work" && npm pack --silent --ignore-scripts "node-llama-cpp@$version") ||
        die "npm could not fetch node-llama-cpp@$version"
    got=sha512-$(openssl dgst -sha512 -binary "$work/$package" | base64 -w 0)
    [ "$got" = "$integrity" ] || die "node-llama-cpp@$version is not the package that was pinned: it has $got"

    tar -xzf "$work/$package" -C "$work" package/llama/gitRelease.bundle
    git -c advice.detachedHead=false clone --quiet "$work/package/llama/gitRelease.bundle" "$work/source"

    # Compiling takes far longer than all that the small model will ever compute, so only the arithmetic of long
    # prompts (ggml) is optimised. Without instructions that some processors lack, for a cache may move.
    printf 'set(CMAKE_%s_FLAGS_RELEASE -O2)\n' C CXX >"$work/ggml.cmake"
    instructions=()
    for set in SSE42 AVX AVX2 BMI2 FMA F16C; do
        instructions+=("-DGGML_$set=OFF")
    done
    options=(
        -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE=-O0 -DCMAKE_CXX_FLAGS_RELEASE=-O0
        -DCMAKE_PROJECT_ggml_INCLUDE="$work/ggml.cmake" -DBUILD_SHARED_LIBS=OFF
        -DGGML_NATIVE=OFF "${instructions[@]}" -DGGML_OPENMP=OFF -DGGML_LLAMAFILE=OFF -DGGML_CCACHE=OFF
        -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF
        -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF
    )
    {
        cmake -S "$work/source" -B "$work/build" "${options[@]}"
        nice cmake --build "$work/build" --target llama-server -j "$(nproc)"
    } >"$cache/llama-cpp.log" 2>&1 || {
        tail -n 30 "$cache/llama-cpp.log" >&2
        die "llama-server did not build; all that was said is in $cache/llama-cpp.log"
    }

    mkdir -p "$(dirname "$program")"
    strip -o "$work/llama-server" "$work/build/bin/llama-server"
    mv "$work/llama-server" "$program" # whole, or not there
fi
echo "$program"
