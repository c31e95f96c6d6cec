/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon/provider.h>
#include <string.h>

#include "plugin/sized.h"

static void every_honest_size_gives_a_full_struct(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct beacon_part theirs, ours;
    for (uint32_t size = SIZED_MIN_BYTES; size < 2 * sizeof ours; size++) {
        memset(&theirs, 0x11, sizeof theirs);
        theirs.struct_size = size;
        assert_ok(sized_copy(&ours, sizeof ours, &theirs, "a part", &err), &err);
        assert_int_equal(ours.struct_size, sizeof ours);
        size_t known = size < sizeof ours ? size - size % sizeof(void *) : sizeof ours;
        for (size_t i = sizeof(uint32_t); i < sizeof ours; i++) {
            assert_int_equal(((const unsigned char *)&ours)[i], i < known ? 0x11 : 0);
        }
    }
}

static void a_size_without_room_for_itself_is_not_believed(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct beacon_part theirs = {.struct_size = SIZED_MIN_BYTES - 1}, ours = {.type = 7};
    assert_refused(sized_copy(&ours, sizeof ours, &theirs, "a part", &err), BEACON_E_INVALID, &err);
    assert_string_equal(err.message, "a part says it has 7 bytes, at least 8 are needed");
    assert_int_equal(ours.type, 7);
}

static void the_first_missing_slot_is_named(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    const struct sized_slot slots[] = {SIZED_SLOT(beacon_provider, opaque_ns),
                                       SIZED_SLOT(beacon_provider, create),
                                       SIZED_SLOT(beacon_provider, destroy)};
    const struct beacon_provider table = {.opaque_ns = "x"};
    assert_ok(sized_require(&table, slots, 1, "the table", &err), &err);
    assert_refused(sized_require(&table, slots, 3, "the table", &err), BEACON_E_INVALID, &err);
    assert_string_equal(err.message, "the table lacks the mandatory slot create");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_honest_size_gives_a_full_struct),
        cmocka_unit_test(a_size_without_room_for_itself_is_not_believed),
        cmocka_unit_test(the_first_missing_slot_is_named),
    };
    return cmocka_run_group_tests_name("plugin/sized", tests, NULL, NULL);
}
