/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uuid.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void uuid_v7(uint64_t unix_ms, char out[UUID_TEXT_BYTES])
{
    unsigned char b[16];
    if (getentropy(b, sizeof b) != 0) {
        abort(); /* no kernel this program runs on lacks it */
    }
    for (int i = 0; i < 6; i++) {
        b[i] = (unsigned char)(unix_ms >> (40 - 8 * i));
    }
    b[6] = (unsigned char)(0x70u | (b[6] & 0x0Fu));
    b[8] = (unsigned char)(0x80u | (b[8] & 0x3Fu));
    (void)snprintf(out, UUID_TEXT_BYTES,
                   "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
                   b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
                   b[14], b[15]);
}

bool uuid_is_valid(const char *text)
{
    for (int i = 0; i < 36; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text[i] != '-' : !isxdigit((unsigned char)text[i])) {
            return false;
        }
    }
    return text[36] == '\0';
}
