#!/bin/sh
# Calls that cannot be used safely, or that hide a shell: CONTRIBUTING says what to use instead.
. "$(dirname "$0")/tree.sh"

tree_files '\.[ch]$' | for_all awk -f "$here/strip.awk" |
    grep -E '(^|[^A-Za-z0-9_>.])(strcpy|strcat|v?sprintf|strtok|gets|system|popen|mktemp)[[:space:]]*\(' |
    verdict 'a banned function is called'
