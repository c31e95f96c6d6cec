/* SPDX-License-Identifier: Apache-2.0
 * fuzz_note - any bytes as a plugin file, and as the manifest in it: read or refused, never worse. What
 * is read can be shown and compared; what is refused has a sentence and advice. The manifest is scanned
 * without making a tree, so a tree of the same text must say the same.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "plugin/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_word(const char *word)
{
    size_t n = strlen(word);
    assert(n > 0 && n <= MANIFEST_ID_MAX_BYTES);
    for (size_t i = 0; i < n; i++) {
        assert(word[i] > 0x20 && word[i] < 0x7f);
    }
}

static void check(int rc, struct plugin_manifest *manifest, const struct beacon_error *err)
{
    if (rc != BEACON_OK) {
        assert(manifest == NULL);
        assert(err->message[0] != '\0' && err->hint[0] != '\0');
        return;
    }
    check_word(manifest->id);
    check_word(manifest->version);
    for (size_t i = 0; i < manifest->n_components; i++) {
        check_word(manifest->components[i].name);
        check_word(manifest->components[i].iface);
    }
    (void)manifest_has_capability(manifest, "env:", "HOME");
    struct beacon_error refusal = {0};
    if (manifest_check_abi(manifest, "fuzz.so", &refusal) != BEACON_OK) {
        assert(refusal.message[0] != '\0');
    }
    manifest_destroy(manifest);
}

static void check_against_tree(const char *text, size_t n, const struct plugin_manifest *manifest)
{
    struct beacon_error err = {0};
    AUTO_JSON struct json_object *tree = NULL;
    /* A zero byte ends a key of a tree, so that two keys may become one there. */
    if (manifest == NULL || memmem(text, n, "\\u0000", 6) != NULL) {
        return;
    }
    if (json_parse(text, n, "manifest", &tree, &err) != BEACON_OK) {
        assert(strstr(err.message, "nesting") != NULL); /* the scanner goes deeper */
        return;
    }
    assert(strcmp(json_string_of(tree, "id", ""), manifest->id) == 0);
    assert(strcmp(json_string_of(tree, "license", ""), manifest->license) == 0);
    struct json_object *list = json_member(tree, "capabilities");
    for (size_t i = 0; i < manifest->n_capabilities; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        assert(strcmp(json_object_get_string(item), manifest->capabilities[i]) == 0);
    }
    list = json_member(tree, "components");
    for (size_t i = 0; i < manifest->n_components; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        assert(strcmp(json_string_of(item, "name", ""), manifest->components[i].name) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    int rc = manifest_read_bytes(data, size, "fuzz.so", &manifest, &err);
    check(rc, manifest, &err);
    manifest = NULL;
    rc = manifest_parse((const char *)data, size, "fuzz.so", &manifest, &err);
    check_against_tree((const char *)data, size, manifest);
    check(rc, manifest, &err);
    return 0;
}
