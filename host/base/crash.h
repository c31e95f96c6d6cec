/* crash.h - what is left behind when a fatal signal ends the program.
 *
 * SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT say on stderr whose code it was and what the person can
 * do next, write a report to $CODE_HOME/log/crash-TIME.txt, and then end the program as they would
 * have without us: the exit status, the signal and the core are those of the fault. A signal that
 * somebody handles already is left alone, which is how a sanitizer keeps the ones it owns.
 * Everything in the handler is async-signal-safe; standard output is never touched.
 * Called by main.c, loop/ for its threads, and plugin/ for what it knows. Thread: as marked.
 */
#ifndef HOST_BASE_CRASH_H
#define HOST_BASE_CRASH_H

#include <signal.h>

/* Appended by the handler, one line for each crash inside a plugin: "1 SIGNAL TIME ID VERSION SLOT".
 * Read and removed by the next start. */
#define CRASH_INCIDENTS_FILE "incidents.pending" /* in $CODE_HOME/log */
#define CRASH_LOG_DIR        "log"

/* Where the calling thread is; strings without blanks. A NULL plugin_id is the host itself. */
struct crash_place {
    const char *plugin_id, *version, *slot;
};

/* Called in the handler, on the thread of the fault. */
typedef struct crash_place (*crash_place_fn)(void);

/* [main] Once, before any thread. `version` is static; `where` may be NULL. */
void crash_install(const char *version, crash_place_fn where);

/* [main] The home that gets the report, absolute, copied; NULL or one that is too long: none. */
void crash_set_home(const char *home);

/* [any] At the begin and the end of a thread of ours: gives it a stack to report an overflow of its
 * own from. A thread without it is reported as started by a plugin or a library. */
void crash_thread_begin(void);
void crash_thread_end(void);

/* [any] Take the fatal signals out of a set that is going to be blocked: a fault of a blocked signal ends
 * the program without a word. */
void crash_unblock(sigset_t *set);

/* [any] Around a write that must not end half-way: a fatal signal on another thread waits for it, a
 * second at most. In a program that is ending crash_hold() does not return. Does not nest. */
void crash_hold(void);
void crash_release(void);

#endif
