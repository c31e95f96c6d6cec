/* discover.h - which plugins there are, and which file counts for an id.
 *
 * Places, the first hit by id wins: the static table, drop-ins (plugins.d/ *.ini of the system, then of
 * $CODE_HOME; an empty `path =` masks the id), BEACON_PLUGIN_PATH, $CODE_HOME/plugins, the bundled
 * folder ../lib/beacon/plugins beside the executable, then the compiled-in library folder. An id that
 * is bundled or static is not replaced unless a drop-in says `override = yes` and the policy permits.
 * With raised privileges (AT_SECURE) nothing of the user's counts: neither the variable nor $CODE_HOME.
 * Never searched: the current directory, the repository, relative names. Opening a set reads ELF notes and runs
 * no plugin code; a file that cannot be used stays in the set with its refusal, and the others work,
 * unless a drop-in says `required = yes`.
 * Made in cli/wire_plugins.c. Thread: [main].
 */
#ifndef HOST_PLUGIN_DISCOVER_H
#define HOST_PLUGIN_DISCOVER_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLUGIN_FOLDER_MAX_FILES 512 /* plugin files of one folder; more are reported, not read */

struct owned_folders;   /* ownership.h */
struct plugin_lock;     /* lock.h */
struct plugin_manifest; /* manifest.h */
struct plugin_policy;   /* policy.h */
struct plugin_set;
struct quarantine;    /* quarantine.h */
struct static_plugin; /* static_set.h */

/* Where to look, and what decides. Strings are borrowed for the call, the structs must outlive the
 * set; all may be NULL. */
struct plugin_places {
    const char *home;           /* $CODE_HOME */
    const char *system_dropins; /* /etc/code/plugins.d */
    const char *executable_dir; /* folder of the running program */
    const char *env_path;       /* value of BEACON_PLUGIN_PATH; ignored when the program
                                   runs with raised privileges or under CODE_SECURE_MODE=1 */
    const struct plugin_policy *policy;
    const struct plugin_lock *lock;
    const struct quarantine *quarantine;
    bool is_safe_mode; /* static and bundled plugins only; the system's drop-ins may still mask */
    bool
        is_inspection; /* for `beacon plugin …`: a required plugin that cannot be used is shown in the
                           set, but does not keep it from being opened */
};

enum plugin_place {
    PLUGIN_PLACE_STATIC,        /* linked into the program */
    PLUGIN_PLACE_SYSTEM_DROPIN, /* /etc/code/plugins.d */
    PLUGIN_PLACE_HOME_DROPIN,   /* $CODE_HOME/plugins.d */
    PLUGIN_PLACE_ENV,
    PLUGIN_PLACE_HOME,
    PLUGIN_PLACE_BUNDLED,
    PLUGIN_PLACE_LIBDIR
};

enum plugin_state {
    PLUGIN_USABLE,
    PLUGIN_REFUSED,  /* broken, of another machine, owned by somebody else, forbidden */
    PLUGIN_SHADOWED, /* the id was found earlier */
    PLUGIN_MASKED,   /* a drop-in with an empty path, or enabled = no */
    PLUGIN_QUARANTINED
};

/* One file that was found, one static plugin, one drop-in that masks or asks for what is nowhere, or
 * one drop-in file or folder that could not be used. */
struct plugin_entry {
    const char *id;         /* of the drop-in, else of the manifest, else "" */
    const char *path;       /* of the file or folder; "" for a static plugin and for a mask */
    const char *where;      /* "/etc/code/plugins.d/10-acme.ini:1" of a drop-in, else "" */
    const char *decided_by; /* what put it out of use or made it required: "FILE:LINE" of a drop-in,
                               or the path of the plugin that shadows it; else "" */
    enum plugin_place place;
    size_t visit; /* plugin_set_visit() where it was found */
    enum plugin_state state;
    bool is_required;                       /* by a drop-in: without it nothing runs */
    const struct static_plugin *built_in;   /* static_set.h; NULL for a file */
    const struct plugin_manifest *manifest; /* NULL when it could not be read */
    struct beacon_error refusal; /* unless USABLE: the reason and what to do; else code 0 */
};

enum plugin_visit_state {
    PLUGIN_VISIT_READ,
    PLUGIN_VISIT_MISSING,  /* the folder does not exist */
    PLUGIN_VISIT_REPEATED, /* the folder was read before under another name */
    PLUGIN_VISIT_LEFT_OUT, /* safe mode, secure mode: not looked at */
    PLUGIN_VISIT_REFUSED,  /* it cannot be read, or the policy allows nothing from it */
};

/* One place that was, or was not, looked at. */
struct plugin_visit {
    enum plugin_place place;
    const char *path; /* of the folder; "" for the static table */
    enum plugin_visit_state state;
    size_t n_entries;           /* that it added to the set */
    struct beacon_error reason; /* of LEFT_OUT and REFUSED */
};

/* A bad file or a missing folder is never an error; a `required` plugin that cannot be used is, with
 * the code of its refusal. *ret is the caller's, for plugin_set_close(). */
int plugin_set_open(const struct plugin_places *places, struct plugin_set **ret,
                    struct beacon_error *err);

/* Forget what was found. Every provider, backend … opened from the set must be closed; plugins that
 * were loaded stay mapped. NULL is fine. */
void plugin_set_close(struct plugin_set *set);

/* The entries in the order of precedence; valid until the set is closed. */
size_t plugin_set_count(const struct plugin_set *set);
const struct plugin_entry *plugin_set_entry(const struct plugin_set *set, size_t i);

/* The places in the order of precedence, those that were left out too. */
size_t plugin_set_visit_count(const struct plugin_set *set);
const struct plugin_visit *plugin_set_visit(const struct plugin_set *set, size_t i);
bool plugin_set_is_safe_mode(const struct plugin_set *set);

/* The folders that were walked to (ownership.h); they live as long as the set. */
struct owned_folders *plugin_set_folders(const struct plugin_set *set);

/* What decided, as given in the places. */
const struct plugin_policy *plugin_set_policy(const struct plugin_set *set);
const struct plugin_lock *plugin_set_lock(const struct plugin_set *set);

const char *plugin_place_name(enum plugin_place place); /* "bundled" …; static */
const char *plugin_state_name(enum plugin_state state); /* "usable" …; static */
const char *plugin_visit_state_name(enum plugin_visit_state state);

#endif
