/* filter.h - the system call filter, as a program for the kernel's seccomp.
 *
 * Native calls only: foreign ABIs, and numbers newer than what was known when this was written, answer
 * ENOSYS, so that programs which probe for them go on. Rows of filter_table.c are refused; everything
 * else is allowed. Thread: [pure].
 */
#ifndef SANDBOX_LANDLOCK_FILTER_H
#define SANDBOX_LANDLOCK_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILTER_MAX 1024 /* instructions */

/* Which rows apply, beside those of every filter. */
#define FILTER_NO_NETWORK  1u
#define FILTER_NO_METADATA 2u /* modes, owners, times and attributes of files stay as they are */
#define FILTER_NO_TRUNCATE 4u /* through a path alone: older Landlock does not watch that */
#define FILTER_VARIANTS    8u

/* The command has a mount, pid and network namespace of its own, and no write to what is read-only for
 * it gets past the mounts: their ioctl calls on files are allowed. Sockets: with FILTER_NO_NETWORK local
 * ones only; without it also internet streams and datagrams (never raw) and the routing table, which is
 * right both for an empty network namespace with loopback and for the host's network. */
#define FILTER_IN_NAMESPACES 8u

/* The supervisor is asked (BEACON_SECCOMP_NOTIFY is needed): about changes of metadata, about connect(). */
#define FILTER_ASK_METADATA 16u
#define FILTER_ASK_CONNECT  32u

enum filter_test {
    FILTER_ALWAYS,
    FILTER_IF_EQUAL,     /* low 32 bits of the argument == value */
    FILTER_UNLESS_EQUAL, /* … != value */
    FILTER_IF_ANY,       /* … & value */
    FILTER_IF_MASKED,    /* … & mask == value */
};

enum filter_answer { FILTER_EPERM, FILTER_ENOSYS, FILTER_ALLOW };

/* Rows of one call are tried in the order they stand in; when none holds, the call is allowed. */
struct filter_row {
    int call;
    uint32_t only_in; /* 0: in every filter */
    enum filter_answer answer;
    enum filter_test test;
    uint32_t argument, value, mask;
};

extern const struct filter_row filter_rows[];
extern const size_t filter_row_count;
extern const uint32_t filter_newest_call;

bool filter_is_supported(void); /* on this machine's architecture */

/* The program made for `variant` when this was built, static; NULL when there is none, because the
 * architecture has none or because filter_variants[] does not list it. */
const struct sock_filter *filter_find(uint32_t variant, size_t *ret_n);

/* Number of instructions written to `out`; 0 when it does not fit. */
size_t filter_build(uint32_t variant, struct sock_filter out[FILTER_MAX]);

#endif
