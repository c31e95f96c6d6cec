/* SPDX-License-Identifier: Apache-2.0 */
#include "slate.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "memory.h"

static struct slate *in_use; /* of this process; NULL in the checker itself */

static struct slate *map(int fd)
{
    void *p = mmap(NULL, sizeof(struct slate), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return p != MAP_FAILED ? p : NULL;
}

struct slate *slate_create(int *ret_fd)
{
    AUTO_CLOSE int fd = memfd_create("slate", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, sizeof(struct slate)) != 0) {
        return NULL;
    }
    struct slate *slate = map(fd);
    if (slate != NULL) {
        *ret_fd = take_fd(&fd);
    }
    return slate;
}

struct slate *slate_inherit(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || (size_t)st.st_size != sizeof(struct slate)) {
        return NULL;
    }
    struct slate *slate = map(fd);
    (void)close(fd);
    return slate;
}

void slate_destroy(struct slate *slate)
{
    if (slate != NULL) {
        (void)munmap(slate, sizeof *slate);
    }
}

void slot_use(struct slate *slate)
{
    in_use = slate;
}

void slot_enter(const char *slot)
{
    if (in_use != NULL) {
        (void)snprintf(in_use->slot, sizeof in_use->slot, "%s", slot);
    }
    (void)memory_set_in_slot(true);
}

void slot_leave(void)
{
    (void)memory_set_in_slot(false);
    if (in_use != NULL) {
        in_use->slot[0] = '\0';
    }
}

bool slot_pause(void)
{
    return memory_set_in_slot(false);
}

void slot_resume(bool was_in)
{
    (void)memory_set_in_slot(was_in);
}
