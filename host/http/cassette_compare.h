/* cassette_compare.h - is a request the one that was recorded, byte for byte? Thread: [pure]. */
#ifndef HOST_HTTP_CASSETTE_COMPARE_H
#define HOST_HTTP_CASSETTE_COMPARE_H

#include <stdbool.h>

#include "http/cassette.h"

struct text;

/* A described request as a cassette would hold it, URL and headers redacted; in `arena`. */
struct cassette_request cassette_request_of(const struct beacon_http_request *rq,
                                            struct arena *arena);

/* True: the same. Else `out` gets "the body differs at byte 812, $.messages[2].content: … was recorded, … is
 * asked now". */
bool cassette_compare(const struct cassette_request *recorded, const struct cassette_request *now,
                      struct text *out);

/* "$.messages[2].content" of the value that holds byte `at` of a JSON text; "$" when it is none. */
void cassette_json_path(struct beacon_str json, size_t at, struct text *out);

#endif
