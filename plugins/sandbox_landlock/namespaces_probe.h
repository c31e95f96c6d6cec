/* namespaces_probe.h - can this process make the namespaces that the backend needs?
 *
 * Tried once per process by a child that makes them and ends, because what refuses them (limits,
 * security modules, the filter of a container) cannot be read from anywhere. Thread: [worker].
 */
#ifndef SANDBOX_LANDLOCK_NAMESPACES_PROBE_H
#define SANDBOX_LANDLOCK_NAMESPACES_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#define NAMESPACES_DETAIL_BYTES 128

/* *ret_detail: one sentence, what is missing or what was found. */
bool namespaces_are_there(char *ret_detail, size_t n);

/* The same without remembering, for tests. */
bool namespaces_try(char *ret_detail, size_t n);

#endif
