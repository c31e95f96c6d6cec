/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"

static bool is_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0) {
            return false;
        }
    }
    return true;
}

static void pieces_are_zero_and_aligned(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    for (size_t size = 1; size < 3000; size += 7) {
        char *piece = arena_zeroed(arena, size);
        assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
        assert_true(is_zero(piece, size));
        memset(piece, 0xAA, size);
    }
    arena_destroy(arena);
}

static void a_piece_may_be_larger_than_a_block(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    char *large = arena_zeroed(arena, 1u << 20);
    memset(large, 0xAA, 1u << 20);
    char *after = arena_zeroed(arena, 16);
    assert_true(is_zero(after, 16));
    arena_destroy(arena);
}

static void memory_is_zero_again_after_a_reset(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    for (int turn = 0; turn < 3; turn++) {
        char *piece = arena_zeroed(arena, 10000);
        assert_true(is_zero(piece, 10000));
        memset(piece, 0xAA, 10000);
        char *more = arena_zeroed(arena, 10000);
        assert_true(is_zero(more, 10000));
        memset(more, 0xAA, 10000);
        arena_reset(arena);
    }
    arena_destroy(arena);
}

static void strings_are_copied_and_terminated(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    assert_string_equal(arena_string_n(arena, "hello world", 5), "hello");
    assert_string_equal(arena_string_n(arena, NULL, 0), "");
    assert_string_equal(arena_printf(arena, "%s-%d", "x", 42), "x-42");
    arena_destroy(arena);
}

static void an_array_is_zero(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    const uint64_t *array = arena_array(arena, 100, sizeof *array);
    assert_true(is_zero((const char *)array, 100 * sizeof *array));
    assert_non_null(arena_array(arena, 0, 8));
    assert_non_null(arena_array(arena, 8, 0));
    arena_destroy(arena);
}

static void nothing_can_be_destroyed(void **state)
{
    (void)state;
    arena_destroy(NULL);
    struct arena *arena = arena_create();
    arena_reset(arena);
    assert_non_null(arena_zeroed(arena, 0));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zero_and_aligned),
        cmocka_unit_test(a_piece_may_be_larger_than_a_block),
        cmocka_unit_test(memory_is_zero_again_after_a_reset),
        cmocka_unit_test(strings_are_copied_and_terminated),
        cmocka_unit_test(an_array_is_zero),
        cmocka_unit_test(nothing_can_be_destroyed),
    };
    return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
