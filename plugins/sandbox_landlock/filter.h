/* filter.h - the system call filters, as programs for the kernel's seccomp.
 *
 * Native calls only: foreign ABIs, and numbers newer than what was known when this was written, answer
 * ENOSYS, so that programs which probe for them go on. Rows of filter_table.c are refused, or asked
 * about; everything else is allowed. The programs are made when the plugin is built (filter_generate.c,
 * with libseccomp) and are data here: making one takes as long as starting a command. Thread: [pure].
 */
#ifndef SANDBOX_LANDLOCK_FILTER_H
#define SANDBOX_LANDLOCK_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A variant is a set of these. Sockets: with NO_NETWORK local ones only; without it also internet streams
 * and datagrams (never raw) and the routing table, which is right both for an empty network namespace with
 * loopback and for the host's network. Local datagrams are always refused: they can address a path. */
#define FILTER_NO_NETWORK  1u
#define FILTER_NO_METADATA 2u /* modes, owners, times and attributes of files stay as they are */
#define FILTER_NO_TRUNCATE 4u /* through a path alone: older Landlock does not watch that */

/* Read-only mounts are in the way of every change: attributes of files may be tried by ioctl. */
#define FILTER_IN_NAMESPACES 8u

/* The supervisor is asked (BEACON_SECCOMP_NOTIFY is needed): about changes of metadata, about connect(). */
#define FILTER_ASK_METADATA 16u
#define FILTER_ASK_CONNECT  32u

bool filter_is_supported(void); /* on this machine's architecture */

/* The program of `variant`, static, for SECCOMP_SET_MODE_FILTER; NULL when filter_variants[] does not list
 * it, or on an architecture that has none. */
const struct sock_filter *filter_find(uint32_t variant, size_t *ret_n);

#endif
