/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>

#include "config/schema.h"
#include "config/suggest.h"

static void rows_are_in_the_order_of_their_paths(void **state)
{
    (void)state;
    size_t count = 0;
    const struct schema_row *rows = schema_rows(&count);
    for (size_t i = 1; i < count; i++) {
        assert_true(strcmp(rows[i - 1].path, rows[i].path) < 0);
    }
}

static void every_row_has_a_type_a_setter_and_help(void **state)
{
    (void)state;
    size_t count = 0;
    const struct schema_row *rows = schema_rows(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i].accepts != 0);
        assert_true(rows[i].setters != 0);
        assert_string_not_equal(rows[i].help, "");
        assert_true(strlen(rows[i].path) < 100);
    }
}

static void a_default_is_a_value_its_key_may_have(void **state)
{
    (void)state;
    size_t count = 0;
    const struct schema_row *rows = schema_rows(&count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].fallback == NULL) {
            continue;
        }
        if ((rows[i].accepts & SCHEMA_INT) != 0) {
            assert_true(strtoll(rows[i].fallback, NULL, 10) > 0);
        } else if ((rows[i].accepts & SCHEMA_BOOL) != 0) {
            assert_true(strcmp(rows[i].fallback, "true") == 0 ||
                        strcmp(rows[i].fallback, "false") == 0);
        } else if (rows[i].variants != NULL) {
            assert_true(schema_variant_index(&rows[i], rows[i].fallback) >= 0);
        }
    }
}

static void an_alias_names_a_row(void **state)
{
    (void)state;
    size_t count = 0;
    const struct schema_row *rows = schema_rows(&count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].alias_of != NULL) {
            assert_non_null(schema_row(rows[i].alias_of));
            assert_null(strchr(rows[i].path, '.'));
        }
    }
}

static void a_star_stands_for_any_key(void **state)
{
    (void)state;
    assert_string_equal(schema_find("model_providers", "a.b c", 5)->path, "model_providers.*");
    assert_non_null(schema_find("model_providers.*", "base_url", 8));
    assert_null(schema_find("model_providers.*", "*", 1));
    assert_null(schema_find("", "*", 1));
    assert_null(schema_find("", "tools.view_image", 16));
}

static void a_type_is_described_for_people(void **state)
{
    (void)state;
    char text[96];
    schema_describe(schema_row("sandbox_workspace_write.network_access"), text, sizeof text);
    assert_string_equal(text, "a string or a boolean");
    schema_describe(schema_row("model_context_window"), text, 10);
    assert_string_equal(text, "an intege");
}

static void the_nearest_key_is_suggested(void **state)
{
    (void)state;
    assert_string_equal(suggest_key("", "modle", 5), "model");
    assert_string_equal(suggest_key("", "aproval_policy", 14), "approval_policy");
    assert_string_equal(suggest_key("", "sandboxmode", 11), "sandbox_mode");
    assert_string_equal(suggest_key("model_providers.*", "baseurl", 7),
                        "model_providers.*.base_url");
}

static void a_key_in_the_wrong_table_is_found_where_it_belongs(void **state)
{
    (void)state;
    assert_string_equal(suggest_key("", "network_access", 14),
                        "sandbox_workspace_write.network_access");
}

static void nothing_is_suggested_for_what_resembles_nothing(void **state)
{
    (void)state;
    static const char word[] =
        "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq";
    assert_null(suggest_key("", "zzqqxx", 6));
    assert_null(suggest_key("", "", 0));
    assert_null(suggest_key("", word, sizeof word - 1));
    assert_null(suggest_key("no.such.table", "model_", 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_in_the_order_of_their_paths),
        cmocka_unit_test(every_row_has_a_type_a_setter_and_help),
        cmocka_unit_test(a_default_is_a_value_its_key_may_have),
        cmocka_unit_test(an_alias_names_a_row),
        cmocka_unit_test(a_star_stands_for_any_key),
        cmocka_unit_test(a_type_is_described_for_people),
        cmocka_unit_test(the_nearest_key_is_suggested),
        cmocka_unit_test(a_key_in_the_wrong_table_is_found_where_it_belongs),
        cmocka_unit_test(nothing_is_suggested_for_what_resembles_nothing),
    };
    return cmocka_run_group_tests_name("config/schema", tests, NULL, NULL);
}
