/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/patch_fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/text.h"

int patch_fail(const struct patch_report *report, beacon_rc code, const char *hint,
               const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *made = NULL;
    int n = vasprintf(&made, format, args);
    va_end(args);
    if (n < 0) {
        abort(); /* out of memory, as in base/alloc.c */
    }
    AUTO_FREE char *sentence = made;
    if (report->why != NULL) {
        text_reset(report->why);
        (void)text_add_string(report->why, sentence); /* over the cap: err still has the start */
    }
    return error_set(report->err, code, hint, "%s", sentence);
}
