/* policy_origin.h - scheme, host and port of a URL, for comparing and nothing else. Stricter than any
 * client: what two parsers could read differently is no origin. Private to the policy. Thread: [pure].
 */
#ifndef HOST_PLUGIN_POLICY_ORIGIN_H
#define HOST_PLUGIN_POLICY_ORIGIN_H

#include <stdbool.h>

#define POLICY_ORIGIN_BYTES 300 /* of the text, with the NUL */

/* "https://llm.acme.example:443" of any http(s) URL, in lower case; false when it has none that is
 * beyond doubt: a user's name, bytes outside of host names, a port that is no number. */
bool policy_origin_of(const char *url, char out[POLICY_ORIGIN_BYTES]);

/* Is the text an origin alone, at most with a slash behind it? */
bool policy_origin_is_bare(const char *url);

#endif
