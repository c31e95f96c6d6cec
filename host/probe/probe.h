/* probe.h - what kind of server is behind an address: which wires it speaks, in which form it calls tools, where
 * it tells usage, how much its models hold; and a provider profile made of that.
 *
 * Asks with small requests, one after the other, each bounded in time and size; everything goes through the
 * HTTP room and its egress. The answers are a stranger's: whatever they are, the profile is one that the
 * strict reader takes, or there is none. Runs the loop. Thread: [main].
 */
#ifndef HOST_PROBE_PROBE_H
#define HOST_PROBE_PROBE_H

#include <beacon/error.h>
#include <stdint.h>

struct http;
struct json_object;
struct loop;
struct text;

struct probe_request { /* borrowed for the call */
    struct loop *loop;
    struct http *http;
    const char *url;     /* as a person types it, with or without /v1 */
    const char *id;      /* of the profile; NULL: made from the address */
    const char *model;   /* the one to ask; NULL: the first the server names */
    const char *key;     /* NULL: none is sent */
    const char *key_env; /* the variable it came from, for the profile; NULL: none */
    uint32_t timeout_ms; /* of each request */
};

/* *ret is the caller's to put: id, base_url, local, model, models, wires with what each answered, and
 * chosen, the wire of the profile, which is appended to `profile`. INVALID: no address. NOT_FOUND: nothing
 * there speaks a wire; *ret says what was answered all the same. Otherwise as http_start(). */
int probe_run(const struct probe_request *request, struct json_object **ret, struct text *profile,
              struct beacon_error *err);

#endif
