/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include <string.h>
#include <time.h>

#include "fence.h"

#define NOISE_BYTES 64
#define NOISE       0xa5
#define LATER_MINOR 99

/* Fields of the first release may be read plainly, so no host is shorter than this. */
#define FIRST_RELEASE_BYTES sizeof(struct beacon_host)

static void host_log(const struct beacon_host *h, uint32_t level, struct beacon_str msg,
                     const struct beacon_kv *attrs, size_t n)
{
    (void)h;
    (void)level;
    (void)msg;
    (void)attrs;
    (void)n;
}

static uint32_t host_cancelled(const struct beacon_host *h, const struct beacon_cancel *c)
{
    (void)h;
    return c != NULL && c->is_cancelled;
}

static int32_t host_cancel_fd(const struct beacon_host *h, const struct beacon_cancel *c)
{
    (void)h;
    (void)c;
    return -1;
}

static uint64_t host_deadline_ns(const struct beacon_host *h, const struct beacon_cancel *c)
{
    (void)h;
    return c != NULL ? c->deadline_ns : 0;
}

static uint32_t host_on_main(const struct beacon_host *h)
{
    (void)h;
    return 1;
}

static uint64_t clock_of(clockid_t id, uint64_t per_second)
{
    struct timespec now = {0};
    (void)clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * per_second +
           (uint64_t)now.tv_nsec / (UINT64_C(1000000000) / per_second);
}

static uint64_t clock_mono(const struct beacon_host *h)
{
    (void)h;
    return clock_of(CLOCK_MONOTONIC, UINT64_C(1000000000));
}

static uint64_t clock_unix(const struct beacon_host *h)
{
    (void)h;
    return clock_of(CLOCK_REALTIME, 1000);
}

static beacon_rc clock_random(const struct beacon_host *h, void *p, size_t n)
{
    (void)h;
    memset(p, 7, n);
    return BEACON_OK;
}

static const struct beacon_host_clock clock_facet = {
    .struct_size = (uint32_t)sizeof clock_facet,
    .mono_ns = clock_mono,
    .unix_ms = clock_unix,
    .random = clock_random,
};

static const char *variables; /* the value of all of them, or NULL */

void host_set_variables(const char *value)
{
    variables = value;
}

static beacon_rc env_get(const struct beacon_host *h, struct beacon_str name,
                         const struct beacon_sink *out)
{
    (void)h;
    (void)name;
    return variables != NULL ? out->put(out, variables, strlen(variables)) : BEACON_E_NOT_FOUND;
}

static const struct beacon_host_env env_facet = {
    .struct_size = (uint32_t)sizeof env_facet,
    .get = env_get,
};

/* NOLINTBEGIN(readability-non-const-parameter): the slot's type */
static beacon_rc secrets_get(const struct beacon_host *h, struct beacon_str key,
                             const struct beacon_sink *out, uint64_t *gen, struct beacon_error *e)
{
    (void)h;
    (void)key;
    (void)out;
    (void)gen;
    (void)e;
    return BEACON_E_NOT_FOUND;
}
/* NOLINTEND(readability-non-const-parameter) */

static beacon_rc secrets_set(const struct beacon_host *h, struct beacon_str key,
                             struct beacon_bytes val, uint64_t expect_gen, struct beacon_error *e)
{
    (void)h;
    (void)key;
    (void)val;
    (void)expect_gen;
    (void)e;
    return BEACON_E_IO;
}

static beacon_rc secrets_erase(const struct beacon_host *h, struct beacon_str key,
                               struct beacon_error *e)
{
    (void)h;
    (void)key;
    (void)e;
    return BEACON_OK;
}

static const struct beacon_host_secrets secrets_facet = {
    .struct_size = (uint32_t)sizeof secrets_facet,
    .get = secrets_get,
    .set = secrets_set,
    .erase = secrets_erase,
};

/* What is not here is what a host without the capability lends: nothing. */
static const void *host_facet(const struct beacon_host *h, const char *id)
{
    static const struct {
        const char *id;
        const void *facet;
    } facets[] = {
        {BEACON_HOST_CLOCK, &clock_facet},
        {BEACON_HOST_ENV, &env_facet},
        {BEACON_HOST_SECRETS, &secrets_facet},
    };
    (void)h;
    for (size_t i = 0; id != NULL && i < sizeof facets / sizeof facets[0]; i++) {
        if (strcmp(facets[i].id, id) == 0) {
            return facets[i].facet;
        }
    }
    return NULL;
}

const struct beacon_host *host_lend(enum host_shape shape)
{
    static const char name[] = "beacon", version[] = "1.0.0";
    static struct {
        struct beacon_host table;
        char behind[NOISE_BYTES];
    } image;
    const struct beacon_host table = {
        .struct_size = (uint32_t)(shape == HOST_NEWER ? sizeof image : sizeof table),
        .abi_minor = shape == HOST_NEWER ? LATER_MINOR : BEACON_ABI_MINOR,
        .reserved0 = shape == HOST_NEWER ? NOISE : 0,
        .name = {name, sizeof name - 1},
        .version = {version, sizeof version - 1},
        .log = host_log,
        .cancelled = host_cancelled,
        .cancel_fd = host_cancel_fd,
        .deadline_ns = host_deadline_ns,
        .on_main = host_on_main,
        .facet = host_facet,
    };
    if (shape == HOST_OLDER) {
        return fence_make(&table, FIRST_RELEASE_BYTES);
    }
    memset(&image, shape == HOST_NEWER ? NOISE : 0, sizeof image);
    image.table = table;
    return &image.table;
}
