/* mock_server.h - mock_model started and stopped by a CMocka test. See mock_model.c for scenarios.
 *
 * The server listens before mock_server_start() returns, so nothing waits or polls. It dies with the
 * test program. What cannot be done fails the test.
 */
#ifndef TESTS_SUPPORT_MOCK_SERVER_H
#define TESTS_SUPPORT_MOCK_SERVER_H

#include <stddef.h>

struct json_object;
struct mock_server;

/* Inside a test made with in_temp_dir(); `scenario` is JSON text. */
struct mock_server *mock_server_start(void **state, const char *scenario);
void mock_server_stop(struct mock_server *server); /* NULL is fine */

unsigned mock_server_port(const struct mock_server *server);
/* "http://127.0.0.1:PORT" + path; the test's, as every string of beacon_test.h. */
const char *mock_server_url(const struct mock_server *server, const char *path);

/* The requests so far, as logged: an array of objects, the caller's to put. A request is in it
 * before the client sees the first byte of its answer. */
struct json_object *mock_server_requests(const struct mock_server *server);
size_t mock_server_connection_count(const struct mock_server *server);

#endif
