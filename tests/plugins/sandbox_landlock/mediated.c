/* SPDX-License-Identifier: Apache-2.0 */
#include "mediated.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "filter.h"
#include "guard.h"
#include "mediate.h"
#include "sandbox/supervisor.h"
#include "support/beacon_test.h"
#include "unit/sandbox/asking.h"

#define RULES 3

static struct stage *current; /* of the child that is about to start */
static int (*current_body)(const void *stage);

struct stage stage_make(void **state)
{
    struct stage stage = {.work = temp_path(state, "work"),
                          .outside = temp_path(state, "outside"),
                          .file = temp_path(state, "work/file"),
                          .secret = temp_path(state, "outside/secret"),
                          .kept = temp_path(state, "work/kept"),
                          .socket = temp_path(state, "outside/allowed")};
    assert_int_equal(mkdir(stage.work, 0755), 0);
    assert_int_equal(mkdir(stage.outside, 0755), 0);
    assert_int_equal(mkdir(stage.kept, 0755), 0);
    write_text(stage.file, "file");
    write_text(stage.secret, "secret");
    write_text(temp_path(state, "work/kept/config"), "config");
    return stage;
}

static struct guard *make_guard(const struct stage *stage)
{
    const struct beacon_path_rule rules[RULES] = {
        {.access = BEACON_PATH_READ | BEACON_PATH_EXEC, .path = {"/", 1}, .fd = -1},
        {.access = BEACON_PATH_READ | BEACON_PATH_WRITE,
         .path = {stage->work, strlen(stage->work)},
         .fd = -1},
        {.access = BEACON_PATH_DENY | BEACON_PATH_WRITE | BEACON_PATH_SOFT,
         .path = {stage->kept, strlen(stage->kept)},
         .fd = -1},
    };
    const struct beacon_path_rule *const list[RULES] = {&rules[0], &rules[1], &rules[2]};
    const struct beacon_str socket = {stage->socket, strlen(stage->socket)};
    const struct beacon_sandbox_policy policy = {.struct_size = sizeof policy,
                                                 .paths = list,
                                                 .n_paths = RULES,
                                                 .cwd_fd = -1,
                                                 .unix_allow = &socket,
                                                 .n_unix_allow = 1};
    return guard_create(&policy);
}

static int judge(void *ctx, void *cookie, const struct beacon_sb_notice *notice,
                 struct beacon_sb_answer *ret)
{
    (void)ctx;
    ret->error = mediate(cookie, notice);
    return BEACON_OK;
}

static int enter_stage(const void *stage)
{
    const struct rlimit mark = {current->mark, current->mark};
    if (chdir(current->work) != 0 || setrlimit(RLIMIT_MSGQUEUE, &mark) != 0) {
        return 101;
    }
    return current_body(stage);
}

int mediated(struct stage *stage, uint32_t variant, int (*body)(const void *stage))
{
    const struct supervisor_settings settings = {.judge = judge};
    struct beacon_error err = {0};
    struct supervisor_watch *watch = NULL;
    size_t n = 0;
    const struct sock_filter *program = filter_find(variant, &n);
    struct guard *guard = make_guard(stage);
    assert_non_null(program);
    assert_non_null(guard);
    stage->mark = guard_mark(guard);
    current = stage;
    current_body = body;
    struct supervisor *supervisor = supervisor_create(&settings);
    struct asking child = asking_start(program, n, enter_stage, stage);
    assert_ok(supervisor_watch(supervisor, child.listener, guard, &watch, &err), &err);
    int status = asking_end(&child);
    supervisor_destroy(supervisor);
    guard_release(guard);
    return status;
}

const char *metadata_of(void **state, const char *path)
{
    struct stat st;
    char text[512], names[256] = "";
    assert_int_equal(lstat(path, &st), 0);
    ssize_t n = llistxattr(path, names, sizeof names - 1);
    (void)snprintf(text, sizeof text, "%o %u:%u %lld.%ld %zd %s", st.st_mode, st.st_uid, st.st_gid,
                   (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, n, n > 0 ? names : "");
    const char *keep = temp_path(state, "metadata");
    write_text(keep, text);
    return read_text(keep);
}
