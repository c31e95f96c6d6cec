/* uuid.h - version 7 UUIDs (RFC 9562): time-ordered, as thread and session ids. Thread: [any]. */
#ifndef HOST_BASE_UUID_H
#define HOST_BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>

#define UUID_TEXT_BYTES 37 /* 36 characters and NUL */

void uuid_v7(uint64_t unix_ms, char out[UUID_TEXT_BYTES]);
bool uuid_is_valid(const char *text); /* 8-4-4-4-12 hex digits, any version */

#endif
