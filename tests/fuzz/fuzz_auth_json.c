/* SPDX-License-Identifier: Apache-2.0
 * fuzz_auth_json - any bytes as auth.json or auth_accounts.json: refused with a sentence that does not
 * quote them, or an object that stays one, with the account added that logs in.
 */
#include <assert.h>
#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "credentials/account_list.h"
#include "credentials/secret_file.h"

#define KEY "sk-fuzz"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is written can be read again, and the account is active. */
static void check_written(struct json_object *tree, bool is_active)
{
    struct beacon_error err = {0};
    struct json_object *again = NULL;
    size_t n = 0;
    const char *text = json_object_to_json_string_length(
        tree, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE,
        &n);
    assert(secret_file_parse(text, n, "again", &again, &err) == BEACON_OK);
    assert((json_member(again, "active_account_id") != NULL) == is_active);
    secret_tree_destroy(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct beacon_error err = {0};
    struct secret_file file = {0};
    if (size > SECRET_FILE_MAX) {
        return 0;
    }
    if (secret_file_parse((const char *)data, size, "auth.json", &file.tree, &err) != BEACON_OK) {
        assert(file.tree == NULL);
        assert(strstr(err.message, "auth.json") != NULL && err.hint[0] != '\0');
        return 0;
    }
    assert(json_object_is_type(file.tree, json_type_object));
    if (account_list_check(&file, "auth_accounts.json", &err) == BEACON_OK) {
        account_list_activate_key(&file, KEY, 1);
        size_t n = json_object_array_length(json_member(file.tree, "accounts"));
        account_list_activate_key(&file, KEY, 2);
        assert(json_object_array_length(json_member(file.tree, "accounts")) == n);
        check_written(file.tree, true);
        account_list_deactivate(&file);
        check_written(file.tree, false);
    }
    secret_file_finish(&file);
    return 0;
}
