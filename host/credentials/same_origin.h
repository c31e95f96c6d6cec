/* same_origin.h - does a request go to the server that the credentials belong to? Thread: [pure]. */
#ifndef HOST_CREDENTIALS_SAME_ORIGIN_H
#define HOST_CREDENTIALS_SAME_ORIGIN_H

#include <beacon/plugin.h>
#include <stdbool.h>

/* Compared as text, so that no two readers of a URL can disagree: what is not plainly the same server
 * is another one. A base without a server has no equal. */
bool same_origin(struct beacon_str url, const char *base_url);

/* "scheme://host:port" at the start of `url`; empty when there is none. */
struct beacon_str origin_of(struct beacon_str url);

#endif
