/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify_stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/path.h"

#define CONTENT       "untouched\n"
#define CONTENT_BYTES 10
#define FILE_MODE     0644
#define DEPTH_MAX     8
#define A_TIME        1000000000 /* modification time of what must stay as it is */

extern char **environ;

struct file {
    const char *name;
    bool is_folder;
};

/* Parents come first. A repository as git makes it, as far as anything here looks at it. */
static const struct file files[] = {
    {"work", true},
    {"work/.git", true},
    {"work/.git/hooks", true},
    {"work/.git/objects", true},
    {"work/.git/refs", true},
    {"work/.git/HEAD", false},
    {"work/.git/config", false},
    {"outside", true},
    {"outside/file", false},
    {"outside/other", false},
    {"home", true},
    {"home/auth.json", false},
};

/* Only what is beneath a folder made here, on the same file system, and never through a link. */
/* NOLINTNEXTLINE(misc-no-recursion): folders within folders, no deeper than DEPTH_MAX */
static void remove_beneath(int fd, dev_t device, int depth)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    const struct dirent *entry = NULL;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        struct stat st;
        AUTO_CLOSE int child =
            openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child >= 0 && fstat(child, &st) == 0 && st.st_dev == device && depth < DEPTH_MAX) {
            remove_beneath(child, device, depth + 1);
        }
        (void)unlinkat(fd, entry->d_name, child >= 0 ? AT_REMOVEDIR : 0);
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
}

static void empty(const struct stage *stage)
{
    struct stat st;
    if (stage->dir_fd >= 0 && fstat(stage->dir_fd, &st) == 0) {
        remove_beneath(stage->dir_fd, st.st_dev, 0);
    }
}

static int make_file(const struct stage *stage, const struct file *file)
{
    const struct timespec times[2] = {{.tv_sec = A_TIME}, {.tv_sec = A_TIME}};
    if (file->is_folder) {
        return mkdirat(stage->dir_fd, file->name, 0755);
    }
    AUTO_CLOSE int fd =
        openat(stage->dir_fd, file->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    return fd >= 0 && write(fd, CONTENT, CONTENT_BYTES) == CONTENT_BYTES &&
                   fchmod(fd, FILE_MODE) == 0 && futimens(fd, times) == 0
               ? 0
               : -1;
}

static int fail(const char *what, struct beacon_error *err)
{
    return error_set_errno(err, BEACON_E_IO, errno, "name a writable folder with TMPDIR",
                           "cannot make %s to try things on: %s", what, strerror(errno));
}

static int make_files(struct stage *stage, struct beacon_error *err)
{
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (make_file(stage, &files[i]) != 0) {
            return fail(files[i].name, err);
        }
    }
    return BEACON_OK;
}

/* ---- listeners ---- */

static int listen_at(int type, unsigned *ret_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    AUTO_CLOSE int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 ||
        (type == SOCK_STREAM && listen(fd, 8) != 0) ||
        getsockname(fd, (struct sockaddr *)&at, &n) != 0) {
        return -1;
    }
    *ret_port = ntohs(at.sin_port);
    return take_fd(&fd);
}

/* An abstract name stands behind a NUL and is as long as it is. */
static int listen_local(int type, const char *name, bool is_abstract)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const size_t skip = is_abstract ? 1 : 0;
    if (strlen(name) + skip + 1 > sizeof at.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(at.sun_path + skip, name, strlen(name) + 1);
    const size_t n = offsetof(struct sockaddr_un, sun_path) + skip + strlen(name);
    AUTO_CLOSE int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, (socklen_t)n) != 0 ||
        (type == SOCK_STREAM && listen(fd, 8) != 0)) {
        return -1;
    }
    return take_fd(&fd);
}

static int open_listeners(struct stage *stage, struct beacon_error *err)
{
    stage->tcp = listen_at(SOCK_STREAM, &stage->tcp_port);
    stage->udp = listen_at(SOCK_DGRAM, &stage->udp_port);
    stage->abstract = listen_local(SOCK_STREAM, stage->abstract_name, true);
    if (stage->tcp < 0 || stage->udp < 0 || stage->abstract < 0) {
        return fail("listeners", err);
    }
    return BEACON_OK;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(take_fd(fd));
    }
}

/* Those with a name are files, and made anew with them. */
static int renew_named(struct stage *stage, struct beacon_error *err)
{
    close_fd(&stage->stream);
    close_fd(&stage->datagram);
    close_fd(&stage->fifo_fd);
    stage->stream = listen_local(SOCK_STREAM, stage->stream_path, false);
    stage->datagram = listen_local(SOCK_DGRAM, stage->datagram_path, false);
    if (stage->stream < 0 || stage->datagram < 0) {
        return fail("local sockets", err);
    }
    if (mkfifo(stage->fifo, 0600) != 0) {
        return fail("a FIFO", err);
    }
    stage->fifo_fd = open(stage->fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return stage->fifo_fd >= 0 ? BEACON_OK : fail("a FIFO", err);
}

static void hush(int listener)
{
    char byte;
    int fd = -1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        (void)close(fd);
    }
    while (recv(listener, &byte, 1, MSG_DONTWAIT) >= 0) {
    }
}

/* ---- the victim ---- */

static void end_victim(struct stage *stage)
{
    int unused = 0;
    close_fd(&stage->victim_input);
    if (stage->victim.pid > 1) {
        spawn_kill(&stage->victim);
    }
    spawn_reap(&stage->victim, &unused);
}

static int start_victim(struct stage *stage, struct beacon_error *err)
{
    const char *argv[8] = {NULL};
    size_t n = 0;
    for (; stage->program[n] != NULL && n < 4; n++) {
        argv[n] = stage->program[n];
    }
    argv[n++] = "victim";
    argv[n] = "";
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return fail("a pipe", err);
    }
    AUTO_CLOSE int in = ends[0];
    stage->victim_input = ends[1];
    const struct spawn_request request = {
        .argv = argv, .env = (const char *const *)environ, .in_fd = in, .out_fd = -1, .err_fd = -1};
    return spawn_start(&request, &stage->victim, NULL, err);
}

bool stage_victim_lives(const struct stage *stage)
{
    struct pollfd end = {.fd = stage->victim.pidfd, .events = POLLIN};
    return stage->victim.pid > 1 && poll(&end, 1, 0) == 0;
}

/* ---- all of it ---- */

static char *within(const struct stage *stage, const char *name)
{
    return path_join(stage->dir, name);
}

int stage_open(struct stage *stage, const char *const *program, struct beacon_error *err)
{
    *stage = (struct stage){.dir_fd = -1,
                            .tcp = -1,
                            .udp = -1,
                            .stream = -1,
                            .datagram = -1,
                            .abstract = -1,
                            .fifo_fd = -1,
                            .shm = -1,
                            .program = program,
                            .victim = {.pidfd = -1},
                            .victim_input = -1};
    const char *parent = getenv("TMPDIR");
    AUTO_FREE char *name =
        path_join(parent != NULL && parent[0] == '/' ? parent : "/tmp", "beacon-verify-XXXXXX");
    if (mkdtemp(name) == NULL) {
        return fail("a temporary folder", err);
    }
    stage->dir = realpath(name, NULL);
    stage->dir_fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (stage->dir == NULL || stage->dir_fd < 0) {
        return fail("a temporary folder", err);
    }
    stage->work = within(stage, "work");
    stage->outside = within(stage, "outside");
    stage->home = within(stage, "home");
    stage->stream_path = within(stage, "outside/stream");
    stage->datagram_path = within(stage, "outside/datagram");
    stage->fifo = within(stage, "work/alive");
    stage->abstract_name = alloc_printf("beacon-verify-%d", (int)getpid());
    stage->shm = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
    return open_listeners(stage, err);
}

void stage_close(struct stage *stage)
{
    end_victim(stage);
    close_fd(&stage->tcp);
    close_fd(&stage->udp);
    close_fd(&stage->stream);
    close_fd(&stage->datagram);
    close_fd(&stage->abstract);
    close_fd(&stage->fifo_fd);
    if (stage->shm >= 0) {
        (void)shmctl(stage->shm, IPC_RMID, NULL);
    }
    empty(stage);
    if (stage->dir != NULL) {
        (void)rmdir(stage->dir);
    }
    close_fd(&stage->dir_fd);
    free(stage->dir);
    free(stage->work);
    free(stage->outside);
    free(stage->home);
    free(stage->stream_path);
    free(stage->datagram_path);
    free(stage->abstract_name);
    free(stage->fifo);
}

static bool is_as_made(int dir, const char *name)
{
    char content[CONTENT_BYTES + 2];
    struct stat st;
    AUTO_CLOSE int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           (st.st_mode & 07777) == FILE_MODE && st.st_nlink == 1 && st.st_mtime == A_TIME &&
           st.st_uid == geteuid() && fgetxattr(fd, "user.canary", NULL, 0) < 0 &&
           read(fd, content, sizeof content) == CONTENT_BYTES &&
           memcmp(content, CONTENT, CONTENT_BYTES) == 0;
}

static size_t count_entries(int dir)
{
    size_t n = 0;
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    while (entries != NULL && readdir(entries) != NULL) {
        n++;
    }
    if (entries != NULL) {
        (void)closedir(entries);
    }
    return n;
}

/* Setting an owner to what it is already leaves a trace in the time of the change only. */
static struct timespec time_of_change(const struct stage *stage)
{
    struct stat st = {0};
    (void)fstatat(stage->dir_fd, "outside/other", &st, AT_SYMLINK_NOFOLLOW);
    return st.st_ctim;
}

int stage_reset(struct stage *stage, struct beacon_error *err)
{
    empty(stage);
    int rc = make_files(stage, err);
    rc = rc == BEACON_OK ? renew_named(stage, err) : rc;
    stage->changed = time_of_change(stage);
    hush(stage->tcp);
    hush(stage->udp);
    hush(stage->abstract);
    return rc;
}

/* Never the one of the try before: what was killed may take a while to die. */
int stage_renew_victim(struct stage *stage, struct beacon_error *err)
{
    end_victim(stage);
    return start_victim(stage, err);
}

bool stage_outside_changed(const struct stage *stage)
{
    static const size_t entries = 6; /* . .. file other stream datagram */
    const struct timespec changed = time_of_change(stage);
    AUTO_CLOSE int dir = open(stage->outside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir < 0 || count_entries(dir) != entries || !is_as_made(dir, "file") ||
           !is_as_made(dir, "other") || changed.tv_sec != stage->changed.tv_sec ||
           changed.tv_nsec != stage->changed.tv_nsec;
}

static bool was_made_by_us(const char *name)
{
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (strncmp(files[i].name, "work/", 5) == 0 && strcmp(files[i].name + 5, name) == 0) {
            return true;
        }
    }
    return false;
}

bool stage_work_changed(const struct stage *stage, const char *name)
{
    struct stat st;
    AUTO_CLOSE int dir = open(stage->work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool is_there = dir >= 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (!was_made_by_us(name)) {
        return is_there;
    }
    return !is_there || (S_ISREG(st.st_mode) && !is_as_made(dir, name));
}

bool stage_was_heard(const struct stage *stage, int listener)
{
    struct pollfd heard = {.fd = listener, .events = POLLIN};
    (void)stage;
    return poll(&heard, 1, 0) > 0;
}

/* With a writer a FIFO without data says "not now", without one it is at its end. */
bool stage_is_fifo_held(const struct stage *stage)
{
    char byte;
    return read(stage->fifo_fd, &byte, 1) < 0 && errno == EAGAIN;
}
