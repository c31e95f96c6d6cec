/* SPDX-License-Identifier: Apache-2.0 */
#include "base/spawn_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXIT_NOT_STARTED 127

/* The parent may have died before the signal was asked for: then nobody would send it. */
static int bind_to_parent(const struct spawn_birth *birth)
{
    if (birth->request->outlives_host) {
        return 0;
    }
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) {
        return -1;
    }
    if (getppid() != birth->parent) {
        errno = ESRCH;
        return -1;
    }
    return 0;
}

static int unblock_signals(void)
{
    const uint64_t none = 0;
    return (int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
}

/* As execvp: a candidate that cannot be is skipped, but "permission denied" is what is told in the
 * end. A file the kernel does not know how to run is not handed to a shell. */
static void run_program(const struct spawn_birth *birth)
{
    char *const *argv = (char *const *)birth->request->argv;
    char *const *env = (char *const *)birth->request->env;
    int told = ENOENT;
    if (birth->request->program_fd > 0) {
        (void)syscall(SYS_execveat, birth->request->program_fd, "", argv, env, AT_EMPTY_PATH);
        return;
    }
    for (char *const *path = birth->programs; *path != NULL; path++) {
        (void)execve(*path, argv, env);
        switch (errno) {
        case EACCES:
            told = EACCES;
            break;
        case ENOENT:
        case ENOTDIR:
        case ESTALE:
        case ENODEV:
        case ETIMEDOUT:
            break;
        default:
            return;
        }
    }
    errno = told;
}

int spawn_fail(struct spawn_birth *birth, int stage, int index)
{
    if (birth->failure.stage == SPAWN_STAGE_NONE) {
        birth->failure = (struct spawn_failure){.stage = stage, .index = index, .os_errno = errno};
    }
    return EXIT_NOT_STARTED;
}

int spawn_run_prepare(struct spawn_birth *birth, spawn_prepare_fn prepare, pid_t parent)
{
    const struct spawn_scene scene = {.parent = parent, .host_fd = birth->channel};
    struct spawn_failure failure = {.os_errno = EPERM};
    if (prepare == NULL || prepare(birth->request->prepare_ctx, &scene, &failure) == 0) {
        return 0;
    }
    errno = failure.os_errno;
    (void)spawn_fail(birth, SPAWN_STAGE_PREPARE, failure.index);
    return -1;
}

int spawn_run_program(struct spawn_birth *birth)
{
    if (unblock_signals() != 0) {
        return spawn_fail(birth, SPAWN_STAGE_SETUP, SPAWN_STEP_SIGNALS);
    }
    birth->has_reached_exec = true;
    run_program(birth);
    return spawn_fail(birth, SPAWN_STAGE_EXEC, 0);
}

static int set_up(struct spawn_birth *birth, enum spawn_step *step)
{
    *step = SPAWN_STEP_SESSION;
    if (spawn_set_session(birth) != 0) {
        return -1;
    }
    *step = SPAWN_STEP_PARENT;
    if (bind_to_parent(birth) != 0) {
        return -1;
    }
    *step = SPAWN_STEP_CWD;
    if (spawn_set_directory(birth) != 0) {
        return -1;
    }
    *step = SPAWN_STEP_DESCRIPTORS;
    if (spawn_set_descriptors(birth) != 0) {
        return -1;
    }
    *step = SPAWN_STEP_TERMINAL;
    if (spawn_set_terminal(birth) != 0) {
        return -1;
    }
    *step = SPAWN_STEP_SIGNALS;
    return spawn_reset_signals();
}

int spawn_child_main(void *arg)
{
    struct spawn_birth *birth = arg;
    enum spawn_step step = SPAWN_STEP_SESSION;
    if (set_up(birth, &step) != 0) {
        return spawn_fail(birth, SPAWN_STAGE_SETUP, (int)step);
    }
    if (spawn_run_prepare(birth, birth->request->prepare, birth->parent) != 0) {
        return EXIT_NOT_STARTED;
    }
    return spawn_run_program(birth);
}
