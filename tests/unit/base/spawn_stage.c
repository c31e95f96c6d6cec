/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/base/spawn_stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/text.h"
#include "support/beacon_test.h"

#define OUTPUT_MAX 262144

static const char *const test_env[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};

static struct spawn_space own_space;

struct spawn_request space_request(void)
{
    own_space = (struct spawn_space){.flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS |
                                              CLONE_NEWNET | CLONE_NEWIPC,
                                     .uid = geteuid(),
                                     .gid = getegid(),
                                     .is_locked = true};
    return (struct spawn_request){
        .env = test_env, .in_fd = -1, .out_fd = -1, .err_fd = -1, .space = &own_space};
}

bool spaces_are_possible(void)
{
    const char *const argv[] = {"true", NULL};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    int status = 0;
    struct spawn_request request = space_request();
    request.argv = argv;
    if (spawn_start(&request, &child, NULL, &err) != BEACON_OK) {
        print_message("skipped: %s\n", err.message);
        return false;
    }
    spawn_reap(&child, &status);
    return status == 0;
}

int space_run(struct spawn_request *request, struct text *out)
{
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    int fds[2], status = 0;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    request->out_fd = fds[1];
    assert_ok(spawn_start(request, &child, NULL, &err), &err);
    (void)close(fds[1]);
    text_init(out, OUTPUT_MAX);
    assert_ok(io_read_all(fds[0], "the child", out, &err), &err);
    (void)close(fds[0]);
    spawn_reap(&child, &status);
    return status;
}

int space_script(const char *script, struct text *out)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct spawn_request request = space_request();
    request.argv = argv;
    return space_run(&request, out);
}

int space_status(const char *script)
{
    AUTO_TEXT struct text unused;
    return space_script(script, &unused);
}

size_t count_open_fds(void)
{
    size_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        n++;
    }
    (void)closedir(dir);
    return n;
}

size_t count_mounts(void)
{
    AUTO_TEXT struct text mounts;
    struct beacon_error err = {0};
    size_t n = 0;
    AUTO_CLOSE int fd = open("/proc/self/mounts", O_RDONLY | O_CLOEXEC);
    text_init(&mounts, OUTPUT_MAX);
    assert_ok(io_read_all(fd, "the mounts", &mounts, &err), &err);
    for (size_t i = 0; i < mounts.len; i++) {
        n += mounts.data[i] == '\n' ? 1 : 0;
    }
    return n;
}

void assert_nothing_runs(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
    assert_int_equal(errno, ECHILD);
}
