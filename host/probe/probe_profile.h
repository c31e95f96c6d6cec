/* probe_profile.h - the findings as a profile that the strict reader takes. Private to the room. Thread: [main]. */
#ifndef HOST_PROBE_PROBE_PROFILE_H
#define HOST_PROBE_PROBE_PROFILE_H

#include <beacon/error.h>

struct probe_request;
struct probe_server;
struct probe_wire;
struct text;

struct probe_findings {
    const struct probe_request *request;
    const char *id, *base_url;
    const struct probe_server *server;
    const struct probe_wire *wire; /* the one that is chosen */
    const char *model;             /* that was asked */
};

/* INTERNAL: the reader does not take it, so it is not shown either. */
int probe_profile_write(const struct probe_findings *findings, struct text *out,
                        struct beacon_error *err);

/* An id made of an address, the caller's to free: the program's name, or that of the host. */
char *probe_profile_id(const struct probe_server *server, const char *url);

#endif
