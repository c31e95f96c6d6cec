/* SPDX-License-Identifier: Apache-2.0 */
#include "session/git_info.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/text.h"
#include "base/utf8.h"

#define SMALL_FILE_BYTES (64u << 10)
#define REFS_BYTES       (16u << 20)
#define SYMREF_DEPTH     4
#define HASH_BYTES_MIN   40 /* SHA-1; SHA-256 repositories have 64 */
#define HASH_BYTES_MAX   64

struct repository {
    char *folder; /* of this worktree: HEAD */
    char *common; /* shared by all worktrees: config, refs, packed-refs */
};

/* The content of a file; NULL when it cannot be read, is too large or is no text. */
static char *read_small(const char *dir, const char *name, size_t max)
{
    AUTO_FREE char *path = path_join(dir, name);
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) {
        return NULL;
    }
    AUTO_TEXT struct text text;
    text_init(&text, max);
    if (io_read_file(path, &text, NULL) != 0 || memchr(text_string(&text), '\0', text.len) ||
        !utf8_valid(text_string(&text), text.len)) {
        return NULL;
    }
    return text_take(&text);
}

static char *read_line(const char *dir, const char *name)
{
    char *line = read_small(dir, name, SMALL_FILE_BYTES);
    if (line != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
    }
    return line;
}

/* The folder a `gitdir:` file names, relative to where that file is. */
static char *linked_folder(const char *top)
{
    AUTO_FREE char *line = read_line(top, ".git");
    if (line == NULL || strncmp(line, "gitdir:", 7) != 0) {
        return NULL;
    }
    const char *target = line + 7 + strspn(line + 7, " \t");
    return *target != '\0' ? path_normal(top, target) : NULL;
}

static bool find_repository(const char *cwd, struct repository *ret)
{
    AUTO_FREE char *top = path_find_upwards(cwd, ".git");
    if (top == NULL) {
        return false;
    }
    AUTO_FREE char *folder = path_join(top, ".git");
    struct stat status;
    if (stat(folder, &status) != 0) {
        return false;
    }
    if (!S_ISDIR(status.st_mode)) {
        free(folder);
        folder = linked_folder(top);
    }
    if (folder == NULL) {
        return false;
    }
    AUTO_FREE char *common = read_line(folder, "commondir");
    ret->common = common != NULL ? path_normal(folder, common) : alloc_string(folder);
    ret->folder = take_pointer(folder);
    return true;
}

static bool is_hash(const char *text, size_t n)
{
    if (n != HASH_BYTES_MIN && n != HASH_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!isxdigit((unsigned char)text[i])) {
            return false;
        }
    }
    return true;
}

/* A name that cannot lead out of the repository's folder. */
static bool is_ref_name(const char *ref)
{
    return strncmp(ref, "refs/", 5) == 0 && strstr(ref, "..") == NULL;
}

static char *packed_hash(const char *common, const char *ref)
{
    AUTO_FREE char *packed = read_small(common, "packed-refs", REFS_BYTES);
    for (const char *line = packed; line != NULL && *line != '\0';) {
        size_t n = strcspn(line, "\n"), hash = strcspn(line, " \n");
        if (is_hash(line, hash) && n == hash + 1 + strlen(ref) &&
            memcmp(line + hash + 1, ref, n - hash - 1) == 0) {
            return alloc_string_n(line, hash);
        }
        line += n + (line[n] == '\n' ? 1 : 0);
    }
    return NULL;
}

static char *resolve_ref(const struct repository *repository, const char *ref)
{
    AUTO_FREE char *name = alloc_string(ref);
    for (int depth = 0; depth < SYMREF_DEPTH && is_ref_name(name); depth++) {
        AUTO_FREE char *value = read_line(repository->folder, name);
        if (value == NULL) {
            value = read_line(repository->common, name);
        }
        if (value == NULL) {
            return packed_hash(repository->common, name);
        }
        if (is_hash(value, strlen(value))) {
            return take_pointer(value);
        }
        if (strncmp(value, "ref: ", 5) != 0) {
            return NULL;
        }
        free(name);
        name = alloc_string(value + 5);
    }
    return NULL;
}

/* https://user:secret@host/x → https://host/x */
static char *without_credentials(const char *url)
{
    const char *scheme = strstr(url, "://");
    if (scheme == NULL) {
        return alloc_string(url);
    }
    const char *authority = scheme + 3;
    size_t n = strcspn(authority, "/?#");
    const char *at = memrchr(authority, '@', n);
    if (at == NULL) {
        return alloc_string(url);
    }
    return alloc_printf("%.*s%s", (int)(authority - url), url, at + 1);
}

static char *unquoted(char *value)
{
    size_t n = strlen(value);
    while (n > 0 && isspace((unsigned char)value[n - 1])) {
        value[--n] = '\0';
    }
    if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
        value[n - 1] = '\0';
        return value + 1;
    }
    return value;
}

/* `url` in the section [remote "origin"] of a git config. */
static char *origin_url(const char *common)
{
    AUTO_FREE char *config = read_small(common, "config", SMALL_FILE_BYTES);
    bool is_origin = false;
    char *rest = NULL;
    for (char *line = config != NULL ? strtok_r(config, "\r\n", &rest) : NULL; line != NULL;
         line = strtok_r(NULL, "\r\n", &rest)) {
        line += strspn(line, " \t");
        if (*line == '[') {
            is_origin = strncmp(line, "[remote \"origin\"]", 17) == 0;
            continue;
        }
        size_t key = strcspn(line, " \t=");
        if (!is_origin || key != 3 || strncasecmp(line, "url", 3) != 0) {
            continue;
        }
        char *value = line + key + strspn(line + key, " \t");
        if (*value == '=') {
            value++;
            return without_credentials(unquoted(value + strspn(value, " \t")));
        }
    }
    return NULL;
}

static void read_head(const struct repository *repository, struct git_info *ret)
{
    AUTO_FREE char *head = read_line(repository->folder, "HEAD");
    if (head == NULL) {
        return;
    }
    if (is_hash(head, strlen(head))) {
        ret->commit_hash = take_pointer(head);
        return;
    }
    if (strncmp(head, "ref: ", 5) != 0 || !is_ref_name(head + 5)) {
        return;
    }
    ret->commit_hash = resolve_ref(repository, head + 5);
    if (strncmp(head + 5, "refs/heads/", 11) == 0) {
        ret->branch = alloc_string(head + 5 + 11);
    }
}

bool git_info_read(const char *cwd, struct git_info *ret)
{
    struct repository repository = {0};
    if (!find_repository(cwd, &repository)) {
        return false;
    }
    *ret = (struct git_info){0};
    read_head(&repository, ret);
    ret->repository_url = origin_url(repository.common);
    free(repository.folder);
    free(repository.common);
    return true;
}

void git_info_finish(struct git_info *info)
{
    free(info->commit_hash);
    free(info->branch);
    free(info->repository_url);
    *info = (struct git_info){0};
}
