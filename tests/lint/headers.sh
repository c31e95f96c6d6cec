#!/bin/sh
# Every header compiles alone. Those of tests/ beside support/ are tables read in the middle of a file.
. "$(dirname "$0")/tree.sh"

# shellcheck disable=SC2016 # expanded by the shells that xargs starts
compile_alone='
for header in "$@"; do
    said=$(${CC:-cc} -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror "-DBEACON_VERSION=\"0\"" -fsyntax-only \
        -x c -I host -I include -I sdk/include -I tests "$header" 2>&1) ||
        printf "%s: does not compile alone\n%s\n" "$header" "$said"
done'

tree_files '^(host|include|sdk/include|sdk/check|plugins|tests/support)/.*\.h$' |
    for_all -n 8 -P "$(nproc)" sh -c "$compile_alone" sh | verdict 'a header includes or declares what it names'
