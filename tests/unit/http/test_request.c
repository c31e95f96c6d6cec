/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon-sdk/text.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/json.h"
#include "http_probe.h"
#include "loop/loop.h"
#include "support/mock_server.h"

static void events_of_an_answer_arrive_in_order(void **state)
{
    struct mock_server *server =
        mock_server_start(state, "{\"responses\":[{\"sse\":[{\"type\":\"a\"},{\"type\":\"b\"}]}]}");
    struct bench bench;
    struct probe probe = {0};
    bench_open(&bench);
    struct beacon_http_request request = request_of(mock_server_url(server, "/v1"), "{}");
    probe_run(&probe, &bench, &request, &no_limits);
    assert_int_equal(probe.how, BEACON_END_OK);
    assert_int_equal(probe.status, 200);
    assert_string_equal(probe.content_type, "text/event-stream");
    assert_string_equal(text_string(&probe.frames), "<a|{\"type\":\"a\"}><b|{\"type\":\"b\"}>");
    assert_int_equal(probe.n_responses, 1);
    assert_int_equal(probe.n_ends, 1);
    probe_finish(&probe);
    bench_close(&bench);
    mock_server_stop(server);
}

static void the_request_is_sent_as_described_and_nothing_is_added(void **state)
{
    struct mock_server *server =
        mock_server_start(state, "{\"responses\":[{\"body\":\"ok\"}],\"repeat_last\":true}");
    struct bench bench;
    struct probe probe = {0};
    bench_open(&bench);
    const struct beacon_kv headers[] = {
        {BEACON_STR("Accept"), BEACON_STR("text/event-stream")},
        {BEACON_STR("Content-Type"), BEACON_STR("application/json")},
        {BEACON_STR("X-Empty"), BEACON_STR("")}};
    struct beacon_http_request request = request_of(mock_server_url(server, "/a?b=c"), "{\"x\":1}");
    request.headers = headers;
    request.n_headers = 3;
    probe_run(&probe, &bench, &request, &no_limits);
    AUTO_JSON struct json_object *seen = mock_server_requests(server);
    struct json_object *first = json_object_array_get_idx(seen, 0);
    struct json_object *sent = json_member(first, "headers");
    assert_string_equal(json_string_of(first, "method", ""), "POST");
    assert_string_equal(json_string_of(first, "path", ""), "/a?b=c");
    assert_string_equal(json_string_of(first, "body", ""), "{\"x\":1}");
    assert_string_equal(json_string_of(sent, "accept", ""), "text/event-stream");
    assert_string_equal(json_string_of(sent, "x-empty", "absent"), "");
    assert_int_equal(json_object_object_length(sent), 5); /* host and content-length */
    probe_finish(&probe);
    bench_close(&bench);
    mock_server_stop(server);
}

static void the_method_is_the_one_described(void **state)
{
    static const char *const methods[] = {"GET", "DELETE", "PUT", "PATCH"};
    struct mock_server *server =
        mock_server_start(state, "{\"responses\":[{\"body\":\"ok\"}],\"repeat_last\":true}");
    struct bench bench;
    bench_open(&bench);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        struct probe probe = {0};
        struct beacon_http_request request =
            request_of(mock_server_url(server, "/"), i >= 2 ? "b" : NULL);
        request.method = beacon_text(methods[i]);
        probe_run(&probe, &bench, &request, &no_limits);
        assert_int_equal(probe.how, BEACON_END_OK);
        AUTO_JSON struct json_object *seen = mock_server_requests(server);
        struct json_object *last = json_object_array_get_idx(seen, i);
        assert_string_equal(json_string_of(last, "method", ""), methods[i]);
        assert_string_equal(json_string_of(last, "body", ""), i >= 2 ? "b" : "");
        probe_finish(&probe);
    }
    bench_close(&bench);
    mock_server_stop(server);
}

static void twenty_requests_use_one_connection(void **state)
{
    struct mock_server *server =
        mock_server_start(state, "{\"responses\":[{\"text\":\"hi\"}],\"repeat_last\":true}");
    struct bench bench;
    bench_open(&bench);
    for (int i = 0; i < 20; i++) {
        struct probe probe = {0};
        struct beacon_http_request request = request_of(mock_server_url(server, "/v1"), "{}");
        probe_run(&probe, &bench, &request, &no_limits);
        assert_int_equal(probe.how, BEACON_END_OK);
        probe_finish(&probe);
    }
    assert_int_equal(mock_server_connection_count(server), 1);
    bench_close(&bench);
    mock_server_stop(server);
}

static void a_connection_survives_an_error_status(void **state)
{
    struct mock_server *server = mock_server_start(
        state, "{\"responses\":[{\"status\":500,\"body\":\"no\"},{\"text\":\"hi\"}]}");
    struct bench bench;
    struct probe first = {0}, second = {0};
    bench_open(&bench);
    struct beacon_http_request request = request_of(mock_server_url(server, "/v1"), "{}");
    probe_run(&first, &bench, &request, &no_limits);
    probe_run(&second, &bench, &request, &no_limits);
    assert_int_equal(first.how, BEACON_END_HTTP_ERROR);
    assert_int_equal(second.how, BEACON_END_OK);
    assert_int_equal(mock_server_connection_count(server), 1);
    probe_finish(&first);
    probe_finish(&second);
    bench_close(&bench);
    mock_server_stop(server);
}

static void a_kept_connection_the_server_closed_is_replaced_unseen(void **state)
{
    struct mock_server *server = mock_server_start(
        state, "{\"responses\":[{\"text\":\"hi\"},{\"raw\":\"\"},{\"text\":\"ho\"}]}");
    struct bench bench;
    struct probe first = {0}, second = {0};
    bench_open(&bench);
    struct beacon_http_request request = request_of(mock_server_url(server, "/v1"), "{}");
    probe_run(&first, &bench, &request, &no_limits);
    probe_run(&second, &bench, &request, &no_limits);
    assert_int_equal(second.how, BEACON_END_OK);
    assert_int_equal(mock_server_connection_count(server), 2);
    probe_finish(&first);
    probe_finish(&second);
    bench_close(&bench);
    mock_server_stop(server);
}

static void a_hundred_megabytes_flow_through_in_constant_memory(void **state)
{
    struct mock_server *server = mock_server_start(
        state, "{\"responses\":[{\"stream_text\":{\"bytes\":100000000,\"delta\":480}}]}");
    struct bench bench;
    struct probe probe = {0};
    bench_open(&bench);
    struct beacon_http_request request = request_of(mock_server_url(server, "/v1"), "{}");
    probe_run(&probe, &bench, &request, &no_limits);
    assert_int_equal(probe.how, BEACON_END_OK);
    assert_true(probe.n_bytes > 100000000);
    assert_int_equal(probe.n_frames, 208334 + 6);
    assert_true(probe.buffered_peak < 16384);
    probe_finish(&probe);
    bench_close(&bench);
    mock_server_stop(server);
}

static void one_event_of_twenty_megabytes_arrives_whole(void **state)
{
    struct mock_server *server =
        mock_server_start(state, "{\"responses\":[{\"stream_text\":{\"bytes\":20000000,"
                                 "\"delta\":100000,\"full_done\":true}}]}");
    struct bench bench;
    struct probe probe = {0};
    bench_open(&bench);
    struct beacon_http_request request = request_of(mock_server_url(server, "/v1"), "{}");
    probe_run(&probe, &bench, &request, &no_limits);
    assert_int_equal(probe.how, BEACON_END_OK);
    assert_true(probe.n_bytes > 60000000);
    assert_true(probe.buffered_peak < 64u << 20);
    probe_finish(&probe);
    bench_close(&bench);
    mock_server_stop(server);
}

static void an_answer_in_pieces_of_seven_bytes_is_the_same(void **state)
{
    struct mock_server *server = mock_server_start(
        state, "{\"responses\":[{\"sse\":[{\"type\":\"a\"},{\"type\":\"b\"}],\"chunk\":7}]}");
    struct bench bench;
    struct probe probe = {0};
    bench_open(&bench);
    struct beacon_http_request request = request_of(mock_server_url(server, "/v1"), "{}");
    probe_run(&probe, &bench, &request, &no_limits);
    assert_string_equal(text_string(&probe.frames), "<a|{\"type\":\"a\"}><b|{\"type\":\"b\"}>");
    probe_finish(&probe);
    bench_close(&bench);
    mock_server_stop(server);
}

static void two_exchanges_run_at_the_same_time(void **state)
{
    /* The first is answered last: only side by side can both end. */
    struct mock_server *server = mock_server_start(
        state, "{\"match\":[{\"when\":\"slow\",\"response\":{\"text\":\"s\",\"delay_ms\":50}},"
               "{\"when\":\"fast\",\"response\":{\"text\":\"f\"}}]}");
    struct bench bench;
    struct probe slow = {0}, fast = {0};
    bench_open(&bench);
    const char *url = mock_server_url(server, "/v1");
    struct beacon_http_request first = request_of(url, "slow"), second = request_of(url, "fast");
    probe_start(&slow, &bench, &first, &no_limits);
    probe_start(&fast, &bench, &second, &no_limits);
    loop_run(bench.loop);
    assert_int_equal(fast.n_ends, 1);
    assert_int_equal(slow.n_ends, 0);
    loop_run(bench.loop);
    assert_int_equal(slow.n_ends, 1);
    assert_int_equal(slow.how, BEACON_END_OK);
    probe_finish(&slow);
    probe_finish(&fast);
    bench_close(&bench);
    mock_server_stop(server);
}

static void an_exchange_may_be_started_from_every_callback(void **state)
{
    static const enum probe_point points[] = {PROBE_AT_RESPONSE, PROBE_AT_FRAME, PROBE_AT_END};
    struct mock_server *server =
        mock_server_start(state, "{\"responses\":[{\"text\":\"hi\"}],\"repeat_last\":true}");
    struct bench bench;
    bench_open(&bench);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        struct probe follower = {0};
        struct probe probe = {.start_at = points[i], .follower = &follower};
        struct beacon_http_request request = request_of(mock_server_url(server, "/v1"), "{}");
        probe_run(&probe, &bench, &request, &no_limits);
        while (probe.n_ends + follower.n_ends < 2) {
            loop_run(bench.loop);
        }
        assert_int_equal(probe.how, BEACON_END_OK);
        assert_int_equal(follower.how, BEACON_END_OK);
        probe_finish(&probe);
        probe_finish(&follower);
    }
    bench_close(&bench);
    mock_server_stop(server);
}

static void interim_answers_and_trailers_are_not_seen(void **state)
{
    struct mock_server *server = mock_server_start(
        state, "{\"responses\":[{\"raw\":\"HTTP/1.1 103 Early Hints\\r\\nRetry-After: 1\\r\\n\\r\\n"
               "HTTP/1.1 200 OK\\r\\nCONTENT-Type:  text/x \\r\\nTransfer-Encoding: chunked\\r\\n"
               "\\r\\n9\\r\\ndata: x\\n\\n\\r\\n0\\r\\nRetry-After: 2\\r\\n\\r\\n\"}]}");
    struct bench bench;
    struct probe probe = {0};
    bench_open(&bench);
    struct beacon_http_request request = request_of(mock_server_url(server, "/v1"), "{}");
    probe_run(&probe, &bench, &request, &no_limits);
    assert_int_equal(probe.how, BEACON_END_OK);
    assert_int_equal(probe.n_responses, 1);
    assert_int_equal(probe.status, 200);
    assert_string_equal(probe.content_type, "text/x");
    assert_string_equal(probe.retry_after, "");
    assert_string_equal(text_string(&probe.frames), "<|x>");
    probe_finish(&probe);
    bench_close(&bench);
    mock_server_stop(server);
}

static void an_http_proxy_from_the_environment_is_used_and_no_proxy_is_honoured(void **state)
{
    struct mock_server *server =
        mock_server_start(state, "{\"responses\":[{\"text\":\"hi\"}],\"repeat_last\":true}");
    struct bench bench;
    struct probe proxied = {0}, direct = {0};
    bench_open(&bench);
    assert_int_equal(setenv("http_proxy", mock_server_url(server, ""), 1), 0);
    assert_int_equal(setenv("no_proxy", "127.0.0.1", 1), 0);
    struct beacon_http_request request = request_of("http://model.invalid/v1", "{}");
    probe_run(&proxied, &bench, &request, &no_limits);
    request = request_of(mock_server_url(server, "/direct"), "{}");
    probe_run(&direct, &bench, &request, &no_limits);
    AUTO_JSON struct json_object *seen = mock_server_requests(server);
    assert_string_equal(json_string_of(json_object_array_get_idx(seen, 0), "path", ""),
                        "http://model.invalid/v1");
    assert_string_equal(json_string_of(json_object_array_get_idx(seen, 1), "path", ""), "/direct");
    assert_int_equal(unsetenv("http_proxy"), 0);
    assert_int_equal(unsetenv("no_proxy"), 0);
    probe_finish(&proxied);
    probe_finish(&direct);
    bench_close(&bench);
    mock_server_stop(server);
}

/* Of the TCP connections of this process, how many are given up after this long without a word? */
static int count_connections_given_up_after(unsigned ms)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++) {
        unsigned timeout = 0;
        int keeps_alive = 0;
        socklen_t size = sizeof timeout, size_alive = sizeof keeps_alive;
        if (getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, &size) == 0 &&
            getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &keeps_alive, &size_alive) == 0) {
            n += timeout == ms && keeps_alive != 0;
        }
    }
    return n;
}

static void tcp_notices_a_peer_that_is_gone(void **state)
{
    struct mock_server *server = mock_server_start(state, "{\"responses\":[{\"text\":\"hi\"}]}");
    struct bench bench;
    struct probe probe = {0};
    bench_open(&bench);
    struct beacon_http_request request = request_of(mock_server_url(server, "/v1"), "{}");
    probe_run(&probe, &bench, &request, &no_limits);
    assert_int_equal(probe.how, BEACON_END_OK);
    assert_int_equal(count_connections_given_up_after(60000), 1);
    probe_finish(&probe);
    bench_close(&bench);
    mock_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(events_of_an_answer_arrive_in_order),
        in_temp_dir(the_request_is_sent_as_described_and_nothing_is_added),
        in_temp_dir(the_method_is_the_one_described),
        in_temp_dir(tcp_notices_a_peer_that_is_gone),
        in_temp_dir(twenty_requests_use_one_connection),
        in_temp_dir(a_connection_survives_an_error_status),
        in_temp_dir(a_kept_connection_the_server_closed_is_replaced_unseen),
        in_temp_dir(a_hundred_megabytes_flow_through_in_constant_memory),
        in_temp_dir(one_event_of_twenty_megabytes_arrives_whole),
        in_temp_dir(an_answer_in_pieces_of_seven_bytes_is_the_same),
        in_temp_dir(two_exchanges_run_at_the_same_time),
        in_temp_dir(an_exchange_may_be_started_from_every_callback),
        in_temp_dir(interim_answers_and_trailers_are_not_seen),
        in_temp_dir(an_http_proxy_from_the_environment_is_used_and_no_proxy_is_honoured),
    };
    return cmocka_run_group_tests_name("http/request", tests, NULL, NULL);
}
