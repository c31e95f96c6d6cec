/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crash.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/crash_report.h"

#define STACK_BYTES    (64u << 10) /* of the handler; 2 KiB of text and the walk over the map */
#define LOG_PATH_BYTES 1024
#define HOLD_STEP_NS   10000000L /* 10 ms … */
#define HOLD_STEPS_MAX 100       /* … a second at most */

static const struct {
    int number;
    const char *name;
} signals[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGILL, "SIGILL"},
    {SIGFPE, "SIGFPE"},   {SIGABRT, "SIGABRT"},
};

#define SIGNALS (sizeof signals / sizeof signals[0])

/* Written before a handler can run, read in it. */
static const char *host_version = "";
static crash_place_fn find_place;
static pid_t owner; /* a child between fork and exec shares the handlers, not the report */
static char log_dir[LOG_PATH_BYTES];

static atomic_flag is_taken = ATOMIC_FLAG_INIT; /* one thread reports */
static atomic_bool is_ending;
static atomic_int holders;

static _Thread_local void *own_stack;
static _Thread_local bool is_ours, is_holding;

/* What happened, as the sentence and the report need it. */
struct crash {
    int signal_number;
    const char *signal_name;
    const siginfo_t *info;
    struct crash_place place;
    struct crash_registers registers;
    uint64_t unix_s;
    char path[LOG_PATH_BYTES + 64]; /* of the report; "" when there is none */
};

static void add_cause(struct crash_text *text, const struct crash *crash)
{
    crash_text_add(text, crash->signal_name);
    if (crash->signal_number != SIGABRT && crash->info->si_code > 0) {
        crash_text_add(text, " (address ");
        crash_text_add_hex(text, (uint64_t)(uintptr_t)crash->info->si_addr);
        crash_text_add(text, ")");
    } else if (crash->info->si_code == SI_USER && crash->info->si_pid != owner) {
        crash_text_add(text, " (sent by process ");
        crash_text_add_decimal(text, (uint64_t)crash->info->si_pid);
        crash_text_add(text, ")");
    }
}

static void add_place(struct crash_text *text, const struct crash *crash)
{
    if (crash->place.plugin_id != NULL) {
        crash_text_add(text, "plugin ");
        crash_text_add(text, crash->place.plugin_id);
        crash_text_add(text, " ");
        crash_text_add(text, crash->place.version);
        crash_text_add(text, ", in its slot ");
        crash_text_add(text, crash->place.slot);
        crash_text_add(text, "()");
    } else if (is_ours) {
        crash_text_add(text, "beacon itself");
    } else {
        crash_text_add(text, "a thread that a plugin or a library started, at ");
        crash_text_add_address(text, crash->registers.pc);
    }
    crash_text_add(text, "; beacon ");
    crash_text_add(text, host_version);
    crash_text_add(text, " ends");
}

/* ---- on disk ---- */

static void add_path(struct crash_text *text, const char *name)
{
    crash_text_add(text, log_dir);
    crash_text_add(text, "/");
    crash_text_add(text, name);
}

static int open_report(struct crash *crash)
{
    struct crash_text path = {.n = 0};
    if (log_dir[0] == '\0' || (mkdir(log_dir, 0700) != 0 && errno != EEXIST)) {
        return -1;
    }
    add_path(&path, "crash-");
    crash_text_add_utc(&path, crash->unix_s);
    crash_text_add(&path, "-");
    crash_text_add_decimal(&path, (uint64_t)owner);
    crash_text_add_n(&path, ".txt", sizeof ".txt");
    if (path.n > sizeof crash->path) {
        return -1;
    }
    int fd = open(path.data, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0) {
        memcpy(crash->path, path.data, path.n);
    }
    return fd;
}

static void write_report(int fd, const struct crash *crash)
{
    struct crash_text text = {.n = 0};
    crash_text_add(&text, "beacon crash report\nwhat: ");
    add_cause(&text, crash);
    crash_text_add(&text, " in ");
    add_place(&text, crash);
    crash_text_add(&text, "\nwhen: ");
    crash_text_add_utc(&text, crash->unix_s);
    crash_text_add(&text, "\nprocess: ");
    crash_text_add_decimal(&text, (uint64_t)owner);
    crash_text_add(&text, "\n");
    crash_text_write(&text, fd);
    crash_report_write(fd, &crash->registers);
    (void)close(fd);
}

/* One line, appended by one write, for the next start to count. */
static void note_incident(const struct crash *crash)
{
    struct crash_text path = {.n = 0}, line = {.n = 0};
    add_path(&path, CRASH_INCIDENTS_FILE);
    crash_text_add_n(&path, "", 1);
    if (crash->place.plugin_id == NULL || log_dir[0] == '\0' || path.n == sizeof path.data) {
        return;
    }
    int fd = open(path.data, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return;
    }
    crash_text_add(&line, "1 ");
    crash_text_add(&line, crash->signal_name);
    crash_text_add(&line, " ");
    crash_text_add_decimal(&line, crash->unix_s);
    crash_text_add(&line, " ");
    crash_text_add(&line, crash->place.plugin_id);
    crash_text_add(&line, " ");
    crash_text_add(&line, crash->place.version);
    crash_text_add(&line, " ");
    crash_text_add(&line, crash->place.slot);
    crash_text_add(&line, "\n");
    crash_text_write(&line, fd);
    (void)close(fd);
}

/* ---- the handler ---- */

static void say(const struct crash *crash)
{
    struct crash_text text = {.n = 0};
    crash_text_add(&text, "\nPanic occurred: ");
    add_cause(&text, crash);
    crash_text_add(&text, " in ");
    add_place(&text, crash);
    crash_text_add(&text, ".\n");
    if (crash->path[0] != '\0') {
        crash_text_add(&text, "The report is ");
        crash_text_add(&text, crash->path);
        crash_text_add(&text, ".\n");
    }
    if (crash->place.plugin_id != NULL) {
        crash_text_add(&text, "To keep this plugin out: beacon plugin quarantine ");
        crash_text_add(&text, crash->place.plugin_id);
        crash_text_add(&text, "; for one run: --safe-mode.\n");
    } else if (!is_ours) {
        crash_text_add(&text, "To run without plugins of others: --safe-mode.\n");
    }
    crash_text_add(&text,
                   "The session is on disk: beacon exec resume --last goes on from there.\n");
    crash_text_write(&text, STDERR_FILENO);
}

/* A line of standard output that another thread is writing is let finish. */
static void wait_for_holders(void)
{
    int own = is_holding ? 1 : 0;
    for (int i = 0; i < HOLD_STEPS_MAX && atomic_load(&holders) > own; i++) {
        const struct timespec step = {.tv_nsec = HOLD_STEP_NS};
        (void)nanosleep(&step, NULL);
    }
}

static _Noreturn void wait_for_the_end(void)
{
    for (;;) {
        (void)pause();
    }
}

static const char *name_of(int signal_number)
{
    for (size_t i = 0; i < SIGNALS; i++) {
        if (signals[i].number == signal_number) {
            return signals[i].name;
        }
    }
    return "a signal";
}

static void report(int signal_number, const siginfo_t *info, const void *context)
{
    struct timespec now = {0};
    atomic_store(&is_ending, true); /* first: no line is begun any more */
    (void)clock_gettime(CLOCK_REALTIME, &now);
    struct crash crash = {
        .signal_number = signal_number,
        .signal_name = name_of(signal_number),
        .info = info,
        .registers = crash_registers_of(context),
        .unix_s = (uint64_t)now.tv_sec,
    };
    if (find_place != NULL) {
        crash.place = find_place();
    }
    int fd = open_report(&crash);
    say(&crash);
    note_incident(&crash);
    if (fd >= 0) {
        write_report(fd, &crash);
    }
    wait_for_holders();
}

static void on_fatal(int signal_number, siginfo_t *info, void *context)
{
    if (getpid() == owner) {
        if (atomic_flag_test_and_set(&is_taken)) {
            wait_for_the_end();
        }
        report(signal_number, info, context);
    }
    /* Blocked while we are here, so it ends the program the moment the handler returns. */
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    (void)sigaction(signal_number, &usual, NULL);
    (void)raise(signal_number);
}

/* ---- set up ---- */

void crash_install(const char *version, crash_place_fn where)
{
    host_version = version;
    find_place = where;
    owner = getpid();
    crash_thread_begin();
    struct sigaction action = {.sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < SIGNALS; i++) {
        (void)sigaddset(&action.sa_mask, signals[i].number);
    }
    for (size_t i = 0; i < SIGNALS; i++) {
        struct sigaction before;
        if (sigaction(signals[i].number, &action, &before) == 0 &&
            ((before.sa_flags & SA_SIGINFO) != 0 || before.sa_handler != SIG_DFL)) {
            (void)sigaction(signals[i].number, &before, NULL); /* somebody else's */
        }
    }
}

void crash_set_home(const char *home)
{
    struct crash_text path = {.n = 0};
    log_dir[0] = '\0';
    if (home == NULL) {
        return;
    }
    crash_text_add(&path, home);
    crash_text_add_n(&path, "/" CRASH_LOG_DIR, sizeof "/" CRASH_LOG_DIR);
    if (path.n <= sizeof log_dir) {
        memcpy(log_dir, path.data, path.n);
    }
}

void crash_thread_begin(void)
{
    stack_t before = {0};
    is_ours = true;
    /* The sanitizers give each thread such a stack and free the one they find at its end. */
    if (own_stack == NULL && sigaltstack(NULL, &before) == 0 &&
        (before.ss_flags & SS_DISABLE) != 0) {
        own_stack = alloc_grow(NULL, 1, STACK_BYTES); /* pages nobody touches cost nothing */
        const stack_t stack = {.ss_sp = own_stack, .ss_size = STACK_BYTES};
        (void)sigaltstack(&stack, NULL);
    }
}

void crash_thread_end(void)
{
    is_ours = false;
    if (own_stack != NULL) {
        const stack_t none = {.ss_flags = SS_DISABLE};
        (void)sigaltstack(&none, NULL);
        free(own_stack);
        own_stack = NULL;
    }
}

void crash_unblock(sigset_t *set)
{
    for (size_t i = 0; i < SIGNALS; i++) {
        (void)sigdelset(set, signals[i].number);
    }
}

void crash_hold(void)
{
    is_holding = true;
    (void)atomic_fetch_add(&holders, 1);
    if (atomic_load(&is_ending)) {
        (void)atomic_fetch_sub(&holders, 1);
        wait_for_the_end();
    }
}

void crash_release(void)
{
    (void)atomic_fetch_sub(&holders, 1);
    is_holding = false;
}
