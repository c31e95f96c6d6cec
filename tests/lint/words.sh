#!/bin/sh
# Nothing unfinished, no path of somebody's machine, nobody's address.
. "$(dirname "$0")/tree.sh"

unfinished='\b((TO[D]O|FIX[M]E|[Ss]tub(s|bed)?|[Pp]lace[h]older|[Ff]or[ ]now)\b|XX[X]([: ]|$))'
machine_path='(^|[^A-Za-z0-9_.}~-])/(wor[k]|roo[t]|home/[a-z]+)/'
address='[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}'
nobodys_address='(git@[a-z.]+|@([A-Za-z0-9-]+\.)*(example(\.(com|net|org))?|invalid|test|localhost)\b)'

{
    tree_files '\.([ch]|cmake|sh|py|mjs|js)$|CMakeLists\.txt$|^contrib/' |
        for_all grep -nHIE -- "$unfinished"
    tree_files '.' | for_all grep -nHIE -- "$machine_path"
    tree_files '.' | grep -v 'package-lock\.json$' | for_all grep -nHIE -- "$address" |
        grep -vE -- "$nobodys_address"
} | verdict 'finish it, or take it out of the tree'
