/* verify_table.h - which canaries there are, and what each is about. Private to verify*.c. */
#ifndef HOST_VERIFY_VERIFY_TABLE_H
#define HOST_VERIFY_VERIFY_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* What the canary is told, and where its verdict is looked for. */
enum verify_object {
    VERIFY_NOTHING,    /* the exit status alone */
    VERIFY_OUTSIDE,    /* `name` beside the workspace: was anything there changed? */
    VERIFY_WORKSPACE,  /* `name` in the workspace: is it there, or changed? */
    VERIFY_SECRET,     /* the credentials in the agent's home */
    VERIFY_PATH,       /* `name` as it is */
    VERIFY_STDIN,      /* the folder outside is the standard input */
    VERIFY_DESCRIPTOR, /* the folder outside is a descriptor that the host has open */
    VERIFY_VICTIM,     /* a process of the host: is it still there? */
    VERIFY_TCP,        /* listeners of the host: was anything heard? */
    VERIFY_UDP,
    VERIFY_STREAM,
    VERIFY_DATAGRAM,
    VERIFY_ABSTRACT,
    VERIFY_SHM,     /* a shared memory segment of the host */
    VERIFY_FIFO,    /* a survivor holds it open */
    VERIFY_TERMINAL /* on a terminal made for it */
};

#define VERIFY_IN_READ_ONLY 1u
#define VERIFY_IN_WORKSPACE 2u
#define VERIFY_IN_BOTH      (VERIFY_IN_READ_ONLY | VERIFY_IN_WORKSPACE)
#define VERIFY_MUST_WORK    4u /* everyday: to be let through */

struct verify_row {
    const char *id, *what, *canary;
    enum verify_object object;
    const char *name;
    uint32_t promise; /* the BEACON_SB_* it belongs to; 0: wished for, never promised */
    unsigned flags;
};

extern const struct verify_row verify_rows[];
extern const size_t verify_row_count;

#endif
