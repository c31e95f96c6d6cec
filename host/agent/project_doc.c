/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/project_doc.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/text.h"
#include "base/utf8.h"

#define FILE_MAX (1u << 20)

/* A folder or a named pipe of that name is none; opening one must not wait. */
static bool read_regular(const char *path, struct text *content)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        return false;
    }
    struct beacon_error err = {0};
    return io_read_all(fd, path, content, &err) == BEACON_OK || content->len > 0;
}

/* True when there is such a file. What is cut takes all the room there is. */
static bool add_file(const char *dir, const char *name, size_t *room, struct text *out)
{
    AUTO_FREE char *path = path_join(dir, name);
    AUTO_TEXT struct text content;
    text_init(&content, FILE_MAX);
    if (!read_regular(path, &content)) {
        return false;
    }
    const char *p = text_string(&content);
    bool fits = content.len <= *room;
    size_t n = fits ? content.len : utf8_cut(p, *room);
    *room -= fits ? content.len : *room;
    while (n > 0 && isspace((unsigned char)p[n - 1])) {
        n--;
    }
    if (n > 0) {
        (void)(out->len == 0 || text_add_string(out, "\n\n"));
        (void)utf8_add_lossy(out, p, n);
    }
    return true;
}

static void add_first_of(const char *dir, const struct project_doc_request *request, size_t *room,
                         struct text *out)
{
    bool is_found =
        add_file(dir, "AGENTS.override.md", room, out) || add_file(dir, "AGENTS.md", room, out);
    for (size_t i = 0; i < request->n_fallback && !is_found; i++) {
        is_found = add_file(dir, request->fallback[i], room, out);
    }
}

/* From `root` down to cwd, both included: every prefix of cwd that ends before a slash. */
static void walk_down(const char *root, const struct project_doc_request *request, struct text *out)
{
    size_t room = request->max_bytes;
    const char *cwd = request->cwd;
    size_t len = strcmp(root, "/") == 0 ? 1 : strlen(root);
    while (room > 0) {
        AUTO_FREE char *dir = alloc_string_n(cwd, len);
        add_first_of(dir, request, &room, out);
        if (cwd[len] == '\0') {
            return;
        }
        len += cwd[len] == '/' ? 1 : 0;
        len += strcspn(cwd + len, "/");
    }
}

void project_doc_read(const struct project_doc_request *request, struct text *out)
{
    size_t enough = FILE_MAX;
    (void)add_file(request->home, "AGENTS.md", &enough, out);
    AUTO_FREE char *root = path_find_upwards(request->cwd, ".git");
    walk_down(root != NULL ? root : request->cwd, request, out);
}
