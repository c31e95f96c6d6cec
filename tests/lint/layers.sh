#!/bin/sh
# The arrows of docs/architecture: each #include points to a lower room, and plugins see the ABI only.
. "$(dirname "$0")/tree.sh"

rooms_without_a_layer() {
    tree_files '^host/.*\.[ch]$' | awk -v layers="$here/layers.txt" '
        BEGIN {
            while ((getline line < layers) > 0) {
                n = split(line, word, " ")
                for (i = 2; i <= n && word[1] != "#"; i++) known[word[i]] = 1
            }
        }
        { split($0, part, "/"); room = part[2]; sub(/\.[ch]$/, "", room) }
        !(room in known) && !said[room]++ { print "host/" room ": not in tests/lint/layers.txt" }'
}

host_arrows() {
    tree_files '^host/.*\.[ch]$' | for_all awk -v layers="$here/layers.txt" '
        BEGIN {
            while ((getline line < layers) > 0) {
                n = split(line, word, " ")
                for (i = 2; i <= n && word[1] != "#"; i++) level[word[i]] = word[1]
            }
        }
        FNR == 1 { split(FILENAME, part, "/"); own = part[2]; sub(/\.[ch]$/, "", own) }
        /^[ \t]*#[ \t]*include[ \t]*"/ {
            split($0, quoted, "\""); split(quoted[2], path, "/"); other = path[1]
            if (quoted[2] !~ /\// || !(other in level))
                print FILENAME ":" FNR ": \"" quoted[2] "\" names no room"
            else if (other != own && level[other] + 0 >= level[own] + 0)
                print FILENAME ":" FNR ": " own " may not include \"" quoted[2] "\""
        }'
}

# Plugins, the SDK and the ABI: <beacon/…>, <beacon-sdk/…>, system headers, files beside them, and
# the manifest that the build writes for the plugin. The checker in sdk/check is a program of ours that
# reads plugin files as the host does, so it may include these rooms too.
outside_arrows() {
    tree_files '^(plugins|sdk|include)/.*\.[ch]$' | for_all awk -v layers="$here/layers.txt" '
        BEGIN {
            while ((getline line < layers) > 0) {
                n = split(line, word, " ")
                for (i = 2; i <= n && word[1] != "#"; i++) is_room[word[i]] = 1
            }
        }
        /^[ \t]*#[ \t]*include[ \t]*[<"]/ {
            match($0, /[<"][^>"]*/); name = substr($0, RSTART + 1, RLENGTH - 1)
            folder = FILENAME; sub(/[^\/]*$/, "", folder); split(name, path, "/")
            split(FILENAME, part, "/"); if (name == part[2] "_manifest.h") next
            is_quoted = substr($0, RSTART, 1) == "\""
            if (FILENAME ~ /^sdk\/check\// && is_quoted && path[1] ~ /^(base|plugin|sandbox|verify)$/) next
            if (FILENAME ~ /^sdk\/check\// && name == "cli/args.h") next
            if (is_quoted && (name ~ /\.\./ || (getline line < (folder name)) <= 0))
                print FILENAME ":" FNR ": \"" name "\" is not beside it"
            else if (!is_quoted && name ~ /\// && path[1] in is_room)
                print FILENAME ":" FNR ": may not include <" name "> of the host"
            if (is_quoted) close(folder name)
            if (FILENAME ~ /^include\// && path[1] == "beacon-sdk")
                print FILENAME ":" FNR ": the ABI does not know the SDK"
        }'
}

{ rooms_without_a_layer; host_arrows; outside_arrows; } | verdict 'an include points the wrong way'
