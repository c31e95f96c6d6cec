# Print C files as file:line:code, with comments, strings and character constants left out.
FNR == 1 { in_comment = 0 }
{
    line = $0
    code = ""
    while (line != "") {
        if (in_comment) {
            end = index(line, "*/")
            if (end == 0) break
            line = substr(line, end + 2)
            in_comment = 0
        } else if (match(line, /\/\*|\/\/|"([^"\\]|\\.)*"|'([^'\\]|\\.)*'/)) {
            code = code substr(line, 1, RSTART - 1)
            found = substr(line, RSTART, 2)
            line = substr(line, RSTART + (found == "/*" ? 2 : RLENGTH))
            if (found == "//") break
            if (found == "/*") in_comment = 1; else code = code " "
        } else {
            code = code line
            break
        }
    }
    if (code ~ /[^ \t]/) print FILENAME ":" FNR ":" code
}
