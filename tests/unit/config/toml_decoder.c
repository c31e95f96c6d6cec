/* SPDX-License-Identifier: Apache-2.0
 * toml_decoder - TOML on stdin, the tagged JSON of toml-test on stdout; exit 1 and the reason on
 * stderr when it is not TOML. What the toml-test runner starts for every case.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/io.h"
#include "base/text.h"
#include "config/toml_reader.h"
#include "toml_tagged.h"

#define OUTPUT_MAX (256u << 20)

static int decode(const struct text *input, struct arena *arena)
{
    struct beacon_error err = {0};
    struct toml_value *root = NULL;
    struct toml_place where = {0};
    struct toml_source source = {"stdin", text_string(input), input->len};
    if (toml_read(&source, arena, &root, &where, &err) != BEACON_OK) {
        AUTO_TEXT struct text shown = {0};
        text_init(&shown, 4096);
        toml_show_error(&source, where, &err, &shown);
        (void)fputs(text_string(&shown), stderr);
        return 1;
    }
    AUTO_TEXT struct text tagged = {0};
    text_init(&tagged, OUTPUT_MAX);
    toml_add_tagged(&tagged, root);
    return puts(text_string(&tagged)) >= 0 ? 0 : 1;
}

int main(void)
{
    struct beacon_error err = {0};
    AUTO_TEXT struct text input = {0};
    text_init(&input, TOML_SIZE_MAX + 1);
    if (io_read_all(STDIN_FILENO, "stdin", &input, &err) != BEACON_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    struct arena *arena = arena_create();
    int status = decode(&input, arena);
    arena_destroy(arena);
    return status;
}
