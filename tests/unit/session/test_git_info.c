/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "session/git_info.h"

#define HASH_1 "0123456789abcdef0123456789abcdef01234567"
#define HASH_2 "89abcdef0123456789abcdef0123456789abcdef"

static void make(void **state, const char *folder)
{
    struct beacon_error err = {0};
    assert_ok(io_make_directories(temp_path(state, folder), 0700, &err), &err);
}

static void put(void **state, const char *name, const char *text)
{
    write_text(temp_path(state, name), text);
}

static struct git_info read_here(void **state, const char *folder)
{
    struct git_info info = {0};
    assert_true(git_info_read(temp_path(state, folder), &info));
    return info;
}

static void a_loose_branch_is_read(void **state)
{
    make(state, "r/.git/refs/heads/f");
    make(state, "r/sub");
    put(state, "r/.git/HEAD", "ref: refs/heads/f/one\n");
    put(state, "r/.git/refs/heads/f/one", HASH_1 "\n");
    put(state, "r/.git/config",
        "[core]\n\turl = no\n[remote \"origin\"]\n\tfetch = x\n\turl = git@host:a/b.git\n");
    struct git_info info = read_here(state, "r/sub");
    assert_string_equal(info.commit_hash, HASH_1);
    assert_string_equal(info.branch, "f/one");
    assert_string_equal(info.repository_url, "git@host:a/b.git");
    git_info_finish(&info);
}

static void a_packed_branch_is_read(void **state)
{
    make(state, ".git");
    put(state, ".git/HEAD", "ref: refs/heads/main\n");
    put(state, ".git/packed-refs",
        "# pack-refs with: peeled\n" HASH_2 " refs/heads/main2\n" HASH_1
        " refs/heads/main\n^" HASH_2 "\n");
    struct git_info info = read_here(state, ".");
    assert_string_equal(info.commit_hash, HASH_1);
    assert_null(info.repository_url);
    git_info_finish(&info);
}

static void a_detached_head_has_no_branch(void **state)
{
    make(state, ".git");
    put(state, ".git/HEAD", HASH_2 "\n");
    struct git_info info = read_here(state, ".");
    assert_string_equal(info.commit_hash, HASH_2);
    assert_null(info.branch);
    git_info_finish(&info);
}

static void a_branch_without_a_commit_has_no_hash(void **state)
{
    make(state, ".git");
    put(state, ".git/HEAD", "ref: refs/heads/new\n");
    struct git_info info = read_here(state, ".");
    assert_null(info.commit_hash);
    assert_string_equal(info.branch, "new");
    git_info_finish(&info);
}

static void a_worktree_shares_refs_and_remote(void **state)
{
    make(state, "main/.git/worktrees/w");
    make(state, "main/.git/refs/heads");
    make(state, "w");
    put(state, "w/.git", "gitdir: ../main/.git/worktrees/w\n");
    put(state, "main/.git/worktrees/w/HEAD", "ref: refs/heads/topic\n");
    put(state, "main/.git/worktrees/w/commondir", "../..\n");
    put(state, "main/.git/refs/heads/topic", HASH_1 "\n");
    put(state, "main/.git/config", "[remote \"origin\"]\nurl=\"https://host/x\"\n");
    struct git_info info = read_here(state, "w");
    assert_string_equal(info.commit_hash, HASH_1);
    assert_string_equal(info.branch, "topic");
    assert_string_equal(info.repository_url, "https://host/x");
    git_info_finish(&info);
}

static void credentials_in_the_remote_are_not_kept(void **state)
{
    make(state, ".git");
    put(state, ".git/HEAD", HASH_1 "\n");
    put(state, ".git/config",
        "[remote \"origin\"]\n\turl = https://me:ghp_x@y@host:8443/a/b.git\n");
    struct git_info info = read_here(state, ".");
    assert_string_equal(info.repository_url, "https://host:8443/a/b.git");
    git_info_finish(&info);
}

static void odd_content_leaves_fields_empty(void **state)
{
    const char *const heads[] = {"", "ref: ../../../etc/passwd", "ref: refs/../../x", "garbage",
                                 "ref: refs/heads/\xff"};
    make(state, ".git/refs/heads");
    put(state, ".git/refs/heads/loop", "ref: refs/heads/loop\n");
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        put(state, ".git/HEAD", heads[i]);
        struct git_info info = read_here(state, ".");
        assert_null(info.commit_hash);
        assert_null(info.branch);
        git_info_finish(&info);
    }
    put(state, ".git/HEAD", "ref: refs/heads/loop\n");
    struct git_info info = read_here(state, ".");
    assert_null(info.commit_hash);
    git_info_finish(&info);
}

static void a_dangling_gitdir_is_no_repository_or_an_empty_one(void **state)
{
    struct git_info info = {0};
    make(state, "w");
    put(state, "w/.git", "gitdir: /nowhere/at/all\n");
    assert_true(git_info_read(temp_path(state, "w"), &info));
    assert_null(info.commit_hash);
    git_info_finish(&info);
    put(state, "w/.git", "something else\n");
    assert_false(git_info_read(temp_path(state, "w"), &info));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_loose_branch_is_read),
        in_temp_dir(a_packed_branch_is_read),
        in_temp_dir(a_detached_head_has_no_branch),
        in_temp_dir(a_branch_without_a_commit_has_no_hash),
        in_temp_dir(a_worktree_shares_refs_and_remote),
        in_temp_dir(credentials_in_the_remote_are_not_kept),
        in_temp_dir(odd_content_leaves_fields_empty),
        in_temp_dir(a_dangling_gitdir_is_no_repository_or_an_empty_one),
    };
    return cmocka_run_group_tests_name("session/git_info", tests, NULL, NULL);
}
