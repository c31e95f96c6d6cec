/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/crash.h"
#include "base/io.h"

/* How a child of the test ended, and what it left. */
struct ending {
    int wait_status;
    const char *said;      /* on stderr */
    const char *report;    /* text of the only report, or NULL */
    const char *incidents; /* the pending ones, or NULL */
    mode_t report_mode;
};

static struct crash_place in_plugin(void)
{
    return (struct crash_place){"com.example.toy", "1.2.3", "on_frame"};
}

static struct crash_place in_host(void)
{
    return (struct crash_place){0};
}

static const char *text_if_there(const char *path)
{
    return access(path, F_OK) == 0 ? read_text(path) : NULL;
}

static void find_report(void **state, struct ending *ending)
{
    DIR *dir = opendir(temp_path(state, "log"));
    for (struct dirent *entry = NULL; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (strncmp(entry->d_name, "crash-", 6) == 0) {
            assert_null(ending->report);
            char *name = alloc_printf("log/%s", entry->d_name);
            struct stat info;
            assert_int_equal(stat(temp_path(state, name), &info), 0);
            ending->report_mode = info.st_mode & 07777;
            ending->report = read_text(temp_path(state, name));
            free(name);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
}

/* Run `fault` in a child that has installed the handlers. */
static struct ending end_by(void **state, void (*fault)(void), crash_place_fn where)
{
    struct ending ending = {0};
    const char *said = temp_path(state, "stderr");
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const struct rlimit no_core = {0, 0};
        int fd = open(said, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)dup2(fd, STDERR_FILENO);
        /* cmocka has handlers of its own for these. */
        const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
        for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
            (void)signal(fatal[i], SIG_DFL);
        }
        crash_install("9.8.7", where);
        crash_set_home(temp_dir(state));
        fault();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &ending.wait_status, 0), pid);
    ending.said = read_text(said);
    ending.incidents = text_if_there(temp_path(state, "log/" CRASH_INCIDENTS_FILE));
    find_report(state, &ending);
    return ending;
}

static void assert_has(const char *text, const char *part)
{
    assert_non_null(text);
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" has no \"%s\"", text, part);
    }
}

static void assert_ended_by(const struct ending *ending, int signal_number)
{
    assert_true(WIFSIGNALED(ending->wait_status));
    assert_int_equal(WTERMSIG(ending->wait_status), signal_number);
}

static int *volatile nowhere;

static void touch_nothing(void)
{
    nowhere[16] = 1; /* at the address 0x40 */
}

static void give_up(void)
{
    abort();
}

static void a_fault_in_a_plugin_names_plugin_slot_and_remedy(void **state)
{
    struct ending ending = end_by(state, touch_nothing, in_plugin);
    assert_ended_by(&ending, SIGSEGV);
    assert_has(ending.said, "Panic occurred: SIGSEGV (address 0x40) in plugin com.example.toy "
                            "1.2.3, in its slot on_frame(); beacon 9.8.7 ends.\n");
    assert_has(ending.said, "beacon plugin quarantine com.example.toy; for one run: --safe-mode");
    assert_has(ending.said, "beacon exec resume --last");
    assert_has(ending.said, temp_path(state, "log/crash-"));
}

static void the_report_is_private_and_has_place_stack_and_map(void **state)
{
    struct ending ending = end_by(state, touch_nothing, in_plugin);
    assert_int_equal(ending.report_mode, 0600);
    assert_has(ending.report, "beacon crash report\nwhat: SIGSEGV (address 0x40) in plugin "
                              "com.example.toy 1.2.3, in its slot on_frame()");
    assert_has(ending.report, "\nat: 0x");
    assert_has(ending.report, " test_crash+0x");
    assert_has(ending.report, "\nmemory map:\n");
    assert_has(ending.report, "[stack]");
}

static void a_crash_of_a_plugin_leaves_one_line_to_be_counted(void **state)
{
    struct ending ending = end_by(state, give_up, in_plugin);
    assert_ended_by(&ending, SIGABRT);
    assert_has(ending.incidents, "1 SIGABRT ");
    assert_has(ending.incidents, " com.example.toy 1.2.3 on_frame\n");
}

static void a_fault_of_the_host_is_not_blamed_on_anybody(void **state)
{
    struct ending ending = end_by(state, give_up, in_host);
    assert_ended_by(&ending, SIGABRT);
    assert_has(ending.said, "Panic occurred: SIGABRT in beacon itself; beacon 9.8.7 ends.\n");
    assert_null(strstr(ending.said, "quarantine"));
    assert_null(ending.incidents);
    assert_non_null(ending.report);
}

/* NOLINTNEXTLINE(misc-no-recursion): it is there to overflow; no compiler makes a loop of it */
static int dig(const volatile char *above, int depth)
{
    volatile char room[4096];
    room[0] = above[0];
    return depth > 0 ? dig(room, depth - 1) + room[0] : room[0];
}

static void overflow(void)
{
    volatile char top = 0;
    (void)dig(&top, 1000000000);
}

static void an_overflow_of_the_stack_is_reported_too(void **state)
{
    struct ending ending = end_by(state, overflow, in_plugin);
    assert_ended_by(&ending, SIGSEGV);
    assert_has(ending.said, "Panic occurred: SIGSEGV");
}

static void *overflow_thread(void *is_ours)
{
    if (is_ours != NULL) {
        crash_thread_begin();
    }
    overflow();
    return NULL;
}

static void overflow_on_our_thread(void)
{
    static int yes = 1;
    pthread_t thread;
    (void)pthread_create(&thread, NULL, overflow_thread, &yes);
    (void)pthread_join(thread, NULL);
}

static void a_worker_can_report_an_overflow_of_its_own_stack(void **state)
{
    struct ending ending = end_by(state, overflow_on_our_thread, in_plugin);
    assert_ended_by(&ending, SIGSEGV);
    assert_has(ending.said, "in plugin com.example.toy 1.2.3");
}

static void *abort_thread(void *unused)
{
    (void)unused;
    abort();
}

static void abort_on_foreign_thread(void)
{
    pthread_t thread;
    (void)pthread_create(&thread, NULL, abort_thread, NULL);
    (void)pthread_join(thread, NULL);
}

static void a_thread_of_a_library_is_not_called_beacon(void **state)
{
    struct ending ending = end_by(state, abort_on_foreign_thread, in_host);
    assert_ended_by(&ending, SIGABRT);
    assert_has(ending.said, "in a thread that a plugin or a library started, at 0x");
    assert_null(strstr(ending.said, "beacon itself"));
    assert_has(ending.said, "without plugins of others: --safe-mode");
}

static void send_to_self(void)
{
    (void)kill(getpid(), SIGSEGV);
}

static void a_signal_that_was_sent_ends_the_program_as_well(void **state)
{
    struct ending ending = end_by(state, send_to_self, in_host);
    assert_ended_by(&ending, SIGSEGV);
    assert_has(ending.said, "Panic occurred: SIGSEGV in beacon itself");
}

/* ---- lines of standard output ---- */

static int held_fd;

/* The first half is written, another thread faults and says so, then comes the second half. */
static void fault_in_the_middle_of_a_line(void)
{
    pthread_t thread;
    int said[2];
    char byte = 0;
    if (pipe2(said, O_CLOEXEC) != 0 || dup2(said[1], STDERR_FILENO) < 0) {
        _exit(9);
    }
    crash_hold();
    (void)io_write_all(held_fd, "{\"type\":", 8);
    (void)pthread_create(&thread, NULL, abort_thread, NULL);
    (void)!read(said[0], &byte, 1);
    (void)io_write_all(held_fd, "\"x\"}\n", 5);
    crash_release();
    crash_hold(); /* does not return: the program is ending */
    (void)io_write_all(held_fd, "more", 4);
}

static void a_line_that_is_being_written_is_let_finish(void **state)
{
    held_fd = open(temp_path(state, "lines"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(held_fd >= 0);
    struct ending ending = end_by(state, fault_in_the_middle_of_a_line, in_plugin);
    (void)close(held_fd);
    assert_ended_by(&ending, SIGABRT);
    assert_string_equal(read_text(temp_path(state, "lines")), "{\"type\":\"x\"}\n");
}

/* ---- what must not be disturbed ---- */

static void theirs(int signal_number)
{
    (void)signal_number;
    _exit(42);
}

static void fault_with_a_handler_of_somebody_else(void)
{
    (void)signal(SIGFPE, theirs);
    crash_install("9.8.7", in_host);
    (void)raise(SIGFPE);
}

static void a_signal_somebody_handles_already_is_left_alone(void **state)
{
    struct ending ending = end_by(state, fault_with_a_handler_of_somebody_else, in_host);
    assert_true(WIFEXITED(ending.wait_status));
    assert_int_equal(WEXITSTATUS(ending.wait_status), 42);
}

static void abort_with_a_bad_home(void)
{
    crash_set_home("/proc/no/such/folder");
    abort();
}

static void without_a_place_for_the_report_the_sentence_is_still_said(void **state)
{
    struct ending ending = end_by(state, abort_with_a_bad_home, in_plugin);
    assert_ended_by(&ending, SIGABRT);
    assert_has(ending.said, "Panic occurred: SIGABRT in plugin com.example.toy");
    assert_null(strstr(ending.said, "The report is"));
}

static void abort_with_a_long_home(void)
{
    char home[5000];
    memset(home, 'x', sizeof home - 1);
    home[0] = '/';
    home[sizeof home - 1] = '\0';
    crash_set_home(home);
    abort();
}

static void a_home_of_any_length_is_survived(void **state)
{
    struct ending ending = end_by(state, abort_with_a_long_home, in_plugin);
    assert_ended_by(&ending, SIGABRT);
    assert_has(ending.said, "Panic occurred");
}

/* A sanitizer owns some of the signals and tells of them in its own way. */
#ifdef BEACON_SANITIZED
static const bool is_sanitized = true;
#else
static const bool is_sanitized = false;
#endif

int main(void)
{
    const struct CMUnitTest always[] = {
        in_temp_dir(a_crash_of_a_plugin_leaves_one_line_to_be_counted),
        in_temp_dir(a_fault_of_the_host_is_not_blamed_on_anybody),
        in_temp_dir(a_thread_of_a_library_is_not_called_beacon),
        in_temp_dir(a_line_that_is_being_written_is_let_finish),
        in_temp_dir(a_signal_somebody_handles_already_is_left_alone),
        in_temp_dir(without_a_place_for_the_report_the_sentence_is_still_said),
        in_temp_dir(a_home_of_any_length_is_survived),
    };
    int failed = cmocka_run_group_tests_name("base/crash", always, NULL, NULL);
    const struct CMUnitTest unsanitized[] = {
        in_temp_dir(a_fault_in_a_plugin_names_plugin_slot_and_remedy),
        in_temp_dir(the_report_is_private_and_has_place_stack_and_map),
        in_temp_dir(an_overflow_of_the_stack_is_reported_too),
        in_temp_dir(a_worker_can_report_an_overflow_of_its_own_stack),
        in_temp_dir(a_signal_that_was_sent_ends_the_program_as_well),
    };
    if (!is_sanitized) {
        failed += cmocka_run_group_tests_name("base/crash signals", unsanitized, NULL, NULL);
    }
    return failed;
}
