#!/bin/sh
# The first line of every .c file names its licence.
. "$(dirname "$0")/tree.sh"

tree_files '\.c$' | for_all awk '
    FNR == 1 && !/^\/\* SPDX-License-Identifier: Apache-2\.0( \*\/)?$/ { print FILENAME ": first line" }
    ' | verdict 'begin it with /* SPDX-License-Identifier: Apache-2.0 */'
