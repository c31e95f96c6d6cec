/* SPDX-License-Identifier: Apache-2.0
 * What the test host lends, called as a plugin calls it. */
#include "support/beacon_test.h"

#include <beacon-sdk/facet.h>
#include <beacon-sdk/log.h>
#include <beacon-sdk/testhost.h>
#include <poll.h>
#include <stdio.h>

static int open_host(void **state)
{
    *state = testhost_open(NULL);
    return 0;
}

static int close_host(void **state)
{
    const bool is_clean = testhost_n_findings(*state) == 0;
    testhost_close(*state);
    return is_clean ? 0 : -1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_host, close_host)

static const struct beacon_host *host_of(void **state)
{
    return testhost_host(*state);
}

static void time_stands_still_until_it_is_moved(void **state)
{
    const struct beacon_host *h = host_of(state);
    const struct beacon_host_clock *clock = beacon_facet(h, BEACON_HOST_CLOCK);
    assert_int_equal(clock->unix_ms(h), UINT64_C(1700000000000));
    testhost_advance_ms(*state, 1500);
    assert_int_equal(clock->unix_ms(h), UINT64_C(1700000001500));
    assert_int_equal(clock->mono_ns(h), UINT64_C(2500000000));
    testhost_set_time(*state, 7, 8);
    assert_int_equal(clock->mono_ns(h), 7);
}

static void randomness_is_the_same_for_the_same_seed(void **state)
{
    uint8_t first[16], again[16], other[16];
    struct testhost_options options = {.seed = 0};
    struct testhost *same = testhost_open(&options);
    options.seed = 1;
    struct testhost *different = testhost_open(&options);
    const struct beacon_host_clock *clock = beacon_facet(host_of(state), BEACON_HOST_CLOCK);
    assert_int_equal(clock->random(host_of(state), first, sizeof first), BEACON_OK);
    assert_int_equal(clock->random(testhost_host(same), again, sizeof again), BEACON_OK);
    assert_int_equal(clock->random(testhost_host(different), other, sizeof other), BEACON_OK);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
    testhost_fail(*state, TESTHOST_CLOCK, 2, BEACON_E_IO);
    assert_int_equal(clock->random(host_of(state), first, 1), BEACON_OK);
    assert_int_equal(clock->random(host_of(state), first, 1), BEACON_E_IO);
    testhost_close(same);
    testhost_close(different);
}

static void the_environment_is_what_the_test_says(void **state)
{
    struct beacon_json_out value;
    beacon_json_out_init(&value, 100);
    assert_int_equal(beacon_env_get(host_of(state), beacon_text("HOME"), &value),
                     BEACON_E_NOT_FOUND);
    assert_int_equal(beacon_env_get(host_of(state), beacon_text(""), &value), BEACON_E_INVALID);
    testhost_set_env(*state, "HOME", "/nowhere");
    assert_int_equal(beacon_env_get(host_of(state), beacon_text("HOME"), &value), BEACON_OK);
    assert_true(beacon_span_is(beacon_json_out_text(&value), "/nowhere"));
    testhost_set_env(*state, "HOME", NULL);
    assert_int_equal(beacon_env_get(host_of(state), beacon_text("HOME"), &value),
                     BEACON_E_NOT_FOUND);
    beacon_json_out_finish(&value);
}

static void secrets_change_only_for_who_knows_the_generation(void **state)
{
    const struct beacon_host *h = host_of(state);
    const struct beacon_host_secrets *secrets = beacon_facet(h, BEACON_HOST_SECRETS);
    const struct beacon_bytes value = {(const uint8_t *)"v", 1};
    struct beacon_error err = {.struct_size = sizeof err};
    struct beacon_json_out out;
    uint64_t gen = 0;
    beacon_json_out_init(&out, 100);
    const struct beacon_sink sink = beacon_sink_to(&out);
    const struct beacon_str key = beacon_text("k");
    assert_int_equal(secrets->set(h, key, value, 3, &err), BEACON_E_BUSY);
    assert_int_equal(secrets->set(h, key, value, 0, &err), BEACON_OK);
    assert_int_equal(secrets->get(h, key, &sink, &gen, &err), BEACON_OK);
    assert_int_equal(gen, 1);
    assert_int_equal(secrets->set(h, key, value, 1, &err), BEACON_OK);
    assert_int_equal(secrets->set(h, key, value, 1, &err), BEACON_E_BUSY);
    assert_int_equal(secrets->erase(h, key, &err), BEACON_OK);
    assert_int_equal(secrets->get(h, key, &sink, &gen, &err), BEACON_E_NOT_FOUND);
    beacon_json_out_finish(&out);
}

struct heard {
    char text[256];
    size_t n;
};

static void hear(struct heard *heard, const char *what, const void *p, size_t n)
{
    heard->n += (size_t)snprintf(heard->text + heard->n, sizeof heard->text - heard->n, "%s %.*s\n",
                                 what, (int)n, n > 0 ? (const char *)p : "");
}

static beacon_rc hear_response(void *ctx, const struct beacon_http_response *r)
{
    hear(ctx, r->status == 200 ? "ok" : "refused", r->headers[0].k.p, r->headers[0].k.n);
    return BEACON_OK;
}

static beacon_rc hear_frame(void *ctx, struct beacon_str event, struct beacon_bytes data)
{
    (void)event;
    hear(ctx, "frame", data.p, data.n);
    return BEACON_OK;
}

static beacon_rc hear_end(void *ctx, const struct beacon_http_response *r)
{
    (void)r;
    hear(ctx, "end", "", 0);
    return BEACON_OK;
}

static void requests_are_answered_in_order(void **state)
{
    const struct beacon_host *h = host_of(state);
    const struct beacon_host_http *http = beacon_facet(h, BEACON_HOST_HTTP);
    struct heard heard = {.n = 0};
    struct beacon_error err = {.struct_size = sizeof err};
    const struct beacon_http_handler handler = {.struct_size = sizeof handler,
                                                .ctx = &heard,
                                                .on_response = hear_response,
                                                .on_frame = hear_frame,
                                                .on_end = hear_end};
    const struct beacon_http_request rq = {.struct_size = sizeof rq,
                                           .method = beacon_text("GET"),
                                           .url = beacon_text("https://x.example/t"),
                                           .framing = BEACON_FRAME_NDJSON};
    testhost_add_http(*state, 200, "X-A: b", "one\ntwo\n");
    testhost_add_http(*state, 500, "X-B: b", "");
    assert_int_equal(http->perform(h, &rq, &handler, NULL, &err), BEACON_OK);
    assert_int_equal(http->perform(h, &rq, &handler, NULL, &err), BEACON_OK);
    assert_int_equal(http->perform(h, &rq, &handler, NULL, &err), BEACON_E_IO);
    assert_string_equal(heard.text, "ok x-a\nframe one\nframe two\nend \nrefused x-b\nend \n");
    assert_string_equal(testhost_requested(*state),
                        "GET https://x.example/t\nGET https://x.example/t\n"
                        "GET https://x.example/t\n");
}

static void a_cancelled_token_says_so_and_wakes_who_polls(void **state)
{
    const struct beacon_host *h = host_of(state);
    const struct beacon_cancel *c = testhost_cancel_token(*state);
    struct pollfd fd = {.fd = h->cancel_fd(h, c), .events = POLLIN};
    assert_int_equal(h->cancelled(h, c), 0);
    assert_int_equal(poll(&fd, 1, 0), 0);
    testhost_set_cancelled(*state, true);
    assert_int_equal(h->cancelled(h, c), 1);
    assert_int_equal(h->cancelled(h, NULL), 0);
    assert_int_equal(poll(&fd, 1, 0), 1);
    testhost_set_deadline(*state, 99);
    assert_int_equal(h->deadline_ns(h, c), 99);
}

static void the_browser_comes_back_with_the_query(void **state)
{
    const struct beacon_host *h = host_of(state);
    const struct beacon_host_ui *ui = beacon_facet(h, BEACON_HOST_UI);
    struct beacon_error err = {.struct_size = sizeof err};
    struct beacon_json_out out;
    void *token = NULL;
    beacon_json_out_init(&out, 200);
    const struct beacon_sink sink = beacon_sink_to(&out);
    assert_int_equal(ui->redirect_begin(h, 0, beacon_text("/cb"), &sink, &token, &err),
                     BEACON_E_UNSUPPORTED);
    testhost_set_person(*state, NULL, "code=42");
    assert_int_equal(ui->redirect_begin(h, 0, beacon_text("/cb"), &sink, &token, &err), BEACON_OK);
    assert_int_equal(ui->redirect_wait(h, token, &sink, NULL), BEACON_OK);
    ui->redirect_end(h, token);
    assert_true(beacon_span_is(beacon_json_out_text(&out), "http://127.0.0.1:1455/cbcode=42"));
    assert_int_equal(ui->show_code(h, beacon_text("https://x.example"), beacon_text("AB-12"), 60),
                     BEACON_OK);
    assert_string_equal(testhost_shown(*state),
                        "ui.redirect_begin /cb\nui.show_code https://x.example AB-12\n");
    beacon_json_out_finish(&out);
}

static void a_facet_can_be_missing_and_ids_are_exact(void **state)
{
    const struct testhost_options options = {.without = TESTHOST_UI | TESTHOST_HTTP};
    struct testhost *poor = testhost_open(&options);
    assert_null(beacon_facet(testhost_host(poor), BEACON_HOST_UI));
    assert_null(beacon_facet(testhost_host(poor), BEACON_HOST_HTTP));
    assert_non_null(beacon_facet(testhost_host(poor), BEACON_HOST_ENV));
    assert_null(beacon_facet(host_of(state), "beacon.host.ui/12"));
    assert_null(beacon_facet(host_of(state), "beacon.host.ui/"));
    testhost_close(poor);
}

static void an_older_host_has_a_shorter_table(void **state)
{
    const struct testhost_options options = {.host_bytes = offsetof(struct beacon_host, facet)};
    struct testhost *old = testhost_open(&options);
    (void)state;
    assert_int_equal(testhost_host(old)->struct_size, offsetof(struct beacon_host, facet));
    assert_null(beacon_facet(testhost_host(old), BEACON_HOST_ENV));
    testhost_close(old);
}

static void the_log_keeps_attributes(void **state)
{
    const struct beacon_kv attrs[] = {beacon_log_attr("status", beacon_text("429"))};
    beacon_log_line(host_of(state), BEACON_LOG_WARN, beacon_text("slow\ndown"), attrs, 1);
    beacon_log(host_of(state), BEACON_LOG_DEBUG, "n=%d", 3);
    assert_string_equal(testhost_log(*state), "warn: slow\\ndown status=429\ndebug: n=3\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(time_stands_still_until_it_is_moved),
        TEST(randomness_is_the_same_for_the_same_seed),
        TEST(the_environment_is_what_the_test_says),
        TEST(secrets_change_only_for_who_knows_the_generation),
        TEST(requests_are_answered_in_order),
        TEST(a_cancelled_token_says_so_and_wakes_who_polls),
        TEST(the_browser_comes_back_with_the_query),
        TEST(a_facet_can_be_missing_and_ids_are_exact),
        TEST(an_older_host_has_a_shorter_table),
        TEST(the_log_keeps_attributes),
    };
    return cmocka_run_group_tests_name("testhost/facets", tests, NULL, NULL);
}
