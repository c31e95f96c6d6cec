/* namespaces.h - the component `namespaces`: mounts, processes, network and memory of its own for each
 * command, then Landlock and the system call filter as further walls.
 */
#ifndef SANDBOX_LANDLOCK_NAMESPACES_H
#define SANDBOX_LANDLOCK_NAMESPACES_H

#include <beacon/sandbox.h>

extern const struct beacon_sandbox namespaces_backend;

#endif
