/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/plugin_template.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/manifest.h"

#define FILE_MAX  (1u << 20)
#define DEPTH_MAX 4
#define OWN_IDS   "com.beacon"

/* What stands for @KEY@. */
struct word {
    const char *key;
    char *value;
};

#define WORDS 9

struct job {
    const struct plugin_template *t;
    struct word words[WORDS];
    size_t n_files;
};

/* ---- the id and what is made of it ---- */

static bool is_label(const char *p, size_t n)
{
    return n > 0 && p[0] != '-' && strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789-") >= n;
}

static bool is_reverse_dns(const char *id)
{
    size_t labels = 0;
    for (const char *p = id;; p++) {
        const size_t n = strcspn(p, ".");
        if (!is_label(p, n)) {
            return false;
        }
        labels++;
        p += n;
        if (*p == '\0') {
            return labels > 1 && !isdigit((unsigned char)id[0]);
        }
    }
}

int plugin_template_check_id(const char *id, struct beacon_error *err)
{
    if (strlen(id) > MANIFEST_ID_MAX_BYTES) {
        return error_set(err, BEACON_E_INVALID, "shorten it",
                         "the id has %zu bytes, at most %d fit", strlen(id), MANIFEST_ID_MAX_BYTES);
    }
    if (!is_reverse_dns(id)) {
        return error_set(
            err, BEACON_E_INVALID,
            "write it like com.acme.llm: small letters, digits and hyphens between dots",
            "'%s' is not the id of a plugin", id);
    }
    const size_t n = strlen(OWN_IDS);
    if (strncmp(id, OWN_IDS, n) == 0 && (id[n] == '.' || id[n] == '\0')) {
        return error_set(err, BEACON_E_INVALID, "begin it with a domain of your own",
                         "ids that begin with %s are Beacon's own", OWN_IDS);
    }
    return BEACON_OK;
}

static char *replaced(const char *from, const char *these, char by)
{
    char *copy = alloc_string(from);
    for (char *p = copy; *p != '\0'; p++) {
        if (strchr(these, *p) != NULL) {
            *p = by;
        }
    }
    return copy;
}

static const char *last_label(const char *id)
{
    const char *dot = strrchr(id, '.');
    return dot != NULL ? dot + 1 : id;
}

char *plugin_template_target(const struct plugin_template *t)
{
    AUTO_FREE char *name = replaced(last_label(t->id), "-", '_');
    return alloc_printf("%s_%s", t->kind, name);
}

/* "com.acme.llm" gives ACME_LLM: what environment variables begin with. */
static char *environment_prefix(const char *id)
{
    char *words = replaced(strchr(id, '.') + 1, ".-", '_');
    for (char *p = words; *p != '\0'; p++) {
        *p = (char)toupper((unsigned char)*p);
    }
    return words;
}

static void make_words(const struct plugin_template *t, struct word *words)
{
    const struct word made[WORDS] = {
        {"ID", alloc_string(t->id)},
        {"NAME", replaced(last_label(t->id), "-", '_')},
        {"TARGET", plugin_template_target(t)},
        {"IDENT", replaced(t->id, ".-", '_')},
        {"ENV", environment_prefix(t->id)},
        {"LANG", alloc_string(t->is_cxx ? "CXX" : "C")},
        {"STANDARD", alloc_string(t->is_cxx ? "17" : "11")},
        {"EXT", alloc_string(t->is_cxx ? "cpp" : "c")},
        {"CLANG", alloc_string(t->is_cxx ? "clang++" : "clang")},
    };
    memcpy(words, made, sizeof made);
}

/* ---- one file ---- */

/* The word that "@KEY@" at `p` names, NULL when it is none. */
static const struct word *word_at(const struct word *words, const char *p)
{
    for (size_t i = 0; i < WORDS; i++) {
        const size_t n = strlen(words[i].key);
        if (strncmp(p + 1, words[i].key, n) == 0 && p[n + 1] == '@') {
            return &words[i];
        }
    }
    return NULL;
}

static bool fill_in(const struct word *words, const char *from, struct text *out)
{
    bool is_whole = true;
    while (*from != '\0' && is_whole) {
        const size_t n = strcspn(from, "@");
        is_whole = text_add(out, from, n);
        from += n;
        if (*from == '@') {
            const struct word *word = word_at(words, from);
            is_whole = is_whole &&
                       (word != NULL ? text_add_string(out, word->value) : text_add_char(out, '@'));
            from += word != NULL ? strlen(word->key) + 2 : 1;
        }
    }
    return is_whole;
}

static bool ends_with(const char *name, const char *end)
{
    const size_t n = strlen(name), m = strlen(end);
    return n > m && strcmp(name + n - m, end) == 0;
}

/* What a template is called when it is filled in; NULL: it is not for this plugin. */
static char *file_name(const struct plugin_template *t, const char *name)
{
    if (!ends_with(name, ".in") || ends_with(name, t->is_cxx ? ".c.in" : ".cpp.in")) {
        return NULL;
    }
    const size_t n = strlen(name) - strlen(".in");
    if (ends_with(name, ".lang.in")) {
        return alloc_printf("%.*s.%s", (int)(n - strlen(".lang")), name, t->is_cxx ? "cpp" : "c");
    }
    return alloc_printf("%.*s", (int)n, name);
}

static int write_new(const char *path, const struct text *text, mode_t mode,
                     struct beacon_error *err)
{
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0 || !io_write_all(fd, text->data, text->len)) {
        return error_set_errno(err, BEACON_E_IO, errno, "choose another folder with --dir",
                               "cannot write %s: %s", path, strerror(errno));
    }
    return BEACON_OK;
}

static int write_file(struct job *job, const char *from, const char *to, struct beacon_error *err)
{
    struct stat st;
    AUTO_TEXT struct text template_text, filled;
    text_init(&template_text, FILE_MAX);
    text_init(&filled, FILE_MAX);
    int rc = io_read_file(from, &template_text, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (!fill_in(job->words, text_string(&template_text), &filled)) {
        return error_set(err, BEACON_E_LIMIT, "install the SDK again", "%s is too large", from);
    }
    const bool is_program = stat(from, &st) == 0 && (st.st_mode & S_IXUSR) != 0;
    rc = write_new(to, &filled, is_program ? 0755 : 0644, err);
    job->n_files += rc == BEACON_OK ? 1 : 0;
    return rc;
}

/* ---- folders ---- */

static int write_folder(struct job *job, const char *from, const char *to, unsigned depth,
                        struct beacon_error *err);

/* NOLINTNEXTLINE(misc-no-recursion): at most DEPTH_MAX folders deep */
static int write_entry(struct job *job, const char *from, const char *to, const char *name,
                       unsigned depth, struct beacon_error *err)
{
    struct stat st;
    AUTO_FREE char *source = path_join(from, name);
    if (stat(source, &st) == 0 && S_ISDIR(st.st_mode)) {
        AUTO_FREE char *below = path_join(to, name);
        return depth > 0 ? write_folder(job, source, below, depth - 1, err) : BEACON_OK;
    }
    AUTO_FREE char *called = file_name(job->t, name);
    AUTO_FREE char *target = called != NULL ? path_join(to, called) : NULL;
    return target != NULL ? write_file(job, source, target, err) : BEACON_OK;
}

/* NOLINTNEXTLINE(misc-no-recursion): at most DEPTH_MAX folders deep */
static int write_folder(struct job *job, const char *from, const char *to, unsigned depth,
                        struct beacon_error *err)
{
    DIR *dir = opendir(from);
    if (dir == NULL) {
        return error_set_errno(err, BEACON_E_NOT_FOUND, errno,
                               "install the SDK of this version of beacon",
                               "the templates for plugins are not installed: there is no %s", from);
    }
    int rc = io_make_directories(to, 0755, err);
    for (const struct dirent *entry = readdir(dir); rc == BEACON_OK && entry != NULL;
         entry = readdir(dir)) {
        if (entry->d_name[0] != '.') {
            rc = write_entry(job, from, to, entry->d_name, depth, err);
        }
    }
    (void)closedir(dir);
    return rc;
}

static bool may_be_there(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, ".git") == 0;
}

static int check_is_empty(const char *path, struct beacon_error *err)
{
    DIR *dir = opendir(path);
    int rc = BEACON_OK;
    if (dir == NULL) {
        return errno == ENOENT
                   ? BEACON_OK
                   : error_set_errno(err, BEACON_E_IO, errno, "choose another folder with --dir",
                                     "cannot open %s: %s", path, strerror(errno));
    }
    for (const struct dirent *entry = readdir(dir); rc == BEACON_OK && entry != NULL;
         entry = readdir(dir)) {
        if (!may_be_there(entry->d_name)) {
            rc = error_set(err, BEACON_E_INVALID, "name a new folder with --dir",
                           "%s is not empty: it has %s", path, entry->d_name);
        }
    }
    (void)closedir(dir);
    return rc;
}

int plugin_template_write(const struct plugin_template *t, size_t *ret_n, struct beacon_error *err)
{
    struct job job = {.t = t};
    AUTO_FREE char *shared = path_join(t->templates, "shared");
    AUTO_FREE char *of_kind = path_join(t->templates, t->kind);
    int rc = check_is_empty(t->dir, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    make_words(t, job.words);
    rc = write_folder(&job, shared, t->dir, DEPTH_MAX, err);
    rc = rc == BEACON_OK ? write_folder(&job, of_kind, t->dir, DEPTH_MAX, err) : rc;
    for (size_t i = 0; i < WORDS; i++) {
        free(job.words[i].value);
    }
    if (rc == BEACON_OK) {
        *ret_n = job.n_files;
    }
    return rc;
}
