/* sockets.h - the unix sockets of the system that commands must not reach: docker, agents, buses.
 *
 * A mount namespace and a network namespace leave them in reach: connecting is no writing, and their
 * names are in the file system. So they are masked, or the directories that hold nothing else: /run,
 * what the environment names, and every socket that listens somewhere when the session begins. Not
 * masked are sockets in the workspace and the roots of the person, and those the settings name.
 * Thread: [main].
 */
#ifndef HOST_SANDBOX_SOCKETS_H
#define HOST_SANDBOX_SOCKETS_H

struct places;
struct sandbox_settings;

/* Once, after the roots are known: remember what is to be masked. */
void sockets_find(struct places *places, const struct sandbox_settings *settings);

/* List what of that is there now. */
void sockets_mask(struct places *places);

#endif
