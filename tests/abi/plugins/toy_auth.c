/* SPDX-License-Identifier: Apache-2.0 */
/* An auth plugin whose mood is a word of its configuration. The component "old" is a table of an older
 * header, without the optional slots; "cut" ends within the mandatory ones. */
#include <beacon/auth.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toy_auth_manifest.h"

struct moody {
    char mood[64];
    const struct beacon_host *host;
    uint64_t generation;
};

static beacon_rc create(void *plugin_state, const struct beacon_host *h, struct beacon_str config,
                        void **inst, struct beacon_error *e)
{
    (void)plugin_state;
    (void)e;
    struct moody *moody = calloc(1, sizeof *moody);
    size_t n = config.n < sizeof moody->mood ? config.n : sizeof moody->mood - 1;
    memcpy(moody->mood, config.p, n);
    moody->host = h;
    *inst = moody;
    return BEACON_OK;
}

static void destroy(void *inst)
{
    free(inst);
}

static int is_in_mood(const struct moody *moody, const char *word)
{
    return strstr(moody->mood, word) != NULL;
}

static beacon_rc status(void *inst, struct beacon_str account, struct beacon_auth_status *out,
                        struct beacon_error *e)
{
    const struct moody *moody = inst;
    (void)account;
    (void)e;
    BEACON_SET(out, state, is_in_mood(moody, "future") ? 77u : BEACON_AUTH_IN);
    memset(out->detail, 'x', sizeof out->detail); /* forgets the NUL */
    return BEACON_OK;
}

static beacon_rc give(const struct beacon_cred_sink *out, const char *name, const char *value,
                      size_t n)
{
    const struct beacon_str header = {name, strlen(name)}, text = {value, n};
    return out->header(out, header, text);
}

static beacon_rc give_many(const struct beacon_cred_sink *out)
{
    beacon_rc rc = BEACON_OK;
    for (int i = 0; rc == BEACON_OK && i < 1000; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "x-%d", i);
        rc = give(out, name, "1", 1);
    }
    return rc;
}

static void wait_for_cancel(const struct moody *moody, const struct beacon_cancel *c)
{
    struct pollfd watched = {.fd = moody->host->cancel_fd(moody->host, c), .events = POLLIN};
    while (is_in_mood(moody, "hang") || !moody->host->cancelled(moody->host, c)) {
        (void)poll(&watched, is_in_mood(moody, "hang") ? 0 : 1, 1000);
    }
}

static beacon_rc fail(struct beacon_error *e, beacon_rc code)
{
    BEACON_SET(e, code, code);
    memset(e->message, 'm', sizeof e->message); /* forgets the NUL, and the hint */
    return code;
}

static beacon_rc misbehave(struct moody *moody, const struct beacon_need *n,
                           const struct beacon_cred_sink *out, const struct beacon_cancel *c)
{
    (void)n;
    if (is_in_mood(moody, "wait") || is_in_mood(moody, "hang")) {
        wait_for_cancel(moody, c);
        return BEACON_E_CANCELLED;
    }
    return is_in_mood(moody, "crlf")   ? give(out, "x-key", "a\r\nx-evil: 1", 12)
           : is_in_mood(moody, "nul")  ? give(out, "x-key", "a\0b", 3)
           : is_in_mood(moody, "name") ? give(out, "x key", "a", 1)
           : is_in_mood(moody, "many") ? give_many(out)
           : is_in_mood(moody, "query")
               ? out->query(out, (struct beacon_str){"k", 1}, (struct beacon_str){"v", 1})
               : BEACON_E_IO;
}

static beacon_rc acquire(void *inst, const struct beacon_need *n,
                         const struct beacon_cred_sink *out, const struct beacon_cancel *c,
                         struct beacon_error *e)
{
    struct moody *moody = inst;
    char value[64];
    int is_final = is_in_mood(moody, "final") && n->why != BEACON_WANT_USE;
    if (is_in_mood(moody, "nothing")) {
        return BEACON_OK;
    }
    if (is_in_mood(moody, "silent")) {
        return -999;
    }
    if (is_in_mood(moody, "unended") || is_final) {
        return fail(e, BEACON_E_AUTH);
    }
    if (is_in_mood(moody, "bad")) {
        return misbehave(moody, n, out, c);
    }
    if (!is_in_mood(moody, "same") || moody->generation == 0) {
        moody->generation++;
    }
    int len = snprintf(value, sizeof value, "%.*s why %u generation %llu", (int)n->origin.n,
                       n->origin.p, (unsigned)n->why, (unsigned long long)moody->generation);
    (void)give(out, "X-Key", "replaced by the next", 20);
    beacon_rc rc = give(out, "x-key", value, (size_t)len);
    uint64_t expiry = is_in_mood(moody, "soon")    ? UINT64_C(1)
                      : is_in_mood(moody, "later") ? UINT64_MAX / 2
                                                   : 0;
    return rc < BEACON_OK ? rc : out->expires(out, expiry, moody->generation);
}

static const struct beacon_auth moody_auth = {
    .struct_size = (uint32_t)sizeof moody_auth,
    .create = create,
    .destroy = destroy,
    .status = status,
    .acquire = acquire,
};

/* Whatever follows the claimed size is not the host's to read. */
static const struct beacon_auth old_auth = {
    .struct_size = (uint32_t)offsetof(struct beacon_auth, sign),
    .create = create,
    .destroy = destroy,
    .status = status,
    .acquire = acquire,
    .login = (beacon_rc(*)(void *, struct beacon_str, uint32_t, const struct beacon_cancel *,
                           struct beacon_error *))8,
};

static const struct beacon_auth cut_auth = {
    .struct_size = (uint32_t)offsetof(struct beacon_auth, acquire),
    .create = create,
    .destroy = destroy,
    .status = status,
    .acquire = acquire,
};

static const struct beacon_component moody_component = {
    .struct_size = (uint32_t)sizeof moody_component,
    .kind = BEACON_KIND_AUTH,
    .name = "moody",
    .iface = BEACON_AUTH_IFACE,
    .vtable = &moody_auth,
};

static const struct beacon_component old_component = {
    .struct_size = (uint32_t)sizeof old_component,
    .kind = BEACON_KIND_AUTH,
    .name = "old",
    .iface = BEACON_AUTH_IFACE,
    .vtable = &old_auth,
};

static const struct beacon_component cut_component = {
    .struct_size = (uint32_t)sizeof cut_component,
    .kind = BEACON_KIND_AUTH,
    .name = "cut",
    .iface = BEACON_AUTH_IFACE,
    .vtable = &cut_auth,
};

static const struct beacon_component *const components[] = {&moody_component, &old_component,
                                                            &cut_component, NULL};

static const struct beacon_plugin plugin = {
    .struct_size = (uint32_t)sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
};

BEACON_PLUGIN(toy_auth, &plugin)
