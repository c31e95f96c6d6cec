/* SPDX-License-Identifier: Apache-2.0 */
#include "toml_tagged.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/toml_value.h"

static void add_string(struct text *out, const char *p, size_t n)
{
    (void)text_add_char(out, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c == '"' || c == '\\') {
            (void)text_addf(out, "\\%c", c);
        } else if (c < 0x20) {
            (void)text_addf(out, "\\u%04x", c);
        } else {
            (void)text_add_char(out, (char)c);
        }
    }
    (void)text_add_char(out, '"');
}

static void add_tag(struct text *out, const char *type, const char *value, size_t len)
{
    (void)text_addf(out, "{\"type\":\"%s\",\"value\":", type);
    add_string(out, value, len);
    (void)text_add_char(out, '}');
}

/* The shortest text that reads back as the same number. */
static void add_float(struct text *out, double number)
{
    char text[40] = "nan";
    for (int digits = 15; digits <= 17 && !isnan(number); digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    add_tag(out, "float", text, strlen(text));
}

static void add_scalar(struct text *out, const struct toml_value *value)
{
    static const char *const types[] = {
        [TOML_STRING] = "string",
        [TOML_OFFSET_DATETIME] = "datetime",
        [TOML_LOCAL_DATETIME] = "datetime-local",
        [TOML_LOCAL_DATE] = "date-local",
        [TOML_LOCAL_TIME] = "time-local",
    };
    char digits[40];
    switch (value->type) {
    case TOML_INTEGER:
        (void)snprintf(digits, sizeof digits, "%" PRId64, value->integer);
        add_tag(out, "integer", digits, strlen(digits));
        break;
    case TOML_FLOAT:
        add_float(out, value->number);
        break;
    case TOML_BOOL:
        add_tag(out, "bool", value->boolean ? "true" : "false", value->boolean ? 4 : 5);
        break;
    default:
        add_tag(out, types[value->type], value->string.data, value->string.len);
        break;
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): the reader bounds the depth of the tree */
void toml_add_tagged(struct text *out, const struct toml_value *value)
{
    if (value->type == TOML_ARRAY) {
        for (size_t i = 0; i < value->array->count; i++) {
            (void)text_add_char(out, i == 0 ? '[' : ',');
            toml_add_tagged(out, value->array->items[i]);
        }
        (void)text_add_string(out, value->array->count == 0 ? "[]" : "]");
        return;
    }
    if (value->type != TOML_TABLE) {
        add_scalar(out, value);
        return;
    }
    for (size_t i = 0; i < value->table->count; i++) {
        const struct toml_member *member = &value->table->items[i];
        (void)text_add_char(out, i == 0 ? '{' : ',');
        add_string(out, member->key, member->key_len);
        (void)text_add_char(out, ':');
        toml_add_tagged(out, member->value);
    }
    (void)text_add_string(out, value->table->count == 0 ? "{}" : "}");
}
