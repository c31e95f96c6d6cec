/* exec_json.h - the event stream of `exec --json`: one JSON object a line on standard output, in the
 * shapes that SDK clients read. A fanout sink. Thread: [main].
 */
#ifndef HOST_CLI_EXEC_JSON_H
#define HOST_CLI_EXEC_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct event;
struct exec_json;

struct exec_json *exec_json_create(int fd);
/* The same lines without their newline to a function. */
typedef void (*exec_json_line_fn)(void *ctx, const char *line, size_t n);
struct exec_json *exec_json_create_to(exec_json_line_fn fn, void *ctx);
void exec_json_destroy(struct exec_json *json); /* NULL is fine */
void exec_json_sink(void *ctx, const struct event *event);

/* errno of the first line that could not be written, 0 = all are out. Nothing more is tried. */
int exec_json_errno(const struct exec_json *json);

#endif
