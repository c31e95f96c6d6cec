/* SPDX-License-Identifier: Apache-2.0
 * fuzz_minisign - any bytes as a signature file and as a public key: never believed unless they verify,
 * which no input can, since the key here signed nothing; refused with a sentence and advice.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "plugin/minisign.h"
#include "plugin/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct beacon_error err = {0};
    const char *signer = NULL;
    struct minisign_key key;
    AUTO_FREE char *text = alloc_string_n((const char *)data, size);
    (void)minisign_key_parse(text, &key, &err);

    /* The key id of the corpus, so that the fuzzer gets as far as the arithmetic. */
    struct policy_signer trusted = {.name = "acme", .public_key = "", .where = "1.ini:1"};
    memcpy(trusted.key.id, "ABCDEFGH", sizeof trusted.key.id);
    memset(trusted.key.public_key, 7, sizeof trusted.key.public_key);
    const struct minisign_subject subject = {"x.so", data, size, "x.so.minisig"};
    const struct minisign_text signature = {(const char *)data, size};
    int rc = minisign_verify_text(&trusted, 1, &subject, signature, &signer, &err);
    assert(rc != BEACON_OK && signer == NULL);
    assert(err.message[0] != '\0' && err.hint[0] != '\0');
    return 0;
}
