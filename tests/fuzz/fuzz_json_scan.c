/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include <beacon-sdk/json_members.h>
#include <beacon-sdk/json_string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The walk over members and the skip over the whole are two ways to the same answer. */
static void check_walks(struct beacon_str text)
{
    struct beacon_json whole, one;
    struct beacon_members walk;
    struct beacon_member member;
    struct beacon_str key, value;
    beacon_json_init(&whole, text);
    beacon_json_init(&one, text);
    const bool is_object = beacon_json_peek(&whole) == BEACON_JSON_OBJECT;
    const bool is_whole = beacon_json_skip(&whole, NULL) && beacon_json_finished(&whole);
    (void)beacon_json_enter_object(&one);
    beacon_members_begin(&walk, text);
    while (beacon_members_next(&walk, &member)) {
        assert(beacon_json_next_key(&one, &key) && beacon_json_skip(&one, &value));
        assert(key.p == member.raw_key.p && key.n == member.raw_key.n);
        assert(value.p == member.raw_value.p && value.n == member.raw_value.n);
        assert(beacon_member_integer(&member, -7) == beacon_json_integer(value, -7));
        assert(!member.is_plain || memchr(value.p, '\\', value.n) == NULL);
    }
    assert(beacon_members_finished(&walk) == (is_object && is_whole));
    assert(!walk.is_ascii || beacon_utf8_ascii_run(text.p, text.n) == text.n);
}

/* Whatever the scanner lets pass as a string becomes a value no longer than its source, and the
 * writer brings any bytes into a form that the scanner accepts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct beacon_str text = beacon_span((const char *)data, size);
    struct beacon_json j;
    struct beacon_json_out out;
    struct beacon_str raw = beacon_span(NULL, 0);
    beacon_json_out_init(&out, 16 * size + 64);
    check_walks(text);
    (void)beacon_json_member(text, "type", &raw);
    (void)beacon_json_member_string(text, "delta", &raw);
    beacon_json_init(&j, text);
    if (beacon_json_peek(&j) == BEACON_JSON_STRING && beacon_json_string(&j, &raw)) {
        beacon_json_out_unescaped(&out, raw);
        assert(!out.failed && out.n <= raw.n);
        assert(!beacon_utf8_is_valid(raw) || beacon_utf8_is_valid(beacon_json_out_text(&out)));
    }
    beacon_json_out_reset(&out);
    beacon_json_put_str(&out, text);
    assert(!out.failed && beacon_json_is_whole(beacon_json_out_text(&out), '"'));
    beacon_json_out_finish(&out);
    return 0;
}
