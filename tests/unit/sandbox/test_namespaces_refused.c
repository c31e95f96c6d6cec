/* SPDX-License-Identifier: Apache-2.0 */
/* Where user namespaces are refused. A process asks the kernel once, so each test is one of its own, and
 * nothing here asks before it. */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/text.h"
#include "unit/sandbox/confined.h"

#define NOT_SET_UP 77

typedef bool (*claim_fn)(void **state);

static bool put(const char *path, const char *text)
{
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* The limit of a user namespace that the test makes: nothing of the machine is changed. */
static bool refuse_user_namespaces(void)
{
    char uid[64], gid[64];
    (void)snprintf(uid, sizeof uid, "0 %u 1", (unsigned)geteuid());
    (void)snprintf(gid, sizeof gid, "0 %u 1", (unsigned)getegid());
    return unshare(CLONE_NEWUSER) == 0 && put("/proc/self/setgroups", "deny") &&
           put("/proc/self/uid_map", uid) && put("/proc/self/gid_map", gid) &&
           put("/proc/sys/user/max_user_namespaces", "0");
}

static void assert_holds(void **state, claim_fn claim)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(!refuse_user_namespaces() ? NOT_SET_UP : claim(state) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_SET_UP) {
        skip(); /* they are refused already */
    }
    assert_int_equal(status, 0);
}

static bool named_one_is_refused(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    struct sandbox_settings settings = stage_settings(state, SANDBOX_READ_ONLY);
    settings.backend = "namespaces";
    int rc = sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err);
    return rc == BEACON_E_REFUSED && sandbox == NULL && err.hint[0] != '\0' &&
           strstr(err.message, "namespaces cannot enforce: file writes") != NULL &&
           strstr(err.message, "user.max_user_namespaces is reached or 0") != NULL;
}

static void backend_that_was_named_is_refused_in_one_sentence(void **state)
{
    assert_holds(state, named_one_is_refused);
}

static bool next_best_is_taken(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    AUTO_TEXT struct text out;
    const struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    text_init(&out, 65536);
    bool is_taken = sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err) == 0 &&
                    strcmp(sandbox_backend_label(sandbox), "landlock") == 0 &&
                    sandbox_explain(sandbox, &out, &err) == BEACON_OK &&
                    strstr(text_string(&out), "user.max_user_namespaces") != NULL;
    sandbox_destroy(sandbox);
    return is_taken && confined_run(state, &settings, "echo x > ../outside/secret", NULL) != 0 &&
           confined_run(state, &settings, "echo x > new", NULL) == 0;
}

static void auto_takes_landlock_and_explains_why(void **state)
{
    assert_holds(state, next_best_is_taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_stage(backend_that_was_named_is_refused_in_one_sentence),
        on_stage(auto_takes_landlock_and_explains_why),
    };
    return cmocka_run_group_tests_name("sandbox/namespaces_refused", tests, NULL, NULL);
}
