/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"

char *path_join(const char *dir, const char *name)
{
    if (name[0] == '/') {
        return alloc_string(name);
    }
    size_t len = strlen(dir);
    const char *slash = len == 0 || dir[len - 1] == '/' ? "" : "/";
    return alloc_printf("%s%s%s", dir, slash, name);
}

char *path_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return alloc_string(".");
    }
    return slash == path ? alloc_string("/") : alloc_string_n(path, (size_t)(slash - path));
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Drop the last "/name" of the `len` bytes at `p`. */
static size_t without_last(const char *p, size_t len)
{
    while (len > 0 && p[len - 1] != '/') {
        len--;
    }
    return len > 0 ? len - 1 : 0;
}

char *path_normal(const char *cwd, const char *path)
{
    AUTO_FREE char *whole = path_join(cwd, path);
    char *normal = alloc_zeroed(strlen(whole) + 2);
    size_t len = 0;
    for (const char *p = whole; *p != '\0';) {
        size_t n = strcspn(p, "/");
        if (n == 2 && p[0] == '.' && p[1] == '.') {
            len = without_last(normal, len);
        } else if (n > 0 && !(n == 1 && p[0] == '.')) {
            normal[len++] = '/';
            memcpy(normal + len, p, n);
            len += n;
        }
        p += n + (p[n] == '/' ? 1 : 0);
    }
    if (len == 0) {
        normal[len++] = '/';
    }
    normal[len] = '\0';
    return normal;
}

bool path_is_beneath(const char *path, const char *root)
{
    size_t n = strlen(root);
    if (n == 1 && root[0] == '/') {
        return path[0] == '/';
    }
    return strncmp(path, root, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

char *path_find_upwards(const char *dir, const char *name)
{
    AUTO_FREE char *at = alloc_string(dir);
    for (;;) {
        AUTO_FREE char *candidate = path_join(at, name);
        if (access(candidate, F_OK) == 0) {
            return take_pointer(at);
        }
        if (strcmp(at, "/") == 0 || strcmp(at, ".") == 0) {
            return NULL;
        }
        char *parent = path_parent(at);
        free(at);
        at = parent;
    }
}

char *path_executable(void)
{
    char buffer[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", buffer, sizeof buffer);
    if (n <= 0 || (size_t)n >= sizeof buffer) {
        return NULL;
    }
    return alloc_string_n(buffer, (size_t)n);
}

char *path_executable_dir(void)
{
    AUTO_FREE char *executable = path_executable();
    return executable != NULL ? path_parent(executable) : NULL;
}

char *path_cwd(void)
{
    char buffer[PATH_MAX];
    return getcwd(buffer, sizeof buffer) != NULL ? alloc_string(buffer) : NULL;
}
