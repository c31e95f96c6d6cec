/* dropin.h - what plugins.d/ *.ini files say: where a plugin is, that it is off, or must be there.
 *
 *     [com.acme.llm]
 *     path = /opt/acme/acme.so       absolute; empty: the id is masked; absent: found by the folders
 *     enabled = yes                  no: found, shown, not used
 *     override = no                  yes: may replace a bundled plugin of this id
 *     required = no                  yes: without it the program does not run
 *
 * The files of a folder are read in the order of their names. A file with an unknown key, a section
 * that is no plugin id, or that somebody else could have changed is refused as a whole, with file and
 * line. Several sections for one id are all returned; the first decides (discover.c). Private to
 * discovery. Thread: [main].
 */
#ifndef HOST_PLUGIN_DROPIN_H
#define HOST_PLUGIN_DROPIN_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>

#define DROPIN_FILES_MAX 256 /* of one folder; one more is refused */

struct owned_folders; /* ownership.h */

/* One section. */
struct dropin {
    char *id;
    char *path;                            /* NULL: not said; "" masks */
    char *where;                           /* "/etc/code/plugins.d/10-acme.ini:1", the section */
    char *off_where;                       /* the line that masks or disables; NULL: none does */
    char *required_where, *override_where; /* the lines that say yes; NULL: none does */
};

/* A file or folder that was refused. */
struct dropin_problem {
    char *path;
    struct beacon_error error;
};

struct dropins {
    struct dropin *items;
    size_t n;
    struct dropin_problem *problems;
    size_t n_problems;
    bool is_missing; /* the folder does not exist */
};

/* Never fails; dropins_finish(). `known` and `is_strict` as for trust_open_owned_in(). */
void dropins_read(struct owned_folders *known, const char *folder, bool is_strict,
                  struct dropins *ret);
void dropins_finish(struct dropins *dropins); /* a zeroed one is fine */

#endif
