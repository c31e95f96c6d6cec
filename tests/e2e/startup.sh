#!/usr/bin/env bash
# What a command does not need it does not pay for.
. "$(dirname "$0")/lib.sh"
is_enterprise && skip_all 'libcurl is an ordinary library of this program'

if ! has_program strace || ! strace -f true 2>/dev/null; then
    skip_all 'strace cannot be used here'
fi
# The leak checker cannot work while another tracer does.
ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0

# trace ARGS…: what beacon opens, connects and starts; one system call a line in $CASE/trace.
trace() {
    timeout 60 strace -f -qq -e trace=openat,open,connect,execve,socket,memfd_create -o "$CASE/trace" "$BEACON" "$@" >"$STDOUT" 2>"$STDERR"
    STATUS=$?
}

check '--version reads no configuration and loads no plugin and no libcurl'
configure
trace --version
expect_exit 0
expect_not "$CASE/trace" "$HOME_DIR"
expect_not "$CASE/trace" .toml
expect_not "$CASE/trace" lib/beacon/plugins
expect_not "$CASE/trace" memfd_create
expect_not "$CASE/trace" libcurl
expect_not "$CASE/trace" socket
expect_equal 'the programs' "$(grep -c execve "$CASE/trace")" 1

check '--version and --help work with a broken configuration'
echo '= broken' >"$HOME_DIR/config.toml"
run --version
expect_exit 0
run exec --help
expect_exit 0

check '--help loads nothing either'
trace exec --help
expect_exit 0
expect_not "$CASE/trace" "$HOME_DIR"
expect_not "$CASE/trace" lib/beacon/plugins
expect_not "$CASE/trace" memfd_create
expect_not "$CASE/trace" libcurl

check 'apply_patch loads nothing'
trace apply-patch '*** Begin Patch
*** Add File: a.txt
+a
*** End Patch'
expect_exit 0
expect_not "$CASE/trace" "$HOME_DIR"
expect_not "$CASE/trace" .so.4
expect_not "$CASE/trace" lib/beacon/plugins
expect_not "$CASE/trace" memfd_create

check 'exec loads the plugins it uses, each once, and libcurl with the first request'
model '{"text":"ok"}'
trace exec --skip-git-repo-check 'hi'
expect_exit 0
# A plugin is copied into a memfd, and that is what the dynamic linker opens.
loaded=$(grep -oE 'memfd_create\("[a-z_]+\.so".*= [0-9]+$' "$CASE/trace" | grep -oE '[a-z_]+\.so' | sort | paste -sd' ')
expect_has <(echo "$loaded") provider_responses.so
expect_equal 'plugins loaded twice' "$(echo "$loaded" | tr ' ' '\n' | uniq -d)" ''
mapped=$(grep -cE 'openat\(.*"/proc/self/fd/[0-9]+", O_RDONLY\|O_CLOEXEC' "$CASE/trace")
expect_equal 'what the linker opened' "$mapped" "$(echo "$loaded" | wc -w)"
expect_has "$CASE/trace" libcurl.so.4
first_socket=$(grep -n 'AF_INET' "$CASE/trace" | head -n 1 | cut -d: -f1)
libcurl=$(grep -n 'libcurl.so.4' "$CASE/trace" | head -n 1 | cut -d: -f1)
[ "$libcurl" -lt "$first_socket" ] || fail 'a socket was opened before libcurl' "$CASE/trace"

check 'a run that fails before its first request never loads libcurl'
trace exec --skip-git-repo-check -c model_provider=nosuch 'hi'
expect_exit 1
expect_not "$CASE/trace" libcurl
