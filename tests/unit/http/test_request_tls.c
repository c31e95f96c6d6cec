/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/spawn.h"
#include "http_probe.h"

/* `openssl s_server` with a certificate of its own making for 127.0.0.1. */
struct tls_server {
    struct spawn_child child;
    const char *certificate;
    int out;
    char url[64], url_by_name[64];
};

static bool make_certificate(const char *key, const char *certificate)
{
    const char *const argv[] = {"openssl",
                                "req",
                                "-x509",
                                "-newkey",
                                "ec",
                                "-pkeyopt",
                                "ec_paramgen_curve:P-256",
                                "-nodes",
                                "-keyout",
                                key,
                                "-out",
                                certificate,
                                "-days",
                                "2",
                                "-subj",
                                "/CN=beacon",
                                "-addext",
                                "subjectAltName=IP:127.0.0.1",
                                NULL};
    return run_program(argv, NULL, NULL, NULL) == 0;
}

/* It prints "ACCEPT 127.0.0.1:PORT" when it listens. */
static unsigned read_port(int fd)
{
    char line[256];
    size_t n = 0;
    while (n < sizeof line - 1 && read(fd, line + n, 1) == 1) {
        if (line[n++] == '\n') {
            line[n] = '\0';
            const char *colon = strrchr(line, ':');
            if (strncmp(line, "ACCEPT", 6) == 0 && colon != NULL) {
                return (unsigned)strtoul(colon + 1, NULL, 10);
            }
            n = 0;
        }
    }
    fail_msg("openssl s_server does not listen");
    return 0;
}

static void tls_server_start(struct tls_server *server, void **state)
{
    const char *key = temp_path(state, "key.pem");
    server->certificate = temp_path(state, "cert.pem");
    if (!make_certificate(key, server->certificate)) {
        skip(); /* no openssl program here */
    }
    int out[2];
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    const char *const argv[] = {"openssl", "s_server", "-accept", "127.0.0.1:0",       "-www",
                                "-key",    key,        "-cert",   server->certificate, NULL};
    const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    struct spawn_request request = {
        .argv = argv, .env = env, .in_fd = -1, .out_fd = out[1], .err_fd = -1};
    struct beacon_error err = {0};
    assert_ok(spawn_start(&request, &server->child, NULL, &err), &err);
    (void)close(out[1]);
    server->out = out[0];
    unsigned port = read_port(server->out);
    (void)snprintf(server->url, sizeof server->url, "https://127.0.0.1:%u/", port);
    (void)snprintf(server->url_by_name, sizeof server->url_by_name, "https://localhost:%u/", port);
}

static void tls_server_stop(struct tls_server *server)
{
    (void)kill(server->child.pid, SIGKILL);
    (void)waitpid(server->child.pid, NULL, 0);
    (void)close(server->child.pidfd);
    (void)close(server->out);
}

static void get(struct probe *probe, const char *url)
{
    struct bench bench;
    bench_open(&bench);
    struct beacon_http_request request = request_of(url, NULL);
    request.framing = BEACON_FRAME_WHOLE;
    probe_run(probe, &bench, &request, &no_limits);
    bench_close(&bench);
    probe_finish(probe);
}

static void a_certificate_nobody_vouches_for_is_refused_for_good(void **state)
{
    struct tls_server server = {0};
    struct probe probe = {0};
    tls_server_start(&server, state);
    get(&probe, server.url);
    assert_int_equal(probe.how, BEACON_END_TRUNCATED);
    assert_int_equal(probe.err.flags, HTTP_ERROR_PERMANENT);
    assert_ptr_equal(strstr(probe.err.message, "the TLS certificate of 127.0.0.1:"),
                     probe.err.message);
    assert_int_equal(probe.n_responses, 0);
    tls_server_stop(&server);
}

static void a_bundle_in_ssl_cert_file_is_trusted(void **state)
{
    struct tls_server server = {0};
    struct probe probe = {0};
    tls_server_start(&server, state);
    assert_int_equal(setenv("SSL_CERT_FILE", server.certificate, 1), 0);
    get(&probe, server.url);
    assert_int_equal(unsetenv("SSL_CERT_FILE"), 0);
    assert_int_equal(probe.how, BEACON_END_OK);
    assert_int_equal(probe.status, 200);
    tls_server_stop(&server);
}

static void a_certificate_for_another_name_is_refused_for_good(void **state)
{
    struct tls_server server = {0};
    struct probe probe = {0};
    tls_server_start(&server, state);
    assert_int_equal(setenv("SSL_CERT_FILE", server.certificate, 1), 0);
    get(&probe, server.url_by_name);
    assert_int_equal(unsetenv("SSL_CERT_FILE"), 0);
    assert_int_equal(probe.how, BEACON_END_TRUNCATED);
    assert_int_equal(probe.err.flags, HTTP_ERROR_PERMANENT);
    tls_server_stop(&server);
}

static void a_bundle_that_cannot_be_read_is_named(void **state)
{
    struct tls_server server = {0};
    struct probe probe = {0};
    tls_server_start(&server, state);
    assert_int_equal(setenv("SSL_CERT_FILE", temp_path(state, "absent.pem"), 1), 0);
    get(&probe, server.url);
    assert_int_equal(unsetenv("SSL_CERT_FILE"), 0);
    assert_int_equal(probe.err.flags, HTTP_ERROR_PERMANENT);
    assert_non_null(strstr(probe.err.message, "CA certificates"));
    tls_server_stop(&server);
}

static int forget_bundles_of_the_environment(void **state)
{
    static const char *const names[] = {"CURL_CA_BUNDLE", "CODEX_CA_CERTIFICATE", "SSL_CERT_FILE",
                                        "SSL_CERT_DIR"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unsetenv(names[i]);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_certificate_nobody_vouches_for_is_refused_for_good),
        in_temp_dir(a_bundle_in_ssl_cert_file_is_trusted),
        in_temp_dir(a_certificate_for_another_name_is_refused_for_good),
        in_temp_dir(a_bundle_that_cannot_be_read_is_named),
    };
    return cmocka_run_group_tests_name("http/request tls", tests, forget_bundles_of_the_environment,
                                       NULL);
}
