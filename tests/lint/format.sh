#!/bin/sh
# Every C file is as clang-format leaves it.
. "$(dirname "$0")/tree.sh"

if ! command -v clang-format >/dev/null; then
    echo "format: clang-format is not installed"
    exit 77
fi
tree_files '\.[ch]$' | for_all clang-format --style="file:$here/../../.clang-format" --dry-run -Werror 2>&1 |
    grep -E 'error:|rror reading|invalid' | verdict "run: clang-format -i FILE"
