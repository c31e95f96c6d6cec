/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/sha256.h"

#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

#define BLOCK_BYTES  64
#define LENGTH_BYTES 8

void sha256_by_library(const void *bytes, size_t n, uint8_t ret[SHA256_BYTES])
{
    (void)crypto_hash_sha256(ret, bytes, n);
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#define LEAF_BASIC    1
#define HAS_SSE4_1    (1u << 19) /* of ECX */
#define LEAF_FEATURES 7
#define HAS_SHA       (1u << 29) /* of EBX */

static const uint32_t round_keys[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* The state as the instructions want it: words A B E F in one register, C D G H in the other. */
struct lanes {
    __m128i abef, cdgh;
};

/* Four rounds with the message words `w`. */
__attribute__((target("sha,sse4.1"))) static inline void four_rounds(struct lanes *s, __m128i w,
                                                                     const uint32_t *keys)
{
    __m128i sum = _mm_add_epi32(w, _mm_loadu_si128((const __m128i *)keys));
    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, sum);
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(sum, 0x0e));
}

/* The next four message words, from the last sixteen. */
__attribute__((target("sha,sse4.1"))) static inline __m128i next_words(const __m128i w[4])
{
    __m128i middle = _mm_alignr_epi8(w[3], w[2], 4);
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w[0], w[1]), middle);
    return _mm_sha256msg2_epu32(sum, w[3]);
}

__attribute__((target("sha,sse4.1"))) static void add_block(struct lanes *s, const uint8_t *block)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    const struct lanes before = *s;
    __m128i w[4];
    for (size_t i = 0; i < 4; i++) {
        __m128i word = _mm_loadu_si128((const __m128i *)(const void *)(block + 16 * i));
        w[i] = _mm_shuffle_epi8(word, big_endian);
        four_rounds(s, w[i], round_keys + 4 * i);
    }
    for (size_t i = 4; i < 16; i++) {
        const __m128i next = next_words(w);
        w[0] = w[1];
        w[1] = w[2];
        w[2] = w[3];
        w[3] = next;
        four_rounds(s, next, round_keys + 4 * i);
    }
    s->abef = _mm_add_epi32(s->abef, before.abef);
    s->cdgh = _mm_add_epi32(s->cdgh, before.cdgh);
}

/* What is left behind the last whole block, a one bit, zeros, and the length in bits. */
static size_t pad(const uint8_t *rest, size_t n_rest, uint64_t n_all, uint8_t last[2 * BLOCK_BYTES])
{
    size_t n = n_rest + 1 + LENGTH_BYTES <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
    memset(last, 0, n);
    if (n_rest > 0) {
        memcpy(last, rest, n_rest);
    }
    last[n_rest] = 0x80;
    for (size_t i = 0; i < LENGTH_BYTES; i++) {
        last[n - 1 - i] = (uint8_t)((n_all * 8) >> (8 * i));
    }
    return n / BLOCK_BYTES;
}

__attribute__((target("sha,sse4.1"))) static void hash_all(const uint8_t *bytes, size_t n,
                                                           uint8_t ret[SHA256_BYTES])
{
    uint8_t last[2 * BLOCK_BYTES];
    struct lanes s = {
        .abef = _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c),
        .cdgh = _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19),
    };
    size_t whole = n / BLOCK_BYTES;
    for (size_t i = 0; i < whole; i++) {
        add_block(&s, bytes + i * BLOCK_BYTES);
    }
    size_t n_last = pad(bytes + whole * BLOCK_BYTES, n % BLOCK_BYTES, n, last);
    for (size_t i = 0; i < n_last; i++) {
        add_block(&s, last + i * BLOCK_BYTES);
    }
    uint32_t abef[4], cdgh[4];
    _mm_storeu_si128((__m128i *)abef, s.abef);
    _mm_storeu_si128((__m128i *)cdgh, s.cdgh);
    const uint32_t words[8] = {abef[3], abef[2], cdgh[3], cdgh[2],
                               abef[1], abef[0], cdgh[1], cdgh[0]};
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        ret[i] = (uint8_t)(words[i / 4] >> (24 - 8 * (i % 4)));
    }
}

static bool ask_processor(void)
{
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return __get_cpuid_count(LEAF_FEATURES, 0, &eax, &ebx, &ecx, &edx) != 0 &&
           (ebx & HAS_SHA) != 0 && __get_cpuid(LEAF_BASIC, &eax, &ebx, &ecx, &edx) != 0 &&
           (ecx & HAS_SSE4_1) != 0;
}

/* Asked when it is needed, once: the compiler's own way to ask runs a constructor in every start of the
 * program, and in a virtual machine a question costs tens of microseconds, more than most hashes. */
static bool has_instructions(void)
{
    static atomic_int answer; /* 0: not asked; two threads may both ask, and hear the same */
    int known = atomic_load_explicit(&answer, memory_order_relaxed);
    if (known == 0) {
        known = ask_processor() ? 1 : -1;
        atomic_store_explicit(&answer, known, memory_order_relaxed);
    }
    return known > 0;
}

bool sha256_by_processor(const void *bytes, size_t n, uint8_t ret[SHA256_BYTES])
{
    if (!has_instructions()) {
        return false;
    }
    hash_all(bytes, n, ret);
    return true;
}
#else
bool sha256_by_processor(const void *bytes, size_t n, uint8_t ret[SHA256_BYTES])
{
    (void)bytes;
    (void)n;
    (void)ret;
    return false;
}
#endif

void sha256_of(const void *bytes, size_t n, uint8_t ret[SHA256_BYTES])
{
    if (!sha256_by_processor(bytes, n, ret)) {
        sha256_by_library(bytes, n, ret);
    }
}

void sha256_hex(const void *bytes, size_t n, char ret[SHA256_HEX])
{
    uint8_t hash[SHA256_BYTES];
    sha256_of(bytes, n, hash);
    (void)sodium_bin2hex(ret, SHA256_HEX, hash, sizeof hash);
}
