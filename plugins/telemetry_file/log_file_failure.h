/* log_file_failure.h - what went wrong with a file, as a sentence and what to do about it. */
#ifndef TELEMETRY_FILE_LOG_FILE_FAILURE_H
#define TELEMETRY_FILE_LOG_FILE_FAILURE_H

#include <beacon/plugin.h>

/* "cannot `doing` telemetry file PATH: why"; returns BEACON_E_IO. `cause` is an errno. */
beacon_rc log_file_failure(struct beacon_error *err, int cause, const char *doing,
                           const char *path);

#endif
