/* SPDX-License-Identifier: Apache-2.0
 *
 * The program of a few instructions that stays where the host may not: it is embedded in the host and
 * run from a sealed memory file (reaper_image.c). Its name, argv[0], says what it is to do.
 *
 * "reaper": pid 1 of a command's pid namespace. It tells how the first child ends, and ends with it.
 *     Descriptor 3 is the pipe to the host, 4 an eventfd that lets the command begin, 5 may be a
 *     terminal that is to stay. With another argument it also tells when that child stops and goes on.
 * "keeper": see keeper.c.
 *
 * "guardian": outside of any sandbox. Once descriptor 3 says that the host is gone it removes the covers
 *     named by the other arguments, unless another host holds them.
 *
 * No C library: nothing runs before start(), and nothing is read but the arguments.
 */
#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/stat.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/raw_call.h"
#include "base/reaper/reaper.h"
#include "base/reaper/reaper_parts.h"

#define EXIT_BROKEN  125
#define SIGNAL_BASE  128
#define POLL_ERROR   8
#define CLOSED_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define CLOSING_MS   1000
#define LOCK_MINE    2 /* LOCK_EX */
#define LOCK_NO_WAIT 4 /* LOCK_NB */

#if defined __x86_64__
__asm__(".globl _start\n"
        "_start:\n"
        "xor %ebp, %ebp\n"
        "mov %rsp, %rdi\n"
        "and $-16, %rsp\n"
        "call start\n"
        "hlt\n");
#else
__asm__(".globl _start\n"
        "_start:\n"
        "mov x29, #0\n"
        "mov x30, #0\n"
        "mov x0, sp\n"
        "bl start\n"
        "brk #1\n");
#endif

void start(const long *stack);

_Noreturn void leave(int status)
{
    for (;;) {
        (void)raw_call(__NR_exit_group, status);
    }
}

void require(bool is_true)
{
    if (!is_true) {
        leave(EXIT_BROKEN);
    }
}

/* ---- reaper ---- */

/* Its own pipe must have a reader: the host may have died before the signal was asked for, and in a
 * new pid namespace getppid() does not tell. */
static void bind_to_host(void)
{
    struct {
        int fd;
        short events, revents;
    } pipe = {.fd = REAPER_STATUS_FD};
    const struct {
        long s, ns;
    } at_once = {0, 0};
    require(raw_call(__NR_prctl, PR_SET_PDEATHSIG, SIGNAL_KILL) == 0);
    require(raw_call(__NR_ppoll, &pipe, 1, &at_once) >= 0 && (pipe.revents & POLL_ERROR) == 0);
}

static void give_up_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}, {0, 0, 0}};
    require(raw_call(__NR_capset, &header, none) == 0);
}

void filter_self(const struct sock_filter *filter, unsigned n)
{
    const struct sock_fprog program = {(unsigned short)n, (struct sock_filter *)filter};
    require(raw_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1) == 0);
    require(raw_call(__NR_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void shut_in(void)
{
    static const struct sock_filter filter[] = {
        FILTER_BEGIN,           ALLOW(wait4),      ALLOW(write), ALLOW(rt_sigreturn),
        ALLOW(restart_syscall), ALLOW(exit_group), FILTER_END,
    };
    filter_self(filter, sizeof filter / sizeof filter[0]);
}

/* A full pipe loses a message rather than holding up the end of the namespace. */
void tell(int status)
{
    while (raw_call(__NR_write, REAPER_STATUS_FD, &status, sizeof status) == ERROR_INTR) {
    }
}

bool is_over(int status)
{
    return (status & 0xff) != 0x7f && status != 0xffff;
}

int exit_status_of(int status)
{
    return (status & 0x7f) != 0 ? SIGNAL_BASE + (status & 0x7f) : status >> 8 & 0xff;
}

/* The command is the first child, and only its own states are told. */
static _Noreturn void reap(long command, bool tells_stops)
{
    const long options = WAIT_ALL | (tells_stops ? WAIT_STOPS | WAIT_GOES_ON : 0);
    for (;;) {
        int status = 0;
        const long pid = raw_call(__NR_wait4, -1, &status, options, 0);
        require(pid > 0 || pid == ERROR_INTR);
        if (pid == command) {
            tell(status);
            if (is_over(status)) {
                leave(exit_status_of(status));
            }
        }
    }
}

static _Noreturn void be_reaper(bool tells_stops)
{
    const unsigned long long one = 1;
    bind_to_host();
    require(raw_call(__NR_prctl, PR_SET_DUMPABLE, 0) == 0);
    give_up_capabilities();
    for (int fd = 0; fd < REAPER_STATUS_FD; fd++) {
        (void)raw_call(__NR_close, fd);
    }
    require(raw_call(__NR_close_range, REAPER_TERMINAL_FD + 1, ~0U, 0) == 0);
    shut_in();
    require(raw_call(__NR_write, REAPER_GO_FD, &one, sizeof one) == sizeof one);
    reap(REAPER_COMMAND_PID, tells_stops);
}

/* ---- guardian ---- */

/* A process that is killed closes its files one by one, and has a new parent for its children when all
 * are closed: until then it may hold locks. When it was gone before this began, that is not seen. */
static void wait_for_the_end_of_the_host(void)
{
    const struct {
        long s, ns;
    } pause = {0, 1000000};
    const long parent = raw_call(__NR_getppid, 0);
    char byte = 0;
    long n = 1;
    while (n > 0 || n == ERROR_INTR) {
        n = raw_call(__NR_read, REAPER_STATUS_FD, &byte, sizeof byte);
    }
    for (int i = 0; i < CLOSING_MS && raw_call(__NR_getppid, 0) == parent; i++) {
        (void)raw_call(__NR_nanosleep, &pause, NULL);
    }
}

/* By kind and mode. */
static bool is_cover(const struct statx *stat)
{
    const unsigned mode = stat->stx_mode & 07777U & ~(unsigned)REAPER_COVER_IGNORED;
    switch (stat->stx_mode & S_IFMT) {
    case S_IFSOCK:
        return mode == REAPER_COVER_MARK;
    case S_IFDIR: /* unlinkat() knows whether it is empty */
        return (mode & REAPER_COVER_DIRECTORY_MASK) == REAPER_COVER_MARK;
    case S_IFREG:
        return mode == REAPER_COVER_FILE && stat->stx_nlink == 1 &&
               stat->stx_size <= REAPER_COVER_FILE_BYTES;
    default:
        return false;
    }
}

/* Cut `path` at its last slash; the name behind it, or NULL. */
static char *cut(char *path)
{
    char *slash = NULL;
    for (char *p = path; *p != '\0'; p++) {
        slash = *p == '/' ? p : slash;
    }
    if (slash == NULL || slash == path) {
        return NULL;
    }
    *slash = '\0';
    return slash + 1;
}

/* Only what the host made, in a directory that no other host has covers in. */
static void remove_cover(char *path)
{
    struct statx stat;
    stat.stx_mode = 0;
    const char *name = cut(path);
    const long dir = name != NULL ? raw_call(__NR_openat, AT_FDCWD, path, CLOSED_FLAGS, 0) : -1;
    if (dir < 0) {
        return;
    }
    if (raw_call(__NR_flock, dir, LOCK_MINE | LOCK_NO_WAIT) == 0 &&
        raw_call(__NR_statx, dir, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &stat) == 0 &&
        is_cover(&stat)) {
        const bool is_directory = (stat.stx_mode & S_IFMT) == S_IFDIR;
        (void)raw_call(__NR_unlinkat, dir, name, is_directory ? AT_REMOVEDIR : 0);
    }
    (void)raw_call(__NR_close, dir);
}

static _Noreturn void be_guardian(char *const *paths)
{
    for (int fd = 0; fd < REAPER_STATUS_FD; fd++) {
        (void)raw_call(__NR_close, fd);
    }
    wait_for_the_end_of_the_host();
    for (; *paths != NULL; paths++) {
        remove_cover(*paths);
    }
    leave(0);
}

void start(const long *stack)
{
    char *const *argv = (char *const *)(stack + 1);
    require(stack[0] > 0);
    if (argv[0][0] == REAPER_NAME[0]) {
        be_reaper(stack[0] > 1);
    }
    if (argv[0][0] == REAPER_KEEPER_NAME[0]) {
        require(stack[0] > 1);
        be_keeper(argv[1], stack[0] > 2);
    }
    require(argv[0][0] == REAPER_GUARDIAN_NAME[0]);
    be_guardian(argv + 1);
}
