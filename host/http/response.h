/* response.h - collects the header lines of an answer until they make the final response.
 *
 * Interim answers (1xx) are dropped, so are folded lines and trailers. Names become lower case, the
 * space around values goes. Thread: one owner. Private to the room.
 */
#ifndef HOST_HTTP_RESPONSE_H
#define HOST_HTTP_RESPONSE_H

#include <beacon/host.h>
#include <stdbool.h>

#include "base/text.h"

#define RESPONSE_REASON_BYTES 48

struct response_field {
    size_t name_from, name_len, value_from, value_len; /* in `lines` */
};

struct response {
    struct text lines;
    struct response_field *fields;
    size_t n_fields, fields_capacity;
    int status; /* 0 before the first status line */
    bool is_final;
    char reason[RESPONSE_REASON_BYTES]; /* printable ASCII, for messages */
    struct beacon_kv *headers;          /* made when final; points into `lines` */
};

void response_init(struct response *response);
void response_finish(struct response *response);

/* One line with its line end, as libcurl hands them out. The empty line that ends the headers of the
 * final answer sets is_final. BEACON_E_LIMIT: more than HTTP_HEADERS_MAX bytes. */
int response_add_line(struct response *response, const char *line, size_t n,
                      struct beacon_error *err);

/* The view for callbacks; valid as long as `response`, which is final. */
struct beacon_http_response response_view(const struct response *response);

#endif
