/* planted.h - what cannot be kept from being made, and is put out of use after a command.
 *
 * Git takes a directory with HEAD, objects and refs in it for a repository, and runs what its config
 * says. Covering one of these names would get in the way of too much in a workspace that is none, so
 * a HEAD that makes a writable root into such a repository is renamed. Thread: [main].
 */
#ifndef HOST_SANDBOX_PLANTED_H
#define HOST_SANDBOX_PLANTED_H

struct places;
struct text;

#define PLANTED_NEW_NAME "HEAD.disabled"

/* Look at the roots in which names are protected; `diagnosis` may be NULL. */
void planted_disable(const struct places *places, struct text *diagnosis);

#endif
