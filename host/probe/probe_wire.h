/* probe_wire.h - is this wire spoken there, and how? One row per wire. Private to the room. Thread: [main]. */
#ifndef HOST_PROBE_PROBE_WIRE_H
#define HOST_PROBE_PROBE_WIRE_H

#include <stdbool.h>

#include "probe/probe_client.h"

enum probe_wire_name { PROBE_RESPONSES, PROBE_MESSAGES, PROBE_GEMINI, PROBE_CHAT, PROBE_WIRES };

/* What was seen of one. */
struct probe_wire {
    const char *name;
    bool is_spoken;    /* an answer of its form came */
    bool wants_key;    /* 401 or 403 */
    bool has_call;     /* the tool was called */
    unsigned n_pieces; /* in which its arguments came */
    bool has_id;       /* the call had one */
    bool has_usage;
    bool usage_is_asked; /* chat: it comes because stream_options asks */
    bool reasons_as[2];  /* chat: `reasoning`, `reasoning_content` */
    int status;
    enum probe_style style; /* that it took the key in */
    char reason[160];       /* why not, in its words or ours */
};

/* Ask `base_url` for a tool call on one wire. Fails as probe_ask(). */
int probe_wire_try(const struct probe_request *request, const char *base_url, const char *model,
                   enum probe_wire_name which, struct probe_wire *ret, struct beacon_error *err);

struct json_object *probe_wire_json(const struct probe_wire *wire); /* the caller's */

#endif
