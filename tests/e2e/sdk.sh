#!/usr/bin/env bash
# Codex's TypeScript SDK, installed from npm as tests/e2e/npm/package-lock.json pins it, drives beacon:
#
#     bash tests/e2e/sdk.sh BUILD_DIR [PART OF A TEST'S NAME]
#
# The packages go to BUILD_DIR/tests/npm. The SDK's own native binaries (some hundred megabytes, optional
# dependencies) are left out: what is installed is 150 KB of JavaScript. Without node and npm the test
# is skipped; a failed installation is a failure in CI, elsewhere npm may have no way to its registry.
folder=$(cd "$(dirname "$0")/npm" && pwd)
peers=${1:?usage: $0 BUILD_DIR [NAME]}/tests/npm

for program in node npm; do
    if ! command -v "$program" >/dev/null; then
        echo "sdk: skipped, $program is not installed (contrib/install-deps --test installs it)"
        exit 77
    fi
done
if ! cmp -s "$folder/package-lock.json" "$peers/installed.json"; then
    # As the machine has npm set up: with its registry, proxy and certificates.
    mkdir -p "$peers" && rm -f "$peers/installed.json"
    cp "$folder"/package.json "$folder"/package-lock.json "$folder"/.npmrc "$peers" || exit 1
    (cd "$peers" && npm ci --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error) || {
        [ -z "${CI-}" ] || exit 1
        echo 'sdk: skipped, npm could not install the packages; what it said is above'
        exit 77
    }
    cp "$folder/package-lock.json" "$peers/installed.json" || exit 1
fi
cp "$folder"/*.mjs "$peers" || exit 1

# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
check 'the SDK from npm drives beacon'
export BEACON MOCK_MODEL ROOT
node --test --test-reporter=spec ${2:+--test-name-pattern="$2"} "$BUILD/tests/npm/sdk.test.mjs" ||
    fail 'see the tests above'
