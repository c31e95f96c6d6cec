/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/net_http.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define METHOD_MAX 32

struct fields {
    struct net_span connection; /* one line of it; several are refused */
    bool has_connection, has_length, is_chunked;
    uint64_t length;
};

static enum net_parse fail(struct net_http *ret, int status, const char *wrong)
{
    ret->status = status;
    ret->wrong = wrong;
    return NET_PARSE_BAD;
}

static bool is_token_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct net_span span)
{
    for (size_t i = 0; i < span.n; i++) {
        if (!is_token_char(span.p[i])) {
            return false;
        }
    }
    return span.n > 0;
}

static bool is_word(struct net_span span, const char *word)
{
    return span.n == strlen(word) && strncasecmp(span.p, word, span.n) == 0;
}

static struct net_span trimmed(struct net_span span)
{
    while (span.n > 0 && (span.p[0] == ' ' || span.p[0] == '\t')) {
        span = (struct net_span){span.p + 1, span.n - 1};
    }
    while (span.n > 0 && (span.p[span.n - 1] == ' ' || span.p[span.n - 1] == '\t')) {
        span.n--;
    }
    return span;
}

/* The next line of a head, whose lines are known to end in CRLF; false at the empty one. */
static bool next_line(const char **p, struct net_span *ret)
{
    const char *end = strchr(*p, '\r');
    *ret = (struct net_span){*p, (size_t)(end - *p)};
    *p = end + 2;
    return ret->n > 0;
}

/* Up to the next `separator`, which is left behind. */
static struct net_span cut(struct net_span *rest, char separator)
{
    const char *at = rest->n > 0 ? memchr(rest->p, separator, rest->n) : NULL;
    struct net_span first = {rest->p, at != NULL ? (size_t)(at - rest->p) : rest->n};
    size_t gone = at != NULL ? first.n + 1 : first.n;
    *rest = (struct net_span){rest->p + gone, rest->n - gone};
    return first;
}

/* Nothing but visible characters, blanks, and CR with LF behind it. Where a client could still send the
 * LF, that is fine too. */
static bool is_clean(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        bool is_line_end = (c == '\r' && (i + 1 == n || p[i + 1] == '\n')) ||
                           (c == '\n' && i > 0 && p[i - 1] == '\r');
        if (!is_line_end && c != '\t' && (c < ' ' || c == 0x7f)) {
            return false;
        }
    }
    return true;
}

static const char *split_target(struct net_span target, struct net_http *ret)
{
    static const char scheme[] = "http://";
    size_t n = sizeof scheme - 1;
    if (target.n > 0 && target.p[0] == '/') {
        return "this is a proxy: the request needs the whole address, http://host/path";
    }
    if (target.n < n || strncasecmp(target.p, scheme, n) != 0) {
        return "only http:// is passed on as it is; use CONNECT for everything else";
    }
    struct net_span rest = {target.p + n, target.n - n};
    size_t end = 0;
    while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?' && rest.p[end] != '#') {
        end++;
    }
    ret->authority = (struct net_span){rest.p, end};
    ret->path = (struct net_span){rest.p + end, rest.n - end};
    return ret->path.n > 0 && memchr(ret->path.p, '#', ret->path.n) != NULL
               ? "the address has a '#' in it"
               : NULL;
}

static const char *read_authority(struct net_span authority, struct net_http *ret)
{
    struct net_span port;
    bool has_port = false;
    ret->port = 80;
    if (authority.n > 0 && memchr(authority.p, '@', authority.n) != NULL) {
        return "the address has a user name in it";
    }
    if (net_host_split(authority.p, authority.n, &ret->host, &port, &has_port) != NULL) {
        return "the host of the address cannot be read";
    }
    if (has_port ? !net_port_read(port, &ret->port) : ret->is_connect) {
        return ret->is_connect ? "CONNECT needs host:port" : "the port of the address is none";
    }
    return NULL;
}

static enum net_parse read_request_line(struct net_span line, struct net_http *ret)
{
    struct net_span rest = line;
    ret->method = cut(&rest, ' ');
    struct net_span target = cut(&rest, ' ');
    if (!is_token(ret->method) || ret->method.n > METHOD_MAX) {
        return fail(ret, 400, "the first word is no method of HTTP");
    }
    if (rest.n != 8 || memcmp(rest.p, "HTTP/1.", 7) != 0 ||
        (rest.p[7] != '0' && rest.p[7] != '1')) {
        return fail(ret, 505, "the first line does not end with HTTP/1.0 or HTTP/1.1");
    }
    ret->minor = rest.p[7];
    for (size_t i = 0; i < target.n; i++) {
        if (target.p[i] <= ' ' || target.p[i] == 0x7f) {
            return fail(ret, 400, "the address has a character that none has");
        }
    }
    ret->is_connect = ret->method.n == 7 && memcmp(ret->method.p, "CONNECT", 7) == 0;
    const char *wrong = ret->is_connect ? NULL : split_target(target, ret);
    wrong = wrong == NULL ? read_authority(ret->is_connect ? target : ret->authority, ret) : wrong;
    return wrong == NULL ? NET_PARSE_OK : fail(ret, 400, wrong);
}

static bool read_length(struct net_span text, uint64_t *ret)
{
    uint64_t length = 0;
    if (text.n == 0 || text.n > 18) {
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') {
            return false;
        }
        length = length * 10 + (uint64_t)(text.p[i] - '0');
    }
    *ret = length;
    return true;
}

static const char *read_field(struct net_span line, struct fields *fields)
{
    struct net_span rest = line;
    struct net_span name = cut(&rest, ':');
    struct net_span value = trimmed(rest);
    if (!is_token(name) || name.n == line.n) {
        return "a header field cannot be read";
    }
    if (is_word(name, "content-length")) {
        bool is_first = !fields->has_length;
        fields->has_length = true;
        return is_first && read_length(value, &fields->length)
                   ? NULL
                   : "Content-Length is no number, or there twice";
    }
    if (is_word(name, "transfer-encoding")) {
        bool is_first = !fields->is_chunked;
        fields->is_chunked = true;
        return is_first && is_word(value, "chunked") ? NULL
                                                     : "Transfer-Encoding is not just \"chunked\"";
    }
    if (is_word(name, "connection")) {
        bool is_first = !fields->has_connection;
        fields->has_connection = true;
        fields->connection = value;
        return is_first ? NULL : "Connection is there twice";
    }
    return NULL;
}

static bool is_listed(struct net_span list, struct net_span name)
{
    while (list.n > 0) {
        struct net_span word = trimmed(cut(&list, ','));
        if (word.n == name.n && strncasecmp(word.p, name.p, name.n) == 0) {
            return true;
        }
    }
    return false;
}

/* A field that says how long the body is must not be taken away on the client's word. */
static bool hides_framing(struct net_span connection)
{
    static const struct net_span framing[] = {{"content-length", 14}, {"transfer-encoding", 17}};
    return is_listed(connection, framing[0]) || is_listed(connection, framing[1]);
}

static const char *read_fields(const char *p, struct net_http *ret)
{
    struct fields fields = {0};
    struct net_span line;
    while (next_line(&p, &line)) {
        const char *wrong = read_field(line, &fields);
        if (wrong != NULL) {
            return wrong;
        }
    }
    if (fields.is_chunked && (fields.has_length || ret->minor == '0')) {
        return "the body has two lengths";
    }
    if (hides_framing(fields.connection)) {
        return "Connection names a field that it must not";
    }
    if (fields.is_chunked) {
        ret->body.kind = NET_BODY_CHUNKED;
    } else if (fields.length > 0) {
        ret->body = (struct net_body){.kind = NET_BODY_COUNTED, .left = fields.length};
    } else {
        ret->body.is_over = true;
    }
    return NULL;
}

enum net_parse net_http_parse(const char *p, size_t n, struct net_http *ret)
{
    *ret = (struct net_http){0};
    const char *end = memmem(p, n, "\r\n\r\n", 4);
    size_t head = end != NULL ? (size_t)(end - p) + 4 : n;
    if (!is_clean(p, head)) {
        return fail(ret, 400, "the request has a control character in it");
    }
    if (head > NET_HEAD_MAX || (end == NULL && n >= NET_HEAD_MAX)) {
        return fail(ret, 431, "the head of the request is longer than 16384 bytes");
    }
    if (end == NULL) {
        return NET_PARSE_MORE;
    }
    struct net_span line;
    const char *rest = p;
    ret->head_bytes = head;
    if (!next_line(&rest, &line)) {
        return fail(ret, 400, "the request begins with an empty line");
    }
    enum net_parse parsed = read_request_line(line, ret);
    if (parsed != NET_PARSE_OK) {
        return parsed;
    }
    const char *wrong = read_fields(rest, ret);
    return wrong == NULL ? NET_PARSE_OK : fail(ret, 400, wrong);
}

/* Meant for us, or for this connection only. */
static bool is_hop_by_hop(struct net_span name, struct net_span connection)
{
    static const char *const ours[] = {"connection",
                                       "proxy-connection",
                                       "keep-alive",
                                       "proxy-authenticate",
                                       "proxy-authorization",
                                       "te",
                                       "trailer",
                                       "upgrade",
                                       "host"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (is_word(name, ours[i])) {
            return true;
        }
    }
    return is_listed(connection, name);
}

static struct net_span find_connection(const char *p)
{
    struct net_span line;
    while (next_line(&p, &line)) {
        struct net_span name = cut(&line, ':');
        if (is_word(name, "connection")) {
            return line;
        }
    }
    return (struct net_span){p, 0};
}

static bool add_span(struct text *out, struct net_span span)
{
    return text_add(out, span.p, span.n);
}

bool net_http_rewrite(const char *p, const struct net_http *http, struct text *out)
{
    struct net_span line;
    (void)next_line(&p, &line); /* the request line is written anew */
    const struct net_span connection = find_connection(p);
    bool has_slash = http->path.n > 0 && http->path.p[0] == '/';
    bool is_whole = add_span(out, http->method) && text_add_string(out, has_slash ? " " : " /") &&
                    add_span(out, http->path) &&
                    text_addf(out, " HTTP/1.%c\r\nHost: ", http->minor) &&
                    add_span(out, http->authority) && text_add_string(out, "\r\n");
    while (is_whole && next_line(&p, &line)) {
        struct net_span rest = line;
        if (!is_hop_by_hop(cut(&rest, ':'), connection)) {
            is_whole = add_span(out, line) && text_add_string(out, "\r\n");
        }
    }
    return is_whole && text_add_string(out, "Connection: close\r\n\r\n");
}
