/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials/attach.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "credentials/header_command.h"
#include "credentials/same_origin.h"
#include "credentials/store.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "plugin/auth.h"
#include "plugin/host_api.h"

#define ASK_LIMIT_MS    60000 /* for the plugin; a login server may be slow */
#define GRACE_MS        250   /* what the ABI gives a plugin to return after a cancel */
#define RENEW_BEFORE_MS 60000
#define RENEW_PAUSE_MS  30000 /* between attempts to renew what still can be used */
#define NS_PER_MS       UINT64_C(1000000)

/* One question to the plugin, on a worker. Outlives the credentials when the plugin hangs. */
struct question {
    struct credentials *owner; /* NULL: nobody waits for the answer any more */
    struct auth *auth;
    const struct store *store;
    struct worker *worker;
    struct loop_timer *limit;
    char *origin;
    uint32_t why;
    uint64_t rejected_gen, deadline_ns;
    bool is_late;
    atomic_bool is_over; /* run() touches nothing of this any more */
    /* [worker] until is_over */
    int rc;
    struct auth_grant grant;
    struct beacon_error err;
};

struct credentials {
    struct credentials_parts parts;
    char *base_url, *token, *component, *config_json, *refusal, *refusal_hint;
    char **env_names;
    struct header_command *command; /* NULL: none */
    bool has_newer_headers;         /* it runs again since the server refused something */
    struct auth *auth;              /* NULL before the first request */
    struct question *question;      /* under way */
    struct auth_grant grant;        /* what the plugin gave last; empty: nothing */
    uint64_t no_renewal_before_ms;
    struct beacon_error failure; /* of the question just answered; code 0 = none */
    bool is_answered; /* those who waited are served: with what came, however long it lasts */
    bool has_hung_plugin;
    credentials_renewed_fn on_renewed;
    void *on_renewed_ctx;
    struct loop_timer *soon; /* for on_renewed without a question; NULL until needed */
};

static char *copy_of(const char *text)
{
    return text != NULL ? alloc_string(text) : NULL;
}

struct credentials *credentials_create(const struct credentials_parts *parts,
                                       const struct credentials_settings *settings)
{
    struct credentials *self = alloc_zeroed(sizeof *self);
    size_t n = 0;
    while (settings->env_names != NULL && settings->env_names[n] != NULL) {
        n++;
    }
    self->parts = *parts;
    self->base_url = copy_of(settings->base_url);
    self->token = copy_of(settings->token);
    self->component = copy_of(settings->component);
    self->config_json = copy_of(settings->config_json);
    self->refusal = copy_of(settings->refusal);
    self->refusal_hint = copy_of(settings->refusal_hint);
    if (settings->headers_command != NULL) {
        self->command = header_command_create(
            &(struct header_command_settings){.loop = parts->loop,
                                              .http = parts->http,
                                              .argv = settings->headers_command,
                                              .cwd = settings->headers_cwd});
    }
    self->env_names = alloc_array(n + 1, sizeof *self->env_names);
    for (size_t i = 0; i < n; i++) {
        self->env_names[i] = alloc_string(settings->env_names[i]);
    }
    return self;
}

static void destroy_question(struct question *question)
{
    loop_timer_close(question->limit);
    auth_grant_finish(&question->grant);
    free(question->origin);
    free(question);
}

/* The program is about to end. False: the plugin ignores that. */
static bool end_question(struct question *question)
{
    question->owner = NULL;
    worker_cancel(question->worker);
    for (int i = 0; i < GRACE_MS && !atomic_load(&question->is_over); i++) {
        (void)poll(NULL, 0, 1);
    }
    bool is_over = atomic_load(&question->is_over);
    worker_abandon(question->worker); /* calls on_done() */
    return is_over;
}

static void free_settings(struct credentials *self)
{
    if (self->token != NULL) {
        explicit_bzero(self->token, strlen(self->token));
    }
    for (size_t i = 0; self->env_names[i] != NULL; i++) {
        free(self->env_names[i]);
    }
    free(self->env_names);
    char *const strings[] = {self->base_url,    self->token,   self->component,
                             self->config_json, self->refusal, self->refusal_hint};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        free(strings[i]);
    }
}

bool credentials_destroy(struct credentials *self)
{
    if (self == NULL) {
        return false;
    }
    if (self->question != NULL) {
        self->has_hung_plugin |= !end_question(self->question);
    }
    bool is_hung = self->has_hung_plugin;
    if (!is_hung) {
        auth_close(self->auth);
    }
    auth_grant_finish(&self->grant);
    header_command_destroy(self->command);
    loop_timer_close(self->soon);
    free_settings(self);
    free(self);
    return is_hung;
}

/* ---- asking the plugin ---- */

static bool is_cancelled(const void *ctx)
{
    return worker_is_cancelled(ctx);
}

/* One process at a time renews a login. */
static int hold(struct question *question, const struct beacon_cancel *cancel, int *ret_fd)
{
    if (question->why == BEACON_WANT_USE || question->store == NULL) {
        return BEACON_OK;
    }
    struct beacon_error err = {0};
    int rc = store_hold(question->store, auth_plugin_id(question->auth), cancel, ret_fd, &err);
    if (rc == BEACON_E_IO) {
        /* A home that cannot be written keeps nothing that another process could spend twice. */
        log_line(LOG_LEVEL_DEBUG, "renewing without a lock: %s", err.message);
        return BEACON_OK;
    }
    question->err = err;
    return rc;
}

static void run(struct worker *worker, void *ctx)
{
    struct question *question = ctx;
    AUTO_CLOSE int held = -1;
    const struct beacon_cancel cancel = {.is_cancelled = is_cancelled,
                                         .fd = worker_cancel_fd(worker),
                                         .deadline_ns = question->deadline_ns,
                                         .ctx = worker};
    const struct beacon_need need = {.struct_size = (uint32_t)sizeof need,
                                     .why = question->why,
                                     .rejected_gen = question->rejected_gen,
                                     .origin = {question->origin, strlen(question->origin)}};
    question->rc = hold(question, &cancel, &held);
    if (question->rc == BEACON_OK) {
        question->rc =
            auth_acquire(question->auth, &need, &cancel, &question->grant, &question->err);
    }
    atomic_store(&question->is_over, true);
}

static void on_post(void *ctx, uint32_t kind, const void *p, size_t n)
{
    (void)ctx;
    (void)kind;
    (void)p;
    (void)n;
}

/* First the deadline, then the end of the grace that a cancel grants. */
static void on_limit(void *ctx)
{
    struct question *question = ctx;
    if (!question->is_late) {
        question->is_late = true;
        worker_cancel(question->worker);
        loop_timer_start(question->limit, GRACE_MS);
        return;
    }
    worker_abandon(question->worker);
}

static int describe_late(const struct question *question, struct beacon_error *err)
{
    return error_set(err, BEACON_E_DEADLINE, "try again; if it stays, use another auth plugin",
                     "the auth plugin %s gave no credentials within %d seconds",
                     auth_plugin_id(question->auth), ASK_LIMIT_MS / 1000);
}

/* What could not be renewed is used as long as it lasts. */
static bool still_lasts(const struct credentials *self)
{
    return self->grant.n_headers > 0 &&
           (self->grant.expires_unix_ms == 0 || clock_unix_ms() < self->grant.expires_unix_ms);
}

static void take_answer(struct credentials *self, struct question *question)
{
    struct beacon_error late = {0};
    bool is_over = atomic_load(&question->is_over);
    int rc = is_over && !question->is_late ? question->rc : describe_late(question, &late);
    const struct beacon_error *failed = late.code != BEACON_OK ? &late : &question->err;
    self->failure = (struct beacon_error){0};
    if (rc == BEACON_OK) {
        auth_grant_finish(&self->grant);
        self->grant = question->grant;
        question->grant = (struct auth_grant){0};
    } else if (question->why == BEACON_WANT_RENEW && still_lasts(self)) {
        self->no_renewal_before_ms = clock_unix_ms() + RENEW_PAUSE_MS;
        log_line(LOG_LEVEL_WARN, "the login could not be renewed: %s", failed->message);
    } else {
        self->failure = *failed;
        auth_grant_finish(&self->grant);
    }
}

static void on_done(void *ctx)
{
    struct question *question = ctx;
    struct credentials *self = question->owner;
    if (self != NULL) {
        self->question = NULL;
        self->has_hung_plugin |= !atomic_load(&question->is_over);
        take_answer(self, question);
        credentials_renewed_fn done = self->on_renewed;
        self->on_renewed = NULL;
        self->is_answered = true;
        http_credentials_ready(self->parts.http);
        self->is_answered = false;
        struct beacon_error failure = self->failure;
        self->failure = (struct beacon_error){0};
        if (done != NULL) {
            bool has_failed = failure.code != BEACON_OK && !self->has_newer_headers;
            done(self->on_renewed_ctx, has_failed ? &failure : NULL);
        }
    }
    if (atomic_load(&question->is_over)) {
        destroy_question(question);
    } else {
        loop_timer_close(question->limit); /* the thread may still write to the rest */
    }
}

static int need_plugin(struct credentials *self, struct beacon_error *err)
{
    if (self->has_hung_plugin) {
        return error_set(err, BEACON_E_DEADLINE, "start again, or use another auth plugin",
                         "the auth plugin for this provider does not answer");
    }
    if (self->auth != NULL) {
        return BEACON_OK;
    }
    int rc = auth_open(self->parts.plugins, self->component, self->config_json,
                       (const char *const *)self->env_names, &self->auth, err);
    return rc == BEACON_OK || err == NULL
               ? rc
               : error_wrap(err, "no credentials for the model: auth = \"%s\"", self->component);
}

static int ask(struct credentials *self, uint32_t why, uint64_t rejected_gen,
               struct beacon_error *err)
{
    int rc = need_plugin(self, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct beacon_str base = {self->base_url, strlen(self->base_url)};
    struct question *question = alloc_zeroed(sizeof *question);
    *question = (struct question){.owner = self,
                                  .auth = self->auth,
                                  .store = self->parts.store,
                                  .origin = alloc_string_n(base.p, origin_of(base).n),
                                  .why = why,
                                  .rejected_gen = rejected_gen,
                                  .deadline_ns = clock_mono_ns() + ASK_LIMIT_MS * NS_PER_MS};
    question->worker =
        worker_start(self->parts.loop, &(struct worker_job){run, on_post, on_done, question});
    if (question->worker == NULL) {
        int cause = errno;
        destroy_question(question);
        return error_set_errno(err, BEACON_E_LIMIT, cause, "end other programs, then try again",
                               "cannot start a thread for the auth plugin: %s", strerror(cause));
    }
    question->limit = loop_timer_create(self->parts.loop, on_limit, question);
    loop_timer_start(question->limit, ASK_LIMIT_MS);
    self->question = question;
    return BEACON_OK;
}

/* ---- attaching ---- */

static int add_token(struct http_header_sink *out, const char *token, struct beacon_error *err)
{
    token += strspn(token, " \t\r\n");
    size_t n = strcspn(token, "\r\n");
    while (n > 0 && (token[n - 1] == ' ' || token[n - 1] == '\t')) {
        n--;
    }
    char *value = alloc_printf("Bearer %.*s", (int)n, token);
    static const char name[] = "Authorization";
    int rc = out->add(out->ctx, (struct beacon_str){name, sizeof name - 1},
                      (struct beacon_str){value, strlen(value)}, err);
    explicit_bzero(value, strlen(value));
    free(value);
    return rc;
}

static int add_grant(struct http_header_sink *out, const struct auth_grant *grant,
                     struct beacon_error *err)
{
    int rc = BEACON_OK;
    for (size_t i = 0; rc == BEACON_OK && i < grant->n_headers; i++) {
        const struct auth_header *header = &grant->headers[i];
        rc = out->add(out->ctx, (struct beacon_str){header->name, strlen(header->name)},
                      (struct beacon_str){header->value, strlen(header->value)}, err);
    }
    return rc;
}

static bool is_blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t\r\n")] == '\0';
}

static bool expires_soon(const struct credentials *self)
{
    uint64_t now = clock_unix_ms();
    return self->grant.expires_unix_ms != 0 && now >= self->no_renewal_before_ms &&
           now + RENEW_BEFORE_MS >= self->grant.expires_unix_ms;
}

static int attach_of_plugin(struct credentials *self, struct http_header_sink *out,
                            struct beacon_error *err)
{
    if (self->refusal != NULL) {
        return error_set(err, BEACON_E_REFUSED, self->refusal_hint, "%s", self->refusal);
    }
    if (self->failure.code != BEACON_OK) {
        if (err != NULL) {
            *err = self->failure;
        }
        return self->failure.code;
    }
    if (self->question != NULL) {
        return HTTP_ATTACH_LATER;
    }
    if (self->grant.n_headers > 0 &&
        (self->is_answered || (still_lasts(self) && !expires_soon(self)))) {
        return add_grant(out, &self->grant, err);
    }
    uint32_t why = self->grant.n_headers > 0 ? BEACON_WANT_RENEW : BEACON_WANT_USE;
    int rc = ask(self, why, 0, err);
    return rc == BEACON_OK ? HTTP_ATTACH_LATER : rc;
}

int credentials_attach(void *ctx, const struct beacon_http_request *rq,
                       struct http_header_sink *out, struct beacon_error *err)
{
    struct credentials *self = ctx;
    if (self->base_url == NULL || !same_origin(rq->url, self->base_url)) {
        return BEACON_OK;
    }
    if (self->command != NULL) {
        int rc = header_command_attach(self->command, self->is_answered, out, err);
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    if (!is_blank(self->token)) {
        return add_token(out, self->token, err);
    }
    return self->component != NULL ? attach_of_plugin(self, out, err) : BEACON_OK;
}

/* The command runs with the next request; nothing else is to be waited for. */
static void on_command_forgotten(void *ctx)
{
    struct credentials *self = ctx;
    credentials_renewed_fn done = self->on_renewed;
    self->on_renewed = NULL;
    if (done != NULL) {
        done(self->on_renewed_ctx, NULL);
    }
}

bool credentials_renew(struct credentials *self, credentials_renewed_fn done, void *ctx)
{
    struct beacon_error unused = {0};
    if (self == NULL || self->question != NULL || self->on_renewed != NULL) {
        return false;
    }
    self->has_newer_headers = header_command_forget(self->command);
    const bool is_asked =
        self->grant.n_headers > 0 &&
        ask(self, BEACON_WANT_REJECTED, self->grant.generation, &unused) == BEACON_OK;
    if (!is_asked && !self->has_newer_headers) {
        return false;
    }
    self->on_renewed = done;
    self->on_renewed_ctx = ctx;
    if (!is_asked) {
        self->soon = self->soon != NULL
                         ? self->soon
                         : loop_timer_create(self->parts.loop, on_command_forgotten, self);
        loop_timer_start(self->soon, 0);
    }
    return true;
}

void credentials_forget_renewal(struct credentials *self)
{
    if (self != NULL) {
        self->on_renewed = NULL;
    }
}
