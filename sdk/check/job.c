/* SPDX-License-Identifier: Apache-2.0 */
#include "job.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/path.h"
#include "base/spawn.h"
#include "base/text.h"
#include "check.h"
#include "child.h"

#define NS_PER_SECOND  UINT64_C(1000000000)
#define MEMORY_BYTES   (UINT64_C(4) << 30)
#define FILE_BYTES     (UINT64_C(64) << 20)
#define FILES_MAX      256
#define OUTPUT_BYTES   (1u << 20) /* of each of stdout and stderr, before they are full */
#define TAIL_BYTES     600
#define VARIABLES_MAX  16
#define TRY_AGAIN_HINT "free some memory and disk space, and try again"

/* ---- limits, set in the child ---- */

struct limits {
    rlim_t cpu_s;
};

static int limit(unsigned resource, rlim_t value)
{
    const struct rlimit rlimit = {.rlim_cur = value, .rlim_max = value};
    return setrlimit(resource, &rlimit);
}

static int set_limits(const void *ctx, const struct spawn_scene *scene,
                      struct spawn_failure *failure)
{
    (void)scene;
    const struct limits *limits = ctx;
    int rc = limit(RLIMIT_CPU, limits->cpu_s);
    rc = rc == 0 ? limit(RLIMIT_FSIZE, FILE_BYTES) : rc;
    rc = rc == 0 ? limit(RLIMIT_NOFILE, FILES_MAX) : rc;
    rc = rc == 0 ? limit(RLIMIT_CORE, 0) : rc;
#ifndef BEACON_SANITIZED /* whose shadow memory is larger than any limit */
    rc = rc == 0 ? limit(RLIMIT_AS, MEMORY_BYTES) : rc;
#endif
    if (rc != 0) {
        failure->os_errno = errno;
        return -1;
    }
    return 0;
}

/* ---- starting ---- */

struct environment {
    char *variables[VARIABLES_MAX + 1];
    size_t n;
};

static void add_variable(struct environment *env, const char *name, const char *value)
{
    if (value != NULL && env->n < VARIABLES_MAX) {
        env->variables[env->n++] = alloc_printf("%s=%s", name, value);
    }
}

/* A small and known environment; how a sanitizer reports is for the person to say. */
static void fill_environment(struct environment *env, const char *folder)
{
    static const char *const passed[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS",
                                         "LSAN_OPTIONS"};
    memset(env, 0, sizeof *env);
    add_variable(env, "PATH", "/usr/bin:/bin");
    add_variable(env, "LC_ALL", "C");
    add_variable(env, "HOME", folder);
    add_variable(env, "CODE_HOME", folder);
    add_variable(env, "TMPDIR", folder);
    for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++) {
        add_variable(env, passed[i], getenv(passed[i]));
    }
}

static void finish_environment(struct environment *env)
{
    for (size_t i = 0; i < env->n; i++) {
        free(env->variables[i]);
    }
}

static char *make_folder(void)
{
    const char *where = getenv("TMPDIR");
    char *folder =
        path_join(where != NULL && where[0] == '/' ? where : "/tmp", "beacon-check.XXXXXX");
    if (mkdtemp(folder) == NULL) {
        free(folder);
        return NULL;
    }
    return folder;
}

static int prepare(struct job *job, int *ret_slate_fd, struct beacon_error *err)
{
    job->folder = make_folder();
    job->slate = job->folder != NULL ? slate_create(ret_slate_fd) : NULL;
    job->out_fd = memfd_create("stdout", MFD_CLOEXEC);
    job->err_fd = memfd_create("stderr", MFD_CLOEXEC);
    if (job->slate == NULL || job->out_fd < 0 || job->err_fd < 0) {
        return error_set_errno(err, BEACON_E_IO, errno, TRY_AGAIN_HINT,
                               "cannot prepare a process for %s: %s", job->check->id,
                               strerror(errno));
    }
    return BEACON_OK;
}

static int spawn(struct job *job, const char *const *argv, int slate_fd,
                 const struct limits *limits, struct beacon_error *err)
{
    struct environment env;
    struct spawn_child child;
    const struct spawn_fd slate = {.parent_fd = slate_fd, .child_fd = SLATE_FD};
    fill_environment(&env, job->folder);
    const struct spawn_request request = {
        .argv = argv,
        .env = (const char *const *)env.variables,
        .cwd = job->folder,
        .in_fd = -1,
        .out_fd = job->out_fd,
        .err_fd = job->err_fd,
        .fds = &slate,
        .n_fds = 1,
        .prepare = set_limits,
        .prepare_ctx = limits,
    };
    int rc = spawn_start(&request, &child, NULL, err);
    finish_environment(&env);
    if (rc == BEACON_OK) {
        job->child = child;
    }
    return rc;
}

static void release(struct job *job);

int job_start(struct job *job, const struct check *check, const char *component,
              const struct check_request *request, unsigned timeout_s, struct beacon_error *err)
{
    AUTO_FREE char *self = path_executable();
    AUTO_FREE char *seed = alloc_printf("%llu", (unsigned long long)request->seed);
    AUTO_CLOSE int slate_fd = -1;
    const char *const argv[] = {
        self,
        CHILD_OPTION,
        check->id,
        component != NULL ? component : "",
        request->path,
        seed,
        request->config != NULL ? request->config : "",
        request->transcripts != NULL ? request->transcripts : "",
        NULL,
    };
    const struct limits limits = {.cpu_s = (rlim_t)timeout_s + 1};
    *job = (struct job){.check = check, .child = {.pidfd = -1}, .out_fd = -1, .err_fd = -1};
    int rc = prepare(job, &slate_fd, err);
    if (rc == BEACON_OK) {
        rc = spawn(job, argv, slate_fd, &limits, err);
    }
    if (rc != BEACON_OK) {
        release(job);
        return rc;
    }
    job->began_ns = clock_mono_ns();
    job->deadline_ns = job->began_ns + timeout_s * NS_PER_SECOND;
    return BEACON_OK;
}

/* ---- the end ---- */

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    (void)remove(path);
    return 0;
}

static void close_fd(int fd)
{
    if (fd >= 0) {
        (void)close(fd);
    }
}

static void release(struct job *job)
{
    close_fd(job->child.pidfd);
    close_fd(job->out_fd);
    close_fd(job->err_fd);
    slate_destroy(job->slate);
    if (job->folder != NULL) {
        (void)nftw(job->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    }
    free(job->folder);
    *job = (struct job){.child = {.pidfd = -1}, .out_fd = -1, .err_fd = -1};
}

/* The last words on standard error, on one line. */
static void add_tail(struct text *out, int fd)
{
    char tail[TAIL_BYTES + 1];
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_size == 0) {
        return;
    }
    const off_t from = st.st_size > TAIL_BYTES ? st.st_size - TAIL_BYTES : 0;
    ssize_t n = pread(fd, tail, TAIL_BYTES, from);
    (void)text_add_string(out, n > 0 ? "; it said: " : "");
    for (ssize_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)tail[i];
        (void)text_add_char(out, (char)(c >= 0x20 && c < 0x7f ? c : ' '));
    }
}

static void describe_death(const struct job *job, int wait_status, bool is_late, struct text *out)
{
    if (is_late || (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGXCPU)) {
        (void)text_add_string(out, "the check did not come to an end in its time");
    } else if (WIFSIGNALED(wait_status)) {
        (void)text_addf(out, "the process was ended by signal %d (%s)", WTERMSIG(wait_status),
                        strsignal(WTERMSIG(wait_status)));
    } else {
        (void)text_addf(out, "the process exited by itself with status %d",
                        WEXITSTATUS(wait_status));
    }
    if (job->slate->slot[0] != '\0') {
        job->slate->slot[sizeof job->slate->slot - 1] = '\0';
        (void)text_addf(out, " inside %s()", job->slate->slot);
    }
    add_tail(out, job->err_fd);
}

static void take_death(const struct job *job, int wait_status, bool is_late, struct job_end *ret)
{
    struct text seen;
    text_init(&seen, SLATE_TEXT_BYTES + TAIL_BYTES);
    describe_death(job, wait_status, is_late, &seen);
    ret->status = CHECK_FAILED;
    ret->n_failures++;
    ret->seen = text_take(&seen);
    ret->expected = alloc_string("every call returns, and the plugin never ends the process");
    ret->remedy = alloc_printf("run only this check (--only %s) under a debugger or with "
                               "-fsanitize=address",
                               job->check->id);
}

static char *text_of(const char *from, size_t capacity)
{
    return alloc_string_n(from, strnlen(from, capacity));
}

void job_finish(struct job *job, struct job_end *ret)
{
    const uint64_t now = clock_mono_ns();
    siginfo_t info = {0};
    int wait_status = 0;
    (void)waitid(P_PID, (id_t)job->child.pid, &info, WEXITED | WNOHANG | WNOWAIT);
    const bool is_late = info.si_pid == 0;
    spawn_kill(&job->child); /* also what the plugin may have started */
    while (waitpid(job->child.pid, &wait_status, 0) < 0 && errno == EINTR) {
    }
    *ret = (struct job_end){.status = job->slate->status,
                            .n_failures = job->slate->n_failures,
                            .took_ns = now - job->began_ns};
    const bool is_dead = is_late || !WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0 ||
                         ret->status == CHECK_NOT_FINISHED;
    if (is_dead && ret->status != CHECK_FAILED) {
        take_death(job, wait_status, is_late, ret);
    } else {
        ret->seen = text_of(job->slate->seen, SLATE_TEXT_BYTES);
        ret->expected = text_of(job->slate->expected, SLATE_TEXT_BYTES);
        ret->remedy = text_of(job->slate->remedy, SLATE_TEXT_BYTES);
    }
    release(job);
}
