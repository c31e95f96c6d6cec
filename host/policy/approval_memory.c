/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/approval_memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "policy/words.h"

struct allowed_command {
    char **argv;
    char *cwd;
    bool is_outside;
};

struct allowed_path {
    char *path;
    bool is_root;
};

struct approval_memory {
    struct allowed_command *commands;
    size_t n_commands;
    struct allowed_path *paths;
    size_t n_paths;
};

struct approval_memory *approval_memory_create(void)
{
    return alloc_zeroed(sizeof(struct approval_memory));
}

void approval_memory_destroy(struct approval_memory *memory)
{
    if (memory == NULL) {
        return;
    }
    for (size_t i = 0; i < memory->n_commands; i++) {
        words_free(memory->commands[i].argv);
        free(memory->commands[i].cwd);
    }
    for (size_t i = 0; i < memory->n_paths; i++) {
        free(memory->paths[i].path);
    }
    free(memory->commands);
    free(memory->paths);
    free(memory);
}

void approval_memory_add_command(struct approval_memory *memory, const char *const *argv,
                                 const char *cwd, bool is_outside)
{
    if (memory->n_commands == APPROVAL_MEMORY_MAX) {
        return;
    }
    memory->commands =
        alloc_grow(memory->commands, memory->n_commands + 1, sizeof *memory->commands);
    memory->commands[memory->n_commands++] =
        (struct allowed_command){.argv = words_copy(argv, words_count(argv)),
                                 .cwd = alloc_string(cwd),
                                 .is_outside = is_outside};
}

static bool is_same(char *const *a, const char *const *b)
{
    size_t i = 0;
    while (a[i] != NULL && b[i] != NULL && strcmp(a[i], b[i]) == 0) {
        i++;
    }
    return a[i] == NULL && b[i] == NULL;
}

bool approval_memory_has_command(const struct approval_memory *memory, const char *const *argv,
                                 const char *cwd, bool is_outside)
{
    for (size_t i = 0; i < memory->n_commands; i++) {
        const struct allowed_command *command = &memory->commands[i];
        if ((command->is_outside || !is_outside) && strcmp(command->cwd, cwd) == 0 &&
            is_same(command->argv, argv)) {
            return true;
        }
    }
    return false;
}

void approval_memory_add_path(struct approval_memory *memory, const char *path, bool is_root)
{
    if (memory->n_paths == APPROVAL_MEMORY_MAX) {
        return;
    }
    memory->paths = alloc_grow(memory->paths, memory->n_paths + 1, sizeof *memory->paths);
    memory->paths[memory->n_paths++] =
        (struct allowed_path){.path = alloc_string(path), .is_root = is_root};
}

bool approval_memory_has_path(const struct approval_memory *memory, const char *path)
{
    for (size_t i = 0; i < memory->n_paths; i++) {
        const struct allowed_path *allowed = &memory->paths[i];
        if (strcmp(allowed->path, path) == 0) {
            return true;
        }
        if (allowed->is_root && path_is_beneath(path, allowed->path) &&
            strstr(path + strlen(allowed->path), "/.") == NULL) {
            return true;
        }
    }
    return false;
}
