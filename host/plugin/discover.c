/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/discover.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/log.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/manifest.h"

#define SUFFIX         ".so"
#define BUNDLED_PREFIX "com.beacon."
#define FOLDERS_MAX    32

struct found {
    struct plugin_entry entry;
    char *path;
    struct plugin_manifest *manifest;
};

struct plugin_set {
    struct found *found;
    size_t n;
    const struct plugin_policy *policy;
    const struct plugin_lock *lock;
};

struct folder_identity {
    dev_t device;
    ino_t inode;
};

/* One walk over the places; a folder reached twice is read once. */
struct scan {
    struct plugin_set *set;
    struct folder_identity seen[FOLDERS_MAX];
    size_t n_seen;
};

const char *plugin_place_name(enum plugin_place place)
{
    static const char *const names[] = {
        [PLUGIN_PLACE_STATIC] = "static",
        [PLUGIN_PLACE_SYSTEM_DROPIN] = "system drop-in",
        [PLUGIN_PLACE_HOME_DROPIN] = "home drop-in",
        [PLUGIN_PLACE_ENV] = "BEACON_PLUGIN_PATH",
        [PLUGIN_PLACE_HOME] = "home",
        [PLUGIN_PLACE_BUNDLED] = "bundled",
        [PLUGIN_PLACE_LIBDIR] = "libdir",
    };
    return names[place];
}

const char *plugin_state_name(enum plugin_state state)
{
    static const char *const names[] = {
        [PLUGIN_USABLE] = "usable",           [PLUGIN_REFUSED] = "refused",
        [PLUGIN_SHADOWED] = "shadowed",       [PLUGIN_MASKED] = "masked",
        [PLUGIN_QUARANTINED] = "quarantined",
    };
    return names[state];
}

/* A new entry at the end; the set owns `path` from here on. */
static struct found *add_entry(struct plugin_set *set, char *path, enum plugin_place place)
{
    set->found = alloc_grow(set->found, set->n + 1, sizeof *set->found);
    struct found *found = &set->found[set->n++];
    memset(found, 0, sizeof *found);
    found->path = path;
    found->entry.id = "";
    found->entry.path = path;
    found->entry.where = "";
    found->entry.place = place;
    return found;
}

static void add_file(struct plugin_set *set, char *path, enum plugin_place place)
{
    struct found *found = add_entry(set, path, place);
    struct plugin_entry *entry = &found->entry;
    int rc = manifest_read_file(path, &found->manifest, &entry->refusal);
    entry->manifest = found->manifest;
    if (found->manifest != NULL) {
        entry->id = found->manifest->id;
    }
    if (rc == BEACON_OK) {
        rc = manifest_check_abi(found->manifest, path_base(path), &entry->refusal);
    }
    entry->state = rc == BEACON_OK ? PLUGIN_USABLE : PLUGIN_REFUSED;
}

static void add_unreadable_folder(struct plugin_set *set, const char *folder,
                                  enum plugin_place place, int os_errno)
{
    struct found *found = add_entry(set, alloc_string(folder), place);
    found->entry.state = PLUGIN_REFUSED;
    error_set_errno(&found->entry.refusal, BEACON_E_IO, os_errno,
                    "correct the name or the permissions of the folder",
                    "cannot read the plugin folder: %s", strerror(os_errno));
}

static int is_plugin_name(const struct dirent *item)
{
    size_t n = strlen(item->d_name);
    return item->d_name[0] != '.' && n > strlen(SUFFIX) &&
           strcmp(item->d_name + n - strlen(SUFFIX), SUFFIX) == 0;
}

static bool is_seen(struct scan *scan, const char *folder)
{
    struct stat st;
    if (stat(folder, &st) != 0) {
        return false;
    }
    for (size_t i = 0; i < scan->n_seen; i++) {
        if (scan->seen[i].device == st.st_dev && scan->seen[i].inode == st.st_ino) {
            return true;
        }
    }
    if (scan->n_seen < FOLDERS_MAX) {
        scan->seen[scan->n_seen++] =
            (struct folder_identity){.device = st.st_dev, .inode = st.st_ino};
    }
    return false;
}

/* Every NAME.so of one folder, in the order of the names so that precedence is the same everywhere.
 * A missing folder is an error only when a person named it. */
static void scan_folder(struct scan *scan, const char *folder, enum plugin_place place)
{
    if (is_seen(scan, folder)) {
        return;
    }
    struct dirent **items = NULL;
    int n = scandir(folder, &items, is_plugin_name, alphasort);
    if (n < 0) {
        if (errno != ENOENT || place == PLUGIN_PLACE_ENV) {
            add_unreadable_folder(scan->set, folder, place, errno);
        }
        return;
    }
    for (int i = 0; i < n; i++) {
        if (scan->set->n < PLUGIN_SET_MAX_FILES) {
            add_file(scan->set, path_join(folder, items[i]->d_name), place);
        } else {
            log_line(LOG_LEVEL_WARN, "plugin %s/%s is left out: there are more than %d", folder,
                     items[i]->d_name, PLUGIN_SET_MAX_FILES);
        }
        free(items[i]);
    }
    free(items);
}

static void refuse_relative(struct plugin_set *set, const char *folder)
{
    struct found *found = add_entry(set, alloc_string(folder), PLUGIN_PLACE_ENV);
    found->entry.state = PLUGIN_REFUSED;
    error_set(&found->entry.refusal, BEACON_E_REFUSED, "write the folder as an absolute path",
              "BEACON_PLUGIN_PATH names %s, which depends on the current directory", folder);
}

static bool is_env_path_ignored(void)
{
    const char *secure = getenv("CODE_SECURE_MODE");
    return getauxval(AT_SECURE) != 0 || (secure != NULL && strcmp(secure, "1") == 0);
}

static void scan_env_path(struct scan *scan, const char *env_path)
{
    if (env_path == NULL || env_path[0] == '\0') {
        return;
    }
    if (is_env_path_ignored()) {
        log_line(LOG_LEVEL_WARN, "BEACON_PLUGIN_PATH is ignored in secure mode");
        return;
    }
    for (const char *at = env_path; *at != '\0';) {
        size_t n = strcspn(at, ":");
        AUTO_FREE char *folder = alloc_string_n(at, n);
        if (folder[0] == '/') {
            scan_folder(scan, folder, PLUGIN_PLACE_ENV);
        } else if (n > 0) {
            refuse_relative(scan->set, folder);
        }
        at += n + (at[n] == ':' ? 1 : 0);
    }
}

static bool is_bundled_place(enum plugin_place place)
{
    return place == PLUGIN_PLACE_BUNDLED || place == PLUGIN_PLACE_LIBDIR;
}

static void shadow(struct plugin_entry *entry, const struct plugin_entry *winner)
{
    bool is_protected = is_bundled_place(winner->place) && !is_bundled_place(entry->place);
    entry->state = PLUGIN_SHADOWED;
    (void)error_set(&entry->refusal, BEACON_E_REFUSED,
                    is_protected ? "remove the file, or give your plugin an id of its own"
                                 : "remove the one you do not want",
                    is_protected ? "%s is bundled and is not replaced; in use is %s"
                                 : "%s was found earlier; in use is %s",
                    entry->manifest->id, winner->path);
}

/* Does `a` go before `b`, found later, when both carry the same id? */
static bool goes_first(const struct plugin_entry *a, const struct plugin_entry *b)
{
    bool is_ours = strncmp(a->manifest->id, BUNDLED_PREFIX, strlen(BUNDLED_PREFIX)) == 0;
    return !is_ours || is_bundled_place(a->place) || !is_bundled_place(b->place);
}

/* Leave one usable file per id. Entries are in the order of the places. */
static void settle(struct plugin_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        struct plugin_entry *later = &set->found[i].entry;
        for (size_t j = 0; j < i && later->state == PLUGIN_USABLE; j++) {
            struct plugin_entry *earlier = &set->found[j].entry;
            if (earlier->state != PLUGIN_USABLE ||
                strcmp(earlier->manifest->id, later->manifest->id) != 0) {
                continue;
            }
            if (goes_first(earlier, later)) {
                shadow(later, earlier);
            } else {
                shadow(earlier, later);
            }
        }
    }
}

int plugin_set_open(const struct plugin_places *places, struct plugin_set **ret,
                    struct beacon_error *err)
{
    (void)err; /* what is wrong with one file or folder is reported with that file */
    struct plugin_set *set = alloc_zeroed(sizeof *set);
    set->policy = places->policy;
    set->lock = places->lock;
    struct scan scan = {.set = set};
    scan_env_path(&scan, places->env_path);
    if (places->home != NULL) {
        AUTO_FREE char *folder = path_join(places->home, "plugins");
        scan_folder(&scan, folder, PLUGIN_PLACE_HOME);
    }
    if (places->executable_dir != NULL) {
        AUTO_FREE char *relative = path_join(places->executable_dir, "../lib/beacon/plugins");
        AUTO_FREE char *folder = path_normal("/", relative);
        scan_folder(&scan, folder, PLUGIN_PLACE_BUNDLED);
    }
    scan_folder(&scan, BEACON_PLUGIN_LIBDIR, PLUGIN_PLACE_LIBDIR);
    settle(set);
    *ret = set;
    return BEACON_OK;
}

void plugin_set_close(struct plugin_set *set)
{
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; i < set->n; i++) {
        manifest_destroy(set->found[i].manifest);
        free(set->found[i].path);
    }
    free(set->found);
    free(set);
}

size_t plugin_set_count(const struct plugin_set *set)
{
    return set->n;
}

const struct plugin_entry *plugin_set_entry(const struct plugin_set *set, size_t i)
{
    assert(i < set->n);
    return &set->found[i].entry;
}

const struct plugin_policy *plugin_set_policy(const struct plugin_set *set)
{
    return set->policy;
}

const struct plugin_lock *plugin_set_lock(const struct plugin_set *set)
{
    return set->lock;
}
