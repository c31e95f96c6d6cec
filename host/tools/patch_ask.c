/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/patch_ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "event/event.h"
#include "policy/approval.h"
#include "sandbox/sandbox.h"
#include "tools/patch.h"
#include "tools/patch_apply.h"
#include "tools/patch_parse.h"
#include "tools/tool.h"

#define SHOWN_MAX (4u << 20) /* bytes of the diff a person is shown */

struct asked {
    struct tool_run *run;
    char *text, *dir, *refusal;
    size_t n;
    struct patch *patch;
    /* Where it may write: the deepest folders there are above what it names. */
    int *fds;
    char **paths;
    size_t n_roots;
    struct patch_roots roots; /* the same, for the plan */
    struct patch_plan *plan;  /* as it is asked about; made anew before it is written */
    char *diff;
    struct approval_case judged;
    struct approval_open *open;
};

static void destroy(struct asked *asked)
{
    for (size_t i = 0; i < asked->n_roots; i++) {
        (void)close(asked->fds[i]);
        free(asked->paths[i]);
    }
    free(asked->fds);
    free(asked->paths);
    patch_plan_destroy(asked->plan);
    patch_destroy(asked->patch);
    approval_case_finish(&asked->judged);
    free(asked->text);
    free(asked->dir);
    free(asked->refusal);
    free(asked->diff);
    free(asked);
}

/* ---- the places ---- */

static bool is_pinned(const struct asked *asked, const char *path)
{
    for (size_t i = 0; i < asked->n_roots; i++) {
        if (strcmp(asked->paths[i], path) == 0) {
            return true;
        }
    }
    return false;
}

/* Beneath a root these names are protected anyway; here the root itself may lie within one. */
static bool has_protected_name(const char *path)
{
    static const char *const names[] = {".git", ".code", ".codex"};
    for (const char *p = path; *p != '\0';) {
        const size_t n = strcspn(p, "/");
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            if (strlen(names[i]) == n && strncasecmp(p, names[i], n) == 0) {
                return true;
            }
        }
        p += n + (p[n] == '/' ? 1 : 0);
    }
    return false;
}

/* The path is shown to a person: it must be what it seems, not a link to elsewhere. */
static bool pin(struct asked *asked, const char *path)
{
    AUTO_FREE char *dir = path_parent(path);
    AUTO_FREE char *real = NULL;
    while ((real = realpath(dir, NULL)) == NULL && errno == ENOENT && strcmp(dir, "/") != 0) {
        char *parent = path_parent(dir);
        free(dir);
        dir = parent;
    }
    if (real == NULL || strcmp(real, dir) != 0 || has_protected_name(real)) {
        return false;
    }
    if (is_pinned(asked, dir)) {
        return true;
    }
    AUTO_CLOSE int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return false;
    }
    asked->fds = alloc_grow(asked->fds, asked->n_roots + 1, sizeof *asked->fds);
    asked->paths = alloc_grow(asked->paths, asked->n_roots + 1, sizeof *asked->paths);
    asked->fds[asked->n_roots] = take_fd(&fd);
    asked->paths[asked->n_roots++] = take_pointer(dir);
    return true;
}

static bool pin_all(struct asked *asked)
{
    for (size_t i = 0; i < asked->patch->n_sections; i++) {
        const struct patch_section *section = &asked->patch->sections[i];
        AUTO_FREE char *path = path_normal(asked->dir, section->path);
        AUTO_FREE char *moved =
            section->move_path != NULL ? path_normal(asked->dir, section->move_path) : NULL;
        if (!pin(asked, path) || (moved != NULL && !pin(asked, moved))) {
            return false;
        }
    }
    return true;
}

/* ---- what would be written ---- */

static int verify(struct asked *asked, struct patch_plan **ret, char **ret_diff, struct text *why)
{
    struct beacon_error err = {0};
    struct text diff;
    asked->roots = (struct patch_roots){
        .fds = asked->fds, .paths = (const char *const *)asked->paths, .n = asked->n_roots};
    int rc = patch_verify(asked->patch, asked->dir, &asked->roots, ret, why, &err);
    if (rc == BEACON_OK) {
        text_init(&diff, SHOWN_MAX);
        patch_plan_diff(*ret, &diff);
        *ret_diff = text_take(&diff);
    }
    return rc;
}

static void tell(const struct asked *asked, const char *word,
                 const struct approval_outcome *outcome)
{
    struct event_decision decision = {.decision = word,
                                      .source = "config",
                                      .by = asked->judged.ruling.by,
                                      .where = asked->judged.where,
                                      .layer = asked->judged.layer,
                                      .sandbox = "",
                                      .is_escalated = asked->judged.ruling.is_outside};
    if (outcome != NULL) {
        decision.by = outcome->by;
        decision.source = strcmp(outcome->by, "timeout") != 0 ? "user" : "config";
        decision.was_asked = true;
    }
    if (strncmp(word, "approved", strlen("approved")) == 0) {
        decision.sandbox = "none";
    }
    tool_decided_by(asked->run, &decision);
}

static void refuse(struct asked *asked, const char *words)
{
    struct tool_run *run = asked->run;
    AUTO_FREE char *kept = alloc_string(words);
    destroy(asked);
    tool_answerf(run, "%s", kept);
}

static void write_it(struct asked *asked)
{
    struct tool_run *run = asked->run;
    struct patch_plan *plan = take_pointer(asked->plan);
    patch_write(run, plan); /* the roots of the plan are still there */
    patch_plan_destroy(plan);
    destroy(asked);
}

/* The person said yes to a diff: it must be the same one still. */
static void write_again_verified(struct asked *asked)
{
    AUTO_TEXT struct text why;
    text_init(&why, PATCH_WHY_MAX);
    AUTO_FREE char *diff = NULL;
    patch_plan_destroy(take_pointer(asked->plan));
    if (verify(asked, &asked->plan, &diff, &why) != BEACON_OK) {
        AUTO_FREE char *words =
            alloc_printf("apply_patch verification failed: %s", text_string(&why));
        refuse(asked, words);
    } else if (strcmp(diff, asked->diff) != 0) {
        refuse(asked, "patch rejected: the files have changed since the user was asked");
    } else {
        write_it(asked);
    }
}

/* ---- asking ---- */

static void on_answered(void *ctx, const struct approval_outcome *outcome)
{
    struct asked *asked = ctx;
    asked->open = NULL;
    asked->run->state = NULL;
    asked->run->cancel = NULL;
    if (outcome->answer == DENIED) {
        tell(asked, "denied", outcome);
        refuse(asked, "patch rejected by user");
        return;
    }
    tell(asked, outcome->answer == APPROVED_FOR_SESSION ? "approved_for_session" : "approved",
         outcome);
    write_again_verified(asked);
}

static void cancel(struct tool_run *run)
{
    struct asked *asked = run->state;
    const struct approval_outcome outcome = {.answer = ABORT,
                                             .by = approvals_withdraw(asked->open)};
    tell(asked, "abort", &outcome);
    refuse(asked, "aborted");
}

static void ask(struct asked *asked, const struct event_change *changes, size_t n)
{
    struct tool_run *run = asked->run;
    AUTO_FREE char *grant_root = approval_grant_root(changes, n);
    const struct event_approval request = {.call_id = run->call_id,
                                           .kind = EVENT_APPROVE_PATCH,
                                           .command = "",
                                           .cwd = asked->dir,
                                           .reason = asked->refusal,
                                           .is_escalation = true,
                                           .changes = changes,
                                           .n_changes = n,
                                           .diff = asked->diff,
                                           .grant_root = grant_root};
    const struct approval_asker asker = {run->context->turn_id, on_answered, asked};
    struct beacon_error err = {0};
    if (approvals_ask(run->context->approvals, &request, &asker, &asked->open, &err) != BEACON_OK) {
        tell(asked, "denied", NULL);
        refuse(asked, asked->refusal);
        return;
    }
    run->state = asked;
    run->cancel = cancel;
}

static void judge(struct asked *asked)
{
    struct approval_patch patch = {0};
    struct sandbox *outside = NULL;
    struct beacon_error err = {0};
    patch.changes = patch_plan_changes(asked->plan, &patch.n_changes);
    approval_case_finish(&asked->judged);
    approvals_judge_patch(asked->run->context->approvals, &patch, &asked->judged);
    if (tool_outside(asked->run->context, &outside, &err) != BEACON_OK) {
        asked->judged.ruling.by = "admin"; /* a yes could not be kept */
        tell(asked, "denied", NULL);
        refuse(asked, asked->refusal);
    } else if (asked->judged.ruling.verdict == APPROVAL_RUN) {
        tell(asked, "approved", NULL);
        write_it(asked);
    } else {
        ask(asked, patch.changes, patch.n_changes);
    }
}

/* Would the policy say no whatever the patch is? */
static bool is_hopeless(struct asked *asked)
{
    approvals_judge_patch(asked->run->context->approvals, &(struct approval_patch){0},
                          &asked->judged);
    return asked->judged.ruling.verdict == APPROVAL_REFUSE;
}

static void begin(struct asked *asked)
{
    AUTO_TEXT struct text why;
    text_init(&why, PATCH_WHY_MAX);
    struct beacon_error err = {0};
    int rc = patch_parse(asked->text, asked->n, &asked->patch, &why, &err);
    if (rc == BEACON_OK && asked->patch->n_sections == 0) {
        refuse(asked, "patch rejected: empty patch");
        return;
    }
    if (rc == BEACON_OK) {
        rc = pin_all(asked) ? verify(asked, &asked->plan, &asked->diff, &why) : BEACON_E_REFUSED;
    }
    if (rc == BEACON_E_REFUSED) { /* by name or by link: no yes helps */
        tell(asked, "denied", NULL);
        refuse(asked, asked->refusal);
    } else if (rc != BEACON_OK) {
        AUTO_FREE char *words =
            alloc_printf("apply_patch verification failed: %s", text_string(&why));
        refuse(asked, words);
    } else {
        judge(asked);
    }
}

void patch_ask(struct tool_run *run, const char *text, size_t n, const char *dir,
               const char *refusal)
{
    struct asked *asked = alloc_zeroed(sizeof *asked);
    asked->run = run;
    asked->text = alloc_string_n(text, n);
    asked->n = n;
    asked->dir = alloc_string(dir);
    asked->refusal = alloc_string(refusal);
    if (is_hopeless(asked)) {
        tell(asked, "denied", NULL);
        refuse(asked, refusal);
    } else {
        begin(asked);
    }
}
