/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "tools/tool.h"
#include "tools/tool_table.h"

static size_t count_rows(void)
{
    size_t n = 0;
    while (tool_at(n) != NULL) {
        n++;
    }
    return n;
}

static void every_name_is_there_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < count_rows(); i++) {
        assert_ptr_equal(tool_find(tool_at(i)->name), tool_at(i));
    }
    assert_null(tool_find("no_such_tool"));
    assert_null(tool_find(""));
}

static void every_row_can_be_started(void **state)
{
    (void)state;
    for (size_t i = 0; i < count_rows(); i++) {
        assert_non_null(tool_at(i)->start);
    }
}

/* What the model is told to give must exist, and what it must give must be described. */
static void assert_schema(const struct tool *row)
{
    struct beacon_error err = {0};
    AUTO_JSON struct json_object *schema = NULL;
    assert_ok(json_parse(row->parameters, strlen(row->parameters), row->name, &schema, &err), &err);
    assert_string_equal(json_string_of(schema, "type", ""), "object");
    assert_true(
        json_object_is_type(json_member(schema, "additionalProperties"), json_type_boolean));
    assert_false(json_bool_of(schema, "additionalProperties", true));
    struct json_object *properties = json_member(schema, "properties");
    struct json_object *required = json_member(schema, "required");
    assert_true(json_object_is_type(properties, json_type_object));
    for (size_t i = 0; i < json_object_array_length(required); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(required, i));
        assert_non_null(json_member(properties, name));
    }
}

static void offered_functions_have_a_schema_and_freeform_ones_a_grammar(void **state)
{
    (void)state;
    for (size_t i = 0; i < count_rows(); i++) {
        const struct tool *row = tool_at(i);
        if (!row->is_offered) {
            continue;
        }
        assert_true(strlen(row->description) > 0);
        if (row->is_freeform) {
            assert_string_equal(row->parameters, "");
            assert_non_null(strstr(row->grammar, "start:"));
        } else {
            assert_string_equal(row->grammar, "");
            assert_schema(row);
        }
    }
}

static void the_documented_tools_are_offered_in_this_order(void **state)
{
    (void)state;
    static const char *const offered[] = {"exec_command", "write_stdin", "apply_patch",
                                          "update_plan", "view_image"};
    size_t n = 0;
    for (size_t i = 0; i < count_rows(); i++) {
        if (tool_at(i)->is_offered) {
            assert_true(n < sizeof offered / sizeof offered[0]);
            assert_string_equal(tool_at(i)->name, offered[n++]);
        }
    }
    assert_int_equal(n, sizeof offered / sizeof offered[0]);
}

static void older_names_are_accepted_but_not_offered(void **state)
{
    (void)state;
    static const char *const older[] = {"shell", "container.exec", "local_shell"};
    for (size_t i = 0; i < sizeof older / sizeof older[0]; i++) {
        assert_non_null(tool_find(older[i]));
        assert_false(tool_find(older[i])->is_offered);
    }
}

/* Every request carries these texts. */
static void all_of_it_costs_less_than_a_thousand_tokens(void **state)
{
    (void)state;
    size_t bytes = 0;
    for (size_t i = 0; i < count_rows(); i++) {
        const struct tool *row = tool_at(i);
        if (row->is_offered) {
            bytes += strlen(row->name) + strlen(row->description) + strlen(row->parameters) +
                     strlen(row->grammar);
        }
    }
    assert_in_range(bytes, 1, 3600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_is_there_once),
        cmocka_unit_test(every_row_can_be_started),
        cmocka_unit_test(offered_functions_have_a_schema_and_freeform_ones_a_grammar),
        cmocka_unit_test(the_documented_tools_are_offered_in_this_order),
        cmocka_unit_test(older_names_are_accepted_but_not_offered),
        cmocka_unit_test(all_of_it_costs_less_than_a_thousand_tokens),
    };
    return cmocka_run_group_tests_name("tools/tool_table", tests, NULL, NULL);
}
