/* SPDX-License-Identifier: Apache-2.0 */
#include "support/mock_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/spawn.h"
#include "support/beacon_test.h"
#include "support/owned.h"

#define LISTEN_FD 3

struct mock_server {
    struct spawn_child child;
    unsigned port;
    char *log;
};

static int listen_on_loopback(unsigned *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 512), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

struct mock_server *mock_server_start(void **state, const char *scenario)
{
    struct mock_server *server = alloc_zeroed(sizeof *server);
    AUTO_CLOSE int listener = listen_on_loopback(&server->port);
    AUTO_FREE char *name = alloc_printf("mock-%u", server->port);
    AUTO_FREE char *log_name = alloc_printf("%s.log", name);
    const char *file = temp_path(state, name);
    server->log = alloc_string(temp_path(state, log_name));
    write_text(file, scenario);
    const char *const argv[] = {MOCK_MODEL, "--listen-fd", "3", "--log", server->log, file, NULL};
    const char *const env[] = {NULL};
    const struct spawn_fd fds[] = {{.parent_fd = listener, .child_fd = LISTEN_FD}};
    struct spawn_request request = {.argv = argv,
                                    .env = env,
                                    .in_fd = -1,
                                    .out_fd = -1,
                                    .err_fd = STDERR_FILENO,
                                    .fds = fds,
                                    .n_fds = 1};
    struct beacon_error err = {0};
    assert_ok(spawn_start(&request, &server->child, NULL, &err), &err);
    return server;
}

void mock_server_stop(struct mock_server *server)
{
    if (server != NULL) {
        int status = 0;
        (void)kill(server->child.pid, SIGTERM);
        assert_int_equal(waitpid(server->child.pid, &status, 0), server->child.pid);
        /* By the signal itself when it had not got as far as catching it. */
        assert_true(WIFEXITED(status) ? WEXITSTATUS(status) == 0 : WTERMSIG(status) == SIGTERM);
        (void)close(server->child.pidfd);
        free(server->log);
        free(server);
    }
}

unsigned mock_server_port(const struct mock_server *server)
{
    return server->port;
}

const char *mock_server_url(const struct mock_server *server, const char *path)
{
    return owned_keep(alloc_printf("http://127.0.0.1:%u%s", server->port, path));
}

struct json_object *mock_server_requests(const struct mock_server *server)
{
    struct json_object *requests = json_object_new_array();
    if (access(server->log, F_OK) != 0) {
        return requests;
    }
    const char *line = read_text(server->log);
    for (size_t n = strcspn(line, "\n"); *line != '\0'; n = strcspn(line, "\n")) {
        struct beacon_error err = {0};
        struct json_object *request = NULL;
        assert_ok(json_parse(line, n, server->log, &request, &err), &err);
        assert_int_equal(json_object_array_add(requests, request), 0);
        line += n + (line[n] == '\n');
    }
    return requests;
}

size_t mock_server_connection_count(const struct mock_server *server)
{
    AUTO_JSON struct json_object *requests = mock_server_requests(server);
    int64_t count = 0;
    for (size_t i = 0; i < json_object_array_length(requests); i++) {
        int64_t number = json_int_of(json_object_array_get_idx(requests, i), "connection", 0);
        count = number > count ? number : count;
    }
    return (size_t)count;
}
