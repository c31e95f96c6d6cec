/* SPDX-License-Identifier: Apache-2.0
 *
 * mock_model - a model server that plays a script, on loopback, for tests and benches.
 *
 *     mock_model [--port-file F | --listen-fd N] [--log F] [--max-requests N] [--idle-exit-s N]
 *                [--background] SCENARIO.json
 *
 * --background: print the pid of the server and return once it can be asked, so nobody has to poll.
 * Binds 127.0.0.1 on a port the system picks and writes it to F, in one rename. Each request becomes
 * one JSON line of the log before it is answered. Ends on SIGTERM, after N requests, or after 300 s
 * (--idle-exit-s) without traffic. HTTP/1.1 with keep-alive, any number of connections.
 *
 * SCENARIO: {"responses":[R, …], "repeat_last":true, "match":[M, …]}
 *   R is answered in order; when they are used up the last again (repeat_last), else a 500.
 *   M = {"when":"substring of the body","response":R} is tried first and never used up; it may also
 *   stand in "responses".
 *   R says what: "sse":[event object or literal string, …] | any of "text":"…", "calls":[{name,
 *   arguments, call_id}], "custom":[{name, input, call_id}], "reasoning":{summary,
 *   encrypted_content}, "usage":{…}, "delta":bytes per text delta | "stream_text":{bytes, delta,
 *   full_done} | "status", "reason", "headers":{…}, "body": string or JSON | "raw":"bytes" or
 *   {"base64":…}, then closed | "garbage":true | "hang":true
 *   and how: "delay_ms" before the first byte, "chunk" bytes per send, "drop_after_events":n (with
 *   "reset":true by a TCP reset), "hang_after_events":n, "close":true after the answer, "headers".
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "support/mock_reply.h"
#include "support/mock_request.h"

#define READ_BYTES     (64u << 10)
#define SCENARIO_BYTES (256u << 20)
#define NO_REPLY       "{\"status\":500,\"body\":{\"error\":{\"message\":\"the scenario is used up\"}}}"

enum connection_state {
    CONNECTION_READING,
    CONNECTION_DELAYED,
    CONNECTION_SENDING,
    CONNECTION_HANGING,
    CONNECTION_CLOSED,
};

struct connection {
    int fd;
    unsigned number;
    enum connection_state state;
    struct incoming incoming;
    struct play *play;
    struct text out;
    size_t sent; /* of out */
    uint64_t due_ms;
};

struct server {
    int listener, log;
    struct json_object *scenario, *no_reply;
    size_t next_response;
    struct connection **connections;
    struct pollfd *polled; /* the listener, then one per connection */
    size_t n_connections;
    unsigned n_accepted, n_requests, n_answered;
    uint64_t max_requests, idle_exit_ms, last_traffic_ms;
    sigset_t while_waiting; /* signals come only there, so none is missed */
};

static volatile sig_atomic_t is_stopped;

static void on_signal(int number)
{
    (void)number;
    is_stopped = 1;
}

static uint64_t now_ms(void)
{
    return clock_mono_ns() / 1000000;
}

static bool matches(struct json_object *entry, const struct incoming *incoming)
{
    const char *when = json_string_of(entry, "when", NULL);
    return when != NULL &&
           memmem(incoming_body(incoming), incoming->body_len, when, strlen(when)) != NULL;
}

static struct json_object *find_match(struct json_object *array, const struct incoming *incoming)
{
    size_t n = array != NULL ? json_object_array_length(array) : 0;
    for (size_t i = 0; i < n; i++) {
        struct json_object *entry = json_object_array_get_idx(array, i);
        if (matches(entry, incoming)) {
            return json_member(entry, "response");
        }
    }
    return NULL;
}

static struct json_object *pick_reply(struct server *server, const struct incoming *incoming)
{
    struct json_object *responses = json_member(server->scenario, "responses"), *last = NULL;
    struct json_object *match = find_match(json_member(server->scenario, "match"), incoming);
    match = match != NULL ? match : find_match(responses, incoming);
    if (match != NULL) {
        return match;
    }
    size_t n = responses != NULL ? json_object_array_length(responses) : 0;
    while (server->next_response < n) {
        last = json_object_array_get_idx(responses, server->next_response++);
        if (json_member(last, "when") == NULL) {
            return last;
        }
    }
    bool repeats = json_bool_of(server->scenario, "repeat_last", false);
    for (size_t i = n; repeats && i > 0; i--) {
        last = json_object_array_get_idx(responses, i - 1);
        if (json_member(last, "when") == NULL) {
            return last;
        }
    }
    return server->no_reply;
}

static void close_connection(struct connection *connection)
{
    (void)close(connection->fd);
    incoming_finish(&connection->incoming);
    play_finish(connection->play);
    connection->play = NULL;
    text_finish(&connection->out);
    connection->state = CONNECTION_CLOSED;
}

static void reset_connection(struct connection *connection)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close_connection(connection);
}

static void log_request(const struct server *server, const struct connection *connection)
{
    if (server->log >= 0) {
        AUTO_JSON struct json_object *line =
            incoming_describe(&connection->incoming, connection->number, server->n_requests);
        size_t n = 0;
        const char *text = json_object_to_json_string_length(
            line, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
        if (!io_append_line(server->log, text, n)) {
            perror("mock_model: log");
        }
    }
}

static void begin_answer(struct server *server, struct connection *connection)
{
    server->n_requests++;
    log_request(server, connection);
    struct json_object *reply = pick_reply(server, &connection->incoming);
    connection->play = play_start(reply, server->n_requests);
    incoming_consume(&connection->incoming);
    connection->due_ms = now_ms() + play_delay_ms(connection->play);
    connection->state = CONNECTION_DELAYED;
}

static void end_answer(struct server *server, struct connection *connection)
{
    play_finish(connection->play);
    connection->play = NULL;
    server->n_answered++;
    connection->state = CONNECTION_READING;
    if (incoming_is_whole(&connection->incoming)) {
        begin_answer(server, connection);
    }
}

static void fill(struct server *server, struct connection *connection)
{
    text_reset(&connection->out);
    connection->sent = 0;
    switch (play_next(connection->play, &connection->out)) {
    case PLAY_MORE:
        break;
    case PLAY_END:
        end_answer(server, connection);
        break;
    case PLAY_CLOSE:
        server->n_answered++;
        close_connection(connection);
        break;
    case PLAY_RESET:
        server->n_answered++;
        reset_connection(connection);
        break;
    case PLAY_HANG:
        connection->state = CONNECTION_HANGING;
        break;
    }
}

/* As much as the socket takes now. */
static void send_some(struct server *server, struct connection *connection)
{
    while (connection->state == CONNECTION_SENDING) {
        size_t left = connection->out.len - connection->sent;
        size_t most = play_bytes_per_send(connection->play);
        if (left == 0) {
            fill(server, connection);
            continue;
        }
        ssize_t n = send(connection->fd, connection->out.data + connection->sent,
                         most != 0 && most < left ? most : left, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                close_connection(connection);
            }
            return;
        }
        connection->sent += (size_t)n;
        if (most != 0) {
            return; /* the others' turn, and perhaps a packet of its own */
        }
    }
}

static void receive(struct server *server, struct connection *connection)
{
    char *room = text_reserve(&connection->incoming.bytes, READ_BYTES);
    ssize_t n = room != NULL ? recv(connection->fd, room, READ_BYTES, MSG_DONTWAIT) : 0;
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        close_connection(connection);
        return;
    }
    text_commit(&connection->incoming.bytes, (size_t)n);
    if (connection->state == CONNECTION_READING && incoming_is_whole(&connection->incoming)) {
        begin_answer(server, connection);
    }
}

static void serve(struct server *server, struct connection *connection, short events)
{
    if (events != 0) {
        server->last_traffic_ms = now_ms();
    }
    if (events & (POLLIN | POLLHUP | POLLERR)) {
        receive(server, connection);
    }
    if (connection->state == CONNECTION_DELAYED && now_ms() >= connection->due_ms) {
        connection->state = CONNECTION_SENDING;
    }
    send_some(server, connection);
}

static void accept_connection(struct server *server)
{
    int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC), on = 1;
    if (fd < 0) {
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection *connection = alloc_zeroed(sizeof *connection);
    connection->fd = fd;
    connection->number = ++server->n_accepted;
    incoming_init(&connection->incoming);
    text_init(&connection->out, SCENARIO_BYTES);
    server->connections =
        alloc_grow(server->connections, server->n_connections + 1, sizeof(struct connection *));
    server->connections[server->n_connections++] = connection;
    server->polled = alloc_grow(server->polled, server->n_connections + 1, sizeof *server->polled);
    server->last_traffic_ms = now_ms();
}

static void drop_closed(struct server *server)
{
    size_t kept = 0;
    for (size_t i = 0; i < server->n_connections; i++) {
        if (server->connections[i]->state == CONNECTION_CLOSED) {
            free(server->connections[i]);
        } else {
            server->connections[kept++] = server->connections[i];
        }
    }
    server->n_connections = kept;
}

/* Fills the poll array; returns how long to wait at most. */
static int prepare_poll(struct server *server, uint64_t now)
{
    uint64_t due = server->last_traffic_ms + server->idle_exit_ms;
    server->polled[0] = (struct pollfd){.fd = server->listener, .events = POLLIN};
    for (size_t i = 0; i < server->n_connections; i++) {
        const struct connection *connection = server->connections[i];
        short out = connection->state == CONNECTION_SENDING ? POLLOUT : 0;
        server->polled[i + 1] =
            (struct pollfd){.fd = connection->fd, .events = (short)(POLLIN | out)};
        if (connection->state == CONNECTION_DELAYED && connection->due_ms < due) {
            due = connection->due_ms;
        }
    }
    return due > now ? (int)(due - now) : 0;
}

static bool is_finished(const struct server *server, uint64_t now)
{
    bool is_enough = server->max_requests != 0 && server->n_answered >= server->max_requests;
    return is_stopped || is_enough || now >= server->last_traffic_ms + server->idle_exit_ms;
}

static void run(struct server *server)
{
    server->polled = alloc_array(1, sizeof *server->polled);
    server->last_traffic_ms = now_ms();
    for (uint64_t now = now_ms(); !is_finished(server, now); now = now_ms()) {
        size_t n = server->n_connections;
        int wait_ms = prepare_poll(server, now);
        struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000L};
        if (ppoll(server->polled, n + 1, &wait, &server->while_waiting) < 0) {
            continue; /* a signal */
        }
        for (size_t i = 0; i < n; i++) {
            serve(server, server->connections[i], server->polled[i + 1].revents);
        }
        if (server->polled[0].revents != 0) {
            accept_connection(server);
        }
        drop_closed(server);
    }
}

static int listen_on_loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, 512) != 0) {
        perror("mock_model: cannot listen on 127.0.0.1");
        exit(EXIT_FAILURE);
    }
    return fd;
}

static void write_port(int listener, const char *path)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;
    struct beacon_error err = {0};
    char text[16];
    (void)getsockname(listener, (struct sockaddr *)&address, &size);
    int n = snprintf(text, sizeof text, "%u\n", ntohs(address.sin_port));
    if (io_replace_file(path, text, (size_t)n, 0600, &err) != BEACON_OK) {
        (void)fprintf(stderr, "mock_model: %s\n", err.message);
        exit(EXIT_FAILURE);
    }
}

static struct json_object *read_scenario(const char *path)
{
    struct beacon_error err = {0};
    struct json_object *scenario = NULL;
    AUTO_TEXT struct text bytes;
    text_init(&bytes, SCENARIO_BYTES);
    if (io_read_file(path, &bytes, &err) != BEACON_OK ||
        json_parse(text_string(&bytes), bytes.len, path, &scenario, &err) != BEACON_OK) {
        (void)fprintf(stderr, "mock_model: %s\n", err.message);
        exit(EXIT_FAILURE);
    }
    return scenario;
}

struct options {
    const char *port_file, *listen_fd, *log, *max_requests, *idle_exit_s, *scenario;
    bool is_background;
};

static struct options read_options(int argc, char **argv)
{
    struct options options = {.max_requests = "0", .idle_exit_s = "300"};
    const struct {
        const char *name;
        const char **to;
    } rows[] = {{"--port-file", &options.port_file},
                {"--listen-fd", &options.listen_fd},
                {"--log", &options.log},
                {"--max-requests", &options.max_requests},
                {"--idle-exit-s", &options.idle_exit_s}};
    for (int i = 1; i < argc; i++) {
        const char **to = &options.scenario;
        if (strcmp(argv[i], "--background") == 0) {
            options.is_background = true;
            continue;
        }
        for (size_t row = 0; row < sizeof rows / sizeof rows[0] && i + 1 < argc; row++) {
            if (strcmp(argv[i], rows[row].name) == 0) {
                to = rows[row].to;
                i++;
                break;
            }
        }
        *to = argv[i];
    }
    if (options.scenario == NULL || (options.port_file == NULL && options.listen_fd == NULL)) {
        (void)fprintf(stderr, "usage: mock_model --port-file F [--log F] [--max-requests N] "
                              "[--idle-exit-s N] [--background] SCENARIO.json\n");
        exit(2);
    }
    return options;
}

/* The listener is open already: whoever reads the pid may connect. */
static void go_to_background(void)
{
    pid_t pid = fork();
    if (pid != 0) {
        (void)printf("%d\n", (int)pid);
        _exit(pid < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS);
    }
    (void)setsid();
    /* A caller that captures our output waits for everybody who could still write to it. */
    if (freopen("/dev/null", "w", stdout) == NULL) {
        _exit(EXIT_FAILURE);
    }
}

static void catch_signals(struct server *server)
{
    struct sigaction stop = {.sa_handler = on_signal};
    sigset_t blocked;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGTERM);
    (void)sigaddset(&blocked, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &blocked, &server->while_waiting);
    (void)sigdelset(&server->while_waiting, SIGTERM);
    (void)sigdelset(&server->while_waiting, SIGINT);
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGINT, &stop, NULL);
}

int main(int argc, char **argv)
{
    struct options options = read_options(argc, argv);
    struct server server = {.log = -1};
    catch_signals(&server);
    server.scenario = read_scenario(options.scenario);
    server.no_reply = json_tokener_parse(NO_REPLY);
    server.max_requests = strtoull(options.max_requests, NULL, 10);
    server.idle_exit_ms = strtoull(options.idle_exit_s, NULL, 10) * 1000;
    if (options.log != NULL) {
        server.log = open(options.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    server.listener =
        options.listen_fd != NULL ? (int)strtol(options.listen_fd, NULL, 10) : listen_on_loopback();
    if (options.port_file != NULL) {
        write_port(server.listener, options.port_file);
    }
    if (options.is_background) {
        go_to_background();
    }
    run(&server);
    for (size_t i = 0; i < server.n_connections; i++) {
        close_connection(server.connections[i]);
        free(server.connections[i]);
    }
    free(server.connections);
    free(server.polled);
    (void)json_object_put(server.scenario);
    (void)json_object_put(server.no_reply);
    return EXIT_SUCCESS;
}
