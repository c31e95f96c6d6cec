/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/amend.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/json.h"
#include "base/path.h"
#include "base/text.h"
#include "base/utf8.h"
#include "policy/programs.h"
#include "policy/rules.h"

#define LOCK_TRIES    20
#define LOCK_PAUSE_NS 10000000L

/* ---- what is never offered ---- */

/* Alone or with nothing but options these run whatever is said next. */
static const char *const open_ended[] = {
    /* shells */
    "bash", "sh", "zsh", "dash", "ksh", "fish", "cmd", "cmd.exe", "powershell", "powershell.exe",
    "pwsh", "pwsh.exe",
    /* what runs another command */
    "env", "sudo", "doas", "command", "builtin", "exec", "eval", "nohup", "nice", "time", "timeout",
    "setsid", "xargs", "busybox", "trap",
    /* what discards work */
    "rm", "git",
    /* interpreters */
    "python", "python3", "py", "pypy", "pypy3", "pythonw", "pyw", "node", "nodejs", "bun", "deno",
    "ruby", "perl", "php", "lua", "julia", "Rscript", "osascript", NULL};

static const char *const open_ended_pairs[][2] = {
    {"npm", "run"},  {"pnpm", "run"}, {"yarn", "run"}, {"bun", "run"},    {"deno", "eval"},
    {"deno", "run"}, {"cmd", "/c"},   {"cmd", "/k"},   {"cmd.exe", "/c"}, {"cmd.exe", "/k"}};

static bool are_options(const char *const *words, size_t n)
{
    size_t i = 0;
    while (i < n && words[i][0] == '-') {
        i++;
    }
    return i == n;
}

static bool is_pair(const char *name, const char *second)
{
    for (size_t i = 0; i < sizeof open_ended_pairs / sizeof open_ended_pairs[0]; i++) {
        if (strcmp(open_ended_pairs[i][0], name) == 0 &&
            strcmp(open_ended_pairs[i][1], second) == 0) {
            return true;
        }
    }
    return false;
}

bool amend_may_offer(const char *const *prefix, size_t n)
{
    if (n == 0 || prefix[0][0] == '\0') {
        return false;
    }
    const char *name = program_base(prefix[0]);
    if (word_is_one_of(name, open_ended) && are_options(prefix + 1, n - 1)) {
        return false;
    }
    return n != 2 || !is_pair(name, prefix[1]);
}

/* ---- the line ---- */

static int make_line(const char *const *prefix, size_t n, struct text *out,
                     struct beacon_error *err)
{
    AUTO_JSON struct json_object *words = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        if (!utf8_valid(prefix[i], strlen(prefix[i]))) {
            return error_set(err, BEACON_E_INVALID, "approve it once, or for this session",
                             "a rule cannot hold a word that is no UTF-8");
        }
        json_object_array_add(words, json_object_new_string(prefix[i]));
    }
    bool has_room = text_add_string(out, "prefix_rule(pattern=[");
    for (size_t i = 0; i < n && has_room; i++) {
        const char *word =
            json_object_to_json_string_ext(json_object_array_get_idx(words, i),
                                           JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
        has_room = text_addf(out, "%s%s", i > 0 ? ", " : "", word);
    }
    return has_room && text_add_string(out, "], decision=\"allow\")")
               ? BEACON_OK
               : error_set(err, BEACON_E_LIMIT, "approve it once, or for this session",
                           "the command is too long for a rule");
}

static bool has_line(const struct text *content, const struct text *line)
{
    for (const char *at = text_string(content); *at != '\0';) {
        size_t n = strcspn(at, "\n");
        if (n == line->len && memcmp(at, text_string(line), n) == 0) {
            return true;
        }
        at += n + (at[n] == '\n' ? 1 : 0);
    }
    return false;
}

/* ---- the file ---- */

static int fail(const char *path, int os_errno, struct beacon_error *err)
{
    return error_set_errno(
        err, BEACON_E_IO, os_errno,
        "the approval counts for this session; make the file writable to keep it",
        "cannot add a rule to %s: %s", path, strerror(os_errno));
}

/* Whoever holds the lock writes one line; who holds it for long does not let go of it. */
static int lock(int fd, const char *path, struct beacon_error *err)
{
    static const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            return BEACON_OK;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return fail(path, errno, err);
        }
        (void)nanosleep(&pause, NULL);
    }
    return error_set(err, BEACON_E_BUSY, "the approval counts for this session; try again later",
                     "another process holds the lock of %s", path);
}

static int open_file(const char *home, const char *path, int *ret_fd, struct beacon_error *err)
{
    AUTO_FREE char *folder = path_parent(path);
    struct stat st;
    int rc = io_make_directories(home, 0700, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return fail(path, errno, err);
    }
    AUTO_CLOSE int fd =
        open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    if (fd < 0 || fstat(fd, &st) != 0) {
        return fail(path, errno, err);
    }
    if (!S_ISREG(st.st_mode)) {
        return fail(path, EINVAL, err);
    }
    *ret_fd = take_fd(&fd);
    return BEACON_OK;
}

static int append(int fd, const char *path, const struct text *line, struct beacon_error *err)
{
    AUTO_TEXT struct text content, added;
    text_init(&content, RULES_FILE_MAX);
    text_init(&added, RULES_FILE_MAX);
    int rc = io_read_all(fd, path, &content, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (has_line(&content, line)) {
        return BEACON_OK;
    }
    bool is_open_line = content.len > 0 && text_string(&content)[content.len - 1] != '\n';
    if (content.len + line->len + 2 > RULES_FILE_MAX) {
        return error_set(err, BEACON_E_LIMIT, "remove rules that are not needed any more",
                         "%s would be over %u bytes", path, RULES_FILE_MAX);
    }
    (void)text_add_string(&added, is_open_line ? "\n" : "");
    (void)text_add(&added, text_string(line), line->len);
    return io_append_line(fd, text_string(&added), added.len) ? BEACON_OK : fail(path, errno, err);
}

int amend_append(const char *home, const char *const *prefix, size_t n, struct beacon_error *err)
{
    if (!amend_may_offer(prefix, n)) {
        return error_set(err, BEACON_E_REFUSED, "approve it once, or for this session",
                         "a rule for this prefix would allow too much");
    }
    AUTO_TEXT struct text line;
    AUTO_FREE char *path = path_join(home, AMEND_FILE);
    AUTO_CLOSE int fd = -1;
    text_init(&line, RULES_FILE_MAX / 2);
    int rc = make_line(prefix, n, &line, err);
    rc = rc == BEACON_OK ? open_file(home, path, &fd, err) : rc;
    rc = rc == BEACON_OK ? lock(fd, path, err) : rc;
    return rc == BEACON_OK ? append(fd, path, &line, err) : rc;
}
