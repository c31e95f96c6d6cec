/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/facet.h - asking the host for what it lends, and catching what comes back.
 *
 * Thread: that of the facet's slot.
 */
#ifndef BEACON_SDK_FACET_H
#define BEACON_SDK_FACET_H

#include <beacon-sdk/json_write.h>
#include <beacon/host.h>

/* The facet with this id, or NULL when this host has none, or the manifest did not ask for its
 * capability. Cast it to the struct beside the id in host.h. */
static inline const void *beacon_facet(const struct beacon_host *host, const char *id)
{
    const bool can_ask = host != NULL && BEACON_HAS(host, facet) && host->facet != NULL;
    return can_ask ? host->facet(host, id) : NULL;
}

static inline beacon_rc beacon_sink_append(const struct beacon_sink *sink, const void *p, size_t n)
{
    struct beacon_json_out *out = (struct beacon_json_out *)sink->ctx;
    beacon_json_out_bytes(out, (const char *)p, n);
    return out->failed ? BEACON_E_LIMIT : BEACON_OK;
}

/* A sink that appends to `out`; LIMIT when that is full. */
static inline struct beacon_sink beacon_sink_to(struct beacon_json_out *out)
{
    struct beacon_sink sink;
    memset(&sink, 0, sizeof sink);
    sink.struct_size = (uint32_t)sizeof sink;
    sink.ctx = out;
    sink.put = beacon_sink_append;
    return sink;
}

/* Append the environment variable `name` to `out`. UNSUPPORTED: no facet; else as env.get(). */
static inline beacon_rc beacon_env_get(const struct beacon_host *host, struct beacon_str name,
                                       struct beacon_json_out *out)
{
    const struct beacon_host_env *env =
        (const struct beacon_host_env *)beacon_facet(host, BEACON_HOST_ENV);
    if (env == NULL || !BEACON_HAS(env, get) || env->get == NULL) {
        return BEACON_E_UNSUPPORTED;
    }
    const struct beacon_sink sink = beacon_sink_to(out);
    return env->get(host, name, &sink);
}

#endif
