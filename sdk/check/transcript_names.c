/* SPDX-License-Identifier: Apache-2.0 */
#include "transcript_names.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/path.h"
#include "check.h"

#define SUFFIX ".txt"

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_transcript(const char *name)
{
    const size_t n = strlen(name), n_suffix = sizeof SUFFIX - 1;
    return name[0] != '.' && n > n_suffix && strcmp(name + n - n_suffix, SUFFIX) == 0;
}

static char *folder_of(const struct check_case *c)
{
    if (c->request->transcripts != NULL) {
        return alloc_string(c->request->transcripts);
    }
    AUTO_FREE char *beside = path_parent(c->request->path);
    char *folder = path_join(beside, "transcripts");
    if (access(folder, F_OK) != 0) { /* a plugin is built in a folder of its sources */
        AUTO_FREE char *above = path_parent(beside);
        free(folder);
        folder = path_join(above, "transcripts");
    }
    return folder;
}

void transcript_names_list(const struct check_case *c, struct transcript_names *ret)
{
    AUTO_FREE char *folder = folder_of(c);
    DIR *dir = opendir(folder);
    ret->n = 0;
    for (const struct dirent *entry = NULL; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (is_transcript(entry->d_name) && ret->n < TRANSCRIPTS_MAX) {
            ret->paths[ret->n++] = path_join(folder, entry->d_name);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    qsort(ret->paths, ret->n, sizeof ret->paths[0], by_text);
}

void transcript_names_finish(struct transcript_names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        free(names->paths[i]);
    }
    names->n = 0;
}
