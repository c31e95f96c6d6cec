/* SPDX-License-Identifier: Apache-2.0 */
/* An auth plugin with a key in BROKEN_KEY or in the store, unless it is compiled with one of the FAULT_A
 * names: then it is wrong in exactly one way. */
#include <beacon-sdk/error.h>
#include <beacon/auth.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "broken_manifest.h"

#define FAULT_NONE        0
#define FAULT_A_STATUS    1
#define FAULT_A_EMPTY     2
#define FAULT_A_PROMPTS   3
#define FAULT_A_REJECTED  4
#define FAULT_A_SECRET    5
#define FAULT_A_LINE_ENDS 6
#define FAULT_A_CANCEL    7
#define FAULT_A_LOGIN     8
#define FAULT_A_THREADS   9
#define FAULT_A_PROCESSES 10
#define FAULT_A_WIPES     11
#define FAULT_A_LEAK      12
#define FAULT_A_MEMORY    13
#define FAULT_A_SHORT     14
#define FAULT_A_ONCE      15
#define FAULT_A_RENEWS    16 /* no fault: it renews as it should */
#define FAULT_IS(which)   (FAULT == (which))

#define KEY_MAX   256
#define STORE_KEY "key"

struct instance {
    const struct beacon_host *host;
};

struct key {
    char text[KEY_MAX];
    size_t n;
    uint64_t generation;
    int is_stored;
};

/* ---- finding the key ---- */

static beacon_rc take(const struct beacon_sink *sink, const void *p, size_t n)
{
    struct key *key = sink->ctx;
    if (n > sizeof key->text - key->n) {
        return BEACON_E_LIMIT;
    }
    memcpy(key->text + key->n, p, n);
    key->n += n;
    return BEACON_OK;
}

static int is_line(const struct key *key)
{
    for (size_t i = 0; i < key->n; i++) {
        if ((unsigned char)key->text[i] < 0x20) {
            return 0;
        }
    }
    return 1;
}

static beacon_rc find(const struct instance *instance, struct key *key, struct beacon_error *err)
{
    const struct beacon_host *host = instance->host;
    const struct beacon_host_env *env = host->facet(host, BEACON_HOST_ENV);
    const struct beacon_host_secrets *store = host->facet(host, BEACON_HOST_SECRETS);
    const struct beacon_sink sink = {.struct_size = sizeof sink, .ctx = key, .put = take};
    memset(key, 0, sizeof *key);
    key->generation = 7;
    beacon_rc rc = env->get(host, BEACON_STR("BROKEN_KEY"), &sink);
    if (rc != BEACON_OK && store != NULL) {
        rc = store->get(host, BEACON_STR(STORE_KEY), &sink, &key->generation, err);
        key->is_stored = rc == BEACON_OK;
    }
    if (rc != BEACON_OK && rc != BEACON_E_NOT_FOUND) {
        return beacon_error_fill(err, rc, "look at the store", "the store cannot be read");
    }
    if (!is_line(key) && !FAULT_IS(FAULT_A_LINE_ENDS)) {
        return beacon_error_fill(err, BEACON_E_INVALID, "correct the key",
                                 "the key has a control character in it");
    }
    return BEACON_OK;
}

/* ---- the slots ---- */

static beacon_rc create(void *state, const struct beacon_host *host, struct beacon_str config,
                        void **inst, struct beacon_error *err)
{
    struct instance *instance = calloc(1, sizeof *instance);
    (void)state;
    (void)config;
    if (instance == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    instance->host = host;
    *inst = instance;
    return BEACON_OK;
}

static void destroy(void *inst)
{
    free(inst);
}

/* What status() has no business with. */
static void start_program(const struct beacon_host *host)
{
    static const struct beacon_str argv[] = {{"/bin/true", 9}};
    const struct beacon_host_exec *exec = host->facet(host, BEACON_HOST_EXEC);
    struct key out = {.n = 0};
    const struct beacon_sink sink = {.struct_size = sizeof sink, .ctx = &out, .put = take};
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    const struct beacon_bytes nothing = {NULL, 0};
    int32_t status = 0;
    if (exec != NULL) {
        (void)exec->run(host, argv, 1, NULL, 0, nothing, 100, &sink, &sink, &status, NULL, &err);
    }
}

static beacon_rc status(void *inst, struct beacon_str account, struct beacon_auth_status *out,
                        struct beacon_error *err)
{
    const struct instance *instance = inst;
    struct key key;
    (void)account;
    if (FAULT_IS(FAULT_A_STATUS)) {
        start_program(instance->host);
    }
    if (FAULT_IS(FAULT_A_SHORT)) {
        memset((char *)out + sizeof(uint32_t), 0, sizeof *out - sizeof(uint32_t));
    }
    beacon_rc rc = find(instance, &key, err);
    BEACON_SET(out, state, key.n > 0 ? BEACON_AUTH_IN : BEACON_AUTH_OUT);
    explicit_bzero(&key, sizeof key);
    return rc;
}

static char shared[KEY_MAX + 32];

/* The value in memory of the instance's own, or in memory that all of them use. */
static beacon_rc give(const struct key *key, const struct beacon_cred_sink *out,
                      struct beacon_error *err)
{
    char *value = FAULT_IS(FAULT_A_THREADS) ? shared : malloc(KEY_MAX + 32);
    if (value == NULL && !FAULT_IS(FAULT_A_MEMORY)) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    memset(value, 0, KEY_MAX + 32);
    memcpy(value, key->text, key->n);
    if (FAULT_IS(FAULT_A_THREADS)) {
        (void)sched_yield(); /* somebody else comes, and uses it too */
    }
    size_t n = key->n;
    if (FAULT_IS(FAULT_A_PROCESSES)) {
        n += (size_t)snprintf(value + n, 32, "-%d", (int)getpid());
    }
    beacon_rc rc = out->header(out, BEACON_STR("authorization"), beacon_span(value, n));
    if (!FAULT_IS(FAULT_A_WIPES)) {
        explicit_bzero(value, KEY_MAX + 32);
    }
    if (!FAULT_IS(FAULT_A_THREADS) && !FAULT_IS(FAULT_A_LEAK)) {
        free(value);
    }
    return rc < 0 ? rc : out->expires(out, 0, key->generation);
}

static void ask_person(const struct beacon_host *host)
{
    const struct beacon_host_ui *ui = host->facet(host, BEACON_HOST_UI);
    struct key typed = {.n = 0};
    const struct beacon_sink sink = {.struct_size = sizeof sink, .ctx = &typed, .put = take};
    if (ui != NULL) {
        (void)ui->prompt(host, BEACON_STR("Key"), 1, &sink, NULL);
    }
    explicit_bzero(&typed, sizeof typed);
}

static beacon_rc take_body(void *ctx, struct beacon_str event, struct beacon_bytes data)
{
    struct key *key = ctx;
    (void)event;
    key->n = data.n < sizeof key->text ? data.n : sizeof key->text;
    memcpy(key->text, data.p, key->n);
    return BEACON_OK;
}

/* The whole answer is the new key. One fault does not look who was first. */
static beacon_rc renew(const struct instance *instance, const struct beacon_need *need,
                       const struct beacon_cancel *cancel, struct key *key,
                       struct beacon_error *err)
{
    const struct beacon_host *host = instance->host;
    const struct beacon_host_http *http = host->facet(host, BEACON_HOST_HTTP);
    const struct beacon_host_secrets *store = host->facet(host, BEACON_HOST_SECRETS);
    const struct beacon_http_handler handler = {
        .struct_size = sizeof handler, .ctx = key, .on_frame = take_body};
    const struct beacon_http_request rq = {.struct_size = sizeof rq,
                                           .method = BEACON_STR("POST"),
                                           .url = BEACON_STR("https://llm.example.com/token"),
                                           .framing = BEACON_FRAME_WHOLE};
    const int is_wanted = FAULT_IS(FAULT_A_ONCE) ||
                          (FAULT_IS(FAULT_A_RENEWS) && need->rejected_gen == key->generation);
    if (!is_wanted || need->why != BEACON_WANT_REJECTED || !key->is_stored || http == NULL) {
        return BEACON_OK;
    }
    beacon_rc rc = http->perform(host, &rq, &handler, cancel, err);
    const struct beacon_bytes bytes = {(const uint8_t *)key->text, key->n};
    rc =
        rc == BEACON_OK ? store->set(host, BEACON_STR(STORE_KEY), bytes, key->generation, err) : rc;
    return rc == BEACON_OK ? find(instance, key, err) : rc;
}

static beacon_rc acquire(void *inst, const struct beacon_need *need,
                         const struct beacon_cred_sink *out, const struct beacon_cancel *cancel,
                         struct beacon_error *err)
{
    const struct instance *instance = inst;
    struct key key;
    (void)cancel;
    if (FAULT_IS(FAULT_A_PROMPTS) && need->why == BEACON_WANT_RENEW) {
        ask_person(instance->host);
    }
    beacon_rc rc = find(instance, &key, err);
    rc = rc == BEACON_OK ? renew(instance, need, cancel, &key, err) : rc;
    if (FAULT_IS(FAULT_A_SECRET)) {
        instance->host->log(instance->host, BEACON_LOG_DEBUG, beacon_span(key.text, key.n), NULL,
                            0);
    }
    const int is_refused = need->why == BEACON_WANT_REJECTED &&
                           need->rejected_gen == key.generation && !FAULT_IS(FAULT_A_REJECTED);
    if (rc == BEACON_OK && (key.n == 0 || is_refused)) {
        rc = FAULT_IS(FAULT_A_EMPTY) && !is_refused
                 ? BEACON_OK
                 : beacon_error_fill(err, BEACON_E_AUTH, "set BROKEN_KEY", "there is no key");
    } else if (rc == BEACON_OK) {
        rc = give(&key, out, err);
    }
    explicit_bzero(&key, sizeof key);
    return rc;
}

static beacon_rc login(void *inst, struct beacon_str account, uint32_t method,
                       const struct beacon_cancel *cancel, struct beacon_error *err)
{
    const struct instance *instance = inst;
    const struct beacon_host *host = instance->host;
    const struct beacon_host_ui *ui = host->facet(host, BEACON_HOST_UI);
    const struct beacon_host_secrets *store = host->facet(host, BEACON_HOST_SECRETS);
    struct key key = {.n = 0};
    const struct beacon_sink sink = {.struct_size = sizeof sink, .ctx = &key, .put = take};
    (void)account;
    if (FAULT_IS(FAULT_A_CANCEL) && method == BEACON_LOGIN_BROWSER) {
        return BEACON_OK;
    }
    if (method != BEACON_LOGIN_SECRET || ui == NULL || store == NULL) {
        return beacon_error_fill(err, BEACON_E_UNSUPPORTED, "use a key", "there is no such login");
    }
    beacon_rc rc = ui->prompt(host, BEACON_STR("Key"), 1, &sink, cancel);
    if (rc != BEACON_OK) {
        return beacon_error_fill(err, rc, "try again", "nobody gave a key");
    }
    const struct beacon_bytes bytes = {(const uint8_t *)key.text, key.n};
    rc = store->set(host, BEACON_STR(STORE_KEY), bytes, 0, err);
    explicit_bzero(&key, sizeof key);
    return rc;
}

static beacon_rc logout(void *inst, struct beacon_str account, const struct beacon_cancel *cancel,
                        struct beacon_error *err)
{
    const struct instance *instance = inst;
    const struct beacon_host *host = instance->host;
    const struct beacon_host_secrets *store = host->facet(host, BEACON_HOST_SECRETS);
    (void)account;
    (void)cancel;
    if (FAULT_IS(FAULT_A_LOGIN) || store == NULL) {
        return BEACON_OK;
    }
    return store->erase(host, BEACON_STR(STORE_KEY), err);
}

static const struct beacon_auth auth = {
    .struct_size = sizeof auth,
    .create = create,
    .destroy = destroy,
    .status = status,
    .acquire = acquire,
    .login = login,
    .logout = logout,
};

static const struct beacon_component component = {
    .struct_size = sizeof component,
    .kind = BEACON_KIND_AUTH,
    .name = "broken",
    .iface = BEACON_AUTH_IFACE,
    .vtable = &auth,
};

static const struct beacon_component *const components[] = {&component, NULL};

static const struct beacon_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
};

BEACON_PLUGIN(broken, &plugin)
