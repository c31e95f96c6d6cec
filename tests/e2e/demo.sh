#!/usr/bin/env bash
# What contrib/quickstart shows: the recording built into the replay provider mends contrib/demo/project.
. "$(dirname "$0")/lib.sh"

prepare() {
    cp -R "$SOURCE/contrib/demo/project" roman
    cd roman || exit 2
    git init -q
    git add .
    git -c user.name=e2e -c user.email=e2e@localhost -c commit.gpgsign=false commit -q -m 'failing test'
}

test_of_project() {
    make clean test >"$CASE/make.log" 2>&1
    STATUS=$?
    make clean >"$CASE/clean.log" 2>&1
}

check 'the recorded session mends the failing test'
prepare
test_of_project
expect_exit 2
expect_line "$CASE/make.log" '1 failed'
run exec --full-auto -c model_provider=replay 'The tests fail. Find out why and fix it.'
expect_exit 0
expect_has "$STDOUT" 'All tests pass now.'
expect_has "$STDERR" '1 failed'
expect_has "$STDERR" '0 failed'
test_of_project
expect_exit 0
expect_line "$CASE/make.log" '0 failed'
expect_equal 'the diff' "$(git diff -U0 | grep '^[-+] ')" '-        if (value <= next) {
+        if (value < next) {'

check 'in the read-only sandbox the same session changes nothing'
prepare
run exec -s read-only -c model_provider=replay 'The tests fail. Find out why and fix it.'
expect_exit 0
expect_equal 'what git sees' "$(git status --porcelain --ignored)" ''
