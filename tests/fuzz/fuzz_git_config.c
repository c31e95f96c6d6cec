/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "sandbox/git_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(void *ctx, const char *value)
{
    const size_t *size = ctx;
    assert(strlen(value) <= *size);
}

/* Any text is a git configuration, and no value is longer than all of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = alloc_string_n((const char *)data, size);
    git_config_each(text, "core", "hookspath", check, &size);
    git_config_each(text, "include", "path", check, &size);
    free(text);
    return 0;
}
