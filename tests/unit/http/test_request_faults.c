/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "http_probe.h"
#include "loop/loop.h"
#include "support/mock_server.h"

#define SHORT_MS 50u

/* Run one request against a server that plays `scenario`. */
static struct probe run_scenario(void **state, const char *scenario,
                                 const struct http_limits *limits)
{
    struct mock_server *server = mock_server_start(state, scenario);
    struct bench bench;
    struct probe probe = {0};
    bench_open(&bench);
    struct beacon_http_request request =
        request_of(mock_server_url(server, "/v1?key=hidden"), "{}");
    probe_run(&probe, &bench, &request, limits);
    assert_int_equal(probe.n_ends, 1);
    assert_null(strstr(probe.err.message, "hidden"));
    bench_close(&bench);
    mock_server_stop(server);
    return probe;
}

static int listen_without_accepting(char url[64], const char *scheme)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(url, 64, "%s://127.0.0.1:%u/v1", scheme, ntohs(address.sin_port));
    return fd;
}

static void a_port_nobody_listens_on_is_named_as_refused(void **state)
{
    (void)state;
    char url[64], expected[96];
    (void)close(listen_without_accepting(url, "http"));
    struct bench bench;
    struct probe probe = {0};
    bench_open(&bench);
    struct beacon_http_request request = request_of(url, "{}");
    probe_run(&probe, &bench, &request, &no_limits);
    assert_int_equal(probe.how, BEACON_END_TRUNCATED);
    assert_int_equal(probe.err.code, BEACON_E_IO);
    assert_int_equal(probe.err.flags, 0);
    (void)snprintf(expected, sizeof expected, "connection refused by %.*s",
                   (int)strcspn(url + 7, "/"), url + 7);
    assert_string_equal(probe.err.message, expected);
    probe_finish(&probe);
    bench_close(&bench);
}

static void a_handshake_that_never_comes_runs_out_the_connect_clock(void **state)
{
    (void)state;
    char url[64];
    int fd = listen_without_accepting(url, "https");
    struct bench bench;
    struct probe probe = {0};
    bench_open(&bench);
    struct beacon_http_request request = request_of(url, "{}");
    struct http_limits limits = {.connect_timeout_ms = SHORT_MS};
    probe_run(&probe, &bench, &request, &limits);
    assert_int_equal(probe.how, BEACON_END_TRUNCATED);
    assert_int_equal(probe.err.code, BEACON_E_DEADLINE);
    assert_ptr_equal(strstr(probe.err.message, "timeout connecting to 127.0.0.1:"),
                     probe.err.message);
    (void)close(fd);
    probe_finish(&probe);
    bench_close(&bench);
}

static void an_answer_that_never_comes_runs_out_the_first_byte_clock(void **state)
{
    struct http_limits limits = {5000, SHORT_MS, 5000, 0};
    struct probe probe = run_scenario(state, "{\"responses\":[{\"hang\":true}]}", &limits);
    assert_int_equal(probe.how, BEACON_END_TRUNCATED);
    assert_int_equal(probe.err.code, BEACON_E_DEADLINE);
    assert_non_null(strstr(probe.err.message, "first byte from 127.0.0.1:"));
    assert_int_equal(probe.n_responses, 0);
    probe_finish(&probe);
}

static void a_stream_that_stops_runs_out_the_idle_clock(void **state)
{
    struct http_limits limits = {5000, 5000, SHORT_MS, 0};
    struct probe probe =
        run_scenario(state, "{\"responses\":[{\"text\":\"hi\",\"hang_after_events\":2}]}", &limits);
    assert_int_equal(probe.how, BEACON_END_TRUNCATED);
    assert_int_equal(probe.err.code, BEACON_E_DEADLINE);
    assert_string_equal(probe.err.message, "idle timeout waiting for SSE");
    assert_int_equal(probe.n_frames, 2);
    probe_finish(&probe);
}

static void an_idle_limit_of_the_request_wins(void **state)
{
    struct mock_server *server =
        mock_server_start(state, "{\"responses\":[{\"text\":\"hi\",\"hang_after_events\":1}]}");
    struct bench bench;
    struct probe probe = {0};
    bench_open(&bench);
    struct beacon_http_request request = request_of(mock_server_url(server, "/"), "{}");
    request.idle_timeout_ms = SHORT_MS;
    struct http_limits limits = {0, 0, 3600000, 0};
    probe_run(&probe, &bench, &request, &limits);
    assert_string_equal(probe.err.message, "idle timeout waiting for SSE");
    probe_finish(&probe);
    bench_close(&bench);
    mock_server_stop(server);
}

static void the_limit_of_the_whole_counts_from_the_start(void **state)
{
    struct mock_server *server = mock_server_start(state, "{\"responses\":[{\"hang\":true}]}");
    struct bench bench;
    struct probe probe = {0};
    bench_open(&bench);
    struct beacon_http_request request = request_of(mock_server_url(server, "/"), "{}");
    request.total_timeout_ms = SHORT_MS;
    probe_run(&probe, &bench, &request, &no_limits);
    assert_int_equal(probe.err.code, BEACON_E_DEADLINE);
    assert_non_null(strstr(probe.err.message, "did not finish"));
    probe_finish(&probe);
    bench_close(&bench);
    mock_server_stop(server);
}

/* A server inside the test's own loop: an answer's head, then a comment every few milliseconds. */
struct pinger {
    struct loop_timer *timer;
    int listener, fd;
};

static void ping(void *ctx)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    struct pinger *pinger = ctx;
    if (pinger->fd < 0) {
        pinger->fd = accept4(pinger->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (pinger->fd >= 0) {
            assert_true(send(pinger->fd, head, sizeof head - 1, MSG_NOSIGNAL) > 0);
        }
    } else {
        (void)send(pinger->fd, ": ping\n\n", 8, MSG_NOSIGNAL);
    }
    loop_timer_start(pinger->timer, 2);
}

static void comments_of_a_proxy_do_not_hide_a_model_that_hangs(void **state)
{
    (void)state;
    char url[64];
    struct bench bench;
    struct probe probe = {0};
    bench_open(&bench);
    AUTO_CLOSE int listener = listen_without_accepting(url, "http");
    struct pinger pinger = {.listener = listener, .fd = -1};
    pinger.timer = loop_timer_create(bench.loop, ping, &pinger);
    struct beacon_http_request request = request_of(url, "{}");
    struct http_limits limits = {.idle_timeout_ms = SHORT_MS};
    probe_start(&probe, &bench, &request, &limits);
    loop_timer_start(pinger.timer, 2);
    loop_run(bench.loop);
    assert_string_equal(probe.err.message, "idle timeout waiting for SSE");
    loop_timer_close(pinger.timer);
    (void)close(pinger.fd);
    probe_finish(&probe);
    bench_close(&bench);
}

static void a_dropped_stream_is_truncated_after_what_had_come(void **state)
{
    struct probe probe = run_scenario(
        state, "{\"responses\":[{\"text\":\"hi\",\"drop_after_events\":3}]}", &no_limits);
    assert_int_equal(probe.how, BEACON_END_TRUNCATED);
    assert_int_equal(probe.n_frames, 3);
    assert_int_equal(probe.err.code, BEACON_E_IO);
    assert_int_equal(probe.err.flags, 0);
    assert_non_null(strstr(probe.err.message, "was lost"));
    probe_finish(&probe);
}

static void a_reset_stream_is_truncated(void **state)
{
    struct probe probe = run_scenario(
        state, "{\"responses\":[{\"text\":\"hi\",\"drop_after_events\":3,\"reset\":true}]}",
        &no_limits);
    assert_int_equal(probe.how, BEACON_END_TRUNCATED);
    assert_int_equal(probe.err.code, BEACON_E_IO);
    probe_finish(&probe);
}

static void a_connection_closed_without_an_answer_is_truncated(void **state)
{
    struct probe probe = run_scenario(state, "{\"responses\":[{\"raw\":\"\"}]}", &no_limits);
    assert_int_equal(probe.how, BEACON_END_TRUNCATED);
    assert_non_null(strstr(probe.err.message, "closed the connection without an answer"));
    probe_finish(&probe);
}

static void a_server_that_does_not_speak_http_is_said_to_be_one(void **state)
{
    static const char *const answers[] = {"SSH-2.0-OpenSSH_9.2\\r\\n",
                                          "HTTP/1.1 abc OK\\r\\n\\r\\n",
                                          "\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006"};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        AUTO_FREE char *scenario = alloc_printf("{\"responses\":[{\"raw\":\"%s\"}]}", answers[i]);
        struct probe probe = run_scenario(state, scenario, &no_limits);
        assert_int_equal(probe.how, BEACON_END_TRUNCATED);
        assert_int_equal(probe.err.code, BEACON_E_PROTOCOL);
        assert_int_equal(probe.n_frames, 0);
        probe_finish(&probe);
    }
}

static void headers_beyond_the_cap_end_the_exchange(void **state)
{
    AUTO_TEXT struct text scenario;
    text_init(&scenario, 1u << 20);
    (void)text_add_string(&scenario, "{\"responses\":[{\"text\":\"hi\",\"headers\":{");
    for (int i = 0; i < 200; i++) {
        (void)text_addf(&scenario, "\"x-%d\":\"%02000d\",", i, i);
    }
    (void)text_add_string(&scenario, "\"x\":\"y\"}}]}");
    struct probe probe = run_scenario(state, text_string(&scenario), &no_limits);
    assert_int_equal(probe.how, BEACON_END_TRUNCATED);
    assert_int_equal(probe.n_responses, 0);
    assert_int_equal(probe.err.code, BEACON_E_LIMIT);
    probe_finish(&probe);
}

static void an_error_status_hands_its_body_out_as_one_frame(void **state)
{
    struct probe probe = run_scenario(state,
                                      "{\"responses\":[{\"status\":429,\"headers\":{"
                                      "\"Retry-After\":\"7\"},\"body\":\"data: 1\\n\\nx\"}]}",
                                      &no_limits);
    assert_int_equal(probe.how, BEACON_END_HTTP_ERROR);
    assert_int_equal(probe.status, 429);
    assert_int_equal(probe.err.code, BEACON_E_LIMIT);
    assert_string_equal(probe.retry_after, "7");
    assert_string_equal(text_string(&probe.frames), "<|data: 1\n\nx>");
    assert_non_null(strstr(probe.err.message, "answered 429 Too Many Requests"));
    probe_finish(&probe);
}

static void an_error_body_is_cut_at_its_cap(void **state)
{
    AUTO_FREE char *body = alloc_zeroed((3u << 20) + 1);
    memset(body, 'x', 3u << 20);
    AUTO_FREE char *scenario =
        alloc_printf("{\"responses\":[{\"status\":500,\"body\":\"%s\"}]}", body);
    struct probe probe = run_scenario(state, scenario, &no_limits);
    assert_int_equal(probe.how, BEACON_END_HTTP_ERROR);
    assert_int_equal(probe.n_frames, 1);
    assert_int_equal(probe.n_bytes, HTTP_ERROR_BODY_MAX);
    probe_finish(&probe);
}

static void an_error_body_that_breaks_off_is_still_an_error_status(void **state)
{
    struct probe probe =
        run_scenario(state,
                     "{\"responses\":[{\"raw\":\"HTTP/1.1 503 No\\r\\nContent-Length: 99\\r\\n"
                     "\\r\\nhalf\"}]}",
                     &no_limits);
    assert_int_equal(probe.how, BEACON_END_HTTP_ERROR);
    assert_string_equal(text_string(&probe.frames), "<|half>");
    probe_finish(&probe);
}

static void a_redirect_is_not_followed(void **state)
{
    struct probe probe = run_scenario(state,
                                      "{\"responses\":[{\"status\":302,\"headers\":{\"Location\":"
                                      "\"/elsewhere\"}},{\"text\":\"no\"}]}",
                                      &no_limits);
    assert_int_equal(probe.how, BEACON_END_HTTP_ERROR);
    assert_int_equal(probe.status, 302);
    assert_non_null(strstr(probe.err.message, "redirect"));
    probe_finish(&probe);
}

static void garbage_in_a_stream_is_the_receivers_to_judge(void **state)
{
    struct probe probe = run_scenario(state, "{\"responses\":[{\"garbage\":true}]}", &no_limits);
    assert_int_equal(probe.how, BEACON_END_OK);
    assert_int_equal(probe.n_frames, 3);
    probe_finish(&probe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_port_nobody_listens_on_is_named_as_refused),
        in_temp_dir(a_handshake_that_never_comes_runs_out_the_connect_clock),
        in_temp_dir(an_answer_that_never_comes_runs_out_the_first_byte_clock),
        in_temp_dir(a_stream_that_stops_runs_out_the_idle_clock),
        in_temp_dir(an_idle_limit_of_the_request_wins),
        in_temp_dir(the_limit_of_the_whole_counts_from_the_start),
        in_temp_dir(comments_of_a_proxy_do_not_hide_a_model_that_hangs),
        in_temp_dir(a_dropped_stream_is_truncated_after_what_had_come),
        in_temp_dir(a_reset_stream_is_truncated),
        in_temp_dir(a_connection_closed_without_an_answer_is_truncated),
        in_temp_dir(a_server_that_does_not_speak_http_is_said_to_be_one),
        in_temp_dir(headers_beyond_the_cap_end_the_exchange),
        in_temp_dir(an_error_status_hands_its_body_out_as_one_frame),
        in_temp_dir(an_error_body_is_cut_at_its_cap),
        in_temp_dir(an_error_body_that_breaks_off_is_still_an_error_status),
        in_temp_dir(a_redirect_is_not_followed),
        in_temp_dir(garbage_in_a_stream_is_the_receivers_to_judge),
    };
    return cmocka_run_group_tests_name("http/request faults", tests, NULL, NULL);
}
