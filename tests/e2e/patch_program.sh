#!/usr/bin/env bash
# The patch program under its names.
. "$(dirname "$0")/lib.sh"

ADD='*** Begin Patch
*** Add File: a.txt
+hello
*** End Patch'

check 'beacon apply-patch PATCH'
run apply-patch "$ADD"
expect_exit 0
expect_stdout 'Success. Updated the following files:
A a.txt'
expect_equal 'the file' "$(cat a.txt)" hello

check 'beacon apply-patch with the patch on stdin'
echo "$ADD" | run apply-patch
expect_exit 0
expect_equal 'the file' "$(cat a.txt)" hello

check 'called by the name apply_patch or applypatch'
for name in apply_patch applypatch; do
    ln -s "$BEACON" "$CASE/$name"
    "$CASE/$name" "$ADD" >"$STDOUT" 2>"$STDERR"
    STATUS=$?
    expect_exit 0
    expect_equal 'the file' "$(cat a.txt)" hello
    rm a.txt
done

check 'the installed links lead to it'
echo "$ADD" | "$BUILD/lib/beacon/bin/apply_patch" >"$STDOUT"
STATUS=$?
expect_exit 0
expect_equal 'the file' "$(cat a.txt)" hello

check 'the old way: --codex-run-as-apply-patch'
run --codex-run-as-apply-patch "$ADD"
expect_exit 0
expect_equal 'the file' "$(cat a.txt)" hello

check 'a patch that does not fit'
echo one >f
run apply-patch '*** Begin Patch
*** Update File: f
@@
-two
+three
*** End Patch'
expect_exit 1
expect_stdout ''
expect_has "$STDERR" "Failed to find expected lines in $WORK/f:"
expect_equal 'the file' "$(cat f)" one

check 'no patch, too many arguments, no sections'
run apply-patch
expect_exit 2
run apply-patch "$ADD" more
expect_exit 2
expect_stderr 'Error: apply_patch accepts exactly one argument.'
run apply-patch 'hello'
expect_exit 1
expect_has "$STDERR" "Invalid patch: The first line of the patch must be '*** Begin Patch'"
run apply-patch '*** Begin Patch
*** End Patch'
expect_exit 1
expect_has "$STDERR" 'No files were modified.'
expect_equal 'the files' "$(ls)" ''
