/* SPDX-License-Identifier: Apache-2.0 */
#include "toys.h"

#include <beacon/host.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>

#include "base/auto.h"
#include "base/error.h"
#include "plugin/host_api.h"
#include "plugin/manifest.h"

static const char *const json =
    "{\"schema\": 1, \"id\": \"com.acme.llm\", \"version\": \"1.0.0\", \"abi\": {\"major\": 1, "
    "\"minor\": 0, \"min_host_minor\": 0}, \"capabilities\": [%s], \"components\": [{\"kind\": "
    "\"auth\", \"name\": \"acme\", \"iface\": \"beacon.auth/1\"}]}";

static struct host_api *api_with(const char *capabilities)
{
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    char text[512];
    int n = snprintf(text, sizeof text, json, capabilities);
    assert_ok(manifest_parse(text, (size_t)n, "acme.so", &manifest, &err), &err);
    struct host_api *api = host_api_create(manifest);
    manifest_destroy(manifest); /* the API keeps copies */
    return api;
}

/* What `host->log` writes to the standard error. */
static const char *logged(void **state, const struct beacon_host *host, struct beacon_str msg,
                          const struct beacon_kv *attrs, size_t n, int times)
{
    const char *path = temp_path(state, "log");
    AUTO_CLOSE int saved = dup(STDERR_FILENO);
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(saved >= 0 && fd >= 0);
    assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
    for (int i = 0; i < times; i++) {
        host->log(host, BEACON_LOG_ERROR, msg, attrs, n);
    }
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    return read_text(path);
}

static void a_log_line_carries_the_plugin_id_and_attributes(void **state)
{
    struct host_api *api = api_with("");
    const struct beacon_str msg = {.p = "half done\nnot a line", .n = 20};
    const struct beacon_kv attr = {.k = {.p = "n", .n = 1}, .v = {.p = "7", .n = 1}};
    assert_string_equal(logged(state, host_api_table(api), msg, &attr, 1, 1),
                        "beacon: error: com.acme.llm: half done not a line n=7\n");
    host_api_destroy(api);
}

static void a_chatty_plugin_is_cut_short(void **state)
{
    struct host_api *api = api_with("");
    const struct beacon_str msg = {.p = "x", .n = 1};
    const char *text = logged(state, host_api_table(api), msg, NULL, 0, 5000);
    size_t lines = 0;
    for (const char *p = text; *p != '\0'; p++) {
        lines += *p == '\n';
    }
    assert_true(lines >= 100 && lines < 2500);
    host_api_destroy(api);
}

static void a_huge_log_line_is_cut(void **state)
{
    struct host_api *api = api_with("");
    static char huge[1u << 20];
    memset(huge, 'x', sizeof huge);
    const struct beacon_str msg = {.p = huge, .n = sizeof huge};
    assert_true(strlen(logged(state, host_api_table(api), msg, NULL, 0, 1)) < 1024);
    host_api_destroy(api);
}

static void facets_need_their_capability_and_exact_id(void **state)
{
    (void)state;
    struct host_api *without = api_with("");
    struct host_api *with = api_with("\"env:ACME_*\"");
    const struct beacon_host *host = host_api_table(without);
    assert_null(host->facet(host, BEACON_HOST_ENV));
    assert_non_null(host->facet(host, BEACON_HOST_CLOCK));
    assert_null(host->facet(host, BEACON_HOST_CLOCK "x"));
    assert_null(host->facet(host, BEACON_HOST_HTTP));
    assert_null(host->facet(host, ""));
    host = host_api_table(with);
    assert_non_null(host->facet(host, BEACON_HOST_ENV));
    host_api_destroy(without);
    host_api_destroy(with);
}

/* What the services below were asked last. */
struct asked {
    char what[256];
    int n;
};

static int put_secret(void *ctx, const char *plugin_id, struct beacon_str key,
                      const struct beacon_sink *out, uint64_t *gen, struct beacon_error *err)
{
    struct asked *asked = ctx;
    (void)err;
    asked->n++;
    (void)snprintf(asked->what, sizeof asked->what, "%s %.*s", plugin_id, (int)key.n, key.p);
    *gen = 5;
    return out->put(out, "s3cret", 6);
}

static int say_io(void *ctx, const char *plugin_id, struct beacon_str key, struct beacon_error *err)
{
    struct asked *asked = ctx;
    (void)plugin_id;
    (void)key;
    asked->n++;
    return error_set(err, BEACON_E_IO, "free some space", "the disk is full");
}

static int show_url(void *ctx, const char *plugin_id, struct beacon_str url, struct beacon_str why)
{
    struct asked *asked = ctx;
    (void)plugin_id;
    asked->n++;
    (void)snprintf(asked->what, sizeof asked->what, "%.*s (%.*s)", (int)url.n, url.p, (int)why.n,
                   why.p);
    return BEACON_OK;
}

static beacon_rc take(const struct beacon_sink *sink, const void *p, size_t n)
{
    memcpy(sink->ctx, p, n);
    return BEACON_OK;
}

#define SPAN(text) ((struct beacon_str){(text), sizeof(text) - 1})

static void secrets_need_their_capability_and_go_to_the_store_by_plugin(void **state)
{
    (void)state;
    char got[16] = "";
    uint64_t gen = 0;
    struct asked asked = {0};
    struct beacon_error err = {.struct_size = (uint32_t)sizeof err};
    const struct host_services services = {
        .secrets_ctx = &asked, .secret_get = put_secret, .secret_erase = say_io};
    const struct beacon_sink sink = {.struct_size = (uint32_t)sizeof sink, .ctx = got, .put = take};
    struct host_api *without = api_with("\"ui\"");
    struct host_api *with = api_with("\"secrets\"");
    const struct beacon_host *host = host_api_table(with);
    assert_null(host_api_table(without)->facet(host_api_table(without), BEACON_HOST_SECRETS));
    const struct beacon_host_secrets *secrets = host->facet(host, BEACON_HOST_SECRETS);
    assert_refused(secrets->get(host, SPAN("k"), &sink, &gen, &err), BEACON_E_UNSUPPORTED, &err);
    host_api_set_services(&services);
    assert_ok(secrets->get(host, SPAN("k"), &sink, &gen, &err), &err);
    assert_ok(secrets->get(host, SPAN("k"), &sink, NULL, NULL), &err);
    assert_string_equal(got, "s3cret");
    assert_int_equal(gen, 5);
    assert_string_equal(asked.what, "com.acme.llm k");
    assert_refused(secrets->erase(host, SPAN("k"), &err), BEACON_E_IO, &err);
    assert_string_equal(err.message, "the disk is full");
    host_api_set_services(NULL);
    host_api_destroy(without);
    host_api_destroy(with);
}

static void a_name_that_is_none_never_reaches_the_store(void **state)
{
    (void)state;
    static char longest[129];
    memset(longest, 'k', sizeof longest);
    const struct beacon_str names[] = {
        SPAN(""), SPAN("a\nb"), SPAN("a\0b"), {NULL, 3}, {longest, sizeof longest}};
    struct asked asked = {0};
    const struct host_services services = {.secrets_ctx = &asked, .secret_erase = say_io};
    struct host_api *api = api_with("\"secrets\"");
    const struct beacon_host *host = host_api_table(api);
    const struct beacon_host_secrets *secrets = host->facet(host, BEACON_HOST_SECRETS);
    host_api_set_services(&services);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct beacon_error err = {.struct_size = (uint32_t)sizeof err};
        assert_refused(secrets->erase(host, names[i], &err), BEACON_E_INVALID, &err);
    }
    assert_int_equal(asked.n, 0);
    host_api_set_services(NULL);
    host_api_destroy(api);
}

static void an_error_stays_within_the_struct_of_an_older_plugin(void **state)
{
    (void)state;
    struct asked asked = {0};
    const struct host_services services = {.secrets_ctx = &asked, .secret_erase = say_io};
    struct host_api *api = api_with("\"secrets\"");
    const struct beacon_host *host = host_api_table(api);
    const struct beacon_host_secrets *secrets = host->facet(host, BEACON_HOST_SECRETS);
    host_api_set_services(&services);
    struct beacon_error err;
    memset(&err, 0x5a, sizeof err);
    err.struct_size = (uint32_t)offsetof(struct beacon_error, message);
    assert_int_equal(secrets->erase(host, SPAN("k"), &err), BEACON_E_IO);
    assert_int_equal(err.code, BEACON_E_IO);
    for (size_t i = offsetof(struct beacon_error, message); i < sizeof err; i++) {
        assert_int_equal(((const unsigned char *)&err)[i], 0x5a);
    }
    host_api_set_services(NULL);
    host_api_destroy(api);
}

static void without_a_person_every_slot_of_the_ui_is_unsupported(void **state)
{
    (void)state;
    void *token = NULL;
    struct beacon_error err = {.struct_size = (uint32_t)sizeof err};
    struct host_api *api = api_with("\"ui\"");
    const struct beacon_host *host = host_api_table(api);
    const struct beacon_host_ui *ui = host->facet(host, BEACON_HOST_UI);
    assert_int_equal(ui->open_url(host, SPAN("https://a/"), SPAN("")), BEACON_E_UNSUPPORTED);
    assert_int_equal(ui->show_code(host, SPAN("https://a/"), SPAN("x"), 1), BEACON_E_UNSUPPORTED);
    assert_int_equal(ui->prompt(host, SPAN("key"), 1, NULL, NULL), BEACON_E_UNSUPPORTED);
    assert_refused(ui->redirect_begin(host, 0, SPAN("/"), NULL, &token, &err), BEACON_E_UNSUPPORTED,
                   &err);
    assert_int_equal(ui->redirect_wait(host, token, NULL, NULL), BEACON_E_UNSUPPORTED);
    ui->redirect_end(host, token);
    host_api_destroy(api);
}

static void only_addresses_of_the_web_are_shown_and_only_clean_ones(void **state)
{
    (void)state;
    const struct beacon_str bad[] = {SPAN("file:///etc/passwd"), SPAN("https://a/\x1b[2J"),
                                     SPAN(""), SPAN("javascript:x")};
    struct asked asked = {0};
    const struct host_services services = {.ui_ctx = &asked, .open_url = show_url};
    struct host_api *api = api_with("\"ui\"");
    const struct beacon_host *host = host_api_table(api);
    const struct beacon_host_ui *ui = host->facet(host, BEACON_HOST_UI);
    host_api_set_services(&services);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(ui->open_url(host, bad[i], SPAN("")), BEACON_E_INVALID);
    }
    assert_int_equal(asked.n, 0);
    assert_int_equal(ui->open_url(host, SPAN("https://a/b"), SPAN("to log in")), BEACON_OK);
    assert_string_equal(asked.what, "https://a/b (to log in)");
    host_api_set_services(NULL);
    host_api_destroy(api);
}

static void the_clock_goes_on_and_randomness_differs(void **state)
{
    (void)state;
    struct host_api *api = api_with("");
    const struct beacon_host *host = host_api_table(api);
    const struct beacon_host_clock *clock = host->facet(host, BEACON_HOST_CLOCK);
    uint64_t before = clock->mono_ns(host);
    assert_true(clock->mono_ns(host) >= before);
    assert_true(clock->unix_ms(host) > UINT64_C(1600000000000));
    char one[32], two[32];
    assert_int_equal(clock->random(host, one, sizeof one), BEACON_OK);
    assert_int_equal(clock->random(host, two, sizeof two), BEACON_OK);
    assert_memory_not_equal(one, two, sizeof one);
    host_api_destroy(api);
}

static bool always(const void *ctx)
{
    (void)ctx;
    return true;
}

static void a_cancel_answers_through_the_host(void **state)
{
    (void)state;
    struct host_api *api = api_with("");
    const struct beacon_host *host = host_api_table(api);
    const struct beacon_cancel cancel = {.is_cancelled = always, .fd = 7, .deadline_ns = 9};
    assert_int_equal(host->cancelled(host, &cancel), 1);
    assert_int_equal(host->cancel_fd(host, &cancel), 7);
    assert_int_equal(host->deadline_ns(host, &cancel), 9);
    assert_int_equal(host->cancelled(host, NULL), 0);
    assert_int_equal(host->cancel_fd(host, NULL), -1);
    assert_int_equal(host->deadline_ns(host, NULL), 0);
    host_api_destroy(api);
}

struct question {
    const struct beacon_host *host;
    uint32_t answer;
};

static void *ask_from_a_thread(void *ctx)
{
    struct question *question = ctx;
    question->answer = question->host->on_main(question->host);
    return NULL;
}

static void only_the_main_thread_is_on_main(void **state)
{
    (void)state;
    struct host_api *api = api_with("");
    struct question question = {.host = host_api_table(api), .answer = 7};
    pthread_t thread;
    assert_int_equal(question.host->on_main(question.host), 1);
    assert_int_equal(pthread_create(&thread, NULL, ask_from_a_thread, &question), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(question.answer, 0);
    host_api_destroy(api);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_log_line_carries_the_plugin_id_and_attributes),
        in_temp_dir(a_chatty_plugin_is_cut_short),
        in_temp_dir(a_huge_log_line_is_cut),
        cmocka_unit_test(facets_need_their_capability_and_exact_id),
        cmocka_unit_test(secrets_need_their_capability_and_go_to_the_store_by_plugin),
        cmocka_unit_test(a_name_that_is_none_never_reaches_the_store),
        cmocka_unit_test(an_error_stays_within_the_struct_of_an_older_plugin),
        cmocka_unit_test(without_a_person_every_slot_of_the_ui_is_unsupported),
        cmocka_unit_test(only_addresses_of_the_web_are_shown_and_only_clean_ones),
        cmocka_unit_test(the_clock_goes_on_and_randomness_differs),
        cmocka_unit_test(a_cancel_answers_through_the_host),
        cmocka_unit_test(only_the_main_thread_is_on_main),
    };
    return cmocka_run_group_tests_name("plugin/host_api", tests, NULL, NULL);
}
