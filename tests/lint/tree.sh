# tree.sh - which files the checks look at; sourced by each of them with the tree's root as $1.
root=$(cd "${1:?usage: <check>.sh ROOT}" && pwd) || exit 2
here=$(cd "$(dirname "$0")" && pwd)
cd "$root" || exit 2

# Paths of our files that match the extended regular expression $1, relative to the root: what git
# knows or would add; outside of a repository, what is there. Suites copied from elsewhere are not ours.
tree_files() {
    if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$root" ]; then
        git ls-files --cached --others --exclude-standard
    else
        find . -name .git -prune -o -path ./build -prune -o -name node_modules -prune -o -type f -print |
            sed 's|^\./||'
    fi | grep -E -- "$1" | grep -vE '^tests/data/' | sort -u | while IFS= read -r file; do
        if [ -f "$file" ]; then
            printf '%s\n' "$file"
        fi
    done
}

# Run "$@" over the paths on standard input, all of them at once; fine when there are none.
for_all() {
    tr '\n' '\0' | xargs -0 -r "$@"
}

# Print what a check found, one violation per line, and end with its verdict: $1 is what is wrong.
verdict() {
    found=$(cat)
    if [ -n "$found" ]; then
        printf '%s\n%s: %s\n' "$found" "$(basename "$0" .sh)" "$1"
        exit 1
    fi
    echo "$(basename "$0" .sh): ok"
    exit 0
}
