/* SPDX-License-Identifier: Apache-2.0 */
#include "http/header_list.h"

#include <beacon-sdk/text.h>
#include <ctype.h>
#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/error.h"
#include "http/request.h"

/* A plugin that sets these could make the server see another request than the one we send. */
static const char *const ours[] = {"content-length", "transfer-encoding", "connection", "host",
                                   "expect",         "upgrade",           "te",         "trailer"};

static bool is_token_char(unsigned char c)
{
    return (c < 0x80 && isalnum(c)) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct beacon_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (!is_token_char((unsigned char)name.p[i])) {
            return false;
        }
    }
    return name.n > 0;
}

static bool is_plain(struct beacon_str value)
{
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static int refuse(struct beacon_error *err, const char *what, struct beacon_str name)
{
    int n = name.n < 64 ? (int)name.n : 64;
    int rc = error_set(err, BEACON_E_INVALID, "correct the headers in the provider's configuration",
                       "%s%s%.*s", what, n > 0 ? ": " : "", n, n > 0 ? name.p : "");
    if (err != NULL) {
        err->flags = HTTP_ERROR_PERMANENT;
    }
    return rc;
}

static int check(struct beacon_str name, struct beacon_str value, struct beacon_error *err)
{
    struct beacon_str unnamed = {"", 0};
    if (!is_token(name)) {
        return refuse(err, "the name of a request header is not valid", unnamed);
    }
    if (!is_plain(value)) {
        return refuse(err, "a request header contains a line break or control character", name);
    }
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (beacon_span_is_nocase(name, ours[i])) {
            return refuse(err, "a request header is for the host to set", name);
        }
    }
    return BEACON_OK;
}

static void append(struct header_list *list, char *line)
{
    struct curl_slist *node = alloc_zeroed(sizeof *node);
    node->data = line;
    struct curl_slist **link = &list->first;
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = node;
}

int header_list_add(struct header_list *list, struct beacon_str name, struct beacon_str value,
                    struct beacon_error *err)
{
    int rc = check(name, value, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    /* libcurl reads "name:" as "leave it out" and "name;" as "send it empty". */
    size_t blank = 0;
    while (blank < value.n && (value.p[blank] == ' ' || value.p[blank] == '\t')) {
        blank++;
    }
    char *line = alloc_zeroed(name.n + 2 + value.n + 1);
    memcpy(line, name.p, name.n);
    if (blank == value.n) {
        line[name.n] = ';';
    } else {
        line[name.n] = ':';
        line[name.n + 1] = ' ';
        memcpy(line + name.n + 2, value.p, value.n);
    }
    append(list, line);
    return BEACON_OK;
}

static size_t name_length(const struct curl_slist *node)
{
    return strcspn(node->data, ":;");
}

static void drop(struct curl_slist **link)
{
    struct curl_slist *node = *link;
    *link = node->next;
    explicit_bzero(node->data, strlen(node->data));
    free(node->data);
    free(node);
}

int header_list_replace(struct header_list *list, struct beacon_str name, struct beacon_str value,
                        struct beacon_error *err)
{
    int rc = check(name, value, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct curl_slist **link = &list->first;
    while (*link != NULL) {
        if (name_length(*link) == name.n && strncasecmp((*link)->data, name.p, name.n) == 0) {
            drop(link);
        } else {
            link = &(*link)->next;
        }
    }
    return header_list_add(list, name, value, err);
}

void header_list_suppress(struct header_list *list, const char *name)
{
    size_t n = strlen(name);
    for (const struct curl_slist *node = list->first; node != NULL; node = node->next) {
        if (name_length(node) == n && strncasecmp(node->data, name, n) == 0) {
            return;
        }
    }
    append(list, alloc_printf("%s:", name));
}

void header_list_finish(struct header_list *list)
{
    while (list->first != NULL) {
        drop(&list->first);
    }
}
