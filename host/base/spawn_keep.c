/* SPDX-License-Identifier: Apache-2.0
 *
 * The keeper's process before it is one, on the host's memory. It has the host suspended, and is
 * itself suspended by the program's process until that runs its program.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/reaper/reaper.h"
#include "base/spawn_child.h"
#include "base/spawn_parts.h"

#define EXIT_NOT_STARTED 127
#define KEEP_FLAGS       (SPAWN_MEMORY_FLAGS | CLONE_VFORK | SIGCHLD)

/* All signals are blocked and stay so in the keeper, which looks for this one. */
static int bind_to_host(const struct spawn_birth *birth)
{
    if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0) {
        return -1;
    }
    if (getppid() != birth->parent) {
        errno = ESRCH;
        return -1;
    }
    return 0;
}

static int set_up(const struct spawn_birth *birth, enum spawn_step *step)
{
    *step = SPAWN_STEP_PARENT;
    if (bind_to_host(birth) != 0) {
        return -1;
    }
    *step = SPAWN_STEP_SIGNALS;
    if (spawn_reset_signals() != 0) {
        return -1;
    }
    /* Out of the reach of what a terminal sends to the host's group, but in its session: else the
     * program's group would be an orphan there, which does not stop. */
    *step = SPAWN_STEP_KEEPER;
    return setpgid(0, 0) != 0 ? -1 : prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

static int become_keeper(struct spawn_birth *birth)
{
    struct spawn_keep *keep = birth->keep;
    const char *const argv[] = {REAPER_KEEPER_NAME, keep->pid_words,
                                birth->request->shares_terminal ? "tells stops" : NULL, NULL};
    const char *const env[] = {NULL};
    spawn_write_number((unsigned)keep->pid, keep->pid_words);
    if (dup2(keep->status_fd, REAPER_STATUS_FD) >= 0 && chdir("/") == 0) {
        (void)syscall(SYS_execveat, keep->reaper_fd, "", argv, env, AT_EMPTY_PATH);
    }
    const int saved = errno;
    (void)kill(keep->pid, SIGKILL);
    spawn_bury(keep->pid);
    errno = saved;
    return spawn_fail(birth, SPAWN_STAGE_SETUP, SPAWN_STEP_KEEPER);
}

int spawn_keep_main(void *arg)
{
    struct spawn_birth *birth = arg;
    enum spawn_step step = SPAWN_STEP_PARENT;
    if (set_up(birth, &step) != 0) {
        return spawn_fail(birth, SPAWN_STAGE_SETUP, (int)step);
    }
    birth->parent = getpid();
    birth->keep->pid = clone(spawn_child_main, birth->keep->stack_end, KEEP_FLAGS, birth);
    if (birth->keep->pid < 0) {
        return spawn_fail(birth, SPAWN_STAGE_SETUP, SPAWN_STEP_KEEPER);
    }
    if (birth->failure.stage != SPAWN_STAGE_NONE || !birth->has_reached_exec) {
        spawn_bury(birth->keep->pid);
        return EXIT_NOT_STARTED;
    }
    return become_keeper(birth);
}
