/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/reaper/reaper.h"
#include "base/text.h"
#include "sandbox/cover.h"

static bool exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

/* Begin a command that needs these names, which a NULL ends. */
static struct cover_set *cover(const char *first, const char *second)
{
    struct beacon_error err = {0};
    struct cover_set *set = cover_set_create();
    const char *const paths[] = {first, second};
    cover_set_begin(set);
    for (size_t i = 0; i < 2 && paths[i] != NULL; i++) {
        cover_set_expect(set, paths[i]);
    }
    for (size_t i = 0; i < 2 && paths[i] != NULL; i++) {
        int fd = -1;
        assert_ok(cover_set_add(set, paths[i], COVER_SOCKET, &fd, &err), &err);
        assert_true(fd >= 0);
    }
    return set;
}

static void cover_is_there_as_long_as_a_command_runs(void **state)
{
    const char *path = temp_path(state, ".vscode");
    struct cover_set *set = cover(path, NULL);
    assert_true(cover_is_one(path));
    cover_set_begin(set);
    assert_false(cover_set_end(set, NULL));
    assert_true(exists(path));
    assert_true(cover_set_end(set, NULL));
    assert_false(exists(path));
    cover_set_destroy(set);
}

static void files_appear_whole_and_go(void **state)
{
    struct beacon_error err = {0};
    int fd = -1;
    const char *link = temp_path(state, "commondir"), *config = temp_path(state, "config.worktree");
    struct cover_set *set = cover(temp_path(state, "hooks"), NULL);
    cover_set_expect(set, link);
    cover_set_expect(set, config);
    assert_ok(cover_set_add(set, link, COVER_COMMONDIR, &fd, &err), &err);
    assert_ok(cover_set_add(set, config, COVER_EMPTY_FILE, &fd, &err), &err);
    assert_string_equal(read_text(link), ".\n");
    assert_string_equal(read_text(config), "");
    assert_true(cover_is_one(link) && cover_is_one(config));
    cover_set_destroy(set);
    assert_false(exists(link) || exists(config));
}

/* Making a file is what covers cost most. */
static void sockets_in_a_directory_are_one_file_with_many_names(void **state)
{
    const char *first = temp_path(state, ".agents"), *second = temp_path(state, ".vscode");
    struct cover_set *set = cover(first, second);
    struct stat st = {0}, other = {0};
    assert_return_code(lstat(first, &st), errno);
    assert_return_code(lstat(second, &other), errno);
    assert_true(st.st_ino == other.st_ino && st.st_nlink == 2);
    cover_set_destroy(set);
    assert_false(exists(first) || exists(second));
}

static void twin_that_was_exchanged_makes_no_cover(void **state)
{
    struct beacon_error err = {0};
    int fd = -1;
    const char *first = temp_path(state, ".agents"), *second = temp_path(state, ".vscode");
    struct cover_set *set = cover(first, NULL);
    assert_return_code(unlink(first), errno);
    write_text(first, "mine");
    cover_set_expect(set, second);
    assert_ok(cover_set_add(set, second, COVER_SOCKET, &fd, &err), &err);
    assert_true(fd >= 0 && cover_is_one(second));
    cover_set_destroy(set);
    assert_false(exists(second));
    assert_string_equal(read_text(first), "mine");
}

static void two_sessions_share_a_cover_and_the_last_one_removes_it(void **state)
{
    const char *path = temp_path(state, ".agents");
    struct cover_set *first = cover(path, NULL), *second = cover(path, NULL);
    cover_set_destroy(first);
    assert_true(exists(path));
    cover_set_destroy(second);
    assert_false(exists(path));
}

static void make_forgotten(const char *path)
{
    assert_int_equal(mknod(path, S_IFSOCK | REAPER_COVER_MARK, 0), 0);
}

static void forgotten_cover_is_taken_over_and_removed(void **state)
{
    const char *path = temp_path(state, ".agents");
    make_forgotten(path);
    struct cover_set *set = cover(path, NULL);
    cover_set_destroy(set);
    assert_false(exists(path));
}

/* A session that left first could not remove it, and the other one had no need for it. */
static void last_session_removes_what_others_left(void **state)
{
    struct cover_set *first = cover(temp_path(state, ".git"), NULL),
                     *second = cover(temp_path(state, ".code"), NULL);
    cover_set_destroy(first);
    cover_set_destroy(second);
    assert_false(exists(temp_path(state, ".git")));
    assert_false(exists(temp_path(state, ".code")));
}

static void what_a_person_made_is_neither_taken_nor_removed(void **state)
{
    struct beacon_error err = {0};
    int fd = -1;
    const char *path = temp_path(state, ".vscode");
    struct cover_set *set = cover(temp_path(state, "other"), NULL);
    assert_int_equal(mkdir(path, 0755), 0);
    cover_set_expect(set, path);
    assert_refused(cover_set_add(set, path, COVER_SOCKET, &fd, &err), BEACON_E_BUSY, &err);
    cover_set_destroy(set);
    assert_true(exists(path));
}

static void symlink_at_the_name_is_not_followed(void **state)
{
    struct beacon_error err = {0};
    int fd = -1;
    const char *path = temp_path(state, ".vscode"), *to = temp_path(state, "to");
    struct cover_set *set = cover(temp_path(state, "other"), NULL);
    make_forgotten(to);
    assert_int_equal(symlink("to", path), 0);
    cover_set_expect(set, path);
    assert_refused(cover_set_add(set, path, COVER_SOCKET, &fd, &err), BEACON_E_BUSY, &err);
    cover_set_destroy(set);
    assert_true(exists(path) && exists(to));
}

static void name_somebody_took_meanwhile_is_told_and_left(void **state)
{
    const char *path = temp_path(state, ".envrc");
    AUTO_TEXT struct text diagnosis;
    text_init(&diagnosis, 4096);
    struct cover_set *set = cover(path, NULL);
    assert_int_equal(unlink(path), 0);
    write_text(path, "theirs\n");
    assert_true(cover_set_end(set, &diagnosis));
    assert_string_equal(read_text(path), "theirs\n");
    assert_non_null(strstr(text_string(&diagnosis), path));
    cover_set_destroy(set);
}

static void cover_that_was_taken_away_is_made_again(void **state)
{
    struct beacon_error err = {0};
    int fd = -1;
    const char *path = temp_path(state, ".code");
    struct cover_set *set = cover(path, NULL);
    assert_int_equal(unlink(path), 0);
    assert_ok(cover_set_add(set, path, COVER_SOCKET, &fd, &err), &err);
    assert_true(exists(path));
    cover_set_destroy(set);
    assert_false(exists(path));
}

static void directory_that_is_gone_needs_no_cover(void **state)
{
    struct beacon_error err = {0};
    int fd = 7;
    const char *path = temp_path(state, "gone/.code");
    struct cover_set *set = cover(temp_path(state, "other"), NULL);
    cover_set_expect(set, path);
    assert_ok(cover_set_add(set, path, COVER_SOCKET, &fd, &err), &err);
    assert_int_equal(fd, -1);
    cover_set_destroy(set);
}

/* A command of another backend could hold a lock for ever. */
static void lock_of_somebody_else_is_not_waited_for(void **state)
{
    struct beacon_error err = {0};
    int fd = -1;
    const char *path = temp_path(state, "w/.code");
    assert_int_equal(mkdir(temp_path(state, "w"), 0755), 0);
    int held = open(temp_path(state, "w"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(held, LOCK_EX), 0);
    struct cover_set *set = cover(temp_path(state, "other"), NULL);
    cover_set_expect(set, path);
    assert_refused(cover_set_add(set, path, COVER_SOCKET, &fd, &err), BEACON_E_REFUSED, &err);
    cover_set_destroy(set);
    (void)close(held);
}

static void cover_is_no_trouble_for_who_reads_it(void **state)
{
    const char *path = temp_path(state, ".envrc");
    struct cover_set *set = cover(path, NULL);
    assert_int_equal(open(path, O_RDONLY | O_CLOEXEC), -1); /* at once */
    assert_true(errno == ENXIO || errno == EACCES);         /* the latter for who is not root */
    cover_set_destroy(set);
}

/* Processes that come and go at the same name: whoever is inside must have it, and nothing stays. */
static void come_and_go(const char *path, int rounds)
{
    struct beacon_error err = {0};
    struct cover_set *set = cover_set_create();
    cover_set_expect(set, path);
    for (int i = 0; i < rounds; i++) {
        int fd = -1;
        struct stat at, held;
        cover_set_begin(set);
        int rc = cover_set_add(set, path, COVER_SOCKET, &fd, &err);
        bool has_it = rc == BEACON_OK && fd >= 0 && lstat(path, &at) == 0 &&
                      fstat(fd, &held) == 0 && at.st_ino == held.st_ino;
        if (!has_it) {
            (void)fprintf(stderr, "round %d: %d %s\n", i, rc, err.message);
            _exit(1);
        }
        (void)cover_set_end(set, NULL);
    }
    cover_set_destroy(set);
    _exit(0);
}

static void processes_never_pull_it_from_under_one_another(void **state)
{
    const char *path = temp_path(state, ".code");
    pid_t pids[4];
    for (size_t i = 0; i < 4; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0) {
            come_and_go(path, 300);
        }
    }
    for (size_t i = 0; i < 4; i++) {
        int status = 0;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_false(exists(path));
}

/* Reap every process that was orphaned to this one, until there is none. */
static void reap_all(void)
{
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {
    }
}

static void guardian_removes_what_a_killed_host_left(void **state)
{
    const char *first = temp_path(state, ".code"), *second = temp_path(state, "commondir");
    int ready[2];
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t host = fork();
    assert_true(host >= 0);
    if (host == 0) {
        struct beacon_error err = {0};
        int fd = -1;
        struct cover_set *set = cover(first, NULL);
        cover_set_expect(set, second);
        if (cover_set_add(set, second, COVER_COMMONDIR, &fd, &err) != BEACON_OK ||
            write(ready[1], "x", 1) != 1) {
            _exit(1);
        }
        for (;;) { /* until it is killed */
            (void)pause();
        }
    }
    char byte = 0;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_true(exists(first) && exists(second));
    assert_int_equal(kill(host, SIGKILL), 0);
    reap_all(); /* the host, then the guardian, which is an orphan of ours now */
    assert_false(exists(first));
    assert_false(exists(second));
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void guardian_leaves_what_another_session_holds(void **state)
{
    const char *path = temp_path(state, ".code");
    int ready[2];
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t host = fork();
    assert_true(host >= 0);
    if (host == 0) {
        (void)cover(path, NULL);
        while (write(ready[1], "x", 1) == 1) {
            (void)pause();
        }
        _exit(1);
    }
    char byte = 0;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    int held = open(temp_dir(state), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(held, LOCK_SH), 0);
    assert_int_equal(kill(host, SIGKILL), 0);
    reap_all();
    assert_true(exists(path));
    (void)close(held);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void guardian_ends_with_its_session(void **state)
{
    struct cover_set *set = cover(temp_path(state, ".code"), temp_path(state, ".codex"));
    cover_set_destroy(set);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(cover_is_there_as_long_as_a_command_runs),
        in_temp_dir(files_appear_whole_and_go),
        in_temp_dir(sockets_in_a_directory_are_one_file_with_many_names),
        in_temp_dir(twin_that_was_exchanged_makes_no_cover),
        in_temp_dir(two_sessions_share_a_cover_and_the_last_one_removes_it),
        in_temp_dir(forgotten_cover_is_taken_over_and_removed),
        in_temp_dir(last_session_removes_what_others_left),
        in_temp_dir(cover_is_no_trouble_for_who_reads_it),
        in_temp_dir(what_a_person_made_is_neither_taken_nor_removed),
        in_temp_dir(symlink_at_the_name_is_not_followed),
        in_temp_dir(name_somebody_took_meanwhile_is_told_and_left),
        in_temp_dir(cover_that_was_taken_away_is_made_again),
        in_temp_dir(directory_that_is_gone_needs_no_cover),
        in_temp_dir(lock_of_somebody_else_is_not_waited_for),
        in_temp_dir(processes_never_pull_it_from_under_one_another),
        in_temp_dir(guardian_removes_what_a_killed_host_left),
        in_temp_dir(guardian_leaves_what_another_session_holds),
        in_temp_dir(guardian_ends_with_its_session),
    };
    return cmocka_run_group_tests_name("sandbox/cover", tests, NULL, NULL);
}
