/* cover.h - what stands in for a missing name while commands run, so that none can be planted there.
 *
 * A mount needs something to be mounted on. So right before a command the host makes a socket that
 * nobody listens on at the missing name (git neither shows nor removes one, and it costs no block), or
 * inside of a .git a small file; the backend binds it over itself, read-only. When the last command of
 * the session has ended it is removed.
 *
 * Several sessions may share a workspace: each shares a lock on the directories it has covers in, and
 * who finds itself alone removes every cover there is. What a killed host left is known by its owner,
 * kind and mode, and is taken over by the next session, or removed by the guardian, a tiny process
 * that outlives the host.
 * Thread: [main].
 */
#ifndef HOST_SANDBOX_COVER_H
#define HOST_SANDBOX_COVER_H

#include <beacon/error.h>
#include <stdbool.h>

enum cover_kind {
    COVER_NONE, /* the name stays missing */
    COVER_SOCKET,
    COVER_DIRECTORY,  /* empty: for a .git beneath another repository, which git looks for */
    COVER_EMPTY_FILE, /* what git reads as no configuration at all */
    COVER_COMMONDIR,  /* a file that says ".": the git directory is its own common directory */
};

struct cover_set;
struct text;

struct cover_set *cover_set_create(void);
void cover_set_destroy(struct cover_set *set); /* removes what is left; NULL is fine */

/* One more command begins, or one has ended. With the last one the covers go, and true is returned; a
 * name that somebody else took meanwhile is told in `diagnosis` (may be NULL). */
void cover_set_begin(struct cover_set *set);
bool cover_set_end(struct cover_set *set, struct text *diagnosis);

/* End the guardian until the next cover is asked for. */
void cover_set_rest(struct cover_set *set);

/* `path` will be asked for below: the guardian has to know it before it is made. */
void cover_set_expect(struct cover_set *set, const char *path);

/* Cover `path`: absolute, its parent without links, expected before. Inside begin and end only. *ret_fd
 * (O_PATH) belongs to the set and lives until the last end. When the directory above cannot be written
 * by this user, a command cannot either: BEACON_OK and -1. BEACON_E_BUSY: something else is there by
 * now. BEACON_E_REFUSED: it could not be made, and a command must not run. */
int cover_set_add(struct cover_set *set, const char *path, enum cover_kind kind, int *ret_fd,
                  struct beacon_error *err);

/* Is what is at `path` a cover of this user, held or forgotten? */
bool cover_is_one(const char *path);

#endif
