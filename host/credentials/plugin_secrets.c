/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials/plugin_secrets.h"

#include <stdlib.h>
#include <string.h>

#include <beacon-sdk/text.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/json.h"
#include "base/path.h"
#include "credentials/secret_file.h"

#define LOCK_WAIT_MS 10000

static char *place_of(const char *folder, const char *id, const char *suffix)
{
    AUTO_FREE char *name = alloc_printf("%s%s", id, suffix);
    return path_join(folder, name);
}

static int check_id(const char *id, struct beacon_error *err)
{
    size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
    if (n == 0 || id[n] != '\0' || id[0] == '.') {
        return error_set(err, BEACON_E_INVALID, "correct the id in the plugin's manifest",
                         "a plugin called '%.60s' can keep no secrets", id);
    }
    return BEACON_OK;
}

static int read_secrets(const char *folder, const char *id, struct secret_file *ret,
                        struct beacon_error *err)
{
    AUTO_FREE char *path = place_of(folder, id, ".json");
    int rc = check_id(id, err);
    *ret = (struct secret_file){0};
    rc = rc == BEACON_OK ? secret_file_read(path, ret, err) : rc;
    struct json_object *secrets = rc == BEACON_OK ? json_member(ret->tree, "secrets") : NULL;
    if (secrets != NULL && !json_object_is_type(secrets, json_type_object)) {
        rc = error_set(err, BEACON_E_INVALID, "correct the file, or move it away and log in again",
                       "%s is malformed (secrets is not an object)", path);
        secret_file_finish(ret);
    }
    return rc;
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int put_hex(const char *hex, const struct beacon_sink *out, struct beacon_error *err)
{
    size_t n = strlen(hex);
    char *bytes = alloc_zeroed(n / 2 + 1);
    bool is_good = n % 2 == 0;
    for (size_t i = 0; is_good && i + 1 < n; i += 2) {
        int high = digit_of(hex[i]), low = digit_of(hex[i + 1]);
        is_good = high >= 0 && low >= 0;
        bytes[i / 2] = (char)(is_good ? high * 16 + low : 0);
    }
    int rc = is_good ? out->put(out, bytes, n / 2)
                     : error_set(err, BEACON_E_INVALID, "log in again",
                                 "a secret is damaged: its hex is none");
    explicit_bzero(bytes, n / 2 + 1);
    free(bytes);
    return rc;
}

static int put_secret(struct json_object *secret, const struct beacon_sink *out,
                      struct beacon_error *err)
{
    struct json_object *text = json_member(secret, "text");
    if (json_object_is_type(text, json_type_string)) {
        return out->put(out, json_object_get_string(text),
                        (size_t)json_object_get_string_len(text));
    }
    return put_hex(json_string_of(secret, "hex", ""), out, err);
}

int plugin_secrets_get(const char *folder, const char *id, struct beacon_str key,
                       const struct beacon_sink *out, uint64_t *gen, struct beacon_error *err)
{
    AUTO_FREE char *name = alloc_string_n(key.p, key.n);
    struct secret_file file;
    int rc = read_secrets(folder, id, &file, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct json_object *secret = json_member(json_member(file.tree, "secrets"), name);
    if (!json_object_is_type(secret, json_type_object)) {
        rc = error_set(err, BEACON_E_NOT_FOUND, "log in first", "no secret %s is kept for %s", name,
                       id);
    } else {
        rc = put_secret(secret, out, err);
        *gen = (uint64_t)json_int_of(secret, "generation", 0);
    }
    secret_file_finish(&file);
    return rc;
}

static bool is_text(struct beacon_bytes value)
{
    const char *p = (const char *)value.p;
    for (size_t i = 0, step = 0; i < value.n; i += step) {
        step = beacon_utf8_length(p + i, value.n - i);
        if (step == 0) {
            return false;
        }
    }
    return true;
}

static struct json_object *make_hex(struct beacon_bytes value)
{
    static const char digits[] = "0123456789abcdef";
    char *hex = alloc_zeroed(value.n * 2 + 1);
    for (size_t i = 0; i < value.n; i++) {
        hex[2 * i] = digits[value.p[i] >> 4];
        hex[2 * i + 1] = digits[value.p[i] & 15];
    }
    struct json_object *made = json_object_new_string_len(hex, (int)(value.n * 2));
    explicit_bzero(hex, value.n * 2);
    free(hex);
    return made;
}

static struct json_object *member_of(struct json_object *tree, const char *key)
{
    struct json_object *member = json_member(tree, key);
    if (member == NULL) {
        member = json_object_new_object();
        json_object_object_add(tree, key, member);
    }
    return member;
}

static void add_secret(struct secret_file *file, const char *name, struct beacon_bytes value)
{
    if (file->tree == NULL) {
        file->tree = json_object_new_object();
    }
    int64_t generation = json_int_of(file->tree, "generation", 0);
    generation = (generation > 0 ? generation : 0) + 1;
    struct json_object *secret = json_object_new_object();
    json_object_object_add(secret, "generation", json_object_new_int64(generation));
    if (is_text(value)) {
        const char *text = value.n > 0 ? (const char *)value.p : "";
        json_object_object_add(secret, "text", json_object_new_string_len(text, (int)value.n));
    } else {
        json_object_object_add(secret, "hex", make_hex(value));
    }
    json_object_object_add(file->tree, "generation", json_object_new_int64(generation));
    json_object_object_add(member_of(file->tree, "secrets"), name, secret);
}

static int lock(const char *folder, const char *id, int *ret_fd, struct beacon_error *err)
{
    AUTO_FREE char *path = place_of(folder, id, ".lock");
    int rc = check_id(id, err);
    rc = rc == BEACON_OK ? io_make_directories(folder, 0700, err) : rc;
    return rc == BEACON_OK ? secret_file_lock(path, LOCK_WAIT_MS, NULL, ret_fd, err) : rc;
}

static int write_secrets(const char *folder, const char *id, const struct secret_file *file,
                         struct beacon_error *err)
{
    AUTO_FREE char *path = place_of(folder, id, ".json");
    return secret_file_write(path, file->tree, file->generation, err);
}

int plugin_secrets_set(const char *folder, const char *id, struct beacon_str key,
                       struct beacon_bytes value, uint64_t expect_gen, struct beacon_error *err)
{
    AUTO_FREE char *name = alloc_string_n(key.p, key.n);
    AUTO_CLOSE int fd = -1;
    struct secret_file file = {0};
    int rc = lock(folder, id, &fd, err);
    rc = rc == BEACON_OK ? read_secrets(folder, id, &file, err) : rc;
    struct json_object *secret = json_member(json_member(file.tree, "secrets"), name);
    if (rc == BEACON_OK && (uint64_t)json_int_of(secret, "generation", 0) != expect_gen) {
        rc = error_set(err, BEACON_E_BUSY, "read it again, then decide",
                       "another program has changed the secret %s of %s", name, id);
    }
    if (rc == BEACON_OK) {
        add_secret(&file, name, value);
        rc = write_secrets(folder, id, &file, err);
    }
    secret_file_finish(&file);
    return rc;
}

int plugin_secrets_erase(const char *folder, const char *id, struct beacon_str key,
                         struct beacon_error *err)
{
    AUTO_FREE char *name = alloc_string_n(key.p, key.n);
    AUTO_CLOSE int fd = -1;
    struct secret_file file = {0};
    int rc = lock(folder, id, &fd, err);
    rc = rc == BEACON_OK ? read_secrets(folder, id, &file, err) : rc;
    struct json_object *secrets = json_member(file.tree, "secrets");
    if (rc == BEACON_OK && json_member(secrets, name) != NULL) {
        json_object_object_del(secrets, name);
        rc = write_secrets(folder, id, &file, err);
    }
    secret_file_finish(&file);
    return rc;
}
