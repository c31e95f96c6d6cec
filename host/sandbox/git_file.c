/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/git_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/path.h"
#include "base/text.h"

char *git_file_read(const char *dir, const char *name)
{
    AUTO_FREE char *path = path_join(dir, name);
    struct stat st;
    struct beacon_error unused = {0};
    AUTO_TEXT struct text text;
    text_init(&text, GIT_FILE_MAX);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        io_read_all(fd, path, &text, &unused) != BEACON_OK ||
        memchr(text_string(&text), '\0', text.len) != NULL) {
        return NULL;
    }
    return alloc_string(text_string(&text));
}

char *git_file_path(const char *dir, const char *name, const char *prefix)
{
    AUTO_FREE char *text = git_file_read(dir, name);
    if (text == NULL || strncmp(text, prefix, strlen(prefix)) != 0) {
        return NULL;
    }
    char *line = text + strlen(prefix);
    line[strcspn(line, "\r\n")] = '\0';
    AUTO_FREE char *joined = path_join(dir, line);
    return line[0] == '\0' ? NULL : realpath(joined, NULL);
}
