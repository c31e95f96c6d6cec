/* net_lookup.h - turning names into addresses on worker threads, a few at a time.
 *
 * A lookup that nobody waits for any more goes on until the resolver gives up, and counts as running until
 * then: a command that asks and leaves cannot gather threads. Thread: [main].
 */
#ifndef HOST_SANDBOX_NET_LOOKUP_H
#define HOST_SANDBOX_NET_LOOKUP_H

#include <stddef.h>

#define NET_LOOKUPS_RUNNING 8 /* at once; others wait for their turn */
#define NET_ADDRESSES_MAX   8 /* of one name; further ones are left out */

struct loop;
struct net_address;
struct net_lookup;
struct net_lookups;

/* [worker] Fill ret[0..max) and return how many, or 0 with *ret_wrong, a static phrase. May block. */
typedef size_t (*net_resolve_fn)(const char *host, struct net_address *ret, size_t max,
                                 const char **ret_wrong);

/* `n` is 0 when there is none, and `wrong` says why; else `wrong` is NULL. */
typedef void (*net_lookup_fn)(void *ctx, const struct net_address *addresses, size_t n,
                              const char *wrong);

/* `resolve` NULL: the system's resolver. */
struct net_lookups *net_lookups_create(struct loop *loop, net_resolve_fn resolve);

/* Lookups that still run are left to themselves. Nobody may wait for one. NULL is fine. */
void net_lookups_destroy(struct net_lookups *lookups);

/* Calls `fn` once, never from inside, and the lookup is gone then. Copies `host`. NULL when the machine
 * has no thread left; `fn` is not called then. */
struct net_lookup *net_lookup_start(struct net_lookups *lookups, const char *host, net_lookup_fn fn,
                                    void *ctx);
void net_lookup_forget(struct net_lookup *lookup); /* `fn` is not called; NULL is fine */

#endif
