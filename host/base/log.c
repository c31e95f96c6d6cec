/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/io.h"
#include "base/utf8.h"

static const char *const names[] = {"trace", "debug", "info", "warn", "error"};
static enum log_level threshold = LOG_LEVEL_WARN;

void log_init_from_environment(void)
{
    const char *filter = getenv("BEACON_LOG");
    if (filter == NULL) {
        filter = getenv("RUST_LOG");
    }
    if (filter == NULL) {
        return;
    }
    size_t n = strcspn(filter, ",");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (n == strlen(names[i]) && strncasecmp(filter, names[i], n) == 0) {
            threshold = (enum log_level)i;
        }
    }
}

bool log_is_on(enum log_level level)
{
    return level >= threshold;
}

void log_line(enum log_level level, const char *format, ...)
{
    if (!log_is_on(level)) {
        return;
    }
    char line[1024];
    int n = snprintf(line, sizeof line, "beacon: %s: ", names[level]);
    va_list args;
    va_start(args, format);
    int more = vsnprintf(line + n, sizeof line - (size_t)n, format, args);
    va_end(args);
    size_t len = (size_t)n + (size_t)(more > 0 ? more : 0);
    if (len > sizeof line - 1) {
        len = utf8_cut(line, sizeof line - 1);
    }
    for (size_t i = 0; i < len; i++) {
        if (iscntrl((unsigned char)line[i])) {
            line[i] = ' '; /* one record is one line, and steers no terminal */
        }
    }
    line[len] = '\n';
    (void)io_write_all(STDERR_FILENO, line, len + 1);
}
