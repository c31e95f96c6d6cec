/* mediated.h - a stage on which a child's calls are mediated: "work" may be written, "outside" may not. */
#ifndef TESTS_PLUGINS_SANDBOX_LANDLOCK_MEDIATED_H
#define TESTS_PLUGINS_SANDBOX_LANDLOCK_MEDIATED_H

#include <stdbool.h>
#include <stdint.h>

struct stage {
    const char *work, *outside; /* directories, each with a file */
    const char *file, *secret;  /* "work/file", "outside/secret" */
    const char *kept;           /* "work/kept": protected */
    const char *socket;         /* may be connected to: "outside/allowed" */
    uint64_t mark;              /* filled before the child starts */
};

struct stage stage_make(void **state);

/* Run `body` in a child, whose working directory is `work`, under the filter of `variant`, and answer
 * its calls by the rules of the stage. Its result is the exit status. */
int mediated(struct stage *stage, uint32_t variant, int (*body)(const void *stage));

/* Metadata and connect() without and with a network. */
#define OFFLINE (FILTER_ASK_METADATA | FILTER_ASK_CONNECT | FILTER_NO_NETWORK)
#define ONLINE  (FILTER_ASK_METADATA | FILTER_ASK_CONNECT)

/* Mode, owner, times and attributes, as words to be compared. */
const char *metadata_of(void **state, const char *path);

#endif
