/* SPDX-License-Identifier: Apache-2.0
 *
 * The keeper: where there is no pid namespace it is the parent of a command, and adopts what descends
 * from it. It tells how the command ends, as a reaper does, and ends only after every descendant: these
 * are killed when the command is over, when the host is gone (SIGTERM by PDEATHSIG) and when the host
 * says so (SIGTERM). Descriptor 3 is the pipe to the host. All signals are blocked since before the
 * command was born, so none is lost and none interrupts.
 */
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>

#include "base/raw_call.h"
#include "base/reaper/reaper.h"
#include "base/reaper/reaper_parts.h"

#define ERROR_NO_CHILD (-10L)
#define SIGNAL_TERM    15
#define SIGNAL_CHILD   17
#define MASK_OF(n)     (1UL << ((n)-1))
#define WAIT_NOT       1 /* WNOHANG */
#define LIST_BYTES     4096
#define ROUNDS_MAX     5000 /* of at most a millisecond: one stuck in the kernel is left to the host */

struct keeper {
    long command;
    long options; /* of wait4() */
    long list_fd; /* our children, in decimal, with a blank behind each */
    bool is_command_over;
    int status;
};

static long parse(const char *digits)
{
    long n = 0;
    for (; *digits >= '0' && *digits <= '9'; digits++) {
        n = n * 10 + (*digits - '0');
    }
    return n;
}

/* What is over. False when nobody is left. */
static bool collect(struct keeper *keeper)
{
    for (;;) {
        int status = 0;
        const long pid = raw_call(__NR_wait4, -1, &status, keeper->options, 0);
        if (pid == 0 || pid == ERROR_NO_CHILD) {
            return pid == 0;
        }
        require(pid > 0 || pid == ERROR_INTR);
        if (pid == keeper->command && !keeper->is_command_over) {
            tell(status);
            keeper->is_command_over = is_over(status);
            keeper->status = status;
        }
    }
}

/* Nobody but us reaps them, so their numbers are still theirs. What they leave behind becomes ours, and
 * has its turn in the next round. */
static void kill_children(const struct keeper *keeper)
{
    static char list[LIST_BYTES];
    const long n = raw_call(__NR_pread64, keeper->list_fd, list, sizeof list, 0);
    long pid = 0;
    for (long i = 0; i < n; i++) {
        if (list[i] != ' ') {
            pid = pid * 10 + (list[i] - '0');
            continue;
        }
        if (pid > 1) {
            (void)raw_call(__NR_kill, pid, SIGNAL_KILL);
        }
        pid = 0;
    }
}

/* Without the list (CONFIG_PROC_CHILDREN) the command's own group is all that can be found. */
static void end_all(struct keeper *keeper)
{
    const unsigned long child = MASK_OF(SIGNAL_CHILD);
    const struct {
        long s, ns;
    } a_moment = {0, 1000000};
    if (!keeper->is_command_over) {
        (void)raw_call(__NR_kill, -keeper->command, SIGNAL_KILL);
    }
    for (int i = 0; i < ROUNDS_MAX && collect(keeper); i++) {
        if (keeper->list_fd < 0 && keeper->is_command_over) {
            return;
        }
        kill_children(keeper);
        (void)raw_call(__NR_rt_sigtimedwait, &child, 0, &a_moment, sizeof child);
    }
}

/* A command that root started may have changed who it is. */
static void keep_one_capability(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct kept[_LINUX_CAPABILITY_U32S_3] = {
        {1U << CAP_KILL, 1U << CAP_KILL, 0}, {0, 0, 0}};
    if (raw_call(__NR_capset, &header, kept) != 0) {
        kept[0].effective = kept[0].permitted = 0;
        require(raw_call(__NR_capset, &header, kept) == 0);
    }
}

static void shut_in(void)
{
    static const struct sock_filter filter[] = {
        FILTER_BEGIN,      ALLOW(wait4), ALLOW(write),        ALLOW(rt_sigtimedwait),
        ALLOW(pread64),    ALLOW(kill),  ALLOW(rt_sigreturn), ALLOW(restart_syscall),
        ALLOW(exit_group), FILTER_END,
    };
    filter_self(filter, sizeof filter / sizeof filter[0]);
}

static void begin(struct keeper *keeper)
{
    for (int fd = 0; fd < REAPER_STATUS_FD; fd++) {
        (void)raw_call(__NR_close, fd);
    }
    require(raw_call(__NR_close_range, REAPER_STATUS_FD + 1, ~0U, 0) == 0);
    keeper->list_fd =
        raw_call(__NR_openat, AT_FDCWD, "/proc/thread-self/children", O_RDONLY | O_CLOEXEC, 0);
    require(raw_call(__NR_prctl, PR_SET_DUMPABLE, 0) == 0);
    keep_one_capability();
    shut_in();
}

_Noreturn void be_keeper(const char *command, bool tells_stops)
{
    const unsigned long awaited = MASK_OF(SIGNAL_CHILD) | MASK_OF(SIGNAL_TERM);
    struct keeper keeper;
    keeper.command = parse(command);
    keeper.options = WAIT_NOT | WAIT_ALL | (tells_stops ? WAIT_STOPS | WAIT_GOES_ON : 0);
    keeper.is_command_over = false;
    keeper.status = SIGNAL_KILL;
    begin(&keeper);
    while (collect(&keeper) && !keeper.is_command_over &&
           raw_call(__NR_rt_sigtimedwait, &awaited, 0, 0, sizeof awaited) != SIGNAL_TERM) {
    }
    end_all(&keeper);
    leave(exit_status_of(keeper.status));
}
