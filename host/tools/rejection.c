/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/rejection.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"

/* In quotes, with what would end or break them escaped. */
static char *quoted(const char *p)
{
    static const char special[] = "\"\\\n\r\t", letters[] = "\"\\nrt";
    struct text out;
    text_init(&out, INT_MAX);
    (void)text_add_char(&out, '"');
    for (; *p != '\0'; p++) {
        const char *found = strchr(special, *p);
        if (found != NULL) {
            (void)text_addf(&out, "\\%c", letters[found - special]);
        } else if ((unsigned char)*p < ' ' || *p == 0x7F) {
            (void)text_addf(&out, "\\u{%x}", (unsigned)(unsigned char)*p);
        } else {
            (void)text_add_char(&out, *p);
        }
    }
    (void)text_add_char(&out, '"');
    return text_take(&out);
}

char *rejection_text(bool is_classic, const char *why)
{
    if (is_classic) {
        return strcmp(why, REJECTED_BY_USER) == 0 ? alloc_string("exec command rejected by user")
                                                  : alloc_printf("exec command rejected: %s", why);
    }
    AUTO_FREE char *inner = quoted(why);
    AUTO_FREE char *rejected = alloc_printf("Rejected(%s)", inner);
    AUTO_FREE char *message = quoted(rejected);
    return alloc_printf("exec_command failed: CreateProcess { message: %s }", message);
}
