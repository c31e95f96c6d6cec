/* SPDX-License-Identifier: Apache-2.0 */
/* connect(), made by the supervisor in the place of a command. */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"
#include "filter.h"
#include "mediated.h"

#define ROUNDS 4000

static socklen_t name_socket(struct sockaddr_un *at, const char *name, bool is_abstract)
{
    *at = (struct sockaddr_un){.sun_family = AF_UNIX};
    (void)snprintf(at->sun_path + (is_abstract ? 1 : 0), sizeof at->sun_path - 1, "%s", name);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + 1);
}

static int listen_at(const char *name, bool is_abstract)
{
    struct sockaddr_un at;
    socklen_t n = name_socket(&at, name, is_abstract);
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_there = bind(server, (const struct sockaddr *)&at, n) == 0 && listen(server, 64) == 0;
    return is_there ? server : -1;
}

static int kind_of_client = SOCK_STREAM;

/* 0 or the errno; the connection carries a byte when it is made. */
static int connect_at(const char *name, bool is_abstract)
{
    struct sockaddr_un at;
    socklen_t n = name_socket(&at, name, is_abstract);
    AUTO_CLOSE int client = socket(AF_UNIX, kind_of_client, 0);
    if (connect(client, (const struct sockaddr *)&at, n) != 0) {
        return errno;
    }
    return write(client, "x", 1) == 1 ? 0 : EIO;
}

static bool has_heard(int server)
{
    AUTO_CLOSE int peer = accept4(server, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return peer >= 0;
}

static int connect_inside(const void *unused)
{
    (void)unused;
    AUTO_CLOSE int server = listen_at("socket", false);
    bool is_right = server >= 0 && connect_at("socket", false) == 0 &&
                    connect_at("./kept/../socket", false) == 0 && has_heard(server) &&
                    has_heard(server) && connect_at("missing", false) == ENOENT &&
                    connect_at("file", false) == EACCES;
    return is_right ? 0 : 1;
}

static void sockets_beneath_a_writable_root_can_be_connected_to(void **state)
{
    struct stage stage = stage_make(state);
    assert_int_equal(mediated(&stage, OFFLINE, connect_inside), 0);
}

static int connect_outside(const void *unused)
{
    static const char *const ways[] = {"../outside/socket", "link", "folder/socket",
                                       "/proc/self/cwd/../outside/socket", "kept/socket"};
    (void)unused;
    if (symlink("../outside/socket", "link") != 0 || symlink("../outside", "folder") != 0) {
        return 100;
    }
    for (int i = 0; i < (int)(sizeof ways / sizeof ways[0]); i++) {
        if (connect_at(ways[i], false) != EACCES) {
            return i + 1;
        }
    }
    return 0;
}

/* Short enough for a socket's name: the temporary directory may not be. */
static int listen_in(const char *folder, const char *name)
{
    AUTO_CLOSE int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(chdir(folder), 0);
    int server = listen_at(name, false);
    assert_int_equal(fchdir(before), 0);
    assert_true(server >= 0);
    return server;
}

static void sockets_outside_cannot_be_connected_to(void **state)
{
    struct stage stage = stage_make(state);
    AUTO_CLOSE int server = listen_in(stage.outside, "socket");
    AUTO_CLOSE int kept = listen_in(stage.kept, "socket");
    assert_int_equal(fcntl(server, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(fcntl(kept, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(mediated(&stage, OFFLINE, connect_outside), 0);
    assert_false(has_heard(server));
    assert_false(has_heard(kept));
}

static int connect_to_allowed(const void *unused)
{
    (void)unused;
    return connect_at("../outside/allowed", false);
}

static void socket_that_is_named_can_be_connected_to(void **state)
{
    struct stage stage = stage_make(state);
    AUTO_CLOSE int server = listen_in(stage.outside, "allowed");
    assert_int_equal(mediated(&stage, OFFLINE, connect_to_allowed), 0);
    assert_true(has_heard(server));
}

static int connect_abstract_outside(const void *unused)
{
    char name[64];
    (void)unused;
    (void)snprintf(name, sizeof name, "beacon-outside-%d", (int)getppid());
    return connect_at(name, true);
}

static void abstract_sockets_of_others_are_out_of_reach(void **state)
{
    struct stage stage = stage_make(state);
    char name[64];
    (void)snprintf(name, sizeof name, "beacon-outside-%d", (int)getpid());
    AUTO_CLOSE int server = listen_at(name, true);
    assert_int_equal(fcntl(server, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(mediated(&stage, OFFLINE, connect_abstract_outside), EPERM);
    assert_false(has_heard(server));
}

static int connect_abstract_inside(const void *unused)
{
    char name[64];
    (void)unused;
    (void)snprintf(name, sizeof name, "beacon-inside-%d", (int)getpid());
    AUTO_CLOSE int server = listen_at(name, true);
    bool is_right = server >= 0 && connect_at(name, true) == 0 && has_heard(server) &&
                    connect_at("beacon-nobody-listens", true) == EPERM;
    return is_right ? 0 : 1;
}

static void abstract_sockets_of_the_command_work(void **state)
{
    struct stage stage = stage_make(state);
    assert_int_equal(mediated(&stage, OFFLINE, connect_abstract_inside), 0);
}

static int try_datagrams(const void *unused)
{
    int fds[2];
    (void)unused;
    bool is_right = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 && errno == EPERM;
    is_right = is_right && socket(AF_UNIX, SOCK_RAW, 0) < 0 && errno == EPERM;
    is_right = is_right && socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) < 0 && errno == EPERM;
    is_right = is_right && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0;
    is_right = is_right && socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EAFNOSUPPORT;
    is_right = is_right && socket(AF_VSOCK, SOCK_STREAM, 0) < 0 && errno == EAFNOSUPPORT;
    return is_right ? 0 : 1;
}

static void datagrams_that_could_name_a_path_do_not_exist(void **state)
{
    struct stage stage = stage_make(state);
    assert_int_equal(mediated(&stage, OFFLINE, try_datagrams), 0);
    assert_int_equal(mediated(&stage, ONLINE, try_datagrams), 0);
}

static int pass_nonsense(const void *unused)
{
    struct sockaddr_un at;
    socklen_t n = name_socket(&at, "file", false);
    (void)unused;
    AUTO_CLOSE int client = socket(AF_UNIX, SOCK_STREAM, 0);
    const struct sockaddr *to = (const struct sockaddr *)&at;
    bool is_right = connect(-1, to, n) != 0 && errno == EBADF;
    is_right = is_right && connect(STDERR_FILENO, to, n) != 0 && errno == ENOTSOCK;
    is_right = is_right && connect(client, (const void *)8, n) != 0 && errno == EFAULT;
    is_right = is_right && connect(client, to, 100000) != 0 && errno == EINVAL;
    is_right = is_right && connect(client, to, (socklen_t)-1) != 0 && errno == EINVAL;
    is_right = is_right && connect(client, to, 0) != 0 && errno == EINVAL;
    is_right = is_right && connect(client, to, 2) != 0 && errno == EINVAL;
    at.sun_family = AF_INET;
    is_right = is_right && connect(client, to, n) != 0 && errno == EINVAL;
    at.sun_family = AF_UNIX;
    memset(at.sun_path, 'a', sizeof at.sun_path); /* no NUL */
    is_right = is_right && connect(client, to, sizeof at) != 0 && errno == ENOENT;
    return is_right ? 0 : 1;
}

static void nonsense_is_refused_as_by_the_kernel(void **state)
{
    struct stage stage = stage_make(state);
    assert_int_equal(mediated(&stage, OFFLINE, pass_nonsense), 0);
}

static int fill_queue(const void *unused)
{
    struct sockaddr_un at;
    socklen_t n = name_socket(&at, "full", false);
    (void)unused;
    AUTO_CLOSE int server = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(server, (const struct sockaddr *)&at, n) != 0 || listen(server, 0) != 0) {
        return 100;
    }
    for (int i = 0; i < 8; i++) {
        int client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(client, (const struct sockaddr *)&at, n) != 0) {
            return errno;
        }
    }
    return 0;
}

static void full_queue_is_told_to_who_does_not_wait(void **state)
{
    struct stage stage = stage_make(state);
    assert_int_equal(mediated(&stage, OFFLINE, fill_queue), EAGAIN);
}

static _Atomic bool is_over;

static void *swap_links(void *unused)
{
    (void)unused;
    while (!is_over) {
        (void)rename("to-inside", "swapped");
        (void)!symlink("socket", "to-inside");
        (void)rename("to-outside", "swapped");
        (void)!symlink("../outside/socket", "to-outside");
    }
    return NULL;
}

static int connect_while_links_swap(const void *unused)
{
    pthread_t thread;
    (void)unused;
    AUTO_CLOSE int server = listen_at("socket", false);
    if (symlink("socket", "to-inside") != 0 || symlink("../outside/socket", "to-outside") != 0 ||
        symlink("socket", "swapped") != 0 || pthread_create(&thread, NULL, swap_links, NULL) != 0) {
        return 100;
    }
    (void)fcntl(server, F_SETFL, O_NONBLOCK);
    kind_of_client |= SOCK_NONBLOCK; /* a full queue outside is none of the test's business */
    for (int i = 0; i < ROUNDS; i++) {
        if (connect_at("swapped", false) == 0) {
            (void)has_heard(server);
        }
    }
    is_over = true;
    (void)pthread_join(thread, NULL);
    return 0;
}

static void swapped_link_leads_to_no_socket_outside(void **state)
{
    struct stage stage = stage_make(state);
    AUTO_CLOSE int server = listen_in(stage.outside, "socket");
    assert_int_equal(fcntl(server, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(mediated(&stage, OFFLINE, connect_while_links_swap), 0);
    assert_false(has_heard(server));
}

static in_port_t port; /* of a server of the test's own */

static int connect_by_internet(const void *unused)
{
    const struct timeval patience = {.tv_sec = 7};
    struct timeval kept = {0};
    socklen_t n = sizeof kept;
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    (void)unused;
    AUTO_CLOSE int client = socket(AF_INET, SOCK_STREAM, 0);
    AUTO_CLOSE int other = socket(AF_INET, SOCK_STREAM, 0);
    (void)setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(client, (const struct sockaddr *)&to, sizeof to) != 0) {
        return 1;
    }
    (void)getsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &kept, &n);
    to.sin_port = htons(1);
    bool is_refused =
        connect(other, (const struct sockaddr *)&to, sizeof to) != 0 && errno == ECONNREFUSED;
    return kept.tv_sec == 7 && is_refused ? 0 : 2;
}

static void internet_works_where_the_network_is_open(void **state)
{
    struct stage stage = stage_make(state);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    AUTO_CLOSE int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(server, 4), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&at, &n), 0);
    port = at.sin_port;
    assert_int_equal(mediated(&stage, ONLINE, connect_by_internet), 0);
    assert_true(has_heard(server));
    assert_int_equal(mediated(&stage, OFFLINE, connect_by_internet), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(sockets_beneath_a_writable_root_can_be_connected_to),
        in_temp_dir(sockets_outside_cannot_be_connected_to),
        in_temp_dir(socket_that_is_named_can_be_connected_to),
        in_temp_dir(abstract_sockets_of_others_are_out_of_reach),
        in_temp_dir(abstract_sockets_of_the_command_work),
        in_temp_dir(datagrams_that_could_name_a_path_do_not_exist),
        in_temp_dir(nonsense_is_refused_as_by_the_kernel),
        in_temp_dir(full_queue_is_told_to_who_does_not_wait),
        in_temp_dir(swapped_link_leads_to_no_socket_outside),
        in_temp_dir(internet_works_where_the_network_is_open),
    };
    return cmocka_run_group_tests_name("sandbox_landlock/connect", tests, NULL, NULL);
}
