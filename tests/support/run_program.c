/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "support/beacon_test.h"
#include "support/owned.h"

/* Memory files for all three streams: nobody has to read while the program runs. */
static int memory_file(const char *content)
{
    int fd = memfd_create("beacon-test", MFD_CLOEXEC);
    size_t n = content != NULL ? strlen(content) : 0;
    if (fd < 0 || !io_write_all(fd, content, n) || lseek(fd, 0, SEEK_SET) != 0) {
        fail_msg("cannot make a memory file: %s", strerror(errno));
    }
    return fd;
}

static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            fail_msg("cannot wait for the program: %s", strerror(errno));
        }
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static const char *content_of(int fd)
{
    (void)lseek(fd, 0, SEEK_SET);
    return owned_read_fd(fd, "the program's output");
}

int run_program(const char *const *argv, const char *input, const char **ret_out,
                const char **ret_err)
{
    AUTO_CLOSE int in = memory_file(input);
    AUTO_CLOSE int out = memory_file(NULL);
    AUTO_CLOSE int err = memory_file(NULL);
    posix_spawn_file_actions_t actions;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    pid_t pid = 0;
    /* posix_spawn takes char *const[] for history's sake and writes to none of them. */
    int failed = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        fail_msg("cannot run %s: %s", argv[0], strerror(failed));
    }
    int status = wait_for(pid);
    if (ret_out != NULL) {
        *ret_out = content_of(out);
    }
    if (ret_err != NULL) {
        *ret_err = content_of(err);
    }
    return status;
}
