#!/bin/sh
# Every CMocka test asserts something: itself, or through functions that it calls.
. "$(dirname "$0")/tree.sh"

tree_files '^tests/.*\.c$' | for_all grep -l 'support/beacon_test\.h' | grep -v '^tests/support/' |
    for_all awk '
        # Which functions of the file that has just ended assert, also through each other?
        function judge(    changed, f, words, n, i, name) {
            do {
                changed = 0
                for (f in body) {
                    n = asserts[f] ? 0 : split(body[f], words, /[^a-z0-9_]+/)
                    for (i = 1; i <= n && !asserts[f]; i++) {
                        name = words[i]
                        if (name ~ /^assert_|^fail_msg$|_refused$|^expect_/ || (name in body && asserts[name]))
                            asserts[f] = changed = 1
                    }
                }
            } while (changed)
            for (f in line) if (!asserts[f] && index(body["main"], "(" f ")")) print file ":" line[f] ": " f " asserts nothing"
            split("", body); split("", line); split("", asserts)
        }
        FNR == 1 { judge(); file = FILENAME; f = "" }
        /^[a-z].*[a-z0-9_]+\(/ && !/;$/ {
            f = $0; sub(/\(.*/, "", f); sub(/.*[ *]/, "", f); body[f] = ""
            if (/^static void .*\(void \*\*state\)$/) line[f] = FNR
            next
        }
        /^}/ { f = ""; next }
        f != "" { gsub(/assert_true\(true\)/, ""); body[f] = body[f] " " $0 }
        END { judge() }' | verdict 'a test that cannot fail is no test'
