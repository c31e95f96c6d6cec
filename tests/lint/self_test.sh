#!/bin/sh
# Each check passes a clean tree and fails on a violation planted in it.
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
n_bad=0

clean_tree() {
    rm -rf "$work/tree"
    mkdir -p "$work/tree/host/base" "$work/tree/host/loop" "$work/tree/plugins/p" \
        "$work/tree/tests/unit" "$work/tree/include/beacon"
    cd "$work/tree" || exit 2
    put host/base/a.h '#ifndef A_H' '#define A_H' 'int a(void);' '#endif'
    put host/base/a.c '/* SPDX-License-Identifier: Apache-2.0 */' '#include "base/a.h"' '' \
        'int a(void)' '{' '    return 1; /* not system("x") */' '}'
    put host/loop/b.c '/* SPDX-License-Identifier: Apache-2.0 */' '#include "base/a.h"'
    put plugins/p/p.c '/* SPDX-License-Identifier: Apache-2.0 */' '#include "p.h"' '' '#include <beacon/x.h>'
    put plugins/p/p.h 'int p(void);'
    put include/beacon/x.h '#include <stdint.h>'
    put tests/unit/test_a.c '/* SPDX-License-Identifier: Apache-2.0 */' \
        '#include "support/beacon_test.h"' '' 'static void helper(void)' '{' '    assert_true(a());' '}' '' \
        'static void it_works(void **state)' '{' '    helper();' '}' '' \
        'int main(void)' '{' '    run(cmocka_unit_test(it_works));' '}'
}

put() {
    file=$1
    shift
    printf '%s\n' "$@" >"$file"
}

# $1 check, $2 what the tree is: the check passes.
passes() {
    if ! said=$(sh "$here/$1.sh" "$work/tree" 2>&1); then
        printf '%s refuses %s:\n%s\n' "$1" "$2" "$said"
        n_bad=$((n_bad + 1))
    fi
}

# $1 check, $2 expected words, $3 file, rest: its lines; the check fails with these words.
fails() {
    check=$1 words=$2
    shift 2
    clean_tree
    put "$@"
    fails_here "$check" "$words"
}

# The same of the tree as it is.
fails_here() {
    check=$1 words=$2
    if said=$(sh "$here/$check.sh" "$work/tree" 2>&1); then
        printf '%s does not see: %s\n' "$check" "$words"
        n_bad=$((n_bad + 1))
    elif ! printf '%s' "$said" | grep -qF -- "$words"; then
        printf '%s does not say "%s" but:\n%s\n' "$check" "$words" "$said"
        n_bad=$((n_bad + 1))
    fi
}

spdx='/* SPDX-License-Identifier: Apache-2.0 */'
clean_tree
checks='layers banned words tests spdx headers'
command -v clang-format >/dev/null && checks="$checks format"
for check in $checks; do
    passes "$check" 'a clean tree'
done

fails layers 'base may not include "loop/b.h"' host/base/a.c '#include "loop/b.h"'
fails layers 'loop may not include "event/e.h"' host/loop/b.c '#include "event/e.h"'
fails layers '"a.h" names no room' host/base/a.c '#include "a.h"'
fails layers '"nowhere/x.h" names no room' host/base/a.c '#include "nowhere/x.h"'
fails layers 'may not include <base/a.h> of the host' plugins/p/p.c '#include <base/a.h>'
fails layers '"../../host/base/a.h" is not beside it' plugins/p/p.c '#include "../../host/base/a.h"'
fails layers 'the ABI does not know the SDK' include/beacon/x.h '#include <beacon-sdk/x.h>'
fails layers 'host/attic: not in' host/attic.c 'int x;'
for call in 'strcpy(a, b)' 'strcat (a, b)' 'sprintf(a, b)' 'strtok(a, b)' 'gets(a)' 'x = system("y")' \
    'popen("a", "r")' 'mktemp(a)' 'vsprintf(a, b, c)'; do
    fails banned 'host/base/a.c:2' host/base/a.c "$spdx" "int x = $call;"
done
fails banned 'host/base/a.c:3' host/base/a.c '/* one' 'two */ int y; /* three' '*/ gets(a);'
fails words 'host/base/a.c:1' host/base/a.c "/* TO""DO: finish */"
fails words 'host/base/a.c:1' host/base/a.c '/* XX''X */'
fails words 'host/base/a.c:1' host/base/a.c '/* good enough for'' now */'
fails words 'notes.md:1' notes.md 'built in /ro''ot/src'
fails words 'notes.md:1' notes.md 'cd /wo''rk/main'
fails words 'notes.md:1' notes.md 'ask somebody''@beacon.dev'
fails tests 'it_works asserts nothing' tests/unit/test_a.c '#include "support/beacon_test.h"' \
    'static void helper(void)' '{' '    a();' '}' 'static void it_works(void **state)' '{' '    helper();' '}' \
    'int main(void)' '{' '    run(cmocka_unit_test(it_works));' '}'
fails tests 'it_works asserts nothing' tests/unit/test_a.c '#include "support/beacon_test.h"' \
    'static void it_works(void **state)' '{' '    assert_true(true);' '}' \
    'int main(void)' '{' '    run(in_temp_dir(it_works));' '}'
fails spdx 'host/base/a.c: first line' host/base/a.c '' "$spdx"
fails headers 'host/base/a.h: does not compile alone' host/base/a.h 'size_t a(void);'
requirement='| P-1 | has a note | refused | load, `S.note`, `tests/unit` |'
agreed() {
    clean_tree
    mkdir -p sdk/check docs/protocol
    put sdk/check/check_table.c '    {"S.note", CHECK_FILE,' "$@"
    put docs/protocol/plugin-requirements.md "$requirement"
}
agreed
passes requirements 'a page that agrees with the checker'
agreed '    {"S.texts", CHECK_FILE,'
fails_here requirements 'the check S.texts proves no requirement'
for line in '| P-2 | x | y | `S.stack` |=there is no check S.stack' '| P-2 | x | y | `tests/none.sh` |=there is no tests/none.sh' \
    "$requirement=P-1 is there twice" '| P-2 | x |  | load |=the row of P-2 is not whole'; do
    agreed
    put docs/protocol/plugin-requirements.md "$requirement" "${line%=*}"
    fails_here requirements "${line##*=}"
done
if command -v clang-format >/dev/null; then
    fails format 'host/base/a.c:2' host/base/a.c "$spdx" 'int  a;'
fi

clean_tree
put host/base/a.c "$spdx" '#define A "system(x) gets(y) TO_DO"' "#define B '\"'" 'int x; /* gets(z) */'
passes banned 'a tree with the names in strings and comments only'
put notes.md 'write to someone@''example.com, clone git@''github.com:a/b' 'under ${DIR}/wo''rk/ or a/ro''ot/b'
passes words 'addresses of nobody and relative paths'

if [ "$n_bad" -gt 0 ]; then
    echo "self_test: $n_bad of the checks' promises do not hold"
    exit 1
fi
echo "self_test: ok"
