# cmake -DFROM=recording.jsonl -DTO=default_recording.c -P embed.cmake
# Writes the file as a C array, so that the demo works wherever the plugin is installed.
file(READ "${FROM}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REPEAT "0x..," 16 sixteen)
string(REGEX REPLACE "(${sixteen})" "\\1\n    " bytes "${bytes}")
file(WRITE "${TO}.new"
"/* Generated from ${NAME}. */
#include \"recording.h\"

const unsigned char replay_default_text[] = {
    ${bytes}
};
const size_t replay_default_size = sizeof replay_default_text;
")
file(RENAME "${TO}.new" "${TO}")
