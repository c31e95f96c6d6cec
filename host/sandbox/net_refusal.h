/* net_refusal.h - how a client is told that there will be no connection. Thread: [pure]. */
#ifndef HOST_SANDBOX_NET_REFUSAL_H
#define HOST_SANDBOX_NET_REFUSAL_H

#include <stdbool.h>
#include <stddef.h>

struct text;

enum net_protocol { NET_PROTOCOL_UNKNOWN, NET_PROTOCOL_HTTP, NET_PROTOCOL_SOCKS };

/* A status of HTTP, which SOCKS has a number for too. */
#define NET_STATUS_BAD       400
#define NET_STATUS_FORBIDDEN 403
#define NET_STATUS_TOO_SLOW  408
#define NET_STATUS_NO_SERVER 502
#define NET_STATUS_TIMED_OUT 504

/* The whole answer, with the sentence as its body where the protocol has one. */
void net_refusal_write(enum net_protocol protocol, int status, const char *reason,
                       struct text *out);

/* The answer of SOCKS with this number, for a connection as for a refusal. */
void net_refusal_write_socks(unsigned char reply, struct text *out);

/* `n` bytes of a stranger as a short text that can be printed. */
void net_refusal_show(const char *p, size_t n, char *ret, size_t ret_size);

#endif
