/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config_json.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/toml_value.h"

/* 0.1 as it was written, not as its double is nearest to with all digits. */
static struct json_object *json_number(double number)
{
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    return isfinite(number) && strpbrk(text, ".e") != NULL ? json_object_new_double_s(number, text)
                                                           : json_object_new_double(number);
}

/* NOLINTBEGIN(misc-no-recursion): the reader bounds the depth of values */

static struct json_object *json_array(const struct toml_list *list)
{
    struct json_object *array = json_object_new_array();
    for (size_t i = 0; i < list->count; i++) {
        json_object_array_add(array, config_json(list->items[i]));
    }
    return array;
}

static struct json_object *json_table(const struct toml_members *members)
{
    struct json_object *object = json_object_new_object();
    for (size_t i = 0; i < members->count; i++) {
        json_object_object_add(object, members->items[i].key, config_json(members->items[i].value));
    }
    return object;
}

struct json_object *config_json(const struct toml_value *value)
{
    switch (value->type) {
    case TOML_INTEGER:
        return json_object_new_int64(value->integer);
    case TOML_FLOAT:
        return json_number(value->number);
    case TOML_BOOL:
        return json_object_new_boolean(value->boolean);
    case TOML_ARRAY:
        return json_array(value->array);
    case TOML_TABLE:
        return json_table(value->table);
    default: /* strings are as long as the file at most, which an int holds */
        return json_object_new_string_len(value->string.data, (int)value->string.len);
    }
}

/* NOLINTEND(misc-no-recursion) */
