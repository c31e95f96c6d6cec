/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "session/dotenv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(void *ctx, const char *key, const char *value)
{
    (void)ctx;
    assert(key[0] != '\0' && strchr(key, '=') == NULL && value != NULL);
}

/* Any bytes are a .env: what it assigns could be given to setenv(). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dotenv_parse((const char *)data, size, check, NULL);
    return 0;
}
