#!/bin/sh
# docs/protocol/plugin-requirements.md agrees with the checker and with the tree: every check is the
# proof of some requirement, and every check, test and number that a requirement names is there.
. "$(dirname "$0")/tree.sh"
page=docs/protocol/plugin-requirements.md
[ -e "$page" ] && [ -d sdk/check ] || {
    echo "requirements: nothing to compare"
    exit 77
}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

# The ids of the checks are the first strings of their rows.
sed -n 's/^ *{"\([A-Z]\.[a-z_]*\)".*/\1/p' sdk/check/*.c | sort >"$work/checks"
grep -o '`[A-Z]\.[a-z_]*`' "$page" | tr -d '`' | sort -u >"$work/named"
[ -s "$work/checks" ] || echo 'sdk/check: no row of a check was found' >"$work/empty"

{
    cat "$work"/empty 2>/dev/null
    comm -13 "$work/checks" "$work/named" | sed "s|.*|$page: there is no check &|"
    comm -23 "$work/checks" "$work/named" | sed "s|.*|$page: the check & proves no requirement|"
    grep -o '`tests/[^`]*`' "$page" | tr -d '`' | sort -u | while IFS= read -r path; do
        [ -e "$path" ] || echo "$page: there is no $path"
    done
    sed -n 's/^| \([PH]-[0-9]*\) |.*/\1/p' "$page" | sort | uniq -d | sed "s|.*|$page: & is there twice|"
    # Each row is whole: P has four cells, H has three, none is empty.
    awk -F ' *\\| *' '/^\| [PH]-/ {
        for (i = 2; i < NF; i++) if ($i == "") bad = 1
        if (bad || NF != ($2 ~ /^P/ ? 6 : 5)) print FILENAME ":" FNR ": the row of " $2 " is not whole"
        bad = 0
    }' "$page"
} | verdict 'correct the page, or what it speaks of'
