/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/sockets_known.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/path.h"

#define ENTRIES_MAX 4096
#define LISTED_MAX  4096

struct known {
    socket_fn found;
    void *ctx;
};

/* In /tmp; the first ones are directories that hold nothing but sockets. */
static const char *const folders[] = {"ssh-",       "tmux-",     "dbus-",
                                      ".X11-unix",  ".ICE-unix", ".XIM-unix",
                                      ".font-unix", "screens",   "gpg-"};

static void tell(const struct known *known, const char *path)
{
    if (path != NULL && path[0] == '/') {
        known->found(known->ctx, path);
    }
}

static void tell_variable(const struct known *known, const char *name)
{
    tell(known, getenv(name));
}

/* "unix:path=/run/user/0/bus,guid=…;unix:…": the first path is the one that is used. */
static void tell_bus(const struct known *known, const char *name)
{
    const char *value = getenv(name);
    const char *at = value != NULL ? strstr(value, "path=") : NULL;
    if (at != NULL) {
        at += strlen("path=");
        AUTO_FREE char *path = alloc_string_n(at, strcspn(at, ",;"));
        tell(known, path);
    }
}

static void tell_url(const struct known *known, const char *name)
{
    static const char scheme[] = "unix://";
    const char *value = getenv(name);
    if (value != NULL && strncmp(value, scheme, sizeof scheme - 1) == 0) {
        tell(known, value + sizeof scheme - 1);
    }
}

static bool is_socket(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static bool is_known_folder(const char *name)
{
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (strncmp(name, folders[i], strlen(folders[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* The sockets in `dir`, and with `has_folders` the directories that are known to hold some. There may be
 * thousands of other entries. */
static void tell_folder(const struct known *known, const char *dir, bool has_folders)
{
    const struct dirent *entry = NULL;
    DIR *stream = opendir(dir);
    size_t n = 0;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is local */
    while (stream != NULL && n++ < ENTRIES_MAX && (entry = readdir(stream)) != NULL) {
        bool may_be = entry->d_type == DT_SOCK || entry->d_type == DT_UNKNOWN;
        bool is_folder = has_folders && entry->d_type == DT_DIR && is_known_folder(entry->d_name);
        if (may_be || is_folder) {
            AUTO_FREE char *path = path_join(dir, entry->d_name);
            if (is_folder || is_socket(path)) {
                tell(known, path);
            }
        }
    }
    if (stream != NULL) {
        (void)closedir(stream);
    }
}

static void tell_gpg(const struct known *known)
{
    const char *named = getenv("GNUPGHOME"), *person = getenv("HOME");
    AUTO_FREE char *usual = person != NULL ? path_join(person, ".gnupg") : NULL;
    if (named != NULL || usual != NULL) {
        tell_folder(known, named != NULL ? named : usual, false);
    }
}

/* Lines of eight columns; the last one, the path, is missing for sockets without a name. */
static void tell_listed(const struct known *known)
{
    char *line = NULL;
    size_t size = 0, n = 0;
    FILE *file = fopen("/proc/net/unix", "re");
    while (file != NULL && n++ < LISTED_MAX && getline(&line, &size, file) > 0) {
        char *path = strstr(line, " /");
        line[strcspn(line, "\n")] = '\0';
        if (path != NULL && is_socket(path + 1)) {
            tell(known, path + 1);
        }
    }
    free(line);
    if (file != NULL) {
        (void)fclose(file);
    }
}

void sockets_known_each(socket_fn found, void *ctx)
{
    const struct known known = {found, ctx};
    const char *temporary = getenv("TMPDIR"), *display = getenv("WAYLAND_DISPLAY");
    tell_variable(&known, "XDG_RUNTIME_DIR");
    tell_variable(&known, "SSH_AUTH_SOCK");
    tell(&known, display);
    tell_bus(&known, "DBUS_SESSION_BUS_ADDRESS");
    tell_bus(&known, "DBUS_SYSTEM_BUS_ADDRESS");
    tell_url(&known, "DOCKER_HOST");
    tell_url(&known, "CONTAINER_HOST");
    tell_gpg(&known);
    tell_folder(&known, "/tmp", true);
    if (temporary != NULL && strcmp(temporary, "/tmp") != 0) {
        tell_folder(&known, temporary, false);
    }
    tell_listed(&known);
}
