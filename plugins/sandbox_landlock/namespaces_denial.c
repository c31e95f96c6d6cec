/* SPDX-License-Identifier: Apache-2.0 */
#include "namespaces_denial.h"

#include <beacon-sdk/text.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "mount_table.h"
#include "policy.h"

#define LINE_MAX_BYTES 300
#define ROOTS_BYTES    512

struct remembered {
    struct beacon_str path;
    uint32_t access;
};

struct namespaces_denial {
    unsigned users;
    bool has_network;
    struct remembered *rules;
    size_t n_rules;
    char *text; /* of the paths */
    struct beacon_str cwd;
    char roots[ROOTS_BYTES]; /* "/a, /b" */
};

/* ABOUT_COVERS: what stands in the place of a name that may not be made answers so, and much else does:
 * it means something only where the name is a protected one. */
enum about { ABOUT_NOTHING, ABOUT_FILES, ABOUT_COVERS, ABOUT_NETWORK };

/* How programs word what the mounts, the filter and an empty network answer. */
static const struct {
    const char *words;
    enum about about;
} wordings[] = {
    {"Read-only file system", ABOUT_FILES},
    {"Permission denied", ABOUT_FILES},
    {"Operation not permitted", ABOUT_FILES},
    {"Device or resource busy", ABOUT_FILES},
    {"EROFS", ABOUT_FILES},
    {"EACCES", ABOUT_FILES},
    {"EPERM", ABOUT_FILES},
    {"EBUSY", ABOUT_FILES},
    {"No such device or address", ABOUT_COVERS},
    {"File exists", ABOUT_COVERS},
    {"Not a directory", ABOUT_COVERS},
    {"ENXIO", ABOUT_COVERS},
    {"EEXIST", ABOUT_COVERS},
    {"ENOTDIR", ABOUT_COVERS},
    {"Network is unreachable", ABOUT_NETWORK},
    {"ENETUNREACH", ABOUT_NETWORK},
    {"Temporary failure in name resolution", ABOUT_NETWORK},
    {"Could not resolve", ABOUT_NETWORK},
    {"Failed to connect", ABOUT_NETWORK},
    {"Connection refused", ABOUT_NETWORK},
    {"ECONNREFUSED", ABOUT_NETWORK},
    {"EAI_AGAIN", ABOUT_NETWORK},
};

static struct beacon_str keep(char **to, struct beacon_str from)
{
    char *start = *to;
    if (from.n > 0) {
        memcpy(start, from.p, from.n);
    }
    *to += from.n;
    return beacon_span(start, from.n);
}

static void add_root(struct namespaces_denial *denial, struct beacon_str path)
{
    size_t len = strlen(denial->roots);
    size_t left = sizeof denial->roots - len;
    if (path.n + 3 <= left) {
        (void)snprintf(denial->roots + len, left, "%s%.*s", len > 0 ? ", " : "", (int)path.n,
                       path.p);
    }
}

struct namespaces_denial *namespaces_denial_create(const struct beacon_sandbox_policy *policy,
                                                   struct beacon_str cwd)
{
    size_t bytes = cwd.n + 1;
    for (size_t i = 0; i < policy->n_paths; i++) {
        bytes += policy->paths[i]->path.n;
    }
    struct namespaces_denial *denial = calloc(1, sizeof *denial);
    char *text = malloc(bytes);
    struct remembered *rules = calloc(policy->n_paths + 1, sizeof *rules);
    if (denial == NULL || text == NULL || rules == NULL) {
        free(denial);
        free(text);
        free(rules);
        return NULL;
    }
    *denial = (struct namespaces_denial){
        .users = 1, .has_network = policy->net == BEACON_NET_FULL, .rules = rules, .text = text};
    denial->cwd = keep(&text, cwd);
    for (size_t i = 0; i < policy->n_paths; i++) {
        const struct beacon_path_rule *rule = policy->paths[i];
        rules[denial->n_rules++] =
            (struct remembered){.path = keep(&text, rule->path), .access = rule->access};
        if (policy_is_writable_tree(rule)) {
            add_root(denial, rule->path);
        }
    }
    return denial;
}

struct namespaces_denial *namespaces_denial_share(struct namespaces_denial *denial)
{
    if (denial != NULL) {
        denial->users++;
    }
    return denial;
}

void namespaces_denial_release(struct namespaces_denial *denial)
{
    if (denial != NULL && --denial->users == 0) {
        free(denial->rules);
        free(denial->text);
        free(denial);
    }
}

static const char *find_words(struct beacon_str line, enum about *ret)
{
    for (size_t i = 0; i < sizeof wordings / sizeof wordings[0]; i++) {
        if (beacon_span_contains(line, wordings[i].words)) {
            *ret = wordings[i].about;
            return wordings[i].words;
        }
    }
    *ret = ABOUT_NOTHING;
    return NULL;
}

/* The last line that speaks of a refusal; NULL words when none does. */
static struct beacon_str find_line(struct beacon_bytes tail, enum about *ret_about)
{
    struct beacon_str text = beacon_span((const char *)tail.p, tail.n);
    *ret_about = ABOUT_NOTHING;
    while (text.n > 0) {
        size_t start = text.n;
        while (start > 0 && text.p[start - 1] != '\n') {
            start--;
        }
        struct beacon_str line = beacon_span(text.p + start, text.n - start);
        if (find_words(line, ret_about) != NULL) {
            return line;
        }
        text.n = start > 0 ? start - 1 : 0;
    }
    return beacon_span(NULL, 0);
}

static bool is_edge(char c)
{
    return c == '\'' || c == '"' || c == '`' || c == ' ' || c == '\t' || c == '(' || c == ')' ||
           c == ',' || c == ':' || c == '\r' || c == '[' || c == ']' || c == ';';
}

/* The next word of `line` from *at on that has a slash or begins with a dot, like /a/b in "touch: cannot
 * touch '/a/b': …"; names with blanks are not worth the guess. Empty: there is none. */
static struct beacon_str next_path(struct beacon_str line, size_t *at)
{
    while (*at < line.n) {
        const size_t start = *at;
        while (*at < line.n && !is_edge(line.p[*at])) {
            (*at)++;
        }
        const struct beacon_str word = beacon_span(line.p + start, *at - start);
        const bool is_program = start == 0; /* "/bin/sh: 1: cannot create …" */
        *at += *at < line.n ? 1u : 0u;
        const bool is_path =
            word.n > 1 && (word.p[0] == '.' || memchr(word.p, '/', word.n) != NULL);
        if (is_path && !is_program) {
            return word;
        }
    }
    return beacon_span(NULL, 0);
}

/* Append one component, or go up; false when it is too long. */
static bool append(char *to, size_t room, size_t *n, struct beacon_str part)
{
    if (part.n == 0 || beacon_span_is(part, ".")) {
        return true;
    }
    if (beacon_span_is(part, "..")) {
        while (*n > 0 && to[--*n] != '/') {
        }
        return true;
    }
    if (*n + part.n + 1 >= room) {
        return false;
    }
    to[(*n)++] = '/';
    memcpy(to + *n, part.p, part.n);
    *n += part.n;
    return true;
}

static bool append_path(char *to, size_t room, size_t *n, struct beacon_str path)
{
    bool is_whole = true;
    for (size_t i = 0; i <= path.n && is_whole;) {
        size_t start = i;
        while (i < path.n && path.p[i] != '/') {
            i++;
        }
        is_whole = append(to, room, n, beacon_span(path.p + start, i - start));
        i++;
    }
    return is_whole;
}

/* Absolute, without "..": by the text alone. */
static struct beacon_str absolute(const struct namespaces_denial *denial, struct beacon_str path,
                                  char *to, size_t room)
{
    size_t n = 0;
    bool is_whole = path.p[0] == '/' || append_path(to, room, &n, denial->cwd);
    is_whole = is_whole && append_path(to, room, &n, path);
    return is_whole && n > 0 ? beacon_span(to, n) : beacon_span(NULL, 0);
}

static const struct remembered *deciding(const struct namespaces_denial *denial,
                                         struct beacon_str path)
{
    const struct remembered *best = NULL;
    for (size_t i = 0; i < denial->n_rules; i++) {
        const struct remembered *rule = &denial->rules[i];
        if (path_is_in(path, rule->path) && (best == NULL || rule->path.n >= best->path.n)) {
            best = rule;
        }
    }
    return best;
}

/* Is there a name taken away at or beneath `path`? Then it is pinned. */
static const struct remembered *pinned_by(const struct namespaces_denial *denial,
                                          struct beacon_str path)
{
    for (size_t i = 0; i < denial->n_rules; i++) {
        const struct remembered *rule = &denial->rules[i];
        if ((rule->access & BEACON_PATH_DENY) != 0 && path_is_in(rule->path, path)) {
            return rule;
        }
    }
    return NULL;
}

static bool is_denied(const struct remembered *rule)
{
    return rule != NULL && (rule->access & BEACON_PATH_DENY) != 0;
}

static int shown(struct beacon_str path)
{
    return (int)beacon_utf8_cut(path, LINE_MAX_BYTES).n;
}

/* Empty: the rules allow it, so somebody else refused. */
static void explain_path(const struct namespaces_denial *denial, struct beacon_str path, char *to,
                         size_t n)
{
    const struct remembered *rule = deciding(denial, path);
    const uint32_t access = rule != NULL ? rule->access : 0;
    const struct remembered *pin = pinned_by(denial, path);
    if (is_denied(rule) && (access & BEACON_PATH_READ) != 0) {
        (void)snprintf(to, n,
                       "The sandbox probably refused to open %.*s: %.*s is closed to commands.",
                       shown(path), path.p, shown(rule->path), rule->path.p);
    } else if (is_denied(rule)) {
        (void)snprintf(to, n,
                       "The sandbox probably refused to write %.*s: %.*s is a protected name.",
                       shown(path), path.p, shown(rule->path), rule->path.p);
    } else if ((access & BEACON_PATH_WRITE) == 0) {
        (void)snprintf(to, n,
                       "The sandbox probably refused to write %.*s: it is outside the writable "
                       "directories (%s).",
                       shown(path), path.p, denial->roots[0] != '\0' ? denial->roots : "none");
    } else if (pin != NULL) {
        (void)snprintf(to, n,
                       "The sandbox probably refused to move or remove %.*s: %.*s in it is a "
                       "protected name.",
                       shown(path), path.p, shown(pin->path), pin->path.p);
    } else {
        to[0] = '\0';
    }
}

static void explain_line(const struct namespaces_denial *denial, struct beacon_str line,
                         enum about about, char *to, size_t n)
{
    char whole[PATH_MAX];
    if (about == ABOUT_NETWORK) {
        (void)snprintf(to, n,
                       "The sandbox probably refused this: %.*s\nConnections to other hosts are "
                       "off, and localhost is the command's own.",
                       (int)line.n, line.p);
        return;
    }
    size_t at = 0;
    bool has_path = about == ABOUT_COVERS;
    for (struct beacon_str path = next_path(line, &at); path.n > 0; path = next_path(line, &at)) {
        path = absolute(denial, path, whole, sizeof whole);
        const bool is_covered = path.n > 0 && is_denied(deciding(denial, path));
        if (is_covered || (path.n > 0 && about == ABOUT_FILES)) {
            has_path = true;
            explain_path(denial, path, to, n);
        }
        if (to[0] != '\0') {
            return;
        }
    }
    if (has_path) {
        return; /* the rules allow it all: somebody else refused */
    }
    (void)snprintf(to, n, "The sandbox probably refused this: %.*s\nWriting is allowed %s%s.",
                   (int)line.n, line.p, denial->roots[0] != '\0' ? "only beneath " : "nowhere",
                   denial->roots);
}

beacon_rc namespaces_denial_diagnose(const struct namespaces_denial *denial, int32_t wait_status,
                                     struct beacon_bytes tail, const struct beacon_sink *out)
{
    char text[2048] = "";
    enum about about = ABOUT_NOTHING;
    if (denial == NULL || (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0)) {
        return BEACON_OK;
    }
    struct beacon_str line = beacon_utf8_cut(find_line(tail, &about), LINE_MAX_BYTES);
    bool is_ours = about == ABOUT_FILES || about == ABOUT_COVERS ||
                   (about == ABOUT_NETWORK && !denial->has_network);
    if (line.n == 0 || !beacon_utf8_is_valid(line) || !is_ours) {
        return BEACON_OK;
    }
    explain_line(denial, line, about, text, sizeof text);
    return text[0] != '\0' ? out->put(out, text, strlen(text)) : BEACON_OK;
}
