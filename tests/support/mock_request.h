/* mock_request.h - a request as mock_model reads it: collected until it is whole, then described as
 * JSON. For tests only. */
#ifndef TESTS_SUPPORT_MOCK_REQUEST_H
#define TESTS_SUPPORT_MOCK_REQUEST_H

#include <stdbool.h>

#include "base/text.h"

struct json_object;

struct incoming {
    struct text bytes;
    size_t head_len; /* 0 before the headers are complete */
    size_t body_len;
};

void incoming_init(struct incoming *incoming);
void incoming_finish(struct incoming *incoming);

bool incoming_is_whole(struct incoming *incoming);          /* after each read */
const char *incoming_body(const struct incoming *incoming); /* body_len bytes and a NUL */

/* {"connection","request","method","path","headers":{lower-case},"body","json" when it parses}. */
struct json_object *incoming_describe(const struct incoming *incoming, unsigned connection,
                                      unsigned request);
void incoming_consume(struct incoming *incoming); /* keeps what follows the request */

#endif
