/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/patch.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "event/event.h"
#include "event/fanout.h"
#include "sandbox/sandbox.h"
#include "tools/patch_apply.h"
#include "tools/patch_ask.h"
#include "tools/patch_parse.h"
#include "tools/tool.h"

#define DIFF_MAX (4u << 20)

struct roots {
    int *fds;
    const char **paths;
    struct patch_roots view;
};

static bool may_write(const void *ctx, const char *path)
{
    struct beacon_error unused = {.struct_size = sizeof unused};
    return sandbox_check_write(ctx, path, &unused) == BEACON_OK;
}

static void roots_fill(struct roots *roots, const struct sandbox *sandbox)
{
    size_t n = sandbox_is_unrestricted(sandbox) ? 0 : sandbox_root_count(sandbox);
    roots->fds = alloc_array(n, sizeof(int));
    roots->paths = alloc_array(n, sizeof(char *));
    for (size_t i = 0; i < n; i++) {
        roots->fds[i] = sandbox_root_fd(sandbox, i);
        roots->paths[i] = sandbox_root_path(sandbox, i);
    }
    roots->view = (struct patch_roots){roots->fds, roots->paths, n, may_write, sandbox};
}

static void roots_finish(struct roots *roots)
{
    free(roots->fds);
    free((void *)roots->paths);
}

static void emit(struct tool_run *run, enum event_kind kind, struct event_patch patch)
{
    struct event event = {.kind = kind, .turn_id = run->context->turn_id};
    event.as.patch = patch;
    fanout_emit(run->context->events, &event);
}

void patch_write(struct tool_run *run, struct patch_plan *plan)
{
    struct event_patch event = {
        .call_id = run->call_id, .diff = "", .message = "", .status = EVENT_IN_PROGRESS};
    event.changes = patch_plan_changes(plan, &event.n_changes);
    emit(run, EVENT_PATCH_STARTED, event);
    AUTO_TEXT struct text diff, summary;
    text_init(&diff, DIFF_MAX);
    text_init(&summary, PATCH_WHY_MAX);
    uint64_t before_ns = clock_mono_ns();
    struct beacon_error err = {0};
    int rc = patch_commit(plan, &summary, &err);
    double seconds = (double)(clock_mono_ns() - before_ns) / 1e9;
    if (rc == BEACON_OK) {
        patch_plan_diff(plan, &diff);
    }
    event.status = rc == BEACON_OK ? EVENT_COMPLETED : EVENT_FAILED;
    event.diff = text_string(&diff);
    event.message = text_string(&summary);
    emit(run, EVENT_PATCH_FINISHED, event);
    AUTO_FREE char *answer = alloc_printf("Exit code: %d\nWall time: %.1f seconds\nOutput:\n%s",
                                          rc == BEACON_OK ? 0 : 1, seconds, text_string(&summary));
    (rc == BEACON_OK ? tool_answer_text : tool_answer_failure)(run, answer, strlen(answer));
}

void patch_run(struct tool_run *run, const char *text, size_t n, const char *dir)
{
    const struct sandbox *sandbox = run->context->sandbox;
    if (sandbox_is_read_only(sandbox)) {
        patch_ask(run, text, n, dir,
                  "patch rejected: writing is blocked by read-only sandbox; rejected by user "
                  "approval settings");
        return;
    }
    AUTO_TEXT struct text why;
    text_init(&why, PATCH_WHY_MAX);
    struct patch *patch = NULL;
    struct patch_plan *plan = NULL;
    struct beacon_error err = {0};
    struct roots roots = {0};
    roots_fill(&roots, sandbox);
    int rc = patch_parse(text, n, &patch, &why, &err);
    if (rc == BEACON_OK && patch->n_sections == 0) {
        tool_answerf(run, "patch rejected: empty patch");
    } else {
        if (rc == BEACON_OK) {
            rc = patch_verify(patch, dir, &roots.view, &plan, &why, &err);
        }
        if (rc == BEACON_OK) {
            tool_decided(run, true);
            patch_write(run, plan);
        } else if (rc == BEACON_E_REFUSED) {
            patch_ask(run, text, n, dir,
                      "patch rejected: writing outside of the project; rejected by user approval "
                      "settings");
        } else {
            tool_answerf(run, "apply_patch verification failed: %s", text_string(&why));
        }
    }
    patch_plan_destroy(plan);
    patch_destroy(patch);
    roots_finish(&roots);
}

/* The freeform tool gives the raw patch; a wire without freeform tools gives {"input": patch}. */
void patch_tool(struct tool_run *run)
{
    static const struct tool_field fields[] = {{"input", TOOL_STRING, true}};
    if (run->input[strspn(run->input, " \t\r\n")] != '{') {
        patch_run(run, run->input, run->input_bytes, run->context->cwd);
        return;
    }
    AUTO_JSON struct json_object *arguments = tool_arguments(run, fields, 1);
    if (arguments != NULL) {
        const char *input = json_string_of(arguments, "input", "");
        patch_run(run, input, strlen(input), run->context->cwd);
    }
}
