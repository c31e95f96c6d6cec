/* SPDX-License-Identifier: Apache-2.0 */
/* Plugins built with the headers of SDK 0.1 do on today's host what they did on that of their time. */
#include "support/beacon_test.h"

#include <string.h>
#include <sys/wait.h>

#include "base/text.h"
#include "plugin/auth.h"
#include "plugin/discover.h"
#include "plugin/host_api.h"
#include "plugin/provider.h"
#include "plugin/sandbox_backend.h"
#include "plugin/telemetry.h"

#define GOLDEN TEST_BUILD_DIR "/tests/plugins/golden/0.1"

static struct plugin_set *golden;
static struct text seen; /* what came through the sinks of the running test */
static const struct beacon_cancel never = {.fd = -1};

static struct beacon_str str(const char *s)
{
    return (struct beacon_str){.p = s, .n = strlen(s)};
}

static int find_golden(void **state)
{
    struct beacon_error err = {0};
    const struct plugin_places places = {.env_path = GOLDEN};
    (void)state;
    assert_ok(plugin_set_open(&places, &golden, &err), &err);
    return 0;
}

static int forget_golden(void **state)
{
    (void)state;
    plugin_set_close(golden);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    text_init(&seen, 1u << 20);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    text_finish(&seen);
    return 0;
}

static beacon_rc put(const struct beacon_sink *sink, const void *p, size_t n)
{
    (void)sink;
    return text_add(&seen, p, n) ? BEACON_OK : BEACON_E_LIMIT;
}

static const struct beacon_sink sink = {.struct_size = (uint32_t)sizeof sink, .put = put};

/* ---- provider ---- */

static beacon_rc emit(const struct beacon_events *events, const struct beacon_event *ev)
{
    (void)events;
    (void)text_addf(&seen, "%u/%u/%u", ev->type, ev->index, ev->code);
    if (ev->type == BEACON_EV_START) {
        (void)text_addf(&seen, " %.*s %.*s", (int)ev->id.n, ev->id.p, (int)ev->model.n,
                        ev->model.p);
    }
    if (ev->part != NULL) {
        const struct beacon_part *part = ev->part;
        (void)text_addf(&seen, " part %u.%u %.*s %.*s %.*s %.*s %.*s", part->type, part->flags,
                        (int)part->text.n, part->text.p, (int)part->call_id.n, part->call_id.p,
                        (int)part->name.n, part->name.p, (int)part->opaque.n, part->opaque.p,
                        (int)part->id.n, part->id.p);
    }
    if (ev->usage != NULL) {
        const struct beacon_usage *usage = ev->usage;
        (void)text_addf(&seen, " usage %u: %d %d %d %d %d %d", usage->flags, (int)usage->input,
                        (int)usage->cache_read, (int)usage->cache_write, (int)usage->output,
                        (int)usage->reasoning, (int)usage->cost_nano_usd);
    }
    if (ev->type == BEACON_EV_DELTA) {
        (void)text_addf(&seen, " %.*s", (int)ev->text.n, ev->text.p);
    }
    (void)text_add_char(&seen, '\n');
    return BEACON_OK;
}

static const struct beacon_events events = {.struct_size = (uint32_t)sizeof events, .emit = emit};

static const struct beacon_message message = {.struct_size = (uint32_t)sizeof message,
                                              .role = BEACON_ROLE_USER};
static const struct beacon_message *const messages[] = {&message};
static const struct beacon_turn turn = {.struct_size = (uint32_t)sizeof turn,
                                        .attempt = 1,
                                        .tool_choice = BEACON_TOOL_CHOICE_REQUIRED,
                                        .messages = messages,
                                        .n_messages = 1};

static struct provider *provider_named(const char *name)
{
    struct beacon_error err = {0};
    struct provider *provider = NULL;
    assert_ok(provider_open(golden, name, NULL, &provider, &err), &err);
    return provider;
}

#define ITEM(text) "4/2/0 part 3.1 " text " c1 tool {\"sig\":1} i1\n"
#define END        "5/0/0 usage 1: 11 5 -1 7 3 13\n8/0/2\n"

static void assert_request(const struct beacon_http_request *request)
{
    assert_int_equal(request->struct_size, sizeof *request);
    assert_memory_equal(request->url.p, "https://golden.example.com/v1", request->url.n);
    assert_int_equal(request->n_headers, 1);
    assert_memory_equal(request->headers[0].v.p, "application/json", request->headers[0].v.n);
    assert_int_equal(request->idle_timeout_ms, 1000);
    assert_int_equal(request->total_timeout_ms, 2000);
    assert_int_equal(request->framing, BEACON_FRAME_NDJSON);
    assert_int_equal(request->auth, BEACON_AUTH_INSTANCE);
}

static void a_turn_over_the_hosts_http(void **state)
{
    struct beacon_error err = {0};
    struct beacon_action action = {0};
    struct provider *provider = provider_named("golden");
    struct provider_exchange *exchange = NULL;
    const struct beacon_http_response ok = {.struct_size = (uint32_t)sizeof ok, .status = 200};
    const struct beacon_bytes frame = {.p = (const uint8_t *)"word", .n = 4};
    (void)state;
    assert_string_equal(provider_opaque_ns(provider), "golden");
    assert_int_equal(provider_count_tokens(provider, &turn), 10);
    assert_ok(provider_exchange_open(provider, &turn, &exchange, &err), &err);
    assert_ok(provider_exchange_poll(exchange, &action, &err), &err);
    assert_int_equal(action.kind, BEACON_ACT_HTTP);
    assert_request(action.http);
    assert_ok(provider_exchange_on_response(exchange, &ok, &events, &err), &err);
    assert_ok(provider_exchange_on_frame(exchange, str(""), frame, &events, &err), &err);
    assert_ok(provider_exchange_on_end(exchange, BEACON_END_OK, &events, &err), &err);
    assert_ok(provider_exchange_poll(exchange, &action, &err), &err);
    assert_int_equal(action.kind, BEACON_ACT_DONE);
    assert_string_equal(text_string(&seen), "1/0/0 r1 golden-1\n3/0/1 word\n" ITEM("word") END);
    provider_exchange_close(exchange);
    provider_close(provider);
}

static void a_failure_and_what_it_means(void **state)
{
    struct beacon_error err = {0};
    struct beacon_verdict verdict = {0};
    struct provider *provider = provider_named("golden");
    struct provider_exchange *exchange = NULL;
    (void)state;
    assert_ok(provider_exchange_open(provider, &turn, &exchange, &err), &err);
    assert_refused(provider_exchange_on_end(exchange, BEACON_END_TRUNCATED, &events, &err),
                   BEACON_E_PROTOCOL, &err);
    provider_exchange_judge(exchange, &verdict);
    assert_int_equal(verdict.verdict, BEACON_VERDICT_RETRY);
    assert_int_equal(verdict.after_ms, 17);
    assert_int_equal(verdict.code, BEACON_E_LIMIT);
    assert_memory_equal(verdict.message.p, "golden is busy", verdict.message.n);
    provider_exchange_close(exchange);
    provider_close(provider);
}

static beacon_rc add(const struct beacon_models_sink *to, const struct beacon_model *model)
{
    (void)to;
    (void)text_addf(&seen, "%.*s %.*s %d %d %u", (int)model->id.n, model->id.p,
                    (int)model->display.n, model->display.p, (int)model->context_tokens,
                    (int)model->max_output_tokens, model->features);
    return BEACON_OK;
}

static void the_catalogue(void **state)
{
    struct provider *provider = provider_named("golden");
    const struct beacon_models_sink models = {.struct_size = (uint32_t)sizeof models, .add = add};
    (void)state;
    assert_int_equal(provider_models(provider, &models), BEACON_OK);
    assert_string_equal(text_string(&seen), "golden-1 Golden One 1000 -1 33");
    provider_close(provider);
}

static void a_turn_over_its_own_transport(void **state)
{
    struct beacon_error err = {0};
    struct beacon_verdict verdict = {0};
    struct provider *provider = provider_named("golden-own");
    (void)state;
    assert_true(provider_is_blocking(provider));
    assert_ok(provider_stream(provider, &turn, &events, &never, &verdict, &err), &err);
    assert_string_equal(text_string(&seen), ITEM("own") END);
    provider_close(provider);
}

/* ---- sandbox ---- */

static beacon_rc plan_wrap(const struct beacon_plan *plan, const struct beacon_str *prefix,
                           size_t n)
{
    (void)plan;
    (void)text_addf(&seen, "wrap %.*s %zu\n", (int)prefix->n, prefix->p, n);
    return BEACON_OK;
}

static beacon_rc plan_env_set(const struct beacon_plan *plan, struct beacon_str k,
                              struct beacon_str v)
{
    (void)plan;
    (void)text_addf(&seen, "set %.*s=%.*s\n", (int)k.n, k.p, (int)v.n, v.p);
    return BEACON_OK;
}

static beacon_rc plan_env_unset(const struct beacon_plan *plan, struct beacon_str k)
{
    (void)plan;
    (void)text_addf(&seen, "unset %.*s\n", (int)k.n, k.p);
    return BEACON_OK;
}

static beacon_rc plan_op(const struct beacon_plan *plan, const struct beacon_op *op)
{
    (void)plan;
    (void)text_addf(&seen, "op %u fd %d a %u", op->op, op->fd, (unsigned)op->a);
    if (op->op == BEACON_OP_MASK) {
        const struct beacon_mount *mount = op->data;
        (void)text_addf(&seen, " over %.*s", (int)mount->target.n, mount->target.p);
    }
    (void)text_add_char(&seen, '\n');
    return BEACON_OK;
}

static beacon_rc plan_promise(const struct beacon_plan *plan, uint32_t enforced)
{
    (void)plan;
    (void)text_addf(&seen, "promise %u\n", enforced);
    return BEACON_OK;
}

static beacon_rc plan_note(const struct beacon_plan *plan, struct beacon_str human)
{
    (void)plan;
    (void)text_addf(&seen, "note %.*s\n", (int)human.n, human.p);
    return BEACON_OK;
}

static const struct beacon_plan plan = {.struct_size = (uint32_t)sizeof plan,
                                        .wrap = plan_wrap,
                                        .env_set = plan_env_set,
                                        .env_unset = plan_env_unset,
                                        .op = plan_op,
                                        .promise = plan_promise,
                                        .note = plan_note};

static void a_plan_and_what_it_promises(void **state)
{
    struct beacon_error err = {0};
    struct sandbox_backend *backend = NULL;
    void *cookie = NULL;
    const struct beacon_path_rule rule = {
        .struct_size = (uint32_t)sizeof rule, .path = str("/secret"), .fd = -1};
    const struct beacon_path_rule *const rules[] = {&rule};
    const struct beacon_str argv[] = {str("true"), str("x")};
    const struct beacon_sandbox_policy policy = {.struct_size = (uint32_t)sizeof policy,
                                                 .require = BEACON_SB_FS_WRITE,
                                                 .paths = rules,
                                                 .n_paths = 1,
                                                 .cwd_fd = -1,
                                                 .net = BEACON_NET_LOOPBACK,
                                                 .git = BEACON_GIT_SAFE};
    const struct beacon_exec exec = {.struct_size = (uint32_t)sizeof exec, .argv = argv, .argc = 2};
    (void)state;
    assert_ok(sandbox_backend_open(golden, "golden-jail", NULL, &backend, &err), &err);
    assert_ok(sandbox_backend_prepare(backend, &policy, &exec, &plan, &cookie, &err), &err);
    assert_string_equal(text_string(&seen), "wrap wrapper 1\nset A=1\nunset B\n"
                                            "op 19 fd -1 a 6\nop 13 fd -1 a 0 over /secret\n"
                                            "promise 1\nnote golden plan\n");
    text_reset(&seen);
    const struct beacon_bytes tail = {.p = (const uint8_t *)"denied", .n = 6};
    assert_int_equal(sandbox_backend_diagnose(backend, cookie, 256, tail, &sink), BEACON_OK);
    assert_string_equal(text_string(&seen), "denied");
    sandbox_backend_release(backend, cookie);
    sandbox_backend_close(backend);
}

static void what_the_kernel_allows(void **state)
{
    struct beacon_error err = {0};
    struct sandbox_backend *backend = NULL;
    struct beacon_sandbox_report report = {0};
    (void)state;
    assert_ok(sandbox_backend_open(golden, "golden-jail", NULL, &backend, &err), &err);
    assert_ok(sandbox_backend_probe(backend, &report, &err), &err);
    assert_int_equal(report.can_enforce, BEACON_SB_FS_WRITE | BEACON_SB_SYSCALLS);
    assert_int_equal(report.abi_level, 7);
    assert_string_equal(report.detail, "golden walls");
    sandbox_backend_close(backend);
}

/* ---- auth ---- */

static struct auth *auth_golden(void)
{
    struct beacon_error err = {0};
    struct auth *auth = NULL;
    assert_ok(auth_open(golden, "golden-key", NULL, NULL, &auth, &err), &err);
    return auth;
}

static void credentials_after_a_rejection(void **state)
{
    struct beacon_error err = {0};
    struct auth_grant grant = {0};
    struct auth *auth = auth_golden();
    struct beacon_need need = {.struct_size = (uint32_t)sizeof need,
                               .why = BEACON_WANT_REJECTED,
                               .rejected_gen = 4,
                               .origin = str("https://golden.example.com"),
                               .audience = str(""),
                               .challenge = str(""),
                               .account = str("")};
    (void)state;
    assert_ok(auth_acquire(auth, &need, &never, &grant, &err), &err);
    assert_int_equal(grant.n_headers, 1);
    assert_string_equal(grant.headers[0].name, "authorization");
    assert_string_equal(grant.headers[0].value, "Golden x");
    assert_int_equal(grant.generation, 5);
    assert_int_equal(grant.expires_unix_ms, 1800000000000u);
    auth_grant_finish(&grant);
    need.why = BEACON_WANT_USE;
    assert_refused(auth_acquire(auth, &need, &never, &grant, &err), BEACON_E_AUTH, &err);
    auth_close(auth);
}

static void the_state_of_a_login(void **state)
{
    struct beacon_error err = {0};
    struct beacon_auth_status status = {0};
    struct auth *auth = auth_golden();
    (void)state;
    assert_ok(auth_status(auth, "", &status, &err), &err);
    assert_int_equal(status.state, BEACON_AUTH_EXPIRED);
    assert_int_equal(status.expires_unix_ms, 1700000000123u);
    assert_int_equal(status.methods, BEACON_LOGIN_DEVICE | BEACON_LOGIN_SECRET);
    assert_string_equal(status.account, "golden@example.com");
    assert_string_equal(status.detail, "expired");
    assert_ok(auth_accounts(auth, &sink, &err), &err);
    assert_string_equal(text_string(&seen), "golden");
    assert_ok(auth_login(auth, "", BEACON_LOGIN_DEVICE, &never, &err), &err);
    assert_refused(auth_login(auth, "", BEACON_LOGIN_BROWSER, &never, &err), BEACON_E_UNSUPPORTED,
                   &err);
    assert_refused(auth_logout(auth, "", &never, &err), BEACON_E_IO, &err);
    auth_close(auth);
}

static void a_signature_of_a_request(void **state)
{
    struct beacon_error err = {0};
    struct auth_grant grant = {0};
    struct auth *auth = auth_golden();
    const struct beacon_http_request request = {.struct_size = (uint32_t)sizeof request,
                                                .method = str("POST"),
                                                .url = str("https://golden.example.com/v1")};
    (void)state;
    assert_ok(auth_sign(auth, &request, &never, &grant, &err), &err);
    assert_string_equal(grant.headers[0].name, "x-signed");
    assert_string_equal(grant.headers[0].value, "https://golden.example.com/v1");
    auth_grant_finish(&grant);
    auth_close(auth);
}

/* ---- telemetry ---- */

static beacon_rc take_request(const struct beacon_http_out *out,
                              const struct beacon_http_request *request)
{
    (void)out;
    (void)text_addf(&seen, "%.*s %.*s", (int)request->method.n, request->method.p,
                    (int)request->url.n, request->url.p);
    return BEACON_OK;
}

static const struct beacon_attr attr = {
    .key = {"k", 1}, .type = BEACON_ATTR_STR, .str = {"value", 5}};
static const struct beacon_record record = {
    .struct_size = (uint32_t)sizeof record, .type = BEACON_REC_SPAN, .attrs = &attr, .n_attrs = 1};
static const struct beacon_record *const records[] = {&record};
static const struct beacon_batch batch = {.struct_size = (uint32_t)sizeof batch,
                                          .seq = 1,
                                          .resource = &attr,
                                          .n_resource = 1,
                                          .records = records,
                                          .n_records = 1};

static struct telemetry *telemetry_named(const char *name)
{
    struct beacon_error err = {0};
    struct telemetry *telemetry = NULL;
    assert_ok(telemetry_open(golden, name, NULL, &telemetry, &err), &err);
    return telemetry;
}

static void records_over_the_hosts_http(void **state)
{
    struct beacon_error err = {0};
    struct telemetry *telemetry = telemetry_named("golden-wire");
    const struct beacon_http_out out = {.struct_size = (uint32_t)sizeof out,
                                        .request = take_request};
    const struct beacon_http_response busy = {.struct_size = (uint32_t)sizeof busy, .status = 503};
    struct beacon_export_result result = {0};
    (void)state;
    assert_false(telemetry_is_blocking(telemetry));
    assert_ok(telemetry_encode(telemetry, &batch, &out, &err), &err);
    assert_string_equal(text_string(&seen), "POST https://golden.example.com/1/value");
    assert_ok(telemetry_reply(telemetry, &busy, (struct beacon_bytes){0}, &result, &err), &err);
    assert_int_equal(result.retry, 1);
    assert_int_equal(result.retry_after_ms, 21);
    assert_int_equal(result.rejected, 2);
    assert_ok(telemetry_shutdown(telemetry, &never, &err), &err);
    telemetry_close(telemetry);
}

static void records_over_its_own_transport(void **state)
{
    struct beacon_error err = {0};
    struct telemetry *telemetry = telemetry_named("golden-paper");
    struct beacon_batch lossy = batch;
    (void)state;
    assert_true(telemetry_is_blocking(telemetry));
    assert_true(telemetry_wants(telemetry, BEACON_REC_METRIC));
    assert_false(telemetry_wants(telemetry, BEACON_REC_SPAN));
    assert_ok(telemetry_write(telemetry, &batch, &never, &err), &err);
    lossy.dropped_before = 3;
    assert_refused(telemetry_write(telemetry, &lossy, &never, &err), BEACON_E_LIMIT, &err);
    assert_ok(telemetry_flush(telemetry, &never, &err), &err);
    assert_ok(telemetry_shutdown(telemetry, &never, &err), &err);
    telemetry_close(telemetry);
}

#define ON_GOLDEN(test) cmocka_unit_test_setup_teardown(test, clear, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_GOLDEN(a_turn_over_the_hosts_http),
        ON_GOLDEN(a_failure_and_what_it_means),
        ON_GOLDEN(the_catalogue),
        ON_GOLDEN(a_turn_over_its_own_transport),
        ON_GOLDEN(a_plan_and_what_it_promises),
        ON_GOLDEN(what_the_kernel_allows),
        ON_GOLDEN(credentials_after_a_rejection),
        ON_GOLDEN(the_state_of_a_login),
        ON_GOLDEN(a_signature_of_a_request),
        ON_GOLDEN(records_over_the_hosts_http),
        ON_GOLDEN(records_over_its_own_transport),
    };
    return cmocka_run_group_tests_name("abi/golden 0.1", tests, find_golden, forget_golden);
}
