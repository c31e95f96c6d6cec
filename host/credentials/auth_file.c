/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials/auth_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <beacon-sdk/text.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/path.h"
#include "credentials/account_list.h"
#include "credentials/secret_file.h"

#define LOCK_WAIT_MS 10000
#define REPAIR_HINT                                                                                \
    "correct the file, or remove it with `beacon logout` and log in again with "                   \
    "`beacon login --with-api-key`"

static char *place_of(const struct auth_file *file, const char *name)
{
    return path_join(file->home, name);
}

/* Where to read from; the caller's to free. */
static char *source_of(const struct auth_file *file, const char *name)
{
    AUTO_FREE char *own = place_of(file, name);
    if (file->legacy_home != NULL && access(own, F_OK) != 0) {
        AUTO_FREE char *legacy = path_join(file->legacy_home, name);
        if (access(legacy, F_OK) == 0) {
            return take_pointer(legacy);
        }
    }
    return take_pointer(own);
}

static bool is_null_or(struct json_object *tree, const char *key, enum json_type type)
{
    struct json_object *member = json_member(tree, key);
    return member == NULL || json_object_is_type(member, type);
}

static int check(const struct secret_file *file, const char *path, struct beacon_error *err)
{
    const char *wrong = !is_null_or(file->tree, AUTH_FILE_KEY, json_type_string)    ? AUTH_FILE_KEY
                        : !is_null_or(file->tree, "tokens", json_type_object)       ? "tokens"
                        : !is_null_or(file->tree, "last_refresh", json_type_string) ? "last_refresh"
                                                                                    : NULL;
    if (wrong == NULL) {
        return BEACON_OK;
    }
    return error_set(err, BEACON_E_INVALID, REPAIR_HINT,
                     "%s is malformed (%s is of the wrong type)", path, wrong);
}

/* auth.json as it counts now. */
static int read_login(const struct auth_file *file, struct secret_file *ret,
                      struct beacon_error *err)
{
    AUTO_FREE char *path = source_of(file, "auth.json");
    int rc = secret_file_read(path, ret, err);
    if (rc == BEACON_E_INVALID && err != NULL) {
        struct beacon_error why = *err;
        return error_set(err, rc, REPAIR_HINT, "%s", why.message);
    }
    rc = rc == BEACON_OK ? check(ret, path, err) : rc;
    if (rc != BEACON_OK) {
        secret_file_finish(ret);
    }
    return rc;
}

static int read_accounts(const struct auth_file *file, struct secret_file *ret,
                         struct beacon_error *err)
{
    AUTO_FREE char *path = source_of(file, "auth_accounts.json");
    int rc = secret_file_read(path, ret, err);
    rc = rc == BEACON_OK ? account_list_check(ret, path, err) : rc;
    if (rc != BEACON_OK) {
        secret_file_finish(ret);
    }
    return rc;
}

static int lock(const struct auth_file *file, int *ret_fd, struct beacon_error *err)
{
    AUTO_FREE char *path = place_of(file, "auth.json.lock");
    return secret_file_lock(path, LOCK_WAIT_MS, NULL, ret_fd, err);
}

static int put_member(struct json_object *member, const struct beacon_sink *out)
{
    if (json_object_is_type(member, json_type_string)) {
        return out->put(out, json_object_get_string(member),
                        (size_t)json_object_get_string_len(member));
    }
    size_t n = 0;
    const char *text = json_object_to_json_string_length(
        member, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
    int rc = out->put(out, text, n);
    explicit_bzero((void *)text, n);
    return rc;
}

int auth_file_get(const struct auth_file *file, struct beacon_str key,
                  const struct beacon_sink *out, uint64_t *gen, struct beacon_error *err)
{
    AUTO_FREE char *name = alloc_string_n(key.p, key.n);
    struct secret_file login;
    int rc = read_login(file, &login, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct json_object *member = json_member(login.tree, name);
    if (member == NULL) {
        rc = error_set(err, BEACON_E_NOT_FOUND, "log in with `beacon login --with-api-key`",
                       "auth.json has no %s", name);
    } else {
        rc = put_member(member, out);
        *gen = login.generation;
    }
    secret_file_finish(&login);
    return rc;
}

static int make_member(const char *name, struct beacon_bytes value, struct json_object **ret,
                       struct beacon_error *err)
{
    const char *text = value.n > 0 ? (const char *)value.p : "";
    if (strcmp(name, "tokens") == 0) {
        return secret_file_parse(text, value.n, "the value for tokens", ret, err);
    }
    struct beacon_str span = {text, value.n};
    for (size_t i = 0, step = 0; i < span.n; i += step) {
        step = beacon_utf8_length(span.p + i, span.n - i);
        if (step == 0 || span.p[i] == '\0') {
            return error_set(err, BEACON_E_INVALID, "report this to the author of the plugin",
                             "the value for %s is not text", name);
        }
    }
    *ret = json_object_new_string_len(text, (int)value.n);
    return BEACON_OK;
}

static int check_generation(const struct secret_file *login, const char *name, uint64_t expect_gen,
                            struct beacon_error *err)
{
    uint64_t now = json_member(login->tree, name) != NULL ? login->generation : 0;
    if (now == expect_gen) {
        return BEACON_OK;
    }
    return error_set(err, BEACON_E_BUSY, "read it again, then decide",
                     "another program has changed auth.json");
}

/* The list first read, then written after the login: it is the login that counts. */
static int write_login(const struct auth_file *file, struct secret_file *login, const char *key,
                       struct beacon_error *err)
{
    AUTO_FREE char *login_path = place_of(file, "auth.json");
    AUTO_FREE char *list_path = place_of(file, "auth_accounts.json");
    struct secret_file list = {0};
    int rc = key != NULL ? read_accounts(file, &list, err) : BEACON_OK;
    rc = rc == BEACON_OK ? secret_file_write(login_path, login->tree, login->generation, err) : rc;
    if (rc == BEACON_OK && key != NULL) {
        account_list_activate_key(&list, key, clock_unix_ms());
        rc = secret_file_write(list_path, list.tree, list.generation, err);
    }
    secret_file_finish(&list);
    return rc;
}

static int change_login(const struct auth_file *file, const char *name, struct json_object *member,
                        struct secret_file *login, bool is_login, struct beacon_error *err)
{
    static const char *const others[] = {"tokens", "last_refresh", "auth_mode"};
    const char *key = is_login ? json_object_get_string(member) : NULL;
    if (login->tree == NULL) {
        login->tree = json_object_new_object();
    }
    for (size_t i = 0; is_login && i < sizeof others / sizeof others[0]; i++) {
        json_object_object_del(login->tree, others[i]);
    }
    json_object_object_add(login->tree, name, member);
    return write_login(file, login, key, err);
}

int auth_file_set(const struct auth_file *file, struct beacon_str key, struct beacon_bytes value,
                  uint64_t expect_gen, bool is_login, struct beacon_error *err)
{
    AUTO_FREE char *name = alloc_string_n(key.p, key.n);
    AUTO_CLOSE int fd = -1;
    struct json_object *member = NULL;
    struct secret_file login = {0};
    int rc = make_member(name, value, &member, err);
    rc = rc == BEACON_OK ? lock(file, &fd, err) : rc;
    rc = rc == BEACON_OK ? read_login(file, &login, err) : rc;
    rc = rc == BEACON_OK ? check_generation(&login, name, expect_gen, err) : rc;
    if (rc == BEACON_OK) {
        bool is_key = is_login && strcmp(name, AUTH_FILE_KEY) == 0;
        rc = change_login(file, name, member, &login, is_key, err); /* takes `member` */
    } else {
        secret_tree_destroy(member);
    }
    secret_file_finish(&login);
    return rc;
}

static int remove_file(const char *path, struct beacon_error *err)
{
    if (unlink(path) != 0 && errno != ENOENT) {
        return error_set_errno(err, BEACON_E_IO, errno, "remove it yourself",
                               "cannot remove %s: %s", path, strerror(errno));
    }
    return BEACON_OK;
}

/* The legacy home's login would come to the fore again: a file that says nothing hides it. */
static int hide_legacy(const struct auth_file *file, const char *path, struct beacon_error *err)
{
    AUTO_FREE char *source = source_of(file, "auth.json");
    if (strcmp(source, path) == 0) {
        return BEACON_OK;
    }
    AUTO_JSON struct json_object *nothing = json_object_new_object();
    json_object_object_add(nothing, AUTH_FILE_KEY, NULL);
    return secret_file_write(path, nothing, 0, err);
}

static int deactivate(const struct auth_file *file, struct beacon_error *err)
{
    AUTO_FREE char *path = place_of(file, "auth_accounts.json");
    struct secret_file list = {0};
    int rc = read_accounts(file, &list, err);
    if (rc == BEACON_OK && json_member(list.tree, "active_account_id") != NULL) {
        account_list_deactivate(&list);
        rc = secret_file_write(path, list.tree, list.generation, err);
    }
    secret_file_finish(&list);
    return rc;
}

static int log_out(const struct auth_file *file, struct beacon_error *err)
{
    AUTO_FREE char *path = place_of(file, "auth.json");
    int rc = remove_file(path, err);
    rc = rc == BEACON_OK ? hide_legacy(file, path, err) : rc;
    return rc == BEACON_OK ? deactivate(file, err) : rc;
}

static int erase_member(const struct auth_file *file, const char *name, struct beacon_error *err)
{
    struct secret_file login;
    int rc = read_login(file, &login, err);
    if (rc == BEACON_OK && json_member(login.tree, name) != NULL) {
        json_object_object_del(login.tree, name);
        rc = write_login(file, &login, NULL, err);
    }
    secret_file_finish(&login);
    return rc;
}

int auth_file_erase(const struct auth_file *file, struct beacon_str key, struct beacon_error *err)
{
    AUTO_FREE char *name = alloc_string_n(key.p, key.n);
    AUTO_CLOSE int fd = -1;
    int rc = lock(file, &fd, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    bool ends_login = strcmp(name, AUTH_FILE_KEY) == 0 || strcmp(name, "tokens") == 0;
    return ends_login ? log_out(file, err) : erase_member(file, name, err);
}
