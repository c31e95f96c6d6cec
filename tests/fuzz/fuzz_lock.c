/* SPDX-License-Identifier: Apache-2.0
 * fuzz_lock - any bytes as plugins.lock and as a file of the policy: read or refused with a sentence.
 * A lock that is read can be written, and what was written is read as the same.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/ini_file.h"
#include "base/text.h"
#include "plugin/lock.h"
#include "plugin/policy_parts.h"

#define WRITTEN_MAX (4u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lock(const struct plugin_lock *lock)
{
    struct beacon_error err = {0};
    struct plugin_lock *again = NULL;
    AUTO_TEXT struct text first, second;
    text_init(&first, WRITTEN_MAX);
    text_init(&second, WRITTEN_MAX);
    for (size_t i = 0; i < plugin_lock_count(lock); i++) {
        const struct lock_entry *entry = plugin_lock_entry(lock, i);
        assert(plugin_lock_find(lock, entry->id) == entry);
        assert(entry->n_pins > 0 && entry->version[0] != '\0');
        for (size_t j = 0; j < entry->n_pins; j++) {
            assert(strlen(entry->pins[j].sha256) == LOCK_SHA256_HEX - 1);
        }
    }
    if (plugin_lock_format(lock, &first, &err) != BEACON_OK) {
        assert(err.message[0] != '\0' && err.hint[0] != '\0');
        return;
    }
    assert(plugin_lock_parse(text_string(&first), first.len, "again", &again, &err) == BEACON_OK);
    assert(plugin_lock_format(again, &second, &err) == BEACON_OK);
    assert(strcmp(text_string(&first), text_string(&second)) == 0);
    plugin_lock_destroy(again);
}

static void check_policy(const uint8_t *data, size_t size)
{
    struct beacon_error err = {0};
    struct ini_file *file = NULL;
    if (ini_file_parse((const char *)data, size, "1.ini", &file, &err) != BEACON_OK) {
        return;
    }
    struct plugin_policy *policy = alloc_zeroed(sizeof *policy);
    int rc = policy_add_file(policy, file, &err);
    rc = rc == BEACON_OK ? policy_add_file(policy, file, &err) : rc;
    rc = rc == BEACON_OK ? policy_settle(policy, &err) : rc;
    if (rc != BEACON_OK) {
        assert(rc == BEACON_E_POLICY && strstr(err.message, "1.ini:") != NULL);
    } else {
        const char *where = NULL;
        (void)plugin_policy_judge_override(policy, "com.beacon.x", &err);
        (void)plugin_policy_judge_place(policy, PLUGIN_PLACE_ENV, "/opt/x/y.so", &err);
        (void)plugin_policy_judge_origin(policy, "https://a.example/", &err);
        (void)plugin_policy_lock(policy, &where);
    }
    plugin_policy_destroy(policy);
    ini_file_destroy(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct beacon_error err = {0};
    struct plugin_lock *lock = NULL;
    int rc = plugin_lock_parse((const char *)data, size, "plugins.lock", &lock, &err);
    if (rc == BEACON_OK) {
        check_lock(lock);
        plugin_lock_destroy(lock);
    } else {
        assert(lock == NULL && err.message[0] != '\0' && err.hint[0] != '\0');
    }
    check_policy(data, size);
    return 0;
}
