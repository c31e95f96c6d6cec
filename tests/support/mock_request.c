/* SPDX-License-Identifier: Apache-2.0 */
#include "support/mock_request.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/json.h"

#define REQUEST_MAX (512u << 20)

void incoming_init(struct incoming *incoming)
{
    *incoming = (struct incoming){0};
    text_init(&incoming->bytes, REQUEST_MAX);
}

void incoming_finish(struct incoming *incoming)
{
    text_finish(&incoming->bytes);
}

/* Header lines of the head as an object with lower-case names. */
static struct json_object *headers_of(const struct incoming *incoming)
{
    struct json_object *headers = json_object_new_object();
    const char *end = incoming->bytes.data + incoming->head_len - 2;
    const char *line = strstr(incoming->bytes.data, "\r\n") + 2;
    while (line < end) {
        const char *stop = strstr(line, "\r\n");
        const char *colon = memchr(line, ':', (size_t)(stop - line));
        if (colon != NULL) {
            AUTO_FREE char *name = alloc_string_n(line, (size_t)(colon - line));
            for (char *p = name; *p != '\0'; p++) {
                *p = (char)tolower((unsigned char)*p);
            }
            colon += 1 + strspn(colon + 1, " \t");
            size_t n = colon < stop ? (size_t)(stop - colon) : 0;
            (void)json_object_object_add(headers, name, json_object_new_string_len(colon, (int)n));
        }
        line = stop + 2;
    }
    return headers;
}

bool incoming_is_whole(struct incoming *incoming)
{
    if (incoming->head_len == 0 && incoming->bytes.len > 0) {
        const char *blank = strstr(incoming->bytes.data, "\r\n\r\n");
        if (blank == NULL) {
            return false;
        }
        incoming->head_len = (size_t)(blank - incoming->bytes.data) + 4;
        AUTO_JSON struct json_object *headers = headers_of(incoming);
        incoming->body_len =
            (size_t)strtoull(json_string_of(headers, "content-length", "0"), NULL, 10);
    }
    return incoming->head_len > 0 && incoming->bytes.len - incoming->head_len >= incoming->body_len;
}

const char *incoming_body(const struct incoming *incoming)
{
    return incoming->bytes.data + incoming->head_len;
}

struct json_object *incoming_describe(const struct incoming *incoming, unsigned connection,
                                      unsigned request)
{
    const char *p = incoming->bytes.data, *body = incoming_body(incoming);
    size_t method = strcspn(p, " \r"), path = strcspn(p + method + (p[method] == ' '), " \r");
    struct json_object *line = json_object_new_object(), *parsed = NULL;
    (void)json_object_object_add(line, "connection", json_object_new_int64(connection));
    (void)json_object_object_add(line, "request", json_object_new_int64(request));
    (void)json_object_object_add(line, "method", json_object_new_string_len(p, (int)method));
    (void)json_object_object_add(line, "path",
                                 json_object_new_string_len(p + method + 1, (int)path));
    (void)json_object_object_add(line, "headers", headers_of(incoming));
    (void)json_object_object_add(line, "body",
                                 json_object_new_string_len(body, (int)incoming->body_len));
    if (json_parse(body, incoming->body_len, "body", &parsed, NULL) == 0) {
        (void)json_object_object_add(line, "json", parsed);
    }
    return line;
}

void incoming_consume(struct incoming *incoming)
{
    text_remove_front(&incoming->bytes, incoming->head_len + incoming->body_len);
    incoming->head_len = 0;
    incoming->body_len = 0;
}
