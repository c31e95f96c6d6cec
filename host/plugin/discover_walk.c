/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "plugin/discover_parts.h"
#include "plugin/policy.h"
#include "plugin/static_set.h"

#define SUFFIX      ".so"
#define FOLDERS_MAX 32 /* of BEACON_PLUGIN_PATH and the fixed ones together */

struct folder_identity {
    dev_t device;
    ino_t inode;
};

/* One walk over the places; a folder reached twice is read once. */
struct walk {
    struct plugin_set *set;
    const struct plugin_places *places;
    struct folder_identity seen[FOLDERS_MAX];
    size_t n_seen;
};

static int is_plugin_name(const struct dirent *item)
{
    size_t n = strlen(item->d_name);
    return item->d_name[0] != '.' && n > strlen(SUFFIX) &&
           strcmp(item->d_name + n - strlen(SUFFIX), SUFFIX) == 0;
}

static bool is_seen(struct walk *walk, const char *folder)
{
    struct stat st;
    if (stat(folder, &st) != 0) {
        return false;
    }
    for (size_t i = 0; i < walk->n_seen; i++) {
        if (walk->seen[i].device == st.st_dev && walk->seen[i].inode == st.st_ino) {
            return true;
        }
    }
    if (walk->n_seen < FOLDERS_MAX) {
        walk->seen[walk->n_seen++] =
            (struct folder_identity){.device = st.st_dev, .inode = st.st_ino};
    }
    return false;
}

/* The place was not looked at, for this reason. */
static void leave_out(struct walk *walk, const char *path, enum plugin_place place,
                      const char *hint, const char *why)
{
    struct visit *visit = discover_add_visit(walk->set, alloc_string(path), place);
    visit->visit.state = PLUGIN_VISIT_LEFT_OUT;
    (void)error_set(&visit->visit.reason, BEACON_E_REFUSED, hint, "%s", why);
}

/* A place that the person who started the program chose, by a variable, by $CODE_HOME or by $HOME. */
static bool is_left_out(struct walk *walk, const char *path, enum plugin_place place)
{
    if (walk->set->is_safe_mode) {
        leave_out(walk, path, place, "start without --safe-mode",
                  "safe mode uses bundled plugins only");
        return true;
    }
    if (getauxval(AT_SECURE) != 0) { /* whose rights these are is not who chose the place */
        leave_out(walk, path, place, "put the plugin into a drop-in file of the system",
                  "places of a user are ignored while the program runs with raised privileges");
        return true;
    }
    return false;
}

/* A folder that cannot be searched is shown like a file that cannot be used. */
static void refuse_folder(struct walk *walk, struct visit *visit, const struct beacon_error *error)
{
    struct found *found = discover_add(walk->set, alloc_string(visit->path), visit->visit.place);
    found->entry.state = PLUGIN_REFUSED;
    found->entry.refusal = *error;
    visit->visit.state = PLUGIN_VISIT_REFUSED;
    visit->visit.reason = *error;
}

static void note_unreadable(struct walk *walk, struct visit *visit, int os_errno)
{
    struct beacon_error error = {0};
    const bool is_named_by_a_person = visit->visit.place == PLUGIN_PLACE_ENV;
    if (os_errno == ENOENT && !is_named_by_a_person) {
        visit->visit.state = PLUGIN_VISIT_MISSING;
        return;
    }
    (void)error_set_errno(&error, BEACON_E_IO, os_errno,
                          "correct the name or the permissions of the folder",
                          "cannot read the plugin folder %s: %s", visit->path, strerror(os_errno));
    refuse_folder(walk, visit, &error);
    if (os_errno == ENOENT) {
        visit->visit.state = PLUGIN_VISIT_MISSING;
    }
}

static void add_file(struct walk *walk, const char *folder, const char *name,
                     const struct visit *visit)
{
    struct found *found = discover_add(walk->set, path_join(folder, name), visit->visit.place);
    discover_judge(walk->set, found, &visit->visit.reason);
}

static void add_one_too_many(struct walk *walk, const char *folder, const char *name,
                             enum plugin_place place)
{
    struct found *found = discover_add(walk->set, path_join(folder, name), place);
    found->entry.state = PLUGIN_REFUSED;
    (void)error_set(&found->entry.refusal, BEACON_E_LIMIT,
                    "move some of the plugins to another folder",
                    "%s and what follows is not read: the folder has more than %d plugins", name,
                    PLUGIN_FOLDER_MAX_FILES);
}

static void read_folder(struct walk *walk, struct visit *visit)
{
    struct dirent **items = NULL;
    const char *folder = visit->path;
    int n = scandir(folder, &items, is_plugin_name, alphasort);
    if (n < 0) {
        note_unreadable(walk, visit, errno);
        return;
    }
    for (int i = 0; i < n; i++) {
        if (i < PLUGIN_FOLDER_MAX_FILES) {
            add_file(walk, folder, items[i]->d_name, visit);
        } else if (i == PLUGIN_FOLDER_MAX_FILES) {
            add_one_too_many(walk, folder, items[i]->d_name, visit->visit.place);
        }
        free(items[i]);
    }
    free(items);
}

/* Every NAME.so of one folder, in the order of the names so that precedence is the same everywhere.
 * What the policy keeps out is read all the same, so that each plugin in it can be named with the
 * line of the policy; a note is data. */
static void walk_folder(struct walk *walk, const char *folder, enum plugin_place place)
{
    struct visit *visit = discover_add_visit(walk->set, alloc_string(folder), place);
    if (is_seen(walk, folder)) {
        visit->visit.state = PLUGIN_VISIT_REPEATED;
        return;
    }
    const size_t before = walk->set->n;
    int rc = plugin_policy_judge_place(walk->set->policy, place, folder, &visit->visit.reason);
    if (rc == BEACON_OK && discover_is_bundled(place)) {
        rc = plugin_policy_judge_bundled(walk->set->policy, folder, &visit->visit.reason);
    }
    if (rc != BEACON_OK) {
        visit->visit.state = PLUGIN_VISIT_REFUSED;
    }
    read_folder(walk, visit);
    visit->visit.n_entries = walk->set->n - before;
}

static void refuse_relative(struct walk *walk, const char *folder)
{
    struct beacon_error error = {0};
    struct visit *visit = discover_add_visit(walk->set, alloc_string(folder), PLUGIN_PLACE_ENV);
    (void)error_set(&error, BEACON_E_REFUSED, "write the folder as an absolute path",
                    "BEACON_PLUGIN_PATH names %s, which depends on the current directory", folder);
    refuse_folder(walk, visit, &error);
}

static bool is_secure_mode(void)
{
    const char *secure = getenv("CODE_SECURE_MODE");
    return secure != NULL && strcmp(secure, "1") == 0;
}

static void walk_env_path(struct walk *walk)
{
    const char *env_path = walk->places->env_path;
    if (env_path == NULL || env_path[0] == '\0') {
        discover_add_visit(walk->set, alloc_string(""), PLUGIN_PLACE_ENV)->visit.state =
            PLUGIN_VISIT_MISSING;
        return;
    }
    if (is_left_out(walk, env_path, PLUGIN_PLACE_ENV)) {
        return;
    }
    if (is_secure_mode()) {
        leave_out(walk, env_path, PLUGIN_PLACE_ENV,
                  "put the plugin into a drop-in file of the system",
                  "BEACON_PLUGIN_PATH is ignored under CODE_SECURE_MODE=1");
        return;
    }
    for (const char *at = env_path; *at != '\0';) {
        size_t n = strcspn(at, ":");
        AUTO_FREE char *folder = alloc_string_n(at, n);
        if (folder[0] == '/') {
            walk_folder(walk, folder, PLUGIN_PLACE_ENV);
        } else if (n > 0) {
            refuse_relative(walk, folder);
        }
        at += n + (at[n] == ':' ? 1 : 0);
    }
}

static void walk_static(struct walk *walk)
{
    struct plugin_set *set = walk->set;
    struct visit *visit = discover_add_visit(set, alloc_string(""), PLUGIN_PLACE_STATIC);
    const size_t before = set->n;
    if (plugin_policy_judge_place(set->policy, PLUGIN_PLACE_STATIC, "", &visit->visit.reason) !=
        BEACON_OK) {
        visit->visit.state = PLUGIN_VISIT_REFUSED;
    }
    for (const struct static_plugin *built_in = static_set; built_in->name != NULL; built_in++) {
        struct found *found = discover_add(set, NULL, PLUGIN_PLACE_STATIC);
        found->entry.built_in = built_in;
        discover_judge(set, found, &visit->visit.reason);
    }
    visit->visit.n_entries = set->n - before;
}

static void walk_system_dropins(struct walk *walk)
{
    if (walk->places->system_dropins != NULL) {
        discover_take_dropins(walk->set, walk->places->system_dropins, PLUGIN_PLACE_SYSTEM_DROPIN);
    }
}

static void walk_home_dropins(struct walk *walk)
{
    if (walk->places->home != NULL) {
        AUTO_FREE char *folder = path_join(walk->places->home, "plugins.d");
        if (!is_left_out(walk, folder, PLUGIN_PLACE_HOME_DROPIN)) {
            discover_take_dropins(walk->set, folder, PLUGIN_PLACE_HOME_DROPIN);
        }
    }
}

static void walk_home(struct walk *walk)
{
    if (walk->places->home != NULL) {
        AUTO_FREE char *folder = path_join(walk->places->home, "plugins");
        if (!is_left_out(walk, folder, PLUGIN_PLACE_HOME)) {
            walk_folder(walk, folder, PLUGIN_PLACE_HOME);
        }
    }
}

static void walk_bundled(struct walk *walk)
{
    if (walk->places->executable_dir != NULL) {
        AUTO_FREE char *relative = path_join(walk->places->executable_dir, "../lib/beacon/plugins");
        AUTO_FREE char *folder = path_normal("/", relative);
        walk_folder(walk, folder, PLUGIN_PLACE_BUNDLED);
    }
}

static void walk_libdir(struct walk *walk)
{
    walk_folder(walk, BEACON_PLUGIN_LIBDIR, PLUGIN_PLACE_LIBDIR);
}

void discover_walk(struct plugin_set *set, const struct plugin_places *places)
{
    static void (*const steps[])(struct walk *) = {
        walk_system_dropins, walk_home_dropins, walk_env_path, walk_home, walk_bundled, walk_libdir,
    };
    struct walk walk = {.set = set, .places = places};
    if (static_set[0].name != NULL) { /* else there is no such place to tell of */
        walk_static(&walk);
    }
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        steps[i](&walk);
    }
}
