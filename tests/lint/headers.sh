#!/bin/sh
# Every header compiles alone.
. "$(dirname "$0")/tree.sh"

compile_alone() {
    for header in "$@"; do
        if ! said=$(${CC:-cc} -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror -DBEACON_VERSION='"0"' -fsyntax-only -x c \
            -I host -I include -I sdk/include -I tests "$header" 2>&1); then
            printf '%s: does not compile alone\n%s\n' "$header" "$said"
        fi
    done
}

tree_files '^(host|include|sdk/include|plugins|tests)/.*\.h$' | while IFS= read -r header; do
    compile_alone "$header"
done | verdict 'a header includes or declares what it names'
