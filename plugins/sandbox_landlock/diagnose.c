/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnose.h"

#include <beacon-sdk/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "policy.h"

#define LINE_MAX_BYTES 300
#define ROOTS_BYTES    512

struct denial {
    bool has_network;
    char roots[ROOTS_BYTES]; /* "/a, /b" */
};

/* How programs word the errors of Landlock and of the filter. */
static const char *const wordings[] = {
    "Permission denied",
    "Operation not permitted",
    "EACCES",
    "EPERM",
};

/* What becomes of a refused socket in those that look up a name. */
static const char *const network_wordings[] = {
    "Could not resolve",
    "Temporary failure in name resolution",
    "Failed to connect",
    "EAI_AGAIN",
};

static void add_root(struct denial *denial, struct beacon_str path)
{
    size_t len = strlen(denial->roots);
    size_t left = sizeof denial->roots - len;
    if (path.n + 3 <= left) {
        (void)snprintf(denial->roots + len, left, "%s%.*s", len > 0 ? ", " : "", (int)path.n,
                       path.p);
    }
}

struct denial *denial_create(const struct beacon_sandbox_policy *policy, bool has_network)
{
    struct denial *denial = calloc(1, sizeof *denial);
    if (denial == NULL) {
        return NULL;
    }
    denial->has_network = has_network;
    for (size_t i = 0; i < policy->n_paths; i++) {
        const struct beacon_path_rule *rule = policy->paths[i];
        if (policy_is_writable_tree(rule)) {
            add_root(denial, rule->path);
        }
    }
    return denial;
}

void denial_destroy(struct denial *denial)
{
    free(denial);
}

static bool has_one_of(struct beacon_str line, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (beacon_span_contains(line, words[i])) {
            return true;
        }
    }
    return false;
}

static bool tells_refusal(const struct denial *denial, struct beacon_str line)
{
    return has_one_of(line, wordings, sizeof wordings / sizeof wordings[0]) ||
           (!denial->has_network &&
            has_one_of(line, network_wordings,
                       sizeof network_wordings / sizeof network_wordings[0]));
}

/* The last line that speaks of a refusal; empty when none does. */
static struct beacon_str find_line(const struct denial *denial, struct beacon_bytes tail)
{
    struct beacon_str text = beacon_span((const char *)tail.p, tail.n);
    while (text.n > 0) {
        size_t start = text.n;
        while (start > 0 && text.p[start - 1] != '\n') {
            start--;
        }
        struct beacon_str line = beacon_span(text.p + start, text.n - start);
        if (tells_refusal(denial, line)) {
            return line;
        }
        text.n = start > 0 ? start - 1 : 0;
    }
    return beacon_span(NULL, 0);
}

static beacon_rc put(const struct beacon_sink *out, struct beacon_str text)
{
    return out->put(out, text.p, text.n);
}

beacon_rc denial_diagnose(const struct denial *denial, int32_t wait_status,
                          struct beacon_bytes tail, const struct beacon_sink *out)
{
    if (denial == NULL || (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0)) {
        return BEACON_OK;
    }
    struct beacon_str line = beacon_utf8_cut(find_line(denial, tail), LINE_MAX_BYTES);
    if (line.n == 0 || !beacon_utf8_is_valid(line)) {
        return BEACON_OK;
    }
    char rules[ROOTS_BYTES + 128];
    bool may_write = denial->roots[0] != '\0';
    (void)snprintf(rules, sizeof rules, "\nWriting is allowed %s%s; the network is %s.",
                   may_write ? "only beneath " : "nowhere", denial->roots,
                   denial->has_network ? "open" : "off");
    beacon_rc rc = put(out, BEACON_STR("The sandbox (landlock) probably refused this: "));
    rc = rc == BEACON_OK ? put(out, line) : rc;
    return rc == BEACON_OK ? put(out, beacon_text(rules)) : rc;
}
