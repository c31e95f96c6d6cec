/* egress.h - the hosts this program may connect to at all: network.allow.
 *
 * Every connection of the host is made by this room (a test looks for others), and asks here first, for
 * the server and for the proxy on the way to it. No list: everything is allowed. Thread: [main]; a list
 * never changes.
 */
#ifndef HOST_HTTP_EGRESS_H
#define HOST_HTTP_EGRESS_H

#include <beacon/error.h>
#include <stddef.h>

struct egress;

/* Entries as host_pattern.h has them; `where` is who wrote the list, "FILE:line". Copies. BEACON_E_INVALID:
 * an entry is none, which the sentence quotes. An empty list allows nothing. */
int egress_create(const char *const *list, size_t n, const char *where, struct egress **ret,
                  struct beacon_error *err);
void egress_destroy(struct egress *egress); /* NULL is fine */

/* May a connection go to the host of this checked URL? `role` is what to call it, "" or "the proxy ".
 * BEACON_E_REFUSED, permanent. NULL allows everything. */
int egress_judge(const struct egress *egress, const char *url, const char *role,
                 struct beacon_error *err);

/* The entry that allows it, as it was written, borrowed; NULL: none does, or there is no list. */
const char *egress_entry(const struct egress *egress, const char *url);

const char *egress_where(const struct egress *egress); /* borrowed */

#endif
