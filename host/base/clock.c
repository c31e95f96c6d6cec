/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#define LAST_UNIX_MS 253402300799999u /* the last millisecond of the year 9999 */

uint64_t clock_mono_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t clock_unix_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

void clock_format_utc(uint64_t unix_ms, char out[CLOCK_UTC_BYTES])
{
    if (unix_ms > LAST_UNIX_MS) {
        unix_ms = LAST_UNIX_MS;
    }
    time_t seconds = (time_t)(unix_ms / 1000u);
    struct tm parts;
    (void)gmtime_r(&seconds, &parts); /* cannot fail for a year of four digits */
    size_t n = strftime(out, CLOCK_UTC_BYTES, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(out + n, CLOCK_UTC_BYTES - n, ".%03uZ", (unsigned)(unix_ms % 1000u));
}
