/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/library_folders.h"

#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/text.h"

#define FOLDERS_MAX    256
#define FILE_MAX_BYTES 65536
#define DEPTH_MAX      4 /* of includes in includes */

#if defined(__x86_64__)
#define TRIPLET "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define TRIPLET "aarch64-linux-gnu"
#elif defined(__riscv)
#define TRIPLET "riscv64-linux-gnu"
#elif defined(__i386__)
#define TRIPLET "i386-linux-gnu"
#elif defined(__arm__)
#define TRIPLET "arm-linux-gnueabihf"
#elif defined(__powerpc64__)
#define TRIPLET "powerpc64le-linux-gnu"
#else
#define TRIPLET "s390x-linux-gnu"
#endif

struct folders {
    char **items;
    size_t n;
};

static void add(struct folders *folders, const char *path, size_t n)
{
    if (folders->n + 1 < FOLDERS_MAX && n > 0 && path[0] == '/') {
        folders->items[folders->n++] = alloc_string_n(path, n);
    }
}

static void read_file(struct folders *folders, const char *path, int depth);

/* NOLINTNEXTLINE(misc-no-recursion): as read_file() */
static void include_files(struct folders *folders, const char *pattern, int depth)
{
    glob_t found = {0};
    if (pattern[0] == '/' && glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            read_file(folders, found.gl_pathv[i], depth + 1);
        }
    }
    globfree(&found);
}

/* NOLINTNEXTLINE(misc-no-recursion): as read_file() */
static void read_line(struct folders *folders, char *line, int depth)
{
    static const char word[] = "include ";
    line[strcspn(line, "#")] = '\0';
    line += strspn(line, " \t");
    size_t n = strcspn(line, " \t\r");
    if (strncmp(line, word, sizeof word - 1) == 0) {
        line += sizeof word - 1;
        line += strspn(line, " \t");
        line[strcspn(line, " \t\r")] = '\0';
        include_files(folders, line, depth);
        return;
    }
    add(folders, line, n);
}

/* A file that cannot be read adds nothing: then the library is not found, and that is said. */
/* NOLINTNEXTLINE(misc-no-recursion): an include in an include, at most DEPTH_MAX deep */
static void read_file(struct folders *folders, const char *path, int depth)
{
    struct beacon_error ignored = {0};
    AUTO_TEXT struct text content;
    text_init(&content, FILE_MAX_BYTES);
    if (depth > DEPTH_MAX || io_read_file(path, &content, &ignored) != BEACON_OK) {
        return;
    }
    AUTO_FREE char *all = text_take(&content);
    char *rest = all;
    for (char *line = NULL; all != NULL && (line = strsep(&rest, "\n")) != NULL;) {
        read_line(folders, line, depth);
    }
}

char **library_folders_read(const char *configuration)
{
    static const char *const own[] = {"/lib/" TRIPLET, "/usr/lib/" TRIPLET, "/lib64", "/usr/lib64",
                                      "/lib",          "/usr/lib"};
    struct folders folders = {.items = alloc_array(FOLDERS_MAX, sizeof(char *))};
    read_file(&folders, configuration, 0);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        add(&folders, own[i], strlen(own[i]));
    }
    return folders.items;
}

void library_folders_destroy(char **folders)
{
    for (size_t i = 0; folders != NULL && folders[i] != NULL; i++) {
        free(folders[i]);
    }
    free(folders);
}
