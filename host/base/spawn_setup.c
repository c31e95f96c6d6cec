/* SPDX-License-Identifier: Apache-2.0 */
#include "base/spawn_child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KERNEL_SIGNALS 64
#define DIRENT_BYTES   1024
#define DIGITS         10

/* As the kernel has it; glibc's struct is larger and its wrapper hides two signals. */
struct kernel_sigaction {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

struct kernel_dirent {
    uint64_t inode;
    int64_t next;
    uint16_t length;
    uint8_t type;
    char name[];
};

int spawn_set_session(const struct spawn_birth *birth)
{
    if (birth->request->shares_terminal) {
        return setpgid(0, 0);
    }
    return setsid() < 0 ? -1 : 0;
}

/* Another directory at that path is not what the caller looked at. */
int spawn_set_directory(const struct spawn_birth *birth)
{
    const char *cwd = birth->request->cwd;
    struct stat st;
    if (cwd == NULL) {
        return 0;
    }
    if (chdir(cwd) != 0) {
        return -1;
    }
    if (birth->cwd_inode == 0) {
        return 0;
    }
    if (stat(".", &st) != 0) {
        return -1;
    }
    if (st.st_dev != birth->cwd_device || st.st_ino != birth->cwd_inode) {
        errno = ESTALE;
        return -1;
    }
    return 0;
}

static int parse_fd(const char *digits)
{
    int fd = 0;
    for (; *digits >= '0' && *digits <= '9' && fd < INT32_MAX / 16; digits++) {
        fd = fd * 10 + (*digits - '0');
    }
    return *digits == '\0' ? fd : -1;
}

/* close_range came with Linux 5.9, its CLOEXEC form with 5.11. */
static int mark_all_by_listing(void)
{
    int dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        return -1;
    }
    _Alignas(struct kernel_dirent) char buffer[DIRENT_BYTES];
    long n = 0;
    while ((n = syscall(SYS_getdents64, dir, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < n;) {
            const struct kernel_dirent *entry = (const void *)(buffer + at);
            int fd = entry->name[0] == '.' ? -1 : parse_fd(entry->name);
            if (fd > STDERR_FILENO) {
                (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
            }
            at += entry->length;
        }
    }
    (void)close(dir);
    return n < 0 ? -1 : 0;
}

/* Marked rather than closed: prepare() still needs some of them, and execve closes them all. */
static int mark_all_close_on_exec(void)
{
    if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC) == 0) {
        return 0;
    }
    return mark_all_by_listing();
}

/* A source that sits where some target will be is first moved out of the way of all of them. */
int spawn_set_descriptors(struct spawn_birth *birth)
{
    for (size_t i = 0; i < birth->n_moves; i++) {
        struct spawn_move *move = &birth->moves[i];
        if (move->from < 0) {
            move->from = open("/dev/null", O_RDWR | O_CLOEXEC);
        }
        if (move->from >= 0 && move->from <= birth->highest_target) {
            move->from = fcntl(move->from, F_DUPFD_CLOEXEC, birth->highest_target + 1);
        }
        if (move->from < 0) {
            return -1;
        }
    }
    if (mark_all_close_on_exec() != 0) {
        return -1;
    }
    for (size_t i = 0; i < birth->n_moves; i++) {
        if (dup2(birth->moves[i].from, birth->moves[i].to) < 0) {
            return -1;
        }
    }
    return 0;
}

int spawn_set_terminal(const struct spawn_birth *birth)
{
    return birth->request->is_terminal ? ioctl(STDIN_FILENO, TIOCSCTTY, 0) : 0;
}

/* Handlers of the host must never run on the memory it lends to the child, and a signal that the
 * host ignores (SIGPIPE) is not ignored by what it starts. */
int spawn_reset_signals(void)
{
    const struct kernel_sigaction fresh = {.handler = SIG_DFL};
    for (int signal_number = 1; signal_number <= KERNEL_SIGNALS; signal_number++) {
        if (signal_number != SIGKILL && signal_number != SIGSTOP &&
            syscall(SYS_rt_sigaction, signal_number, &fresh, NULL, sizeof fresh.mask) != 0) {
            return -1;
        }
    }
    return 0;
}

void spawn_write_number(unsigned number, char *to)
{
    unsigned scale = 1;
    while (number / scale >= DIGITS) {
        scale *= DIGITS;
    }
    for (; scale > 0; scale /= DIGITS) {
        *to++ = (char)('0' + number / scale % DIGITS);
    }
    *to = '\0';
}
