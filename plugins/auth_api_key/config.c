/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <beacon-sdk/error.h>
#include <beacon-sdk/json_string.h>

const char api_key_config_schema[] =
    "{\"type\":\"object\",\"properties\":{"
    "\"env_keys\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"maxItems\":16},"
    "\"env_keys_after\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"maxItems\":16},"
    "\"login\":{\"type\":\"boolean\"},\"ask_for\":{\"type\":\"string\"},"
    "\"instructions\":{\"type\":\"string\"},\"header\":{\"type\":\"string\"},"
    "\"scheme\":{\"type\":\"string\"}}}";

enum field_kind { FIELD_STRING, FIELD_NAMES, FIELD_BOOL };

static const struct field {
    const char *key;
    size_t offset;
    enum field_kind kind;
    const char *expected;
} fields[] = {
    {"env_keys", offsetof(struct api_key_config, env_keys), FIELD_NAMES,
     "a list of at most 16 names of variables"},
    {"env_keys_after", offsetof(struct api_key_config, env_keys_after), FIELD_NAMES,
     "a list of at most 16 names of variables"},
    {"login", offsetof(struct api_key_config, uses_login), FIELD_BOOL, "true or false"},
    {"ask_for", offsetof(struct api_key_config, ask_for), FIELD_STRING, "a string"},
    {"instructions", offsetof(struct api_key_config, instructions), FIELD_STRING, "a string"},
    {"header", offsetof(struct api_key_config, header), FIELD_STRING, "the name of a header"},
    {"scheme", offsetof(struct api_key_config, scheme), FIELD_STRING, "one line of text"},
};

/* The scanner is past the string, and its value is never longer than its source. */
static bool read_string(struct api_key_config *config, struct beacon_json *j,
                        struct beacon_str *ret)
{
    struct beacon_str raw;
    if (beacon_json_peek(j) != BEACON_JSON_STRING || !beacon_json_string(j, &raw)) {
        return false;
    }
    char *at = config->text + (raw.p - config->text);
    *ret = beacon_span(at, beacon_json_unescape(raw, at));
    return true;
}

static bool read_names(struct api_key_config *config, struct beacon_json *j,
                       struct api_key_names *names)
{
    names->n = 0; /* no default any more */
    if (beacon_json_peek(j) != BEACON_JSON_ARRAY || !beacon_json_enter_array(j)) {
        return false;
    }
    while (beacon_json_next_element(j)) {
        if (names->n == CONFIG_NAMES_MAX || !read_string(config, j, &names->at[names->n])) {
            return false;
        }
        names->n++;
    }
    return !j->failed;
}

static bool read_field(struct api_key_config *config, struct beacon_json *j,
                       const struct field *field)
{
    void *slot = (char *)config + field->offset;
    switch (field->kind) {
    case FIELD_STRING:
        return read_string(config, j, slot);
    case FIELD_NAMES:
        return read_names(config, j, slot);
    case FIELD_BOOL:
        return beacon_json_bool(j, slot);
    }
    return false;
}

static beacon_rc bad_key(struct beacon_error *err, const char *key, const char *expected)
{
    return beacon_error_fill(err, BEACON_E_INVALID, "correct the configuration of the provider",
                             "%s of the auth plugin api_key must be %s", key, expected);
}

static beacon_rc read_member(struct api_key_config *config, struct beacon_json *j,
                             struct beacon_str key, struct beacon_error *err)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (beacon_json_key_is(key, fields[i].key) && beacon_json_peek(j) != BEACON_JSON_NULL) {
            return read_field(config, j, &fields[i])
                       ? BEACON_OK
                       : bad_key(err, fields[i].key, fields[i].expected);
        }
    }
    (void)beacon_json_skip(j, NULL); /* the host knows the keys; a newer one may write more */
    return BEACON_OK;
}

static beacon_rc read_object(struct api_key_config *config, size_t n, struct beacon_error *err)
{
    struct beacon_json j;
    struct beacon_str key;
    beacon_json_init(&j, beacon_span(config->text, n));
    if (beacon_json_peek(&j) == BEACON_JSON_END) {
        return BEACON_OK;
    }
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &key)) {
        beacon_rc rc = read_member(config, &j, key, err);
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    if (!beacon_json_finished(&j)) {
        return beacon_error_fill(err, BEACON_E_INVALID, "pass one JSON object",
                                 "the configuration of the auth plugin api_key is not a JSON "
                                 "object");
    }
    return BEACON_OK;
}

static bool is_token(struct beacon_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c) != NULL) {
            return false;
        }
    }
    return name.n > 0;
}

static bool is_line(struct beacon_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

static beacon_rc check(const struct api_key_config *config, struct beacon_error *err)
{
    if (!is_token(config->header)) {
        return bad_key(err, "header", "the name of a header");
    }
    if (!is_line(config->scheme)) {
        return bad_key(err, "scheme", "one line of text");
    }
    return BEACON_OK;
}

static void set_defaults(struct api_key_config *config)
{
    config->env_keys.at[0] = BEACON_STR("CODE_API_KEY");
    config->env_keys.at[1] = BEACON_STR("BEACON_API_KEY");
    config->env_keys.at[2] = BEACON_STR("CODEX_API_KEY");
    config->env_keys.n = 3;
    config->env_keys_after.at[0] = BEACON_STR("OPENAI_API_KEY");
    config->env_keys_after.n = 1;
    config->ask_for = BEACON_STR("OPENAI_API_KEY");
    config->instructions = BEACON_STR("");
    config->header = BEACON_STR("Authorization");
    config->scheme = BEACON_STR("Bearer");
    config->uses_login = true;
}

beacon_rc api_key_config_parse(struct beacon_str json, struct api_key_config *ret,
                               struct beacon_error *err)
{
    memset(ret, 0, sizeof *ret);
    if (json.n > CONFIG_BYTES_MAX) {
        return beacon_error_fill(err, BEACON_E_LIMIT, "shorten the configuration of the provider",
                                 "the configuration of the auth plugin api_key has %zu bytes, at "
                                 "most %u are read",
                                 json.n, CONFIG_BYTES_MAX);
    }
    ret->text = malloc(json.n + 1);
    if (ret->text == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    if (json.n > 0) {
        memcpy(ret->text, json.p, json.n);
    }
    set_defaults(ret);
    beacon_rc rc = read_object(ret, json.n, err);
    rc = rc == BEACON_OK ? check(ret, err) : rc;
    if (rc != BEACON_OK) {
        api_key_config_finish(ret);
    }
    return rc;
}

void api_key_config_finish(struct api_key_config *config)
{
    free(config->text);
    memset(config, 0, sizeof *config);
}
