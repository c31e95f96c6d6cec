/* SPDX-License-Identifier: Apache-2.0 */
#include "process_state.h"

#include <dirent.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/text.h"

#define FDS_MAX     256
#define SIGNALS     64
#define NAMES_BYTES (64u << 10)
#define ENV_BYTES   (1u << 20)

struct process_state {
    char *fds[FDS_MAX]; /* what each open descriptor is; NULL: closed */
    struct text files;  /* what is in the working directory, one name per line */
    struct text environment;
    size_t n_threads;
    off_t output_bytes[2]; /* of stdout and stderr, when they are files */
    char *cwd;
    mode_t mask;
    char *locale;
    struct sigaction actions[SIGNALS];
    sigset_t blocked;
};

extern char **environ;

static void take_fds(struct process_state *state)
{
    for (int fd = 0; fd < FDS_MAX; fd++) {
        char link[64], name[PATH_MAX];
        (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, name, sizeof name - 1);
        if (n >= 0) {
            name[n] = '\0';
            state->fds[fd] = alloc_string(name);
        }
    }
}

/* Entries of a folder: their count, and their names when `names` is given. */
static size_t list_folder(const char *path, struct text *names)
{
    size_t n = 0;
    DIR *folder = opendir(path);
    for (const struct dirent *entry = NULL; folder != NULL && (entry = readdir(folder)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        n++;
        if (names != NULL) {
            (void)text_addf(names, "%s\n", entry->d_name);
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    return n;
}

static void take_signals(struct process_state *state)
{
    for (int i = 1; i < SIGNALS; i++) {
        (void)sigaction(i, NULL, &state->actions[i]);
    }
    (void)sigprocmask(SIG_BLOCK, NULL, &state->blocked);
}

struct process_state *process_state_take(void)
{
    struct process_state *state = alloc_zeroed(sizeof *state);
    const char *locale = setlocale(LC_ALL, NULL);
    struct stat st;
    text_init(&state->files, NAMES_BYTES);
    text_init(&state->environment, ENV_BYTES);
    take_fds(state);
    /* HOME is the folder the process began in, wherever it is now. */
    const char *home = getenv("HOME");
    (void)list_folder(home != NULL ? home : ".", &state->files);
    for (size_t i = 0; environ != NULL && environ[i] != NULL; i++) {
        (void)text_addf(&state->environment, "%s\n", environ[i]);
    }
    state->n_threads = list_folder("/proc/self/task", NULL);
    (void)fflush(NULL);
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        state->output_bytes[fd - 1] = fstat(fd, &st) == 0 ? st.st_size : 0;
    }
    state->cwd = path_cwd();
    state->mask = umask(0);
    (void)umask(state->mask);
    state->locale = alloc_string(locale != NULL ? locale : "");
    take_signals(state);
    return state;
}

void process_state_free(struct process_state *state)
{
    if (state == NULL) {
        return;
    }
    for (size_t i = 0; i < FDS_MAX; i++) {
        free(state->fds[i]);
    }
    text_finish(&state->files);
    text_finish(&state->environment);
    free(state->cwd);
    free(state->locale);
    free(state);
}

static bool is_socket(const char *what)
{
    return strncmp(what, "socket:", 7) == 0;
}

static bool descriptors_differ(const struct process_state *before,
                               const struct process_state *after, bool wants_sockets, char *ret,
                               size_t n)
{
    for (int fd = 0; fd < FDS_MAX; fd++) {
        const char *was = before->fds[fd], *is = after->fds[fd];
        if (is != NULL && (was == NULL || strcmp(was, is) != 0) && is_socket(is) == wants_sockets) {
            (void)snprintf(ret, n, "descriptor %d is open afterwards: %s", fd, is);
            return true;
        }
        if (was != NULL && is == NULL && is_socket(was) == wants_sockets) {
            (void)snprintf(ret, n, "descriptor %d, which is the host's, was closed", fd);
            return true;
        }
    }
    return false;
}

bool process_state_files_differ(const struct process_state *before,
                                const struct process_state *after, char *ret, size_t n)
{
    if (strcmp(text_string(&before->files), text_string(&after->files)) != 0) {
        const char *names = text_string(&after->files);
        (void)snprintf(ret, n, "a file was created in the working directory or HOME: %.*s",
                       (int)strcspn(names, "\n"), names);
        return true;
    }
    return descriptors_differ(before, after, false, ret, n);
}

bool process_state_sockets_differ(const struct process_state *before,
                                  const struct process_state *after, char *ret, size_t n)
{
    return descriptors_differ(before, after, true, ret, n);
}

bool process_state_threads_differ(const struct process_state *before,
                                  const struct process_state *after, char *ret, size_t n)
{
    (void)snprintf(ret, n, "%zu threads afterwards, %zu before", after->n_threads,
                   before->n_threads);
    return before->n_threads != after->n_threads;
}

bool process_state_output_differs(const struct process_state *before,
                                  const struct process_state *after, char *ret, size_t n)
{
    for (size_t i = 0; i < 2; i++) {
        if (before->output_bytes[i] != after->output_bytes[i]) {
            (void)snprintf(ret, n, "%lld bytes were written to %s",
                           (long long)(after->output_bytes[i] - before->output_bytes[i]),
                           i == 0 ? "stdout" : "stderr");
            return true;
        }
    }
    return false;
}

bool process_state_environment_differs(const struct process_state *before,
                                       const struct process_state *after, char *ret, size_t n)
{
    const char *was = text_string(&before->environment), *is = text_string(&after->environment);
    while (*was != '\0' && *is != '\0' && strcspn(was, "\n") == strcspn(is, "\n") &&
           strncmp(was, is, strcspn(is, "\n")) == 0) {
        was += strcspn(was, "\n") + 1;
        is += strcspn(is, "\n") + 1;
    }
    if (*was == '\0' && *is == '\0') {
        return false;
    }
    const bool is_gone = *is == '\0';
    const char *which = is_gone ? was : is;
    (void)snprintf(ret, n, "the variable %.*s was %s", (int)strcspn(which, "=\n"), which,
                   is_gone ? "removed" : "set or changed");
    return true;
}

bool process_state_cwd_differs(const struct process_state *before,
                               const struct process_state *after, char *ret, size_t n)
{
    (void)snprintf(ret, n, "the working directory became %s",
                   after->cwd != NULL ? after->cwd : "unreachable");
    return before->cwd == NULL || after->cwd == NULL || strcmp(before->cwd, after->cwd) != 0;
}

bool process_state_umask_differs(const struct process_state *before,
                                 const struct process_state *after, char *ret, size_t n)
{
    (void)snprintf(ret, n, "the umask became %03o, it was %03o", (unsigned)after->mask,
                   (unsigned)before->mask);
    return before->mask != after->mask;
}

bool process_state_locale_differs(const struct process_state *before,
                                  const struct process_state *after, char *ret, size_t n)
{
    (void)snprintf(ret, n, "the locale became %s, it was %s", after->locale, before->locale);
    return strcmp(before->locale, after->locale) != 0;
}

bool process_state_signals_differ(const struct process_state *before,
                                  const struct process_state *after, char *ret, size_t n)
{
    for (int i = 1; i < SIGNALS; i++) {
        if (before->actions[i].sa_handler != after->actions[i].sa_handler) {
            (void)snprintf(ret, n, "the action of signal %d (%s) was changed", i, strsignal(i));
            return true;
        }
        if (sigismember(&before->blocked, i) != sigismember(&after->blocked, i)) {
            (void)snprintf(ret, n, "signal %d (%s) was blocked or unblocked", i, strsignal(i));
            return true;
        }
    }
    return false;
}
