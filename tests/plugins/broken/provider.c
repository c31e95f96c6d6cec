/* SPDX-License-Identifier: Apache-2.0 */
/* A provider for a made-up service that does everything right, unless it is compiled with one of the
 * FAULT_ names: then it is wrong in exactly one way, and check_broken expects exactly that to be seen.
 *
 * The service takes {"model","messages":[{"role","text"}|…opaque…]} and answers with events like
 *     {"start":"id"}  {"word":"…"}  {"item":"…","opaque":{…}}  {"usage":{…}}  {"finish":"stop"}
 */
#include <beacon-sdk/error.h>
#include <beacon-sdk/json_string.h>
#include <beacon-sdk/json_write.h>
#include <beacon-sdk/retry_after.h>
#include <beacon-sdk/sink.h>
#include <beacon-sdk/sized.h>
#include <stdlib.h>

#include "broken_manifest.h"
#include "faults.h"

#define URL_MAX     ((size_t)2048)
#define BODY_MAX    ((size_t)16 << 20)
#define MESSAGE_MAX ((size_t)256)

struct instance {
    char url[URL_MAX];
    size_t n_url;
    struct beacon_str header; /* of the configuration */
    char header_text[URL_MAX];
    struct beacon_error message;
};

struct beacon_exchange {
    struct instance *instance;
    struct beacon_json_out body, scratch;
    struct beacon_http_request http;
    struct beacon_kv headers[3];
    char model[MESSAGE_MAX];
    uint32_t n_polls, n_items;
    int32_t status;
    int64_t retry_after_ms;
    bool has_begun, is_finished;
    bool is_over; /* on_end() was called, or a slot failed */
};

/* ---- the configuration ---- */

static beacon_rc bad_key(struct beacon_error *e, const char *key, const char *expected)
{
    return beacon_error_fill(e, BEACON_E_INVALID, "correct the provider's configuration",
                             "%s must be %s", FAULT_NAMES_KEY(key), expected);
}

static bool is_one_line(struct beacon_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

/* A text member of at most URL_MAX bytes; missing is empty. */
static beacon_rc read_text(struct beacon_str config, const char *key, char *to, size_t *n,
                           struct beacon_error *e)
{
    struct beacon_str value;
    *n = 0;
    if (!beacon_json_member(config, key, &value)) {
        return BEACON_OK;
    }
    if (value.n < 2 || value.p[0] != '"') {
        return FAULT_IF(FAULT_CONFIG_TYPE, BEACON_OK, bad_key(e, key, "a string"));
    }
    if (value.n > URL_MAX) {
        return FAULT_IF(FAULT_CONFIG_HUGE,
                        beacon_error_fill(e, BEACON_E_LIMIT, "shorten it", "it is too long"),
                        bad_key(e, key, "under 2048 bytes"));
    }
    *n = beacon_json_unescape(beacon_span(value.p + 1, value.n - 2), to);
    return is_one_line(beacon_span(to, *n)) || FAULT_IS(FAULT_HEADER_INJECTION)
               ? BEACON_OK
               : bad_key(e, key, "one line");
}

static beacon_rc read_config(struct instance *instance, struct beacon_str config,
                             struct beacon_error *e)
{
    size_t n_header = 0;
    if (!beacon_json_is_whole(config, '{')) {
        return FAULT_IF(FAULT_CONFIG_WORDS, BEACON_E_INVALID,
                        beacon_error_fill(e, BEACON_E_INVALID, "pass one JSON object",
                                          "the configuration is not a JSON object"));
    }
    beacon_rc rc = read_text(config, "base_url", instance->url, &instance->n_url, e);
    rc = rc == BEACON_OK ? read_text(config, "tag", instance->header_text, &n_header, e) : rc;
    if (rc == BEACON_OK && instance->n_url == 0) {
        rc = FAULT_IF(FAULT_CONFIG_MISSING, BEACON_OK, bad_key(e, "base_url", "given"));
    }
    instance->header = beacon_span(instance->header_text, n_header);
    return rc;
}

static void destroy(void *inst)
{
    FAULT_AT_DESTROY(inst);
}

static beacon_rc create(void *plugin_state, const struct beacon_host *h, struct beacon_str config,
                        void **inst, struct beacon_error *e)
{
    (void)plugin_state;
    (void)h;
    FAULT_AT_CREATE(config, e);
    struct instance *instance = calloc(1, sizeof *instance);
    if (instance == NULL && !FAULT_IS(FAULT_UNCHECKED_MEMORY)) {
        return beacon_error_fill(e, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    beacon_rc rc = read_config(instance, config, e);
    if (rc != BEACON_OK) {
        free(instance);
        return rc;
    }
    *inst = instance;
    return BEACON_OK;
}

/* ---- the request ---- */

static void put_part(struct beacon_json_out *out, uint32_t role, const struct beacon_part *part)
{
    static const char *const roles[] = {"", "system", "user", "assistant", "tool"};
    if (part->opaque.n > 0 && !FAULT_IS(FAULT_OPAQUE)) {
        beacon_json_put_raw(out, part->opaque);
        return;
    }
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "role", beacon_text(roles[role < 5 ? role : 0]));
    if (FAULT_IS(FAULT_TEXT)) {
        beacon_json_key(out, "text");
        beacon_json_begin_string(out);
        beacon_json_out_bytes(out, part->text.p, part->text.n);
        beacon_json_end_string(out);
    } else {
        beacon_json_put_member(out, "text", FAULT_TEXT_OF(part->text));
    }
    beacon_json_end_object(out);
}

static void put_messages(struct beacon_json_out *out, const struct beacon_turn *turn)
{
    beacon_json_key(out, "messages");
    beacon_json_begin_array(out);
    for (size_t i = 0; i < turn->n_messages; i++) {
        const struct beacon_message *message = turn->messages[i];
        for (size_t k = 0; k < message->n_parts; k++) {
            struct beacon_part part;
            BEACON_COPY_IN(part, message->parts[k]);
            put_part(out, message->role, &part);
        }
    }
    beacon_json_end_array(out);
}

static void build(struct beacon_exchange *x, const struct beacon_turn *turn)
{
    struct beacon_json_out *out = &x->body;
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "model", turn->model);
    FAULT_AT_BODY(out, turn);
    put_messages(out, turn);
    FAULT_AT_BODY_END(out);
    beacon_json_end_object(out);
}

static void close_exchange(struct beacon_exchange *x)
{
    if (FAULT_IS(FAULT_CLOSE_EARLY) && x->has_begun && !x->is_over) {
        abort();
    }
    beacon_json_out_finish(&x->body);
    beacon_json_out_finish(&x->scratch);
    FAULT_AT_CLOSE(x);
}

static beacon_rc open_exchange(void *inst, const struct beacon_turn *turn,
                               struct beacon_exchange **ret, struct beacon_error *e)
{
    struct beacon_turn local;
    if (turn == NULL) {
        return beacon_error_fill(e, FAULT_IF(FAULT_MODELS, BEACON_E_INVALID, BEACON_E_UNSUPPORTED),
                                 "name the model", "the service does not list its models");
    }
    FAULT_COPY_TURN(local, turn);
    if (!is_one_line(local.model) || local.model.n >= MESSAGE_MAX) {
        return beacon_error_fill(e, BEACON_E_INVALID, "correct the model's name",
                                 "the model's name is not one short line");
    }
    struct beacon_exchange *x = calloc(1, sizeof *x);
    if (x == NULL && !FAULT_IS(FAULT_EXCHANGE_MEMORY)) {
        return beacon_error_fill(e, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    x->instance = inst;
    x->retry_after_ms = BEACON_RETRY_AFTER_NONE;
    beacon_json_out_init(&x->body, BODY_MAX);
    beacon_json_out_init(&x->scratch, BODY_MAX);
    build(x, &local);
    if (x->body.failed) {
        beacon_json_out_finish(&x->body);
        free(x);
        return beacon_error_fill(e, BEACON_E_LIMIT, "start a new session",
                                 "the request is too large, or memory is used up");
    }
    *ret = x;
    return BEACON_OK;
}

static void describe(struct beacon_exchange *x)
{
    const struct beacon_str body = beacon_json_out_text(&x->body);
    memset(&x->http, 0, sizeof x->http);
    x->headers[0] = (struct beacon_kv){BEACON_STR("content-type"), BEACON_STR("application/json")};
    x->headers[1] = (struct beacon_kv){BEACON_STR("x-tag"), x->instance->header};
    x->headers[2] = FAULT_HEADER;
    x->http.struct_size = (uint32_t)sizeof x->http;
    x->http.method = BEACON_STR("POST");
    x->http.url = FAULT_URL(beacon_span(x->instance->url, x->instance->n_url));
    x->http.headers = x->headers;
    x->http.n_headers = x->headers[2].k.n > 0 ? 3 : x->instance->header.n > 0 ? 2 : 1;
    x->http.body.p = (const uint8_t *)body.p;
    x->http.body.n = body.n;
    x->http.framing = FAULT_IF(FAULT_RAW, BEACON_FRAME_RAW, BEACON_FRAME_SSE);
    x->http.auth = BEACON_AUTH_INSTANCE;
}

static beacon_rc poll_exchange(struct beacon_exchange *x, struct beacon_action *out,
                               struct beacon_error *e)
{
    (void)e;
    if (x->n_polls++ > 0) {
        BEACON_SET(out, kind, BEACON_ACT_DONE);
        return BEACON_OK;
    }
    describe(x);
    BEACON_SET(out, kind, BEACON_ACT_HTTP);
    BEACON_SET(out, http, &x->http);
    return BEACON_OK;
}

/* ---- the answer ---- */

static beacon_rc on_response(struct beacon_exchange *x, const struct beacon_http_response *r,
                             const struct beacon_events *ev, struct beacon_error *e)
{
    (void)ev;
    (void)e;
    x->status = r->status;
    for (size_t i = 0; i < r->n_headers; i++) {
        if (beacon_span_is_nocase(r->headers[i].k, "retry-after")) {
            x->retry_after_ms = beacon_retry_after_header(r->headers[i].v, 0);
        }
    }
    return BEACON_OK;
}

static beacon_rc emit_text_item(struct beacon_exchange *x, uint32_t type, struct beacon_str raw,
                                struct beacon_str opaque, const struct beacon_events *ev)
{
    struct beacon_part part = beacon_part_of(BEACON_PART_TEXT);
    beacon_json_out_reset(&x->scratch);
    (void)beacon_json_out_reserve(&x->scratch, raw.n);
    part.text = beacon_json_value(raw, &x->scratch);
    part.opaque = opaque;
    return beacon_emit_item(ev, type, x->n_items, &part);
}

static beacon_rc on_word(struct beacon_exchange *x, struct beacon_str raw,
                         const struct beacon_events *ev)
{
    beacon_rc rc = BEACON_OK;
    if (!x->has_begun && !FAULT_IS(FAULT_GRAMMAR)) {
        rc =
            emit_text_item(x, BEACON_EV_ITEM_BEGIN, beacon_span(NULL, 0), beacon_span(NULL, 0), ev);
        x->has_begun = true;
    }
    beacon_json_out_reset(&x->scratch);
    (void)beacon_json_out_reserve(&x->scratch, raw.n);
    const struct beacon_str text = beacon_json_value(raw, &x->scratch);
    return rc < 0 ? rc : beacon_emit_delta(ev, x->n_items, BEACON_DELTA_TEXT, text);
}

static beacon_rc on_item(struct beacon_exchange *x, struct beacon_str data, struct beacon_str raw,
                         const struct beacon_events *ev)
{
    struct beacon_str opaque = beacon_span(NULL, 0);
    beacon_rc rc = BEACON_OK;
    if (!x->has_begun) {
        rc =
            emit_text_item(x, BEACON_EV_ITEM_BEGIN, beacon_span(NULL, 0), beacon_span(NULL, 0), ev);
    }
    (void)beacon_json_member(data, "opaque", &opaque);
    rc = rc < 0 ? rc : emit_text_item(x, BEACON_EV_ITEM_DONE, raw, opaque, ev);
    x->has_begun = false;
    x->n_items++;
    return rc;
}

static int64_t count_of(struct beacon_str usage, const char *key)
{
    struct beacon_str value;
    return beacon_json_member(usage, key, &value) ? beacon_json_integer(value, -1)
                                                  : FAULT_UNKNOWN_COUNT;
}

static beacon_rc on_usage(struct beacon_str value, const struct beacon_events *ev)
{
    struct beacon_usage usage = beacon_usage_unknown(BEACON_USAGE_INPUT_INCLUDES_CACHE);
    usage.input = count_of(value, "in");
    usage.cache_read = count_of(value, "cached");
    usage.output = count_of(value, "out");
    return beacon_emit_usage(ev, &usage);
}

static beacon_rc on_member(struct beacon_exchange *x, struct beacon_str data,
                           const struct beacon_events *ev)
{
    struct beacon_str value;
    if (beacon_json_member(data, "usage", &value)) {
        return on_usage(value, ev);
    }
    if (beacon_json_member_string(data, "start", &value)) {
        return beacon_emit_start(ev, value, beacon_span(NULL, 0));
    }
    if (beacon_json_member_string(data, "word", &value)) {
        return on_word(x, value, ev);
    }
    if (beacon_json_member_string(data, "item", &value)) {
        return on_item(x, data, value, ev);
    }
    if (beacon_json_member_string(data, "finish", &value)) {
        x->is_finished = true;
        return beacon_emit_finish(ev, BEACON_FINISH_STOP);
    }
    return BEACON_OK;
}

static beacon_rc on_frame(struct beacon_exchange *x, struct beacon_str event,
                          struct beacon_bytes data, const struct beacon_events *ev,
                          struct beacon_error *e)
{
    const struct beacon_str text = beacon_span((const char *)data.p, data.n);
    (void)event;
    if (x->status != 200 || x->is_finished) {
        return BEACON_OK;
    }
    FAULT_AT_FRAME(data);
    if (!beacon_json_is_whole(text, '{') || !beacon_utf8_is_valid(text)) {
        x->is_over = true;
        return beacon_error_fill(e, BEACON_E_PROTOCOL, "try again", "the service sent no JSON");
    }
    beacon_rc rc = on_member(x, text, ev);
    if (rc < 0 && !FAULT_IS(FAULT_SINK)) {
        x->is_over = true;
        return beacon_error_fill(e, rc, "try again", "the host stopped the turn");
    }
    return BEACON_OK;
}

/* Forgets what is not a whole line yet. */
__attribute__((unused)) static beacon_rc on_piece(struct beacon_exchange *x,
                                                  struct beacon_str event, struct beacon_bytes data,
                                                  const struct beacon_events *ev,
                                                  struct beacon_error *e)
{
    beacon_rc rc = BEACON_OK;
    for (size_t i = 0; rc == BEACON_OK && i < data.n;) {
        const uint8_t *end = memchr(data.p + i, '\n', data.n - i);
        const size_t n = end != NULL ? (size_t)(end - data.p) - i : data.n - i;
        if (end != NULL && n > 6 && memcmp(data.p + i, "data: ", 6) == 0) {
            const struct beacon_bytes line = {data.p + i + 6, n - 6};
            rc = on_frame(x, event, line, ev, e);
        }
        i += n + 1;
    }
    return rc;
}

static beacon_rc on_end(struct beacon_exchange *x, uint32_t how, const struct beacon_events *ev,
                        struct beacon_error *e)
{
    (void)ev;
    x->is_over = true;
    if (how == BEACON_END_HTTP_ERROR) {
        return beacon_error_fill(e, BEACON_E_PROTOCOL, "see the service's own words",
                                 "the service answered %d", (int)x->status);
    }
    if (!x->is_finished && !FAULT_IS(FAULT_TRUNCATED)) {
        return beacon_error_fill(e, BEACON_E_PROTOCOL, "try again", "the answer ended early");
    }
    return BEACON_OK;
}

static const struct verdict_row {
    int32_t first, last;
    uint32_t verdict;
    beacon_rc code;
} verdicts[] = {
    {401, 401, BEACON_VERDICT_REAUTH, BEACON_E_AUTH},
    {403, 403, BEACON_VERDICT_FATAL, BEACON_E_AUTH},
    {404, 404, BEACON_VERDICT_FATAL, BEACON_E_NOT_FOUND},
    {408, 409, BEACON_VERDICT_RETRY, BEACON_E_IO},
    {413, 413, BEACON_VERDICT_TOO_LONG, BEACON_E_LIMIT},
    {429, 429, FAULT_IF(FAULT_JUDGE, BEACON_VERDICT_FATAL, BEACON_VERDICT_RETRY), BEACON_E_LIMIT},
    {500, 599, BEACON_VERDICT_RETRY, BEACON_E_IO},
    {300, 499, BEACON_VERDICT_FATAL, BEACON_E_INVALID},
    {INT32_MIN, INT32_MAX, BEACON_VERDICT_RETRY, BEACON_E_PROTOCOL},
};

static void judge(struct beacon_exchange *x, struct beacon_verdict *out)
{
    const struct verdict_row *row = verdicts;
    while (x->status < row->first || x->status > row->last) {
        row++;
    }
    FAULT_AT_JUDGE(out);
    BEACON_SET(out, verdict, row->verdict);
    BEACON_SET(out, code, row->code);
    if (x->retry_after_ms > 0 && row->verdict == BEACON_VERDICT_RETRY) {
        BEACON_SET(out, after_ms, (uint32_t)x->retry_after_ms);
    }
    BEACON_SET(out, message, BEACON_STR("the service said no"));
}

static const struct beacon_provider provider = {
    .struct_size = (uint32_t)sizeof provider,
    .create = create,
    .destroy = destroy,
    .open = open_exchange,
    .poll = poll_exchange,
    .on_response = on_response,
    .on_frame = FAULT_IF(FAULT_TABLE, NULL, FAULT_IF(FAULT_RAW, on_piece, on_frame)),
    .on_end = on_end,
    .judge = judge,
    .close = close_exchange,
};

static const struct beacon_component component = {
    .struct_size = (uint32_t)sizeof component,
    .kind = BEACON_KIND_PROVIDER,
    .name = "broken",
    .iface = BEACON_PROVIDER_IFACE,
    .vtable = &provider,
    .config_schema =
        FAULT_SCHEMA("{\"type\":\"object\",\"required\":[\"base_url\"],\"properties\":{"
                     "\"base_url\":{\"type\":\"string\"},"
                     "\"tag\":{\"type\":\"string\"}}}"),
};

static const struct beacon_component *const components[] = {&component, NULL};

static const uint32_t option_table[2];

static const void *facet(void *state, const char *id)
{
    (void)state;
    return FAULT_SAME_ID(id, "com.example.broken.options/1") ? option_table : NULL;
}

static beacon_rc load(const struct beacon_host *host, void **state, struct beacon_error *e)
{
    (void)state;
    FAULT_AT_LOAD(host, e);
    return BEACON_OK;
}

static void unload(void *state)
{
    (void)state;
    FAULT_AT_UNLOAD();
}

#define PLUGIN(version_)                                                                           \
    {                                                                                              \
        .struct_size = (uint32_t)sizeof(struct beacon_plugin), .abi_minor = BEACON_ABI_MINOR,      \
        .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR, .id = BEACON_MANIFEST_ID,                \
        .version = (version_), .components = components, .load = load, .unload = unload,           \
        .facet = facet,                                                                            \
    }

static const struct beacon_plugin plugins[] = {
    PLUGIN(FAULT_IF(FAULT_VERSION, "9.9.9", BEACON_MANIFEST_VERSION)),
    PLUGIN(BEACON_MANIFEST_VERSION),
};

BEACON_EXPORT const struct beacon_plugin *beacon_plugin_entry_v1(uint32_t host_minor);
const struct beacon_plugin *beacon_plugin_entry_v1(uint32_t host_minor)
{
    (void)host_minor;
    return FAULT_ENTRY(plugins);
}
