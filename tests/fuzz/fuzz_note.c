/* SPDX-License-Identifier: Apache-2.0
 * fuzz_note - any bytes as a plugin file, and as the manifest in it: read or refused, never worse. What
 * is read can be shown and compared; what is refused has a sentence and advice.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    int rc = manifest_read_bytes(data, size, "fuzz.so", &manifest, &err);
    check(rc, manifest, &err);
    manifest = NULL;
    rc = manifest_parse((const char *)data, size, "fuzz.so", &manifest, &err);
    check(rc, manifest, &err);
    return 0;
}
