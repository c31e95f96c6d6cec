/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon/sandbox.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/path.h"
#include "sandbox/places.h"
#include "sandbox/places_parts.h"

/* Names beneath a root that other programs, or the next session, take orders from. */
static const struct {
    const char *name, *why;
} names[] = {
    {".code", "the agent takes its settings from there"},
    {".codex", "the agent takes its settings from there"},
    {".agents", "agents take their orders from there"},
    {".vscode", "the editor runs what it says"},
    {".mcp.json", "agents start the programs it names"},
    {".envrc", "the shell runs what it says"},
};

/* What is in the home and not for commands to read. */
static const char *const secret_names[] = {"auth.json", "auth_accounts.json", "secrets"};

static const char secret_why[] = "credentials are in there";

bool places_protect(struct place_refresh *refresh, const char *path, enum cover_kind kind,
                    const char *why)
{
    AUTO_CLOSE int fd = place_open(path);
    struct stat st;
    bool is_missing = fd < 0 && (errno == ENOENT || errno == ENOTDIR);
    if ((fd < 0 && !is_missing) || (fd >= 0 && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode))) {
        places_note(refresh->places,
                    "%s is not protected: it is a symlink, or one leads there, or it cannot be "
                    "opened",
                    path);
        return false;
    }
    bool is_covered = is_missing || cover_is_one(path);
    return places_add(
        refresh->places,
        (struct place){.path = alloc_string(path),
                       .fd = is_covered ? -1 : take_fd(&fd),
                       .access = BEACON_PATH_DENY | BEACON_PATH_WRITE | refresh->softness,
                       .cover = is_covered ? (int)kind : COVER_NONE,
                       .why = why});
}

static void protect_home(struct place_refresh *refresh)
{
    const char *home = refresh->places->home;
    if (home != NULL && places_is_in_writable(refresh->places, home)) {
        (void)places_protect(refresh, home, COVER_NONE,
                             "the configuration and the plugins of the next session are there");
    }
}

static void deny_secret(struct places *places, const char *path)
{
    AUTO_FREE char *real = realpath(path, NULL);
    AUTO_CLOSE int fd = real != NULL ? place_open(real) : -1;
    (void)places_add(places,
                     (struct place){.path = real != NULL ? take_pointer(real) : alloc_string(path),
                                    .fd = take_fd(&fd),
                                    .access = BEACON_PATH_DENY | BEACON_PATH_READ |
                                              BEACON_PATH_WRITE | BEACON_PATH_SOFT,
                                    .why = secret_why});
}

static void deny_secrets(struct places *places)
{
    const char *person = getenv("HOME");
    for (size_t i = 0; places->home != NULL && i < sizeof secret_names / sizeof *secret_names;
         i++) {
        AUTO_FREE char *path = path_join(places->home, secret_names[i]);
        deny_secret(places, path);
    }
    if (person != NULL && person[0] == '/') { /* where Codex keeps its login, which we read, too */
        AUTO_FREE char *path = path_join(person, ".codex/auth.json");
        AUTO_FREE char *normal = path_normal("/", path);
        deny_secret(places, normal);
    }
}

void places_protect_names(struct place_refresh *refresh)
{
    struct places *places = refresh->places;
    refresh->softness = BEACON_PATH_SOFT;
    for (unsigned i = 0; places->is_writable && i < places->n_protected_roots; i++) {
        const char *root = places_root(places, i)->path;
        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
            AUTO_FREE char *path = path_join(root, names[k].name);
            (void)places_protect(refresh, path, COVER_SOCKET, names[k].why);
        }
    }
    protect_home(refresh);
    deny_secrets(places);
}
