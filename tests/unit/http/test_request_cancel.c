/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "http_probe.h"
#include "loop/loop.h"
#include "support/mock_server.h"

#define STREAM "{\"responses\":[{\"text\":\"a message of several deltas\"}],\"repeat_last\":true}"

static void no_callback_follows_a_cancel_from_inside_a_callback(void **state)
{
    static const enum probe_point points[] = {PROBE_AT_RESPONSE, PROBE_AT_FRAME, PROBE_AT_END};
    struct mock_server *server = mock_server_start(state, STREAM);
    struct bench bench;
    bench_open(&bench);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        struct probe probe = {.cancel_at = points[i]}, after = {0};
        struct beacon_http_request request = request_of(mock_server_url(server, "/"), "{}");
        probe_run(&probe, &bench, &request, &no_limits);
        probe_run(&after, &bench, &request, &no_limits);
        assert_int_equal(probe.n_responses, 1);
        assert_int_equal(probe.n_frames, points[i] == PROBE_AT_RESPONSE ? 0
                                         : points[i] == PROBE_AT_FRAME  ? 1
                                                                        : 8);
        assert_int_equal(probe.n_ends, points[i] == PROBE_AT_END);
        assert_int_equal(after.how, BEACON_END_OK);
        probe_finish(&probe);
        probe_finish(&after);
    }
    bench_close(&bench);
    mock_server_stop(server);
}

static void a_cancel_in_the_frame_of_an_error_body_is_the_end(void **state)
{
    struct mock_server *server =
        mock_server_start(state, "{\"responses\":[{\"status\":500,\"body\":\"x\"}]}");
    struct bench bench;
    struct probe probe = {.cancel_at = PROBE_AT_FRAME};
    bench_open(&bench);
    struct beacon_http_request request = request_of(mock_server_url(server, "/"), "{}");
    probe_run(&probe, &bench, &request, &no_limits);
    assert_int_equal(probe.n_frames, 1);
    assert_int_equal(probe.n_ends, 0);
    probe_finish(&probe);
    bench_close(&bench);
    mock_server_stop(server);
}

static void a_callback_may_cancel_another_exchange(void **state)
{
    static const enum probe_point points[] = {PROBE_AT_RESPONSE, PROBE_AT_FRAME, PROBE_AT_END};
    struct mock_server *server =
        mock_server_start(state, "{\"match\":[{\"when\":\"hang\",\"response\":{\"hang\":true}},"
                                 "{\"when\":\"talk\",\"response\":{\"text\":\"hi\"}}]}");
    struct bench bench;
    bench_open(&bench);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        struct probe victim = {0}, probe = {.cancel_at = points[i]};
        const char *url = mock_server_url(server, "/");
        struct beacon_http_request hang = request_of(url, "hang"), talk = request_of(url, "talk");
        probe_start(&victim, &bench, &hang, &no_limits);
        probe.victim = victim.exchange;
        probe_run(&probe, &bench, &talk, &no_limits);
        assert_int_equal(probe.how, BEACON_END_OK);
        assert_int_equal(victim.n_ends, 0);
        probe_finish(&victim);
        probe_finish(&probe);
    }
    bench_close(&bench);
    mock_server_stop(server);
}

static void what_a_callback_has_started_it_may_cancel(void **state)
{
    static const enum probe_point points[] = {PROBE_AT_RESPONSE, PROBE_AT_FRAME, PROBE_AT_END};
    struct mock_server *server = mock_server_start(state, STREAM);
    struct bench bench;
    bench_open(&bench);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        struct probe follower = {0};
        struct probe probe = {
            .start_at = points[i], .follower = &follower, .is_follower_cancelled = true};
        struct beacon_http_request request = request_of(mock_server_url(server, "/"), "{}");
        probe_run(&probe, &bench, &request, &no_limits);
        assert_int_equal(probe.how, BEACON_END_OK);
        assert_int_equal(follower.n_ends, 0);
        probe_finish(&probe);
        probe_finish(&follower);
    }
    assert_int_equal(mock_server_connection_count(server), 1);
    bench_close(&bench);
    mock_server_stop(server);
}

static void a_cancel_before_the_loop_runs_sends_nothing(void **state)
{
    struct mock_server *server = mock_server_start(state, STREAM);
    struct bench bench;
    struct probe probe = {0}, after = {0};
    bench_open(&bench);
    struct beacon_http_request request = request_of(mock_server_url(server, "/"), "{}");
    probe_start(&probe, &bench, &request, &no_limits);
    http_cancel(probe.exchange);
    probe_run(&after, &bench, &request, &no_limits);
    assert_int_equal(probe.n_ends, 0);
    assert_int_equal(mock_server_connection_count(server), 1);
    probe_finish(&probe);
    probe_finish(&after);
    bench_close(&bench);
    mock_server_stop(server);
}

static void destroying_the_room_ends_what_is_under_way(void **state)
{
    struct mock_server *server = mock_server_start(state, "{\"responses\":[{\"hang\":true}]}");
    struct bench bench;
    struct probe hanging = {0}, refused = {0};
    bench_open(&bench);
    struct beacon_http_request request = request_of(mock_server_url(server, "/"), "{}");
    struct http_limits limits = {.first_byte_timeout_ms = 20};
    probe_start(&hanging, &bench, &request, &no_limits);
    probe_run(&refused, &bench, &request, &limits);
    bench_close(&bench);
    assert_int_equal(hanging.n_ends, 0);
    probe_finish(&hanging);
    probe_finish(&refused);
    mock_server_stop(server);
}

static void a_callback_that_says_stop_ends_the_exchange_with_its_code(void **state)
{
    static const enum probe_point points[] = {PROBE_AT_RESPONSE, PROBE_AT_FRAME};
    struct mock_server *server = mock_server_start(state, STREAM);
    struct bench bench;
    bench_open(&bench);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        struct probe probe = {.stop_at = points[i]};
        struct beacon_http_request request = request_of(mock_server_url(server, "/"), "{}");
        probe_run(&probe, &bench, &request, &no_limits);
        assert_int_equal(probe.how, BEACON_END_TRUNCATED);
        assert_int_equal(probe.err.code, BEACON_E_REFUSED);
        assert_int_equal(probe.n_frames, i);
        assert_int_equal(probe.n_ends, 1);
        probe_finish(&probe);
    }
    bench_close(&bench);
    mock_server_stop(server);
}

/* Accepts in the test itself, to see the connection from the other side. */
struct acceptor {
    struct loop *loop;
    struct loop_watch *watch;
    int listener, fd;
};

static void accept_and_stop(void *ctx, int events)
{
    struct acceptor *acceptor = ctx;
    (void)events;
    acceptor->fd = accept4(acceptor->listener, NULL, NULL, SOCK_CLOEXEC);
    loop_watch_set(acceptor->watch, 0);
    loop_stop(acceptor->loop);
}

static void a_cancel_closes_the_connection_before_it_returns(void **state)
{
    (void)state;
    char url[64], byte;
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    AUTO_CLOSE int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", ntohs(address.sin_port));
    struct bench bench;
    struct probe probe = {0};
    bench_open(&bench);
    struct acceptor acceptor = {.loop = bench.loop, .listener = listener, .fd = -1};
    acceptor.watch = loop_watch_create(bench.loop, listener, accept_and_stop, &acceptor);
    loop_watch_set(acceptor.watch, LOOP_READABLE);
    struct beacon_http_request request = request_of(url, NULL);
    probe_run(&probe, &bench, &request, &no_limits);
    http_cancel(probe.exchange);
    while (recv(acceptor.fd, &byte, 1, MSG_DONTWAIT) > 0) { /* the request, if it was sent */
    }
    assert_true(recv(acceptor.fd, &byte, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET);
    (void)close(acceptor.fd);
    loop_watch_close(acceptor.watch);
    probe_finish(&probe);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(no_callback_follows_a_cancel_from_inside_a_callback),
        in_temp_dir(a_cancel_in_the_frame_of_an_error_body_is_the_end),
        in_temp_dir(a_callback_may_cancel_another_exchange),
        in_temp_dir(what_a_callback_has_started_it_may_cancel),
        in_temp_dir(a_cancel_before_the_loop_runs_sends_nothing),
        in_temp_dir(destroying_the_room_ends_what_is_under_way),
        in_temp_dir(a_callback_that_says_stop_ends_the_exchange_with_its_code),
        in_temp_dir(a_cancel_closes_the_connection_before_it_returns),
    };
    return cmocka_run_group_tests_name("http/request cancel", tests, NULL, NULL);
}
