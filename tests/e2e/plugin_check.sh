#!/usr/bin/env bash
# Checking a plugin file as its author does: the verdict, what went wrong, and the formats for machines.
. "$(dirname "$0")/lib.sh"
needs_plugin_files

GOOD=$BUILD/lib/beacon/plugins/sandbox_none.so
BROKEN=$BUILD/tests/plugins/broken

check 'a good plugin gets one sentence and exit status 0'
run plugin check "$GOOD"
expect_exit 0
expect_equal 'the verdict' "$(head -n 1 "$STDOUT" | grep -cE '^com\.beacon\.sandbox-none [0-9.]+: [0-9]+ checks passed, [0-9]+ do(es)? not apply$')" 1

check 'a broken one is told what was seen, what was expected and what to do'
run plugin check "$BROKEN/broken_load_thread.so"
expect_exit 1
expect_equal 'the verdict' "$(head -n 1 "$STDOUT" | grep -cE '^com\.example\.broken 1\.2\.3 fails 1 of [0-9]+ checks: L\.threads$')" 1
for word in seen expected 'to do'; do
    expect_equal "the lines of $word" "$(grep -cE "^ +$word +[^ ]" "$STDOUT")" 1
done

check 'a crash is the failure of its check, with signal and slot'
run plugin check --only C.no_memory "$BROKEN/broken_none.so"
expect_exit 0
if [ "$IS_SANITIZED" = no ]; then
    run plugin check --only C.no_memory "$BROKEN/broken_unchecked_memory.so"
    expect_exit 1
    expect_equal 'the slot' "$(tr -s ' \n' ' ' <"$STDOUT" | grep -c 'signal 11 (Segmentation fault) inside create()')" 1
fi

check 'a plugin that exits or never returns does not take the checker with it'
run plugin check --only C.creates "$BROKEN/broken_exits.so"
expect_exit 1
expect_equal 'what is said' "$(tr -s ' \n' ' ' <"$STDOUT" | grep -c 'exited by itself with status 0 inside create()')" 1
run plugin check --only L.loads --timeout 1 "$BROKEN/broken_endless.so"
expect_exit 1
expect_equal 'what is said' "$(tr -s ' \n' ' ' <"$STDOUT" | grep -c 'did not come to an end in its time inside load()')" 1

check 'what is no plugin fails the first check, and what is not there cannot be checked'
echo 'no plugin at all' >text.so
run plugin check text.so
expect_exit 1
expect_equal 'the verdict' "$(head -n 1 "$STDOUT")" 'text.so fails 1 of 1 check: S.note'
run plugin check nowhere.so
expect_exit 2
expect_equal 'the error' "$(grep -c 'cannot open nowhere.so' "$STDERR")" 1

check 'wrong options are refused with exit status 2'
for options in '--only S.notes' '--skip Z' '--seed x' '--timeout 0' '--format xml' '--config []' '--nonsense'; do
    # shellcheck disable=SC2086 # options are words
    run plugin check $options "$GOOD"
    expect_exit 2
done
run plugin check
expect_exit 2

check '--only and --skip take groups and checks'
run plugin check --only S,L.maps --skip S.note --format json "$GOOD"
expect_exit 0
expect_equal 'the groups' "$(jq -r '[.plugins[0].checks[].group] | unique | join(" ")' "$STDOUT")" 'L S'
expect_equal 'the checks of L' "$(jq -r '.plugins[0].checks[] | select(.group == "L") | .id' "$STDOUT")" L.maps
expect_equal 'S.note' "$(jq '[.plugins[0].checks[] | select(.id == "S.note")] | length' "$STDOUT")" 0

check 'checking nothing is no success'
for options in '--only P' '--only X --skip X' '--skip S,L,C,X'; do
    # shellcheck disable=SC2086 # options are words
    run plugin check $options "$GOOD"
    expect_exit 2
    expect_has "$STDERR" 'nothing was checked'
done

check 'JSON has a verdict and one object per check'
run plugin check --format json "$GOOD" "$BROKEN/broken_load_umask.so"
expect_exit 1
expect_equal 'the plugins' "$(jq -r '[.plugins[].id] | join(" ")' "$STDOUT")" 'com.beacon.sandbox-none com.example.broken'
expect_equal 'the sums' "$(jq '[.plugins[] | (.passed + .failed + .skipped + .errors) == (.checks | length)] | all' "$STDOUT")" true
expect_equal 'the failures' "$(jq -r '[.plugins[1].checks[] | select(.status == "failed") | .id] | join(" ")' "$STDOUT")" 'S.imports L.umask'
expect_equal 'the words' "$(jq '[.plugins[].checks[] | select(.status == "failed") | .seen, .expected, .remedy | length > 0] | all' "$STDOUT")" true

check 'TAP has a plan that fits'
run plugin check --format tap "$BROKEN/broken_load_umask.so"
expect_exit 1
expect_equal 'the first line' "$(head -n 1 "$STDOUT")" 'TAP version 14'
expect_equal 'the results' "$(grep -cE '^(not )?ok [0-9]+ - ' "$STDOUT")" "$(sed -n 's/^1\.\.//p' "$STDOUT")"
expect_equal 'the failures' "$(grep -c '^not ok' "$STDOUT")" 2

check 'JUnit counts what it lists'
run plugin check --format junit "$BROKEN/broken_load_umask.so"
expect_exit 1
expect_equal 'the failures' "$(sed -n 's/.*<testsuite .* failures="\([0-9]*\)".*/\1/p' "$STDOUT")" "$(grep -c '<failure ' "$STDOUT")"
expect_equal 'the cases' "$(sed -n 's/.*<testsuite .* tests="\([0-9]*\)".*/\1/p' "$STDOUT")" "$(grep -c '<testcase ' "$STDOUT")"
if has_program python3; then
    expect_equal 'as XML' "$(python3 -c 'import sys, xml.dom.minidom as xml; xml.parse(sys.argv[1])' "$STDOUT" 2>&1)" ''
fi

check '-o keeps the results in a file and shows the verdict'
run plugin check --format json -o results.json "$GOOD"
expect_exit 0
expect_equal 'the lines shown' "$(wc -l <"$STDOUT" | tr -d ' ')" 1
expect_equal 'the file' "$(jq -r '.plugins[0].verdict' results.json)" "$(cat "$STDOUT")"
run plugin check -o nowhere/results "$GOOD"
expect_exit 2

check '--list shows every check once, and those are the checks that are run'
run plugin check --list
expect_exit 0
LISTED=$(awk '{print $1}' "$STDOUT")
expect_equal 'ids listed twice' "$(printf '%s\n' "$LISTED" | sort | uniq -d)" ''
run plugin check --format json "$BUILD/lib/beacon/plugins/provider_responses.so"
expect_exit 0
expect_equal 'checks of files and providers' "$(jq -r '.plugins[0].checks[].id' "$STDOUT" | sort | tr '\n' ' ')" \
    "$(printf '%s\n' "$LISTED" | grep '^[SLCP]\.' | sort | tr '\n' ' ')"

check 'without the checker a sentence says what is missing'
mkdir bin
cp "$BEACON" bin/beacon
BEACON=$PWD/bin/beacon run plugin check "$GOOD"
expect_exit 2
expect_equal 'the error' "$(grep -c 'the plugin checker is not installed' "$STDERR")" 1
