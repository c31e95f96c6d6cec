/* home.h - CODE_HOME: where configuration, sessions and credentials live, and who may use it now.
 *
 * Order of home_resolve(): CODE_HOME, its deprecated alias CODEX_HOME, ~/.code. A blank variable
 * counts as unset. With ~/.code only, a file missing there is read from ~/.codex. Thread: [main].
 */
#ifndef HOST_SESSION_HOME_H
#define HOST_SESSION_HOME_H

#include <beacon/error.h>
#include <stdbool.h>

struct home {
    char *path;               /* absolute; canonical when it comes from the environment */
    char *legacy_path;        /* ~/.codex with the default home, else NULL */
    const char *managed_path; /* of home_start(); borrowed, NULL: none */
    bool is_default;          /* ~/.code, not named by the environment */
    const char *warning;      /* a sentence for the person, or NULL; static */
};

/* Find the home, and make the default one (0700) when it is absent. A directory the environment
 * names must exist: BEACON_E_NOT_FOUND. No usable HOME and no entry in the password database:
 * BEACON_E_INVALID. On success give `ret` to home_finish(). */
int home_resolve(struct home *ret, struct beacon_error *err);
void home_finish(struct home *home); /* a zeroed struct is fine */

/* The start of every command: home_resolve(), then both .env files (dotenv.h), then the home they
 * may have moved it to. `managed_path` is the admin's configuration, or NULL: it has a say in which
 * project is trusted. */
int home_start(const char *cwd, const char *managed_path, struct home *ret,
               struct beacon_error *err);

/* Where to read the file `name` from: under the home, or under the legacy home when only that has
 * it. The caller's to free. Writes always go under home->path. */
char *home_file(const struct home *home, const char *name);

enum home_lock_mode { HOME_LOCK_EXCLUSIVE, HOME_LOCK_SHARED };

/* CODE_HOME_LOCK when set, else `configured` (the key home_lock; NULL: unset). "shared" is shared,
 * everything else exclusive. */
enum home_lock_mode home_lock_mode(const char *configured);

/* Take code-home.lock without waiting. *ret_fd holds it until closed: keep it for the life of the
 * process. BEACON_E_BUSY while another process has it in a mode that excludes this one. */
int home_lock(const struct home *home, enum home_lock_mode mode, int *ret_fd,
              struct beacon_error *err);

#endif
