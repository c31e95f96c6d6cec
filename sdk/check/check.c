/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>

#include "slate.h"

void check_fail(struct check_case *c, const char *expected, const char *remedy, const char *seen,
                ...)
{
    struct slate *slate = c->slate;
    slate->n_failures++;
    if (slate->status == CHECK_FAILED) {
        return;
    }
    va_list args;
    va_start(args, seen);
    (void)vsnprintf(slate->seen, sizeof slate->seen, seen, args);
    va_end(args);
    (void)snprintf(slate->expected, sizeof slate->expected, "%s", expected);
    (void)snprintf(slate->remedy, sizeof slate->remedy, "%s", remedy);
    slate->status = CHECK_FAILED;
}

void check_skip(struct check_case *c, const char *why, ...)
{
    struct slate *slate = c->slate;
    if (slate->status == CHECK_FAILED) {
        return;
    }
    va_list args;
    va_start(args, why);
    (void)vsnprintf(slate->seen, sizeof slate->seen, why, args);
    va_end(args);
    slate->status = CHECK_SKIPPED;
}

bool check_has_failed(const struct check_case *c)
{
    return c->slate->status == CHECK_FAILED;
}
