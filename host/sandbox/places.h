/* places.h - the paths a sandbox policy speaks of: canonical, and held open where they exist.
 *
 * Everything may be read and run; written may be what the mode and the settings name, and the few
 * devices no program does without. Beneath the workspace and the roots of the person the names that
 * other programs take their orders from (.git/hooks, .vscode, …) are taken away again. Roots and
 * devices are resolved once, when the session begins, and kept by O_PATH descriptors, so that a link
 * swapped later leads nowhere else. What is protected is looked up anew before each command, by
 * places_refresh(): people edit their .git/config while a session runs, and servers come and go.
 *
 * The list is sorted: parents stand before what is beneath them, and the longest path decides.
 * Used by sandbox/sandbox.c, sandbox/hold.c and sandbox/check.c. Thread: [main].
 */
#ifndef HOST_SANDBOX_PLACES_H
#define HOST_SANDBOX_PLACES_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cover_set;
struct sandbox_settings;

struct place {
    char *path;
    int fd;               /* O_PATH; -1 for a path that is denied and not there */
    uint32_t access;      /* BEACON_PATH_* */
    unsigned root_number; /* of the writable roots of the person, from 1; 0: something else */
    int cover;            /* enum cover_kind: what may stand in for it when it is missing */
    bool is_root;         /* root_number is not 0 */
    bool is_fixed;        /* stays as it is as long as the session */
    bool is_borrowed;     /* fd belongs to a cover */
    const char *why;      /* of a denial, static: "git runs what it says" */
};

/* Where to look anew before each command. Private to places*.c and sockets.c. */
struct places_watch {
    char **git_dirs; /* directories with a ".git" of their own, or bare repositories */
    size_t n_git_dirs;
    char **bare; /* roots that are bare repositories themselves */
    size_t n_bare;
    char **sockets; /* and directories of sockets */
    size_t n_sockets;
};

/* What stands in the notes about roots that were left out. */
#define PLACES_NOT_WRITABLE " is not writable: "

struct places {
    struct place *list;
    size_t n;
    unsigned n_roots;
    unsigned n_protected_roots; /* the first ones, in which names are protected: not /tmp */
    char **notes;               /* what was left out, one sentence each */
    size_t n_notes;
    char *home; /* CODE_HOME without links; NULL: none */
    int git;    /* enum sandbox_git */
    bool is_writable;
    struct places_watch watch;
};

/* For the modes that restrict. BEACON_E_INVALID when the working directory cannot be opened or must
 * not be writable. The caller calls places_finish() also after a failure. */
int places_init(struct places *places, const struct sandbox_settings *settings,
                struct beacon_error *err);

/* Look up what is protected. Names that are missing are covered by `covers`; NULL: they are in the
 * list without a descriptor. Pointers into the list are invalid afterwards; the paths and descriptors
 * of roots stay. BEACON_E_REFUSED when a name could not be covered. */
int places_refresh(struct places *places, struct cover_set *covers, struct beacon_error *err);
void places_finish(struct places *places);

/* The covers are gone: forget their descriptors. */
void places_release_covers(struct places *places);

/* The `index`th writable root, or NULL. The first one is the working directory. */
const struct place *places_root(const struct places *places, size_t index);

/* The place that decides about `path` (absolute, normal); NULL: there is none. */
const struct place *places_decide(const struct places *places, const char *path);

/* Is `path` in a tree that some place lets be written? */
bool places_is_in_writable(const struct places *places, const char *path);

#endif
