/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/answers.h"

#include "plugin/sandbox_backend.h"
#include "sandbox/plan.h"
#include "sandbox/sandbox_parts.h"
#include "sandbox/supervisor.h"

static int judge(void *ctx, void *cookie, const struct beacon_sb_notice *notice,
                 struct beacon_sb_answer *ret)
{
    return sandbox_backend_notify(ctx, cookie, notice, ret);
}

int answers_begin(struct sandbox *sandbox, struct plan *plan, void *cookie,
                  struct supervisor_watch **ret_watch, struct beacon_error *err)
{
    int listener = plan_take_sent(plan, PLAN_SENT_NOTIFIER);
    if (listener < 0) {
        *ret_watch = NULL;
        return BEACON_OK;
    }
    if (sandbox->supervisor == NULL) {
        const struct supervisor_settings settings = {.judge = judge, .ctx = sandbox->backend};
        sandbox->supervisor = supervisor_create(&settings);
    }
    return supervisor_watch(sandbox->supervisor, listener, cookie, ret_watch, err);
}

static void release_collected(struct sandbox *sandbox)
{
    void *cookie = NULL;
    while (supervisor_collect(sandbox->supervisor, &cookie)) {
        sandbox_backend_release(sandbox->backend, cookie);
    }
}

void answers_end(struct sandbox *sandbox, struct supervisor_watch *watch, void *cookie)
{
    if (watch == NULL) {
        sandbox_backend_release(sandbox->backend, cookie);
        return;
    }
    supervisor_forget(sandbox->supervisor, watch);
    release_collected(sandbox);
}

void answers_finish(struct sandbox *sandbox)
{
    bool is_free = true;
    if (sandbox->supervisor != NULL) {
        is_free = supervisor_stop(sandbox->supervisor);
        release_collected(sandbox);
        supervisor_destroy(sandbox->supervisor);
        sandbox->supervisor = NULL;
    }
    if (is_free) {
        sandbox_backend_close(sandbox->backend);
    }
}
