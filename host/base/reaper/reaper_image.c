/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reaper/reaper_image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/spawn.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020 /* Linux 6.3 */
#endif
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

#ifdef BEACON_REAPER_FILE
__asm__(".pushsection .rodata\n"
        ".globl reaper_image_begin\n"
        ".globl reaper_image_end\n"
        ".hidden reaper_image_begin\n"
        ".hidden reaper_image_end\n"
        "reaper_image_begin:\n"
        ".incbin \"" BEACON_REAPER_FILE "\"\n"
        "reaper_image_end:\n"
        ".byte 0\n"
        ".popsection\n");
extern const char reaper_image_begin[], reaper_image_end[];

static const char *image(size_t *ret_n)
{
    *ret_n = (size_t)(reaper_image_end - reaper_image_begin);
    return reaper_image_begin;
}
#else
static const char *image(size_t *ret_n)
{
    *ret_n = 0;
    return NULL;
}
#endif

static int refuse(const char *what, struct beacon_error *err)
{
    return error_set_errno(err, BEACON_E_REFUSED, errno,
                           "see 'sysctl vm.memfd_noexec' (0 or 1 is needed), or choose another "
                           "sandbox backend",
                           "cannot %s the program that looks after sandboxed commands: %s", what,
                           strerror(errno));
}

/* An older kernel knows neither the flag nor the seal, and lets every memory file be run. */
static int make_file(void)
{
    int fd = memfd_create("beacon-reaper", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (fd < 0 && errno == EINVAL) {
        fd = memfd_create("beacon-reaper", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    }
    return fd;
}

static int seal(int fd)
{
    if (fchmod(fd, 0555) != 0) {
        return -1;
    }
    if (fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_EXEC) == 0) {
        return 0;
    }
    return errno == EINVAL ? fcntl(fd, F_ADD_SEALS, SEALS) : -1;
}

int reaper_image_open(int *ret_fd, struct beacon_error *err)
{
    static int kept = -1;
    size_t n = 0;
    const char *bytes = image(&n);
    if (kept >= 0) {
        *ret_fd = kept;
        return BEACON_OK;
    }
    if (n == 0) {
        return error_set(err, BEACON_E_UNSUPPORTED, "choose another sandbox backend",
                         "namespaces are not supported on this processor");
    }
    AUTO_CLOSE int fd = make_file();
    if (fd < 0) {
        return refuse("create", err);
    }
    if (!io_write_all(fd, bytes, n) || seal(fd) != 0) {
        return refuse("store", err);
    }
    kept = fcntl(fd, F_DUPFD_CLOEXEC, SPAWN_FD_FLOOR);
    if (kept < 0) {
        return refuse("keep", err);
    }
    *ret_fd = kept;
    return BEACON_OK;
}
