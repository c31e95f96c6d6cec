/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <beacon/telemetry.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <beacon-sdk/error.h>
#include <beacon-sdk/json_scan.h>

#define HINT "correct the value under [otel.exporter.file]"

const char file_config_schema[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"path\"],\"properties\":{"
    "\"path\":{\"type\":\"string\"},\"code_home\":{\"type\":\"string\"},"
    "\"max_bytes\":{\"type\":\"integer\",\"minimum\":4096},"
    "\"max_files\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000},"
    "\"signals\":{\"type\":\"array\",\"items\":{\"enum\":[\"log\",\"span\",\"metric\"]}},"
    "\"fsync\":{\"type\":\"boolean\"}}}";

struct reading {
    struct file_config config;
    char *path, *home; /* as given */
};

/* The caller's to free; NULL when it is no string, holds a NUL, or is longer than any path. */
static char *read_path(struct beacon_json *j)
{
    struct beacon_str raw;
    if (beacon_json_peek(j) != BEACON_JSON_STRING || !beacon_json_string(j, &raw) ||
        raw.n >= PATH_MAX) {
        return NULL;
    }
    char *text = calloc(1, raw.n + 1);
    const size_t n = text != NULL ? beacon_json_unescape(raw, text) : 0;
    if (n == 0 || memchr(text, '\0', n) != NULL) {
        free(text);
        return NULL;
    }
    text[n] = '\0';
    return text;
}

static bool read_string(struct beacon_json *j, char **ret)
{
    free(*ret);
    *ret = read_path(j);
    return *ret != NULL;
}

static bool read_number(struct beacon_json *j, int64_t min, int64_t max, int64_t *ret)
{
    int64_t value = 0;
    if (beacon_json_peek(j) != BEACON_JSON_NUMBER || !beacon_json_int64(j, &value) || value < min ||
        value > max) {
        return false;
    }
    *ret = value;
    return true;
}

static uint32_t signal_named(struct beacon_str raw)
{
    return beacon_json_key_is(raw, "log")      ? 1u << BEACON_REC_LOG
           : beacon_json_key_is(raw, "span")   ? 1u << BEACON_REC_SPAN
           : beacon_json_key_is(raw, "metric") ? 1u << BEACON_REC_METRIC
                                               : 0;
}

static bool read_signals(struct beacon_json *j, uint32_t *ret)
{
    uint32_t all = 0;
    if (beacon_json_peek(j) != BEACON_JSON_ARRAY || !beacon_json_enter_array(j)) {
        return false;
    }
    while (beacon_json_next_element(j)) {
        struct beacon_str raw;
        if (beacon_json_peek(j) != BEACON_JSON_STRING || !beacon_json_string(j, &raw) ||
            signal_named(raw) == 0) {
            return false;
        }
        all |= signal_named(raw);
    }
    *ret = all;
    return !j->failed && all != 0;
}

static bool path_key(struct reading *r, struct beacon_json *j)
{
    return read_string(j, &r->path);
}

static bool home_key(struct reading *r, struct beacon_json *j)
{
    return read_string(j, &r->home);
}

static bool max_bytes_key(struct reading *r, struct beacon_json *j)
{
    return read_number(j, CONFIG_MAX_BYTES_MIN, CONFIG_MAX_BYTES_MAX, &r->config.max_bytes);
}

static bool max_files_key(struct reading *r, struct beacon_json *j)
{
    return read_number(j, 1, CONFIG_MAX_FILES_MAX, &r->config.max_files);
}

static bool signals_key(struct reading *r, struct beacon_json *j)
{
    return read_signals(j, &r->config.signals);
}

static bool fsync_key(struct reading *r, struct beacon_json *j)
{
    return beacon_json_bool(j, &r->config.wants_fsync);
}

static const struct {
    const char *key, *expected;
    bool (*read)(struct reading *r, struct beacon_json *j);
} keys[] = {
    {"path", "the path of a file", path_key},
    {"code_home", "the path of a folder", home_key},
    {"max_bytes", "a whole number from 4096 on", max_bytes_key},
    {"max_files", "a whole number from 1 to 1000", max_files_key},
    {"signals", "a list of \"log\", \"span\" and \"metric\"", signals_key},
    {"fsync", "true or false", fsync_key},
};

static beacon_rc read_member(struct reading *r, struct beacon_json *j, struct beacon_str key,
                             struct beacon_error *err)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (beacon_json_key_is(key, keys[i].key)) {
            return keys[i].read(r, j)
                       ? BEACON_OK
                       : beacon_error_fill(err, BEACON_E_INVALID, HINT, "%s must be %s",
                                           keys[i].key, keys[i].expected);
        }
    }
    return beacon_error_fill(
        err, BEACON_E_INVALID, "known are path, max_bytes, max_files, signals and fsync",
        "the file exporter has no key %.*s", key.n < 80 ? (int)key.n : 80, key.p);
}

static beacon_rc read_object(struct reading *r, struct beacon_str json, struct beacon_error *err)
{
    struct beacon_json j;
    beacon_json_init(&j, json);
    beacon_rc rc = BEACON_OK;
    if (beacon_json_peek(&j) == BEACON_JSON_OBJECT && beacon_json_enter_object(&j)) {
        struct beacon_str key;
        while (rc == BEACON_OK && beacon_json_next_key(&j, &key)) {
            rc = read_member(r, &j, key, err);
        }
    } else {
        j.failed = 1;
    }
    if (rc == BEACON_OK && (j.failed || !beacon_json_finished(&j))) {
        rc = beacon_error_fill(err, BEACON_E_INVALID, HINT,
                               "the configuration of the file exporter is no JSON object");
    }
    return rc;
}

/* A path that is not absolute is one in the host's folder. */
static beacon_rc settle_path(struct reading *r, struct beacon_error *err)
{
    const char *name = r->path != NULL ? r->path : CONFIG_FILE_NAME;
    const char *dir = name[0] == '/' ? NULL : r->home;
    if (name[0] != '/' && (dir == NULL || dir[0] != '/')) {
        return beacon_error_fill(err, BEACON_E_INVALID,
                                 "add path = \"/…/telemetry.jsonl\" to [otel.exporter.file]",
                                 "path must be the absolute path of a file");
    }
    const size_t n = strlen(name) + (dir != NULL ? strlen(dir) + 1 : 0) + 1;
    r->config.path = calloc(1, n);
    if (r->config.path == NULL || n > PATH_MAX) {
        return beacon_error_fill(err, BEACON_E_LIMIT, "choose a shorter path", "path is too long");
    }
    (void)snprintf(r->config.path, n, "%s%s%s", dir != NULL ? dir : "", dir != NULL ? "/" : "",
                   name);
    return BEACON_OK;
}

beacon_rc file_config_read(struct beacon_str json, struct file_config *ret,
                           struct beacon_error *err)
{
    struct reading r = {.config = {.max_bytes = CONFIG_MAX_BYTES_DEFAULT,
                                   .max_files = CONFIG_MAX_FILES_DEFAULT,
                                   .signals = 1u << BEACON_REC_LOG | 1u << BEACON_REC_SPAN |
                                              1u << BEACON_REC_METRIC}};
    beacon_rc rc = read_object(&r, json, err);
    rc = rc == BEACON_OK ? settle_path(&r, err) : rc;
    free(r.path);
    free(r.home);
    if (rc != BEACON_OK) {
        file_config_finish(&r.config);
        return rc;
    }
    *ret = r.config;
    return BEACON_OK;
}

void file_config_finish(struct file_config *config)
{
    free(config->path);
    config->path = NULL;
}
