/* net_session.h - the part of a sandbox that is there when its network is an allow-list: the lists, the
 * proxy, and what commands are told about it. Private to the room. Thread: [main].
 */
#ifndef HOST_SANDBOX_NET_SESSION_H
#define HOST_SANDBOX_NET_SESSION_H

#include <beacon/error.h>
#include <stdbool.h>

struct beacon_plan;
struct beacon_sandbox_policy;
struct net_door;
struct net_session;
struct sandbox_settings;

/* *ret is NULL when the network is no allow-list. INVALID: an entry cannot be read, or the settings
 * contradict each other. Without a loop in the settings everything but net_session_open() works. */
int net_session_create(const struct sandbox_settings *settings, struct net_session **ret,
                       struct beacon_error *err);
void net_session_destroy(struct net_session *session); /* after every door; NULL is fine */

/* The three that follow do nothing for NULL. `policy` borrows from the session. */
void net_session_fill(const struct net_session *session, struct beacon_sandbox_policy *policy);

/* Where the proxy is, in the variables that programs look at. */
void net_session_mark(const struct net_session *session, const struct beacon_plan *plan);

/* May a command be started at all? REFUSED: nobody would serve it. */
int net_session_check(const struct net_session *session, struct beacon_error *err);

/* Serve what listens in a command's network. `listen_fd` is taken; -1: the backend made none. NULL: there
 * is nothing to serve. */
struct net_door *net_session_open(struct net_session *session, int listen_fd);

#endif
