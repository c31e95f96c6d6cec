/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "sandbox/supervisor.h"
#include "unit/sandbox/asking.h"

#define ASKED      SYS_sethostname /* what the children call, never what it does */
#define PATIENCE   50
#define PROCESSES  8
#define CALLS_EACH 25

/* What the judge is to do, and what it saw. */
struct script {
    int (*judge)(struct script *script, const struct beacon_sb_notice *notice,
                 struct beacon_sb_answer *ret);
    const char *path;
    int hold[2]; /* a pipe: the judge waits until it is closed */
    atomic_int calls;
    char seen[64];
};

static int run_script(void *ctx, void *cookie, const struct beacon_sb_notice *notice,
                      struct beacon_sb_answer *ret)
{
    struct script *script = cookie;
    (void)ctx;
    atomic_fetch_add(&script->calls, 1);
    return script->judge(script, notice, ret);
}

static struct supervisor *create(uint32_t patience_ms)
{
    const struct supervisor_settings settings = {.judge = run_script, .patience_ms = patience_ms};
    return supervisor_create(&settings);
}

static void assert_collects(struct supervisor *supervisor, int n)
{
    void *cookie = NULL;
    while (supervisor_collect(supervisor, &cookie)) {
        assert_non_null(cookie);
        n--;
    }
    assert_int_equal(n, 0);
}

/* The whole life of one child under `script`. */
static int supervise(struct script *script, int (*body)(const void *ctx))
{
    struct beacon_error err = {0};
    struct supervisor *supervisor = create(0);
    struct supervisor_watch *watch = NULL;
    struct asking child = asking_start_for(ASKED, body, NULL);
    assert_ok(supervisor_watch(supervisor, child.listener, script, &watch, &err), &err);
    int status = asking_end(&child);
    supervisor_forget(supervisor, watch);
    assert_true(supervisor_stop(supervisor));
    assert_collects(supervisor, 1);
    supervisor_destroy(supervisor);
    return status;
}

static int double_it(struct script *script, const struct beacon_sb_notice *notice,
                     struct beacon_sb_answer *ret)
{
    (void)script;
    ret->value = (int64_t)notice->args[1] * 2;
    return BEACON_OK;
}

static int call_with_21(const void *ctx)
{
    (void)ctx;
    return (int)syscall(ASKED, NULL, 21);
}

static void value_of_the_judge_is_what_the_call_returns(void **state)
{
    (void)state;
    struct script script = {.judge = double_it};
    assert_int_equal(supervise(&script, call_with_21), 42);
}

static int refuse_with_edom(struct script *script, const struct beacon_sb_notice *notice,
                            struct beacon_sb_answer *ret)
{
    (void)script;
    (void)notice;
    ret->error = EDOM;
    return BEACON_OK;
}

static int errno_of_call(const void *ctx)
{
    (void)ctx;
    errno = 0;
    return syscall(ASKED, NULL, 0) == -1 ? errno : 0;
}

static void errno_of_the_judge_is_what_the_call_fails_with(void **state)
{
    (void)state;
    struct script script = {.judge = refuse_with_edom};
    assert_int_equal(supervise(&script, errno_of_call), EDOM);
}

static int break_down(struct script *script, const struct beacon_sb_notice *notice,
                      struct beacon_sb_answer *ret)
{
    (void)script;
    (void)notice;
    ret->value = 1;
    return BEACON_E_INTERNAL;
}

static int answer_nonsense(struct script *script, const struct beacon_sb_notice *notice,
                           struct beacon_sb_answer *ret)
{
    (void)script;
    (void)notice;
    ret->error = -1; /* the kernel would take it for a value */
    return BEACON_OK;
}

static void judge_that_fails_refuses_the_call(void **state)
{
    (void)state;
    struct script failing = {.judge = break_down}, nonsense = {.judge = answer_nonsense};
    assert_int_equal(supervise(&failing, errno_of_call), EPERM);
    assert_int_equal(supervise(&nonsense, errno_of_call), EPERM);
}

static int give_file(struct script *script, const struct beacon_sb_notice *notice,
                     struct beacon_sb_answer *ret)
{
    (void)notice;
    ret->fd = open(script->path, O_RDONLY | O_CLOEXEC);
    return BEACON_OK;
}

static int read_given_file(const void *ctx)
{
    char text[8] = "";
    (void)ctx;
    int fd = (int)syscall(ASKED, NULL, 0);
    bool is_right = fd > STDERR_FILENO && read(fd, text, 4) == 4 && strcmp(text, "text") == 0 &&
                    (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
    return is_right ? 0 : 1;
}

static void descriptor_of_the_judge_is_injected(void **state)
{
    struct script script = {.judge = give_file, .path = temp_path(state, "file")};
    write_text(script.path, "text");
    assert_int_equal(supervise(&script, read_given_file), 0);
}

static int read_argument(struct script *script, const struct beacon_sb_notice *notice,
                         struct beacon_sb_answer *ret)
{
    (void)ret;
    bool is_read = pread(notice->mem_fd, script->seen, 6, (off_t)notice->args[0]) == 6;
    return is_read && notice->pid > 0 && notice->pid_fd >= 0 ? BEACON_OK : BEACON_E_IO;
}

static int call_with_text(const void *ctx)
{
    (void)ctx;
    return syscall(ASKED, "hello", 5) == 0 ? 0 : 1;
}

static void *call_in_thread(void *ret)
{
    *(int *)ret = call_with_text(NULL);
    return NULL;
}

static int call_from_a_thread(const void *ctx)
{
    (void)ctx;
    pthread_t thread;
    int status = 2;
    (void)pthread_create(&thread, NULL, call_in_thread, &status);
    (void)pthread_join(thread, NULL);
    return status;
}

static void memory_of_the_caller_can_be_read(void **state)
{
    (void)state;
    struct script script = {.judge = read_argument};
    assert_int_equal(supervise(&script, call_with_text), 0);
    assert_string_equal(script.seen, "hello");
}

static void any_thread_of_a_command_is_answered(void **state)
{
    (void)state;
    struct script script = {.judge = read_argument};
    assert_int_equal(supervise(&script, call_from_a_thread), 0);
    assert_string_equal(script.seen, "hello");
}

static int kill_caller(struct script *script, const struct beacon_sb_notice *notice,
                       struct beacon_sb_answer *ret)
{
    struct pollfd end = {.fd = notice->pid_fd, .events = POLLIN};
    (void)script;
    (void)kill(notice->pid, SIGKILL);
    (void)poll(&end, 1, -1);
    ret->value = 1;
    return BEACON_OK;
}

static void caller_that_dies_meanwhile_harms_nobody(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct script deadly = {.judge = kill_caller}, fine = {.judge = double_it};
    struct supervisor *supervisor = create(0);
    struct supervisor_watch *first = NULL, *second = NULL;
    struct asking dying = asking_start_for(ASKED, call_with_21, NULL);
    struct asking living = asking_start_for(ASKED, call_with_21, NULL);
    assert_ok(supervisor_watch(supervisor, dying.listener, &deadly, &first, &err), &err);
    assert_ok(supervisor_watch(supervisor, living.listener, &fine, &second, &err), &err);
    assert_int_equal(asking_end(&dying), 128 + SIGKILL);
    assert_int_equal(asking_end(&living), 42);
    assert_true(supervisor_stop(supervisor));
    assert_collects(supervisor, 2);
    supervisor_destroy(supervisor);
}

static int call_often(const void *ctx)
{
    (void)ctx;
    for (int i = 0; i < CALLS_EACH; i++) {
        if (syscall(ASKED, NULL, i) != 2L * i) {
            return 1;
        }
    }
    return 0;
}

static void many_calls_of_many_processes_are_all_answered(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct script script = {.judge = double_it};
    struct supervisor *supervisor = create(0);
    struct supervisor_watch *watches[PROCESSES] = {NULL};
    struct asking children[PROCESSES];
    for (size_t i = 0; i < PROCESSES; i++) {
        children[i] = asking_start_for(ASKED, call_often, NULL);
        assert_ok(supervisor_watch(supervisor, children[i].listener, &script, &watches[i], &err),
                  &err);
    }
    for (size_t i = 0; i < PROCESSES; i++) {
        asking_go(&children[i]);
    }
    for (size_t i = 0; i < PROCESSES; i++) {
        assert_int_equal(asking_end(&children[i]), 0);
        supervisor_forget(supervisor, watches[i]);
    }
    assert_int_equal(atomic_load(&script.calls), PROCESSES * CALLS_EACH);
    supervisor_destroy(supervisor);
}

static void calls_after_the_watch_fail_with_enosys(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct script script = {.judge = double_it};
    struct supervisor *supervisor = create(0);
    struct supervisor_watch *watch = NULL;
    struct asking child = asking_start_for(ASKED, errno_of_call, NULL);
    assert_ok(supervisor_watch(supervisor, child.listener, &script, &watch, &err), &err);
    supervisor_forget(supervisor, watch);
    assert_collects(supervisor, 1);
    assert_int_equal(asking_end(&child), ENOSYS);
    assert_int_equal(atomic_load(&script.calls), 0);
    supervisor_destroy(supervisor);
}

static int hang(struct script *script, const struct beacon_sb_notice *notice,
                struct beacon_sb_answer *ret)
{
    char byte = 0;
    (void)notice;
    (void)ret;
    (void)!read(script->hold[0], &byte, 1);
    return BEACON_OK;
}

static void await(const atomic_int *count)
{
    while (atomic_load(count) == 0) {
        (void)sched_yield();
    }
}

static void judge_that_hangs_is_given_up_and_no_call_waits(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    static struct script script = {.judge = hang};
    static struct supervisor *supervisor; /* stays, as what the judge holds does */
    assert_int_equal(pipe2(script.hold, O_CLOEXEC), 0);
    supervisor = create(PATIENCE);
    struct supervisor_watch *hung = NULL, *waiting = NULL, *late = NULL;
    struct asking first = asking_start_for(ASKED, errno_of_call, NULL);
    struct asking second = asking_start_for(ASKED, errno_of_call, NULL);
    struct asking third = asking_start_for(ASKED, errno_of_call, NULL);
    assert_ok(supervisor_watch(supervisor, first.listener, &script, &hung, &err), &err);
    assert_ok(supervisor_watch(supervisor, second.listener, &script, &waiting, &err), &err);
    asking_go(&first);
    assert_int_equal(asking_end(&second), ENOSYS);
    assert_int_equal(asking_end(&first), ENOSYS);
    assert_refused(supervisor_watch(supervisor, third.listener, &script, &late, &err),
                   BEACON_E_REFUSED, &err);
    assert_int_equal(asking_end(&third), ENOSYS);
    supervisor_forget(supervisor, hung);
    supervisor_forget(supervisor, waiting);
    assert_false(supervisor_stop(supervisor));
    assert_collects(supervisor, 1); /* the other one's is the judge's for ever */
    supervisor_destroy(supervisor);
    (void)close(script.hold[1]); /* the judge comes back to nobody */
}

/* A hostile command may keep the judge busy when it is over; the loop must not wait for that. */
static void forgetting_waits_for_no_judge(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    static struct script script;
    script.judge = hang;
    assert_int_equal(pipe2(script.hold, O_CLOEXEC), 0);
    struct supervisor *supervisor = create(0);
    struct supervisor_watch *watch = NULL;
    struct asking child = asking_start_for(ASKED, errno_of_call, NULL);
    assert_ok(supervisor_watch(supervisor, child.listener, &script, &watch, &err), &err);
    asking_go(&child);
    await(&script.calls);
    supervisor_forget(supervisor, watch);
    assert_int_equal(asking_end(&child), ENOSYS);
    assert_collects(supervisor, 0);
    (void)close(script.hold[1]);
    assert_true(supervisor_stop(supervisor));
    assert_collects(supervisor, 1);
    supervisor_destroy(supervisor);
    (void)close(script.hold[0]);
}

static void supervisor_without_a_watch_can_be_stopped(void **state)
{
    (void)state;
    struct supervisor *supervisor = create(0);
    assert_true(supervisor_stop(supervisor)); /* nothing to wait for */
    supervisor_destroy(supervisor);
    supervisor_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_of_the_judge_is_what_the_call_returns),
        cmocka_unit_test(errno_of_the_judge_is_what_the_call_fails_with),
        cmocka_unit_test(judge_that_fails_refuses_the_call),
        in_temp_dir(descriptor_of_the_judge_is_injected),
        cmocka_unit_test(memory_of_the_caller_can_be_read),
        cmocka_unit_test(any_thread_of_a_command_is_answered),
        cmocka_unit_test(caller_that_dies_meanwhile_harms_nobody),
        cmocka_unit_test(many_calls_of_many_processes_are_all_answered),
        cmocka_unit_test(calls_after_the_watch_fail_with_enosys),
        cmocka_unit_test(judge_that_hangs_is_given_up_and_no_call_waits),
        cmocka_unit_test(forgetting_waits_for_no_judge),
        cmocka_unit_test(supervisor_without_a_watch_can_be_stopped),
    };
    return cmocka_run_group_tests_name("sandbox/supervisor", tests, NULL, NULL);
}
