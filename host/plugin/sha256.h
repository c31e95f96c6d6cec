/* sha256.h - SHA-256 of bytes in memory, as 64 hexadecimal digits.
 *
 * Plugins are hashed whenever one is loaded, so speed counts: the processor's own instructions where
 * it has them (about seven times faster), else libsodium, which is always right. Thread: [any].
 */
#ifndef HOST_PLUGIN_SHA256_H
#define HOST_PLUGIN_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32
#define SHA256_HEX   65 /* with the NUL */

void sha256_of(const void *bytes, size_t n, uint8_t ret[SHA256_BYTES]);
void sha256_hex(const void *bytes, size_t n, char ret[SHA256_HEX]);

/* The two ways, for the test that compares them. false: this processor does not have it. */
bool sha256_by_processor(const void *bytes, size_t n, uint8_t ret[SHA256_BYTES]);
void sha256_by_library(const void *bytes, size_t n, uint8_t ret[SHA256_BYTES]);

#endif
