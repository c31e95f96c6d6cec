/* SPDX-License-Identifier: Apache-2.0 */
#include "call_id.h"

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_accepted(struct beacon_str id)
{
    for (size_t i = 0; i < id.n; i++) {
        if (!is_alnum(id.p[i])) {
            return false;
        }
    }
    return id.n == CALL_ID_ALNUM_BYTES;
}

/* FNV-1a, and a last mix that spreads its bits: short names differ in few. */
uint64_t chat_hash(struct beacon_str bytes, uint64_t seed)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ seed;
    for (size_t i = 0; i < bytes.n; i++) {
        hash = (hash ^ (unsigned char)bytes.p[i]) * UINT64_C(0x100000001b3);
    }
    hash = (hash ^ (hash >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    return hash ^ (hash >> 32);
}

void chat_put_call_id(struct beacon_json_out *out, struct beacon_str id, bool is_alnum9)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    if (!is_alnum9 || is_accepted(id)) {
        beacon_json_put_str(out, id);
        return;
    }
    char made[CALL_ID_ALNUM_BYTES];
    uint64_t hash = chat_hash(id, 0);
    for (size_t i = 0; i < sizeof made; i++) {
        made[i] = digits[hash % 62];
        hash /= 62;
    }
    beacon_json_put_str(out, beacon_span(made, sizeof made));
}

void chat_make_call_id(uint64_t hash, char ret[CALL_ID_MADE_BYTES])
{
    static const char digits[] = "0123456789abcdef", begin[] = "call_";
    for (size_t i = 0; i < CALL_ID_MADE_BYTES; i++) {
        if (i < sizeof begin - 1) {
            ret[i] = begin[i];
            continue;
        }
        ret[i] = digits[hash & 15];
        hash >>= 4;
    }
}
