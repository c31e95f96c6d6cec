/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/patch_program.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/text.h"
#include "base/utf8.h"
#include "tools/patch_apply.h"
#include "tools/patch_parse.h"

#define USAGE "Usage: apply_patch 'PATCH'\n       echo 'PATCH' | apply_patch\n"

enum { APPLIED = 0, NOT_APPLIED = 1, WRONG_USE = 2 };

static int complain(int status, const char *sentence)
{
    (void)fprintf(stderr, "%s\n", sentence);
    return status;
}

/* Sections one by one: what was applied before one that fails stays. */
static int apply_sections(const struct patch *patch, const char *cwd, struct text *why)
{
    const struct patch_roots anywhere = {0};
    struct beacon_error err = {0};
    for (size_t i = 0; i < patch->n_sections; i++) {
        const struct patch one = {.sections = &patch->sections[i], .n_sections = 1};
        struct patch_plan *plan = NULL;
        int rc = patch_verify(&one, cwd, &anywhere, &plan, why, &err);
        rc = rc == BEACON_OK ? patch_commit(plan, why, &err) : rc;
        patch_plan_destroy(plan);
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    return BEACON_OK;
}

static int apply(const struct patch *patch, struct text *why)
{
    if (patch->n_sections == 0) {
        return complain(NOT_APPLIED, "No files were modified.");
    }
    AUTO_FREE char *cwd = path_cwd();
    if (cwd == NULL) {
        return complain(NOT_APPLIED, "Error: the current directory is gone.");
    }
    if (apply_sections(patch, cwd, why) != BEACON_OK) {
        return complain(NOT_APPLIED, text_string(why));
    }
    text_reset(why);
    patch_summarise(patch, why);
    return io_write_all(STDOUT_FILENO, text_string(why), why->len) ? APPLIED : NOT_APPLIED;
}

static int run(const char *text, size_t n)
{
    AUTO_TEXT struct text why;
    text_init(&why, PATCH_WHY_MAX);
    struct beacon_error err = {0};
    struct patch *patch = NULL;
    if (patch_parse(text, n, &patch, &why, &err) != BEACON_OK) {
        return complain(NOT_APPLIED, text_string(&why));
    }
    int status = apply(patch, &why);
    patch_destroy(patch);
    return status;
}

static int run_stdin(void)
{
    AUTO_TEXT struct text input;
    text_init(&input, PATCH_TEXT_MAX);
    struct beacon_error err = {0};
    if (io_read_all(STDIN_FILENO, "standard input", &input, &err) != BEACON_OK) {
        (void)fprintf(stderr, "Error: Failed to read PATCH from stdin.\n%s\n", err.message);
        return NOT_APPLIED;
    }
    if (!utf8_valid(text_string(&input), input.len)) {
        return complain(NOT_APPLIED, "Error: Failed to read PATCH from stdin.\n"
                                     "stream did not contain valid UTF-8");
    }
    if (input.len == 0) {
        (void)fputs(USAGE, stderr);
        return WRONG_USE;
    }
    return run(text_string(&input), input.len);
}

int patch_program_main(int argc, char **argv)
{
    if (argc > 2) {
        return complain(WRONG_USE, "Error: apply_patch accepts exactly one argument.");
    }
    if (argc < 2) {
        return run_stdin();
    }
    if (!utf8_valid(argv[1], strlen(argv[1]))) {
        return complain(NOT_APPLIED, "Error: apply_patch requires a UTF-8 PATCH argument.");
    }
    return run(argv[1], strlen(argv[1]));
}
