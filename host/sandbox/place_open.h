/* place_open.h - opening exactly the path that is meant. Thread: [any]. */
#ifndef HOST_SANDBOX_PLACE_OPEN_H
#define HOST_SANDBOX_PLACE_OPEN_H

/* O_PATH descriptor of `path`, which is absolute. No part of it may be a symlink: ELOOP. -1 with
 * errno. */
int place_open(const char *path);

#endif
