/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/log.h - writing to the host's log.
 *
 * For people who debug; what a user must see belongs into an error or an event. Never a secret.
 * Thread: [any].
 */
#ifndef BEACON_SDK_LOG_H
#define BEACON_SDK_LOG_H

#include <beacon-sdk/text.h>
#include <beacon/host.h>
#include <stdarg.h>
#include <stdio.h>

/* One line with attributes, tagged there with the plugin's id. `host` may be NULL. */
static inline void beacon_log_line(const struct beacon_host *host, uint32_t level,
                                   struct beacon_str message, const struct beacon_kv *attrs,
                                   size_t n)
{
    if (host != NULL && BEACON_HAS(host, log) && host->log != NULL) {
        host->log(host, level, message, attrs, n);
    }
}

/* An attribute: beacon_log_attr("status", BEACON_STR("429")). */
static inline struct beacon_kv beacon_log_attr(const char *key, struct beacon_str value)
{
    struct beacon_kv kv;
    kv.k = beacon_text(key);
    kv.v = value;
    return kv;
}

/* One line, as printf() would write it, at most 511 bytes of it. */
static inline void beacon_log(const struct beacon_host *host, uint32_t level, const char *format,
                              ...) __attribute__((format(printf, 3, 4)));

static inline void beacon_log(const struct beacon_host *host, uint32_t level, const char *format,
                              ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (n >= 0) {
        beacon_log_line(host, level, beacon_utf8_cut(beacon_text(message), sizeof message - 1),
                        NULL, 0);
    }
}

#endif
