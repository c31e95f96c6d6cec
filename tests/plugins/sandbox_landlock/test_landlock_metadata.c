/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of metadata, made by the supervisor in the place of a command. */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#include "filter.h"
#include "mediated.h"

#define CALL_FCHMODAT2  452
#define CALL_SETXATTRAT 463
#define SOMEBODY        65534u
#define ROUNDS          4000 /* enough to see an answer that looks twice */
#define PROCESSES       8
#define CALLS_EACH      25

static const struct timespec times[2] = {{.tv_sec = 1000000}, {.tv_sec = 2000000, .tv_nsec = 5}};

static int do_chmod(const char *path)
{
    return chmod(path, 0751);
}

static int do_fchmodat(const char *path)
{
    return (int)syscall(SYS_fchmodat, AT_FDCWD, path, 0751);
}

static int do_fchmodat2(const char *path)
{
    return (int)syscall(CALL_FCHMODAT2, AT_FDCWD, path, 0751, 0);
}

static int do_chown(const char *path)
{
    return chown(path, getuid(), getgid());
}

static int do_lchown(const char *path)
{
    return lchown(path, getuid(), getgid());
}

static int do_fchownat(const char *path)
{
    return fchownat(AT_FDCWD, path, getuid(), getgid(), 0);
}

static int do_utimensat(const char *path)
{
    return utimensat(AT_FDCWD, path, times, 0);
}

static int do_touch(const char *path)
{
    return utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW);
}

#ifdef SYS_utime
static int do_utime(const char *path)
{
    const struct utimbuf old = {.actime = 1, .modtime = 2};
    return (int)syscall(SYS_utime, path, &old);
}

static int do_utimes(const char *path)
{
    const struct timeval old[2] = {{.tv_sec = 1}, {.tv_sec = 2}};
    return (int)syscall(SYS_utimes, path, old);
}

static int do_futimesat(const char *path)
{
    return (int)syscall(SYS_futimesat, AT_FDCWD, path, NULL);
}
#endif

static int do_setxattr(const char *path)
{
    return setxattr(path, "user.beacon", "value", 5, 0);
}

static int do_lsetxattr(const char *path)
{
    return lsetxattr(path, "user.beacon", "value", 5, 0);
}

static int do_removexattr(const char *path)
{
    return removexattr(path, "user.beacon");
}

static int do_lremovexattr(const char *path)
{
    return lremovexattr(path, "user.old");
}

static int keep_errno(int fd, int rc)
{
    int os_errno = errno;
    (void)close(fd);
    errno = os_errno;
    return rc;
}

static int do_fchmod(const char *path)
{
    int fd = open(path, O_RDONLY);
    return keep_errno(fd, fchmod(fd, 0751));
}

static int do_fchown(const char *path)
{
    int fd = open(path, O_RDONLY);
    return keep_errno(fd, fchown(fd, getuid(), getgid()));
}

static int do_futimens(const char *path)
{
    int fd = open(path, O_RDONLY);
    return keep_errno(fd, futimens(fd, times));
}

static int do_fsetxattr(const char *path)
{
    int fd = open(path, O_RDONLY);
    return keep_errno(fd, fsetxattr(fd, "user.beacon", "value", 5, 0));
}

static int do_fremovexattr(const char *path)
{
    int fd = open(path, O_RDONLY);
    return keep_errno(fd, fremovexattr(fd, "user.beacon"));
}

static int do_chown_empty(const char *path)
{
    int fd = open(path, O_PATH);
    return keep_errno(fd, fchownat(fd, "", getuid(), getgid(), AT_EMPTY_PATH));
}

/* How the C library changes a link's mode. */
static int do_chmod_by_link(const char *path)
{
    char link[64];
    int fd = open(path, O_PATH);
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return keep_errno(fd, chmod(link, 0751));
}

static int do_chmod_by_root(const char *path)
{
    char link[4096];
    (void)snprintf(link, sizeof link, "/proc/self/root%s", path);
    return chmod(link, 0751);
}

static int do_chmod_by_folder(const char *path)
{
    char folder[4096];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *name = strrchr(folder, '/');
    *name = '\0';
    int fd = open(folder, O_RDONLY | O_DIRECTORY);
    return keep_errno(fd, fchmodat(fd, name + 1, 0751, 0));
}

/* In an order in which an attribute is there when it is taken away. */
static const struct {
    const char *name;
    int (*make)(const char *path);
} changes[] = {
    {"chmod", do_chmod},
    {"fchmodat", do_fchmodat},
    {"fchmodat2", do_fchmodat2},
    {"chown", do_chown},
    {"lchown", do_lchown},
    {"fchownat", do_fchownat},
    {"utimensat", do_utimensat},
    {"touch", do_touch},
#ifdef SYS_utime
    {"utime", do_utime},
    {"utimes", do_utimes},
    {"futimesat", do_futimesat},
#endif
    {"setxattr", do_setxattr},
    {"removexattr", do_removexattr},
    {"lsetxattr", do_lsetxattr},
    {"lremovexattr", do_lremovexattr},
    {"fchmod", do_fchmod},
    {"fchown", do_fchown},
    {"futimens", do_futimens},
    {"fremovexattr", do_fremovexattr},
    {"fsetxattr", do_fsetxattr},
    {"fchownat of nothing", do_chown_empty},
    {"chmod through /proc/self/fd", do_chmod_by_link},
    {"chmod through /proc/self/root", do_chmod_by_root},
    {"chmod in a folder", do_chmod_by_folder},
};

#define CHANGES (int)(sizeof changes / sizeof changes[0])

/* 0 when each gives `expected`; else the number of the first that does not, from 1. */
static int try_changes(const char *path, int expected)
{
    for (int i = 0; i < CHANGES; i++) {
        errno = 0;
        int rc = changes[i].make(path);
        if ((rc == 0 ? 0 : errno) != expected) {
            (void)fprintf(stderr, "%s of %s: %s\n", changes[i].name, path,
                          rc == 0 ? "possible" : strerror(errno));
            return i + 1;
        }
    }
    return 0;
}

static int change_file(const void *stage)
{
    return try_changes(((const struct stage *)stage)->file, 0);
}

static void every_change_works_beneath_a_writable_root(void **state)
{
    struct stage stage = stage_make(state);
    if (setxattr(stage.file, "user.old", "1", 1, 0) != 0) {
        skip(); /* no such attributes on this file system */
    }
    assert_int_equal(mediated(&stage, OFFLINE, change_file), 0);
    struct stat st;
    assert_int_equal(stat(stage.file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0751);
    assert_int_equal(st.st_mtim.tv_sec, 2000000);
    assert_int_equal(st.st_mtim.tv_nsec, 5);
    char value[8] = "";
    assert_int_equal(getxattr(stage.file, "user.beacon", value, sizeof value), 5);
    assert_string_equal(value, "value");
    assert_int_equal(getxattr(stage.file, "user.old", NULL, 0), -1);
}

static int change_secret(const void *stage)
{
    return try_changes(((const struct stage *)stage)->secret, EPERM);
}

static void no_change_works_outside(void **state)
{
    struct stage stage = stage_make(state);
    const char *before = metadata_of(state, stage.secret);
    assert_int_equal(mediated(&stage, OFFLINE, change_secret), 0);
    assert_string_equal(metadata_of(state, stage.secret), before);
}

static int change_kept(const void *unused)
{
    (void)unused;
    char path[4096];
    (void)!realpath("kept/config", path);
    return try_changes(path, EPERM);
}

static void no_change_works_on_protected_names(void **state)
{
    struct stage stage = stage_make(state);
    const char *config = temp_path(state, "work/kept/config");
    const char *before = metadata_of(state, config);
    assert_int_equal(mediated(&stage, OFFLINE, change_kept), 0);
    assert_string_equal(metadata_of(state, config), before);
}

static int errno_of_chmod(const char *path)
{
    return chmod(path, 0777) == 0 ? 0 : errno;
}

/* Ways to name something outside in words of the inside. */
static int change_by_detours(const void *unused)
{
    static const char *const detours[] = {
        "../outside/secret",
        "link",
        "folder/secret",
        "/proc/self/cwd/../outside/secret",
        "/proc/thread-self/cwd/../outside/secret",
        "./link",
    };
    (void)unused;
    if (symlink("../outside/secret", "link") != 0 || symlink("../outside", "folder") != 0) {
        return 100;
    }
    for (int i = 0; i < (int)(sizeof detours / sizeof detours[0]); i++) {
        if (errno_of_chmod(detours[i]) != EPERM) {
            return i + 1;
        }
    }
    return 0;
}

static void detours_lead_nowhere(void **state)
{
    struct stage stage = stage_make(state);
    const char *before = metadata_of(state, stage.secret);
    assert_int_equal(mediated(&stage, OFFLINE, change_by_detours), 0);
    assert_string_equal(metadata_of(state, stage.secret), before);
}

static int change_a_link(const void *unused)
{
    struct stat st;
    (void)unused;
    if (symlink("../outside/secret", "link") != 0 || lchown("link", getuid(), getgid()) != 0 ||
        utimensat(AT_FDCWD, "link", times, AT_SYMLINK_NOFOLLOW) != 0) {
        return 1;
    }
    return lstat("link", &st) == 0 && st.st_mtim.tv_sec == 2000000 ? 0 : 2;
}

static void links_themselves_can_be_changed(void **state)
{
    struct stage stage = stage_make(state);
    const char *before = metadata_of(state, stage.secret);
    assert_int_equal(mediated(&stage, OFFLINE, change_a_link), 0);
    assert_string_equal(metadata_of(state, stage.secret), before);
}

static int change_what_has_no_path(const void *unused)
{
    int pipe_ends[2];
    (void)unused;
    int memory = memfd_create("memory", 0);
    return pipe(pipe_ends) == 0 && fchmod(pipe_ends[0], 0600) == 0 && fchmod(memory, 0600) == 0 &&
                   futimens(memory, times) == 0
               ? 0
               : 1;
}

static void pipes_and_memory_can_be_changed(void **state)
{
    struct stage stage = stage_make(state);
    assert_int_equal(mediated(&stage, OFFLINE, change_what_has_no_path), 0);
}

static bool is_refused(long rc, int with)
{
    return rc == -1 && errno == with;
}

static int pass_nonsense(const void *unused)
{
    static char huge[10000];
    (void)unused;
    memset(huge, 'a', sizeof huge - 1);
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)munmap(page + 4096, 4096);
    memset(page, 'a', 4096); /* a string that runs into nothing */
    bool is_right = is_refused(syscall(SYS_fchmodat, AT_FDCWD, NULL, 0), EFAULT) &&
                    is_refused(chmod((const char *)8, 0), EFAULT) &&
                    is_refused(syscall(SYS_fchmodat, AT_FDCWD, ~0ul, 0), EFAULT) &&
                    is_refused(syscall(SYS_fchmodat, AT_FDCWD, 1ul << 63, 0), EFAULT) &&
                    is_refused(chmod(page + 4090, 0), EFAULT) &&
                    is_refused(chmod(huge, 0), ENAMETOOLONG) && is_refused(chmod("", 0), ENOENT) &&
                    is_refused(chmod("missing", 0), ENOENT) &&
                    is_refused(chmod("file/x", 0), ENOTDIR) && is_refused(fchmod(-1, 0), EBADF) &&
                    is_refused(fchmod(1000, 0), EBADF);
    is_right = is_right && is_refused(syscall(SYS_fchmodat, 1000, "file", 0), EBADF) &&
               is_refused(syscall(CALL_FCHMODAT2, AT_FDCWD, "file", 0, 1 << 30), EINVAL) &&
               is_refused(syscall(SYS_utimensat, AT_FDCWD, "file", 8, 0), EFAULT) &&
               is_refused(syscall(SYS_utimensat, AT_FDCWD, NULL, NULL, 0), EFAULT) &&
               is_refused(setxattr("file", huge, "", 0, 0), ERANGE) &&
               is_refused(syscall(SYS_setxattr, "file", "user.a", huge, 100000, 0), E2BIG) &&
               is_refused(syscall(SYS_setxattr, "file", "user.a", 8, 10, 0), EFAULT) &&
               is_refused(syscall(CALL_SETXATTRAT, AT_FDCWD, "file", 0, "user.a", NULL, 0), ENOSYS);
    return is_right ? 0 : 1;
}

static void nonsense_is_refused_as_by_the_kernel(void **state)
{
    struct stage stage = stage_make(state);
    const char *before = metadata_of(state, stage.file);
    assert_int_equal(mediated(&stage, OFFLINE, pass_nonsense), 0);
    assert_string_equal(metadata_of(state, stage.file), before);
}

static _Atomic bool is_over;

/* The link says now the one, now the other. */
static void *swap_links(void *unused)
{
    (void)unused;
    while (!is_over) {
        (void)rename("to-file", "swapped");
        (void)!symlink("file", "to-file");
        (void)rename("to-secret", "swapped");
        (void)!symlink("../outside/secret", "to-secret");
    }
    return NULL;
}

static int chmod_while_links_swap(const void *unused)
{
    pthread_t thread;
    int n_changed = 0;
    (void)unused;
    if (symlink("file", "to-file") != 0 || symlink("../outside/secret", "to-secret") != 0 ||
        symlink("file", "swapped") != 0 || pthread_create(&thread, NULL, swap_links, NULL) != 0) {
        return 100;
    }
    for (int i = 0; i < ROUNDS || n_changed == 0; i++) {
        n_changed += chmod("swapped", 0777) == 0 ? 1 : 0;
    }
    is_over = true;
    (void)pthread_join(thread, NULL);
    return 0;
}

static void swapped_link_changes_nothing_outside(void **state)
{
    struct stage stage = stage_make(state);
    const char *before = metadata_of(state, stage.secret);
    assert_int_equal(mediated(&stage, OFFLINE, chmod_while_links_swap), 0);
    assert_string_equal(metadata_of(state, stage.secret), before);
}

static char words[64];

static void *swap_words(void *unused)
{
    (void)unused;
    while (!is_over) {
        memcpy(words, "./////////./file", 17);
        memcpy(words, "../outside/secret", 18);
    }
    return NULL;
}

static int chmod_while_words_swap(const void *unused)
{
    pthread_t thread;
    (void)unused;
    if (pthread_create(&thread, NULL, swap_words, NULL) != 0) {
        return 100;
    }
    for (int i = 0; i < ROUNDS; i++) {
        (void)chmod(words, 0777);
    }
    is_over = true;
    (void)pthread_join(thread, NULL);
    return 0;
}

static void path_rewritten_meanwhile_changes_nothing_outside(void **state)
{
    struct stage stage = stage_make(state);
    const char *before = metadata_of(state, stage.secret);
    assert_int_equal(mediated(&stage, OFFLINE, chmod_while_words_swap), 0);
    assert_string_equal(metadata_of(state, stage.secret), before);
}

static int chmod_often(void)
{
    for (int i = 0; i < CALLS_EACH; i++) {
        if (chmod("file", 0600) != 0 || chmod("../outside/secret", 0777) == 0) {
            return 1;
        }
    }
    return 0;
}

static int chmod_in_many_processes(const void *unused)
{
    int status = 0, worst = 0;
    (void)unused;
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            _exit(chmod_often());
        }
    }
    while (wait(&status) > 0) {
        worst |= status;
    }
    return worst == 0 ? 0 : 1;
}

static void many_processes_are_told_apart(void **state)
{
    struct stage stage = stage_make(state);
    const char *before = metadata_of(state, stage.secret);
    assert_int_equal(mediated(&stage, OFFLINE, chmod_in_many_processes), 0);
    assert_string_equal(metadata_of(state, stage.secret), before);
}

static int become_somebody(const void *unused)
{
    (void)unused;
    if (chown("file", 0, 0) != 0 || setgroups(0, NULL) != 0 ||
        setresgid(SOMEBODY, SOMEBODY, SOMEBODY) != 0 ||
        setresuid(SOMEBODY, SOMEBODY, SOMEBODY) != 0) {
        return 100;
    }
    bool is_right = is_refused(chmod("file", 0777), EPERM) &&
                    is_refused(chown("file", SOMEBODY, SOMEBODY), EPERM) &&
                    is_refused(chown("theirs", 0, 0), EPERM) && chmod("theirs", 0640) == 0;
    return is_right ? 0 : 1;
}

static void caller_has_no_more_rights_than_its_own(void **state)
{
    struct stage stage = stage_make(state);
    struct stat st;
    if (geteuid() != 0) {
        skip();
    }
    write_text(temp_path(state, "work/theirs"), "");
    assert_int_equal(chown(temp_path(state, "work/theirs"), SOMEBODY, SOMEBODY), 0);
    assert_int_equal(chmod(temp_dir(state), 0755), 0);
    assert_int_equal(mediated(&stage, OFFLINE, become_somebody), 0);
    assert_int_equal(stat(temp_path(state, "work/theirs"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(geteuid(), 0);
}

static int give_up_capabilities(const void *unused)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[2] = {{0}, {0}};
    (void)unused;
    if (syscall(SYS_capset, &header, none) != 0) {
        return 100;
    }
    bool is_right = is_refused(chown("file", SOMEBODY, SOMEBODY), EPERM) &&
                    is_refused(setxattr("file", "trusted.a", "1", 1, 0), EPERM) &&
                    chmod("file", 0640) == 0;
    return is_right ? 0 : 1;
}

static void capabilities_given_up_stay_given_up(void **state)
{
    struct stage stage = stage_make(state);
    if (geteuid() != 0) {
        skip();
    }
    assert_int_equal(mediated(&stage, OFFLINE, give_up_capabilities), 0);
}

static int change_in_a_root_of_its_own(const void *stage)
{
    const char *work = ((const struct stage *)stage)->work;
    if (mkdir("tree", 0755) != 0 || mkdir("tree/a", 0755) != 0 || symlink("/a", "tree/link") != 0 ||
        symlink(work, "tree/out") != 0 || chroot("tree") != 0 || chdir("/a") != 0) {
        return 100;
    }
    bool is_right = chmod("/a", 0700) == 0 && chmod("../link", 0711) == 0 &&
                    chmod("/link", 0711) == 0 && chmod("../../../a", 0751) == 0 &&
                    is_refused(chmod("../out", 0777), ENOENT) &&
                    is_refused(chmod("/out", 0777), ENOENT);
    return is_right ? 0 : 1;
}

static void paths_are_those_of_the_callers_root(void **state)
{
    struct stage stage = stage_make(state);
    struct stat st;
    if (geteuid() != 0) {
        skip();
    }
    assert_int_equal(mediated(&stage, OFFLINE, change_in_a_root_of_its_own), 0);
    assert_int_equal(stat(temp_path(state, "work/tree/a"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0751);
    assert_int_equal(stat(stage.work, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(every_change_works_beneath_a_writable_root),
        in_temp_dir(no_change_works_outside),
        in_temp_dir(no_change_works_on_protected_names),
        in_temp_dir(detours_lead_nowhere),
        in_temp_dir(links_themselves_can_be_changed),
        in_temp_dir(pipes_and_memory_can_be_changed),
        in_temp_dir(nonsense_is_refused_as_by_the_kernel),
        in_temp_dir(swapped_link_changes_nothing_outside),
        in_temp_dir(path_rewritten_meanwhile_changes_nothing_outside),
        in_temp_dir(many_processes_are_told_apart),
        in_temp_dir(caller_has_no_more_rights_than_its_own),
        in_temp_dir(capabilities_given_up_stay_given_up),
        in_temp_dir(paths_are_those_of_the_callers_root),
    };
    return cmocka_run_group_tests_name("sandbox_landlock/metadata", tests, NULL, NULL);
}
