/* config.h - what the person wrote under [otel.exporter.file]. */
#ifndef TELEMETRY_FILE_CONFIG_H
#define TELEMETRY_FILE_CONFIG_H

#include <beacon/plugin.h>
#include <stdbool.h>

#define CONFIG_MAX_BYTES_DEFAULT (10u << 20)
#define CONFIG_MAX_BYTES_MIN     4096
#define CONFIG_MAX_BYTES_MAX     (INT64_C(1) << 40)
#define CONFIG_MAX_FILES_DEFAULT 5
#define CONFIG_MAX_FILES_MAX     1000
#define CONFIG_FILE_NAME         "telemetry.jsonl" /* in the host's folder, when no path is given */

struct file_config {
    char *path;        /* absolute; freed by file_config_finish() */
    int64_t max_bytes; /* of one file */
    int64_t max_files; /* the current one and the rotated ones together */
    uint32_t signals;  /* 1 << BEACON_REC_* */
    bool wants_fsync;
};

extern const char file_config_schema[];

/* INVALID names the key that is missing, wrong or unknown. *ret is the caller's to finish. */
beacon_rc file_config_read(struct beacon_str json, struct file_config *ret,
                           struct beacon_error *err);
void file_config_finish(struct file_config *config);

#endif
