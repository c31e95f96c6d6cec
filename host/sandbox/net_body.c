/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sandbox/net_http.h"

#define LINE_MAX_BYTES 4096 /* of a chunk's size with its extensions, and of a trailer line */
#define SIZE_DIGITS    15

/* What the next byte of a chunked body is. */
enum {
    CHUNK_SIZE,      /* a hexadecimal digit, or what ends them */
    CHUNK_EXTENSION, /* up to the CR */
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    TRAILER_START, /* a line of it, or the CR of the end */
    TRAILER,
    TRAILER_LF,
    END_LF,
};

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    long i = at != NULL ? at - digits : -1;
    return (int)(i < 16 ? i : i - 6);
}

static void refuse(struct net_body *body)
{
    body->is_bad = true;
}

static void expect(struct net_body *body, char c, char wanted, int next)
{
    if (c != wanted) {
        refuse(body);
        return;
    }
    body->state = next;
    body->line_bytes = 0;
}

static void take_size(struct net_body *body, char c)
{
    int digit = hex_value(c);
    if (digit >= 0 && body->line_bytes < SIZE_DIGITS) {
        body->left = (body->line_bytes == 0 ? 0 : body->left * 16) + (uint64_t)digit;
        body->line_bytes++;
    } else if (body->line_bytes > 0 && (c == '\r' || c == ';')) {
        body->state = c == '\r' ? CHUNK_SIZE_LF : CHUNK_EXTENSION;
    } else {
        refuse(body);
    }
}

/* Any line up to its CR. */
static void take_line(struct net_body *body, char c, int next)
{
    if (c == '\r') {
        body->state = next;
    } else if (c == '\n' || c == '\0' || ++body->line_bytes > LINE_MAX_BYTES) {
        refuse(body);
    }
}

static void take_byte(struct net_body *body, char c)
{
    switch (body->state) {
    case CHUNK_SIZE:
        take_size(body, c);
        break;
    case CHUNK_EXTENSION:
        take_line(body, c, CHUNK_SIZE_LF);
        break;
    case CHUNK_SIZE_LF:
        expect(body, c, '\n', body->left > 0 ? CHUNK_DATA : TRAILER_START);
        break;
    case CHUNK_DATA_CR:
        expect(body, c, '\r', CHUNK_DATA_LF);
        break;
    case CHUNK_DATA_LF:
        expect(body, c, '\n', CHUNK_SIZE);
        break;
    case TRAILER_START:
        body->state = TRAILER;
        take_line(body, c, END_LF);
        break;
    case TRAILER:
        take_line(body, c, TRAILER_LF);
        break;
    case TRAILER_LF:
        expect(body, c, '\n', TRAILER_START);
        break;
    default: /* END_LF */
        expect(body, c, '\n', END_LF);
        body->is_over = !body->is_bad;
        break;
    }
}

static size_t take_counted(struct net_body *body, size_t n)
{
    size_t taken = n < body->left ? n : (size_t)body->left;
    body->left -= taken;
    return taken;
}

size_t net_body_take(struct net_body *body, const char *p, size_t n)
{
    size_t taken = 0;
    if (body->kind == NET_BODY_COUNTED) {
        taken = take_counted(body, n);
        body->is_over = body->left == 0;
        return taken;
    }
    while (taken < n && !body->is_over && !body->is_bad) {
        if (body->state == CHUNK_DATA) {
            taken += take_counted(body, n - taken);
            body->state = body->left == 0 ? CHUNK_DATA_CR : CHUNK_DATA;
            continue;
        }
        take_byte(body, p[taken]);
        taken += body->is_bad ? 0 : 1;
    }
    return taken;
}
