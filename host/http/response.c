/* SPDX-License-Identifier: Apache-2.0 */
#include "http/response.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "http/request.h"

void response_init(struct response *response)
{
    *response = (struct response){0};
    text_init(&response->lines, HTTP_HEADERS_MAX);
}

void response_finish(struct response *response)
{
    text_finish(&response->lines);
    free(response->fields);
    free(response->headers);
    *response = (struct response){0};
}

/* "HTTP/1.1 429 Too Many Requests"; libcurl has refused what does not begin so. */
static void on_status_line(struct response *response, const char *line, size_t n)
{
    text_reset(&response->lines);
    response->n_fields = 0;
    response->status = 0;
    const char *space = memchr(line, ' ', n);
    size_t i = space != NULL ? (size_t)(space - line) : n;
    while (i < n && line[i] == ' ') {
        i++;
    }
    for (; i < n && isdigit((unsigned char)line[i]) && response->status < 1000; i++) {
        response->status = response->status * 10 + (line[i] - '0');
    }
    while (i < n && line[i] == ' ') {
        i++;
    }
    size_t len = 0;
    for (; i < n && len < sizeof response->reason - 1; i++) {
        if (line[i] >= ' ' && line[i] <= '~') {
            response->reason[len++] = line[i];
        }
    }
    response->reason[len] = '\0';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void add_field(struct response *response, const struct response_field *field)
{
    if (response->n_fields == response->fields_capacity) {
        response->fields_capacity = response->fields_capacity * 2 + 16;
        response->fields =
            alloc_grow(response->fields, response->fields_capacity, sizeof *response->fields);
    }
    response->fields[response->n_fields++] = *field;
}

static int on_field_line(struct response *response, const char *line, size_t n,
                         struct beacon_error *err)
{
    const char *colon = memchr(line, ':', n);
    if (colon == NULL || is_blank(line[0])) {
        return BEACON_OK;
    }
    size_t from = response->lines.len;
    if (!text_add(&response->lines, line, n)) {
        return error_set(err, BEACON_E_LIMIT, "ask the operator of the server what it sends",
                         "the headers of the answer are over %u bytes", HTTP_HEADERS_MAX);
    }
    char *copy = response->lines.data + from;
    size_t name_len = (size_t)(colon - line), begin = name_len + 1, end = n;
    for (size_t i = 0; i < name_len; i++) {
        copy[i] = (char)tolower((unsigned char)copy[i]);
    }
    while (begin < end && is_blank(copy[begin])) {
        begin++;
    }
    while (end > begin && is_blank(copy[end - 1])) {
        end--;
    }
    struct response_field field = {from, name_len, from + begin, end - begin};
    add_field(response, &field);
    return BEACON_OK;
}

static void on_end_of_headers(struct response *response)
{
    if (response->status < 200) {
        return;
    }
    response->is_final = true;
    const char *lines = text_string(&response->lines);
    response->headers = alloc_array(response->n_fields + 1, sizeof *response->headers);
    for (size_t i = 0; i < response->n_fields; i++) {
        const struct response_field *field = &response->fields[i];
        response->headers[i].k = (struct beacon_str){lines + field->name_from, field->name_len};
        response->headers[i].v = (struct beacon_str){lines + field->value_from, field->value_len};
    }
}

int response_add_line(struct response *response, const char *line, size_t n,
                      struct beacon_error *err)
{
    while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r')) {
        n--;
    }
    if (response->is_final) {
        return BEACON_OK; /* a trailer */
    }
    if (n == 0) {
        on_end_of_headers(response);
        return BEACON_OK;
    }
    if (n > 5 && memcmp(line, "HTTP/", 5) == 0) {
        on_status_line(response, line, n);
        return BEACON_OK;
    }
    return on_field_line(response, line, n, err);
}

struct beacon_http_response response_view(const struct response *response)
{
    assert(response->is_final);
    struct beacon_http_response view = BEACON_INIT(struct beacon_http_response);
    view.status = response->status;
    view.headers = response->headers;
    view.n_headers = response->n_fields;
    return view;
}
