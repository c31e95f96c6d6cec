/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials/account_list.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/uuid.h"
#include "credentials/secret_file.h"

#define VERSION 1

int account_list_check(const struct secret_file *file, const char *path, struct beacon_error *err)
{
    struct json_object *accounts = json_member(file->tree, "accounts");
    const char *wrong = NULL;
    if (accounts != NULL && !json_object_is_type(accounts, json_type_array)) {
        wrong = "accounts is not a list";
    }
    for (size_t i = 0; wrong == NULL && accounts != NULL && i < json_object_array_length(accounts);
         i++) {
        struct json_object *account = json_object_array_get_idx(accounts, i);
        if (!json_object_is_type(account, json_type_object)) {
            wrong = "an account is not an object";
        }
    }
    if (wrong != NULL) {
        return error_set(err, BEACON_E_INVALID,
                         "correct the file, or move it away and log in again",
                         "%s is malformed (%s)", path, wrong);
    }
    return BEACON_OK;
}

static void put(struct json_object *object, const char *key, const char *value)
{
    json_object_object_add(object, key, json_object_new_string(value));
}

static struct json_object *find_key(struct json_object *accounts, const char *key)
{
    for (size_t i = 0; i < json_object_array_length(accounts); i++) {
        struct json_object *account = json_object_array_get_idx(accounts, i);
        if (strcmp(json_string_of(account, "mode", ""), "apikey") == 0 &&
            strcmp(json_string_of(account, "openai_api_key", ""), key) == 0) {
            return account;
        }
    }
    return NULL;
}

static struct json_object *add_key(struct json_object *accounts, const char *key, uint64_t now_ms)
{
    char id[UUID_TEXT_BYTES], now[CLOCK_UTC_BYTES];
    struct json_object *account = json_object_new_object();
    uuid_v7(now_ms, id);
    clock_format_utc(now_ms, now);
    put(account, "id", id);
    put(account, "mode", "apikey");
    put(account, "openai_api_key", key);
    put(account, "created_at", now);
    json_object_array_add(accounts, account);
    return account;
}

/* A list of its own when there was none. */
static struct json_object *accounts_of(struct secret_file *file)
{
    if (file->tree == NULL) {
        file->tree = json_object_new_object();
    }
    if (json_member(file->tree, "version") == NULL) {
        json_object_object_add(file->tree, "version", json_object_new_int(VERSION));
    }
    struct json_object *accounts = json_member(file->tree, "accounts");
    if (accounts == NULL) {
        accounts = json_object_new_array();
        json_object_object_add(file->tree, "accounts", accounts);
    }
    return accounts;
}

void account_list_activate_key(struct secret_file *file, const char *key, uint64_t now_ms)
{
    struct json_object *accounts = accounts_of(file);
    struct json_object *account = find_key(accounts, key);
    char now[CLOCK_UTC_BYTES], fresh[UUID_TEXT_BYTES];
    if (account == NULL) {
        account = add_key(accounts, key, now_ms);
    }
    clock_format_utc(now_ms, now);
    put(account, "last_used_at", now);
    if (json_string_of(account, "id", "")[0] == '\0') {
        uuid_v7(now_ms, fresh);
        put(account, "id", fresh);
    }
    put(file->tree, "active_account_id", json_string_of(account, "id", ""));
}

void account_list_deactivate(struct secret_file *file)
{
    if (file->tree != NULL) {
        json_object_object_del(file->tree, "active_account_id");
    }
}
