/* SPDX-License-Identifier: Apache-2.0 */
/* A library a plugin needs; HELPER_EVIL is another with the same name, which runs code when loaded. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

const char *hostile_helper_word(void);

#ifdef HELPER_EVIL
__attribute__((constructor)) static void constructed(void)
{
    const char *path = getenv("HOSTILE_MARKER");
    int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (fd >= 0) {
        ssize_t written = write(fd, "evil ", 5);
        (void)written;
        (void)close(fd);
    }
}
#endif

__attribute__((visibility("default"))) const char *hostile_helper_word(void)
{
#ifdef HELPER_EVIL
    return "evil ";
#else
    return "helped ";
#endif
}
