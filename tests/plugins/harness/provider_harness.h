/* provider_harness.h - a provider plugin opened without a host, for its own tests.
 *
 * The file is mapped with dlopen() and its table called directly; events are written down as lines of
 * text, so that a test compares one string. Everything returned lives until harness_close() or the
 * end of the program. A step that cannot be done fails the test.
 */
#ifndef TESTS_PLUGINS_PROVIDER_HARNESS_H
#define TESTS_PLUGINS_PROVIDER_HARNESS_H

#include <beacon-sdk/text.h>
#include <beacon/provider.h>
#include <stdbool.h>

/* Structs of the ABI as expressions; borrowed by the enclosing block. */
#define PART(...)                                                                                  \
    (&(const struct beacon_part){.struct_size = sizeof(struct beacon_part), __VA_ARGS__})
#define HARNESS_PARTS(...) ((const struct beacon_part *const[]){__VA_ARGS__})
#define MESSAGE(role_, ...)                                                                        \
    (&(const struct beacon_message){.struct_size = sizeof(struct beacon_message),                  \
                                    .role = (role_),                                               \
                                    .parts = HARNESS_PARTS(__VA_ARGS__),                           \
                                    .n_parts =                                                     \
                                        sizeof HARNESS_PARTS(__VA_ARGS__) / sizeof(void *)})
#define MESSAGES(...)                                                                              \
    .messages = (const struct beacon_message *const[]){__VA_ARGS__},                               \
    .n_messages = sizeof((const struct beacon_message *const[]){__VA_ARGS__}) / sizeof(void *)
#define TOOL(...)                                                                                  \
    (&(const struct beacon_tool){.struct_size = sizeof(struct beacon_tool), __VA_ARGS__})
#define TOOLS(...)                                                                                 \
    .tools = (const struct beacon_tool *const[]){__VA_ARGS__},                                     \
    .n_tools = sizeof((const struct beacon_tool *const[]){__VA_ARGS__}) / sizeof(void *)
#define TURN(...)                                                                                  \
    (&(const struct beacon_turn){.struct_size = sizeof(struct beacon_turn),                        \
                                 .max_output_tokens = -1,                                          \
                                 .temperature = -1,                                                \
                                 .attempt = 1,                                                     \
                                 __VA_ARGS__})
#define SPAN(literal)                                                                              \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }
#define USER(text_) MESSAGE(BEACON_ROLE_USER, PART(.type = BEACON_PART_TEXT, .text = SPAN(text_)))

struct harness {
    const struct beacon_plugin *plugin;
    const struct beacon_provider *provider;
    void *instance;            /* of the latest harness_create() */
    struct beacon_exchange *x; /* of the latest harness_open() */
    struct beacon_error err;
    char *log;    /* one line per message to the host's log */
    char *events; /* one line per event, see provider_harness.c */
    struct beacon_events sink;
    struct beacon_host host;
    int refuse_after; /* the sink says "stop" from this event on; < 0 = never */
    uint32_t is_cancelled;
    int cancel_fd;
    int cancel_after; /* the harness cancels when this many events came; < 0 = never */
};

/* Map `name`.so of this build. harness_close() frees the rest; the file stays mapped. */
void harness_init(struct harness *h, const char *name);
void harness_close(struct harness *h);

beacon_rc harness_create(struct harness *h, const char *config);
beacon_rc harness_open(struct harness *h, const struct beacon_turn *turn); /* closes the last one */

/* poll() must ask for HTTP; the description is the plugin's. */
const struct beacon_http_request *harness_request(struct harness *h);
const char *harness_body(struct harness *h, const struct beacon_turn *turn); /* open and request */
const char *harness_header(const struct beacon_http_request *rq, const char *name); /* NULL: none */

beacon_rc harness_status(struct harness *h, int status, const struct beacon_kv *headers, size_t n);
beacon_rc harness_frame(struct harness *h, const char *data);
beacon_rc harness_frame_n(struct harness *h, const char *data, size_t n);
beacon_rc harness_end(struct harness *h, uint32_t how);

/* A whole refused exchange of an open turn: status, one header (name may be NULL), body. */
beacon_rc harness_refuse(struct harness *h, int status, const char *header, const char *value,
                         const char *body);
struct beacon_verdict harness_judge(struct harness *h);
const char *harness_message(const struct beacon_verdict *verdict);

void harness_forget_events(struct harness *h);

#endif
