/* cassette_redact.h - what of a request and an answer a cassette keeps: names always, values of headers and
 * of the query only where they are known to be harmless. Thread: [pure].
 */
#ifndef HOST_HTTP_CASSETTE_REDACT_H
#define HOST_HTTP_CASSETTE_REDACT_H

#include <beacon/plugin.h>
#include <stdbool.h>

struct text;

/* Names in any case. */
bool cassette_shows_request_header(struct beacon_str name);
bool cassette_shows_response_header(struct beacon_str name);
bool cassette_shows_query(struct beacon_str name);

/* Append the URL without user and password, with values of the query replaced where they are not shown.
 * False: over the cap. */
bool cassette_redact_url(struct beacon_str url, struct text *out);

#endif
