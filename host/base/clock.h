/* clock.h - the time, as numbers and as text. Code under test takes times as parameters. [any] */
#ifndef HOST_BASE_CLOCK_H
#define HOST_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

uint64_t clock_mono_ns(void);
uint64_t clock_unix_ms(void);

#define CLOCK_UTC_BYTES 25 /* "2025-01-02T03:04:05.678Z" and NUL */
/* Moments after the year 9999 read as its end. */
void clock_format_utc(uint64_t unix_ms, char out[CLOCK_UTC_BYTES]);

#endif
