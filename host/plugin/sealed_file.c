/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/sealed_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"

#define CHUNK_BYTES 65536
#define NAME_BYTES  200
/* Shell scripts keep the small numbers. From 64 on the kernel makes a larger table, and when there are
 * threads it waits for every processor before it uses it: ten milliseconds. */
#define FIRST_FD  40
#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008u /* Linux 6.3 */
#endif

static int io_failed(const char *what, const char *name, struct beacon_error *err)
{
    int os_errno = errno;
    return error_set_errno(err, BEACON_E_IO, os_errno,
                           "see that memory and file descriptors are left, then try again",
                           "cannot %s %s: %s", what, name, strerror(os_errno));
}

/* A memfd, at a number that leaves the small ones alone when the limit on descriptors permits. */
static int create(const char *name)
{
    char shown[NAME_BYTES]; /* in /proc/PID/maps; longer names are refused there */
    (void)snprintf(shown, sizeof shown, "%s", name);
    AUTO_CLOSE int fd = memfd_create(shown, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    if (fd < 0) { /* an older kernel does not know the flag */
        fd = memfd_create(shown, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    }
    if (fd < 0) {
        return -1;
    }
    int above = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);
    return above >= 0 ? above : take_fd(&fd);
}

static ssize_t read_some(int fd, void *to, size_t n, uint64_t offset)
{
    ssize_t got = 0;
    do {
        got = pread(fd, to, n, (off_t)offset);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* Everything up to the end of `from`; *ret_n counts what was written. */
static int copy(int from, int to, const char *name, uint64_t max_bytes, uint64_t *ret_n,
                struct beacon_error *err)
{
    char chunk[CHUNK_BYTES];
    ssize_t got = 0;
    while ((got = read_some(from, chunk, sizeof chunk, *ret_n)) > 0) {
        *ret_n += (uint64_t)got;
        if (*ret_n > max_bytes) {
            return error_set(err, BEACON_E_LIMIT, "install the right file, or a stripped build",
                             "%s is too large for a plugin: more than %" PRIu64 " bytes", name,
                             max_bytes);
        }
        if (!io_write_all(to, chunk, (size_t)got)) {
            return io_failed("copy", name, err);
        }
    }
    return got == 0 ? BEACON_OK : io_failed("read", name, err);
}

static int fill(int from, int to, const char *name, uint64_t max_bytes, struct beacon_error *err)
{
    struct stat st;
    uint64_t n = 0;
    if (fstat(from, &st) != 0) {
        return io_failed("read", name, err);
    }
    if ((uint64_t)st.st_size > max_bytes) {
        return error_set(err, BEACON_E_LIMIT, "install the right file, or a stripped build",
                         "%s is too large for a plugin: %" PRIu64 " bytes, at most %" PRIu64, name,
                         (uint64_t)st.st_size, max_bytes);
    }
    int rc = copy(from, to, name, max_bytes, &n, err);
    if (rc == BEACON_OK && n != (uint64_t)st.st_size) {
        rc = error_set(err, BEACON_E_REFUSED, "wait until it is installed, then try again",
                       "%s changed while it was read: it had %" PRIu64 " bytes, then %" PRIu64,
                       name, (uint64_t)st.st_size, n);
    }
    if (rc == BEACON_OK && n == 0) {
        rc = error_set(err, BEACON_E_INVALID, "copy the file again, or rebuild the plugin",
                       "%s is empty, not a plugin file", name);
    }
    return rc;
}

int sealed_file_read(int fd, const char *name, size_t max_bytes, struct sealed_file *ret,
                     struct beacon_error *err)
{
    struct stat st;
    AUTO_CLOSE int sealed = create(name);
    if (sealed < 0) {
        return io_failed("make a sealed copy of", name, err);
    }
    int rc = fill(fd, sealed, name, max_bytes, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (fcntl(sealed, F_ADD_SEALS, ALL_SEALS) != 0 || fstat(sealed, &st) != 0) {
        return io_failed("seal", name, err);
    }
    void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, sealed, 0);
    if (bytes == MAP_FAILED) {
        return io_failed("map", name, err);
    }
    *ret = (struct sealed_file){.fd = take_fd(&sealed), .bytes = bytes, .n = (size_t)st.st_size};
    return BEACON_OK;
}

bool sealed_file_holds(int fd, const void *bytes, size_t n)
{
    void *others = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0);
    if (others == MAP_FAILED) {
        return false;
    }
    bool is_same = memcmp(others, bytes, n) == 0;
    (void)munmap(others, n);
    return is_same;
}

void sealed_file_finish(struct sealed_file *file)
{
    if (file->bytes != NULL) {
        (void)munmap((void *)file->bytes, file->n);
    }
    if (file->fd >= 0) {
        (void)close(file->fd);
    }
    *file = (struct sealed_file){.fd = -1};
}
