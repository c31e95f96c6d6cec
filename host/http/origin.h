/* origin.h - the two things we must know about a URL ourselves: that it may be requested at all, and
 * what to call the server in a sentence. libcurl does the rest. Thread: [pure].
 */
#ifndef HOST_HTTP_ORIGIN_H
#define HOST_HTTP_ORIGIN_H

#include <beacon/plugin.h>

#define ORIGIN_NAME_BYTES 160

/* http or https, a host, no character that a request line or two URL parsers could disagree about:
 * control characters, spaces, backslashes, a second '@'. BEACON_E_INVALID, permanent. */
int origin_check(struct beacon_str url, struct beacon_error *err);

/* "host:port" of a checked URL: no credentials, no path, no query. Cut to fit. */
void origin_name(struct beacon_str url, char out[ORIGIN_NAME_BYTES]);

#endif
