/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials/login.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "credentials/store.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "plugin/auth.h"
#include "plugin/host_api.h"

#define GRACE_MS 250 /* what the ABI gives a plugin to return after a cancel */

struct login {
    struct loop *loop;
    const struct store *store;
    struct auth *auth;
    uint32_t method;
    login_end_fn on_end;
    void *ctx;
    struct worker *worker;
    struct loop_timer *grace; /* NULL before a cancel */
    atomic_bool is_over;      /* run() touches nothing of this any more */
    /* [worker] until is_over */
    int rc;
    struct beacon_error err;
};

static bool is_cancelled(const void *ctx)
{
    return worker_is_cancelled(ctx);
}

static void run(struct worker *worker, void *ctx)
{
    struct login *login = ctx;
    AUTO_CLOSE int held = -1;
    const struct beacon_cancel cancel = {
        .is_cancelled = is_cancelled, .fd = worker_cancel_fd(worker), .ctx = worker};
    login->rc = store_hold(login->store, auth_plugin_id(login->auth), &cancel, &held, &login->err);
    if (login->rc == BEACON_OK) {
        login->rc = login->method == LOGIN_OUT
                        ? auth_logout(login->auth, "", &cancel, &login->err)
                        : auth_login(login->auth, "", login->method, &cancel, &login->err);
    }
    atomic_store(&login->is_over, true);
}

static void on_post(void *ctx, uint32_t kind, const void *p, size_t n)
{
    (void)ctx;
    (void)kind;
    (void)p;
    (void)n;
}

static void on_done(void *ctx)
{
    struct login *login = ctx;
    loop_timer_close(login->grace);
    if (atomic_load(&login->is_over)) {
        login->on_end(login->ctx, login->rc, &login->err);
        free(login);
        return;
    }
    struct beacon_error hung = {0};
    int rc = error_set(&hung, BEACON_E_DEADLINE, "report this to its author",
                       "the auth plugin %s did not stop when asked", auth_plugin_id(login->auth));
    login->on_end(login->ctx, rc, &hung); /* its thread may still write to *login */
}

static void on_grace_over(void *ctx)
{
    struct login *login = ctx;
    worker_abandon(login->worker);
}

/* NOLINTNEXTLINE(readability-function-size): eight names; a struct would only move them */
int login_start(struct loop *loop, const struct store *store, struct auth *auth, uint32_t method,
                login_end_fn on_end, void *ctx, struct login **ret, struct beacon_error *err)
{
    struct login *login = alloc_zeroed(sizeof *login);
    login->loop = loop;
    login->store = store;
    login->auth = auth;
    login->method = method;
    login->on_end = on_end;
    login->ctx = ctx;
    login->worker = worker_start(loop, &(struct worker_job){run, on_post, on_done, login});
    if (login->worker == NULL) {
        int cause = errno;
        free(login);
        return error_set_errno(err, BEACON_E_LIMIT, cause, "end other programs, then try again",
                               "cannot start a thread for the auth plugin: %s", strerror(cause));
    }
    *ret = login;
    return BEACON_OK;
}

void login_cancel(struct login *login)
{
    if (login->grace == NULL) {
        login->grace = loop_timer_create(login->loop, on_grace_over, login);
        loop_timer_start(login->grace, GRACE_MS);
        worker_cancel(login->worker);
    }
}
