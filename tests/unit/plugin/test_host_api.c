/* SPDX-License-Identifier: Apache-2.0 */
#include "toys.h"

#include <beacon/host.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>

#include "base/auto.h"
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
        cmocka_unit_test(the_clock_goes_on_and_randomness_differs),
        cmocka_unit_test(a_cancel_answers_through_the_host),
        cmocka_unit_test(only_the_main_thread_is_on_main),
    };
    return cmocka_run_group_tests_name("plugin/host_api", tests, NULL, NULL);
}
