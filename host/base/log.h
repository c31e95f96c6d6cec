/* log.h - diagnostics for the person who debugs, on stderr, one line each.
 *
 * Off below WARN unless BEACON_LOG or RUST_LOG asks for more (error, warn, info, debug, trace; only
 * the bare level of a RUST_LOG filter is used, an invalid one is ignored). What a user must see is
 * not logged but reported as an event or an error. Thread: [any].
 */
#ifndef HOST_BASE_LOG_H
#define HOST_BASE_LOG_H

#include <stdbool.h>

enum log_level {
    LOG_LEVEL_TRACE,
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,
    LOG_LEVEL_ERROR
};

void log_init_from_environment(void); /* [main] once, before any thread */
bool log_is_on(enum log_level level);
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
