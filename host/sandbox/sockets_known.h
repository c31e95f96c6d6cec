/* sockets_known.h - where other programs listen, as far as can be known. Private to sockets.c. */
#ifndef HOST_SANDBOX_SOCKETS_KNOWN_H
#define HOST_SANDBOX_SOCKETS_KNOWN_H

/* `path` is absolute, borrowed, and may be missing: a socket, or a directory of sockets. */
typedef void (*socket_fn)(void *ctx, const char *path);

/* What the environment names, the directories of display servers and agents in /tmp, every socket
 * directly in /tmp and $TMPDIR, and every listening one that /proc/net/unix tells of. Bounded. */
void sockets_known_each(socket_fn found, void *ctx);

#endif
