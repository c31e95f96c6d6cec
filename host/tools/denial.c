/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/denial.h"

#include <signal.h>
#include <string.h>
#include <strings.h>

#define EXIT_CANNOT_EXECUTE 126 /* what a shell says of a program it may not run */

static bool holds(const char *output, size_t n, const char *words)
{
    const size_t length = strlen(words);
    for (size_t i = 0; i + length <= n; i++) {
        if (strncasecmp(output + i, words, length) == 0) {
            return true;
        }
    }
    return false;
}

bool denial_is_likely(int exit_code, const char *output, size_t n, const char *diagnosis)
{
    static const char *const words[] = {"operation not permitted", "permission denied",
                                        "read-only file system", "seccomp", "landlock"};
    if (exit_code == 0) {
        return false;
    }
    if (diagnosis[0] != '\0' || exit_code == EXIT_CANNOT_EXECUTE || exit_code == 128 + SIGSYS) {
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (holds(output, n, words[i])) {
            return true;
        }
    }
    return false;
}
