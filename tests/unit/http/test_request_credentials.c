/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon-sdk/text.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "http_probe.h"
#include "loop/loop.h"
#include "support/mock_server.h"

#define ANSWER "{\"responses\":[{\"text\":\"hi\"}],\"repeat_last\":true}"

/* Credentials that come `rounds_left` calls of http_credentials_ready() later. */
struct late {
    struct http *http;
    struct loop *loop;
    int rounds_left, calls;
    int code; /* BEACON_OK: there are some then */
};

static void on_ready(void *ctx)
{
    struct late *late = ctx;
    late->rounds_left--;
    http_credentials_ready(late->http);
}

static int attach_late(void *ctx, const struct beacon_http_request *rq,
                       struct http_header_sink *out, struct beacon_error *err)
{
    struct late *late = ctx;
    late->calls++;
    assert_true(beacon_span_starts(rq->url, "http://127.0.0.1:"));
    assert_true(beacon_span_is(rq->method, "POST"));
    assert_int_equal(rq->body.n, 2);
    if (late->rounds_left > 0) {
        loop_later(late->loop, on_ready, late);
        return HTTP_ATTACH_LATER;
    }
    if (late->code != BEACON_OK) {
        return error_set(err, late->code, "log in", "no key");
    }
    return out->add(out->ctx, BEACON_STR("Authorization"), BEACON_STR("Bearer real"), err);
}

struct scene {
    struct mock_server *server;
    struct bench bench;
    struct late late;
    struct beacon_http_request request;
};

static void open_scene(void **state, struct scene *scene, struct late late)
{
    scene->server = mock_server_start(state, ANSWER);
    bench_open(&scene->bench);
    scene->late = late;
    scene->late.http = scene->bench.http;
    scene->late.loop = scene->bench.loop;
    http_set_credentials(scene->bench.http, &(struct http_credentials){attach_late, &scene->late});
    scene->request = request_of(mock_server_url(scene->server, "/"), "{}");
    scene->request.auth = BEACON_AUTH_INSTANCE;
}

static void close_scene(struct scene *scene)
{
    bench_close(&scene->bench);
    mock_server_stop(scene->server);
}

static void a_request_waits_for_its_credentials_and_is_sent_with_them(void **state)
{
    struct scene scene;
    struct probe probe = {0};
    open_scene(state, &scene, (struct late){.rounds_left = 2});
    probe_run(&probe, &scene.bench, &scene.request, &no_limits);
    assert_int_equal(scene.late.calls, 3);
    assert_int_equal(probe.how, BEACON_END_OK);
    AUTO_JSON struct json_object *requests = mock_server_requests(scene.server);
    assert_int_equal(json_object_array_length(requests), 1);
    struct json_object *headers = json_member(json_object_array_get_idx(requests, 0), "headers");
    assert_string_equal(json_string_of(headers, "authorization", ""), "Bearer real");
    probe_finish(&probe);
    close_scene(&scene);
}

static void nothing_is_sent_without_them_and_the_end_says_why(void **state)
{
    static const struct {
        int code;
        uint32_t flags;
    } rows[] = {{BEACON_E_AUTH, HTTP_ERROR_PERMANENT}, {BEACON_E_IO, 0}, {BEACON_E_DEADLINE, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene;
        struct probe probe = {0};
        open_scene(state, &scene, (struct late){.rounds_left = 1, .code = rows[i].code});
        probe_run(&probe, &scene.bench, &scene.request, &no_limits);
        assert_int_equal(probe.n_ends, 1);
        assert_int_equal(probe.how, BEACON_END_TRUNCATED);
        assert_int_equal(probe.err.code, rows[i].code);
        assert_int_equal(probe.err.flags, rows[i].flags);
        assert_string_equal(probe.err.message, "no key");
        assert_int_equal(mock_server_connection_count(scene.server), 0);
        probe_finish(&probe);
        close_scene(&scene);
    }
}

static void a_request_that_waits_can_be_cancelled(void **state)
{
    struct scene scene;
    struct probe probe = {0};
    open_scene(state, &scene, (struct late){.rounds_left = 1});
    probe_start(&probe, &scene.bench, &scene.request, &no_limits);
    http_cancel(probe.exchange);
    loop_run(scene.bench.loop);
    assert_int_equal(scene.late.calls, 1);
    assert_int_equal(probe.n_ends, 0);
    assert_int_equal(mock_server_connection_count(scene.server), 0);
    probe_finish(&probe);
    close_scene(&scene);
}

static void what_waits_at_the_end_of_the_program_is_forgotten(void **state)
{
    struct scene scene;
    struct probe probe = {0};
    open_scene(state, &scene, (struct late){.rounds_left = 1});
    probe_start(&probe, &scene.bench, &scene.request, &no_limits);
    close_scene(&scene);
    assert_int_equal(probe.n_ends, 0);
    probe_finish(&probe);
}

static void several_that_wait_go_on_together(void **state)
{
    struct scene scene;
    struct probe one = {0}, two = {0};
    open_scene(state, &scene, (struct late){.rounds_left = 1});
    probe_start(&one, &scene.bench, &scene.request, &no_limits);
    scene.late.rounds_left = 1;
    probe_start(&two, &scene.bench, &scene.request, &no_limits);
    while (one.n_ends + two.n_ends < 2) {
        loop_run(scene.bench.loop); /* each end stops it */
    }
    assert_int_equal(one.how, BEACON_END_OK);
    assert_int_equal(two.how, BEACON_END_OK);
    probe_finish(&one);
    probe_finish(&two);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_request_waits_for_its_credentials_and_is_sent_with_them),
        in_temp_dir(nothing_is_sent_without_them_and_the_end_says_why),
        in_temp_dir(a_request_that_waits_can_be_cancelled),
        in_temp_dir(what_waits_at_the_end_of_the_program_is_forgotten),
        in_temp_dir(several_that_wait_go_on_together),
    };
    return cmocka_run_group_tests_name("http/request credentials", tests, NULL, NULL);
}
