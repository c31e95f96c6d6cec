/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/endpoint_quirks.h - how one server differs from the others on its wire, as data.
 *
 * `quirks` is a flat object of the configuration. A wire describes those it knows in a table and
 * reads them into a struct of its own, which it has filled with its defaults. `extra` is an object
 * whose members are added to every request body.
 *
 *     struct quirks { uint32_t system_role; bool parallel_calls; struct beacon_quirk_list names; };
 *     static const char *const roles[] = {"system", "developer", NULL};
 *     static const struct beacon_quirk rows[] = {
 *         {"system_role", offsetof(struct quirks, system_role), BEACON_QUIRK_CHOICE, roles, 0, 0},
 *         …
 *
 * Thread: [pure].
 */
#ifndef BEACON_SDK_ENDPOINT_QUIRKS_H
#define BEACON_SDK_ENDPOINT_QUIRKS_H

#include <beacon-sdk/endpoint.h>

#define BEACON_QUIRK_LIST_MAX 8u

struct beacon_quirk_list {
    struct beacon_str at[BEACON_QUIRK_LIST_MAX];
    size_t n;
};

enum beacon_quirk_kind {
    BEACON_QUIRK_CHOICE, /* one of `choices`; the field is uint32_t, an index into them */
    BEACON_QUIRK_TEXT,   /* any string; struct beacon_str */
    BEACON_QUIRK_BOOL,   /* bool */
    BEACON_QUIRK_INT,    /* from least to most; int64_t */
    BEACON_QUIRK_LIST,   /* strings; struct beacon_quirk_list */
};

struct beacon_quirk {
    const char *key;
    size_t offset; /* of the field in the wire's struct */
    enum beacon_quirk_kind kind;
    const char *const *choices; /* CHOICE: the last one is NULL */
    int64_t least, most;        /* INT */
};

/* ---- functions named beacon_quirk_ are the reader's own ---- */

static inline bool beacon_quirk_read_choice(const struct beacon_quirk *quirk, struct beacon_json *j,
                                            uint32_t *ret)
{
    struct beacon_str raw;
    if (beacon_json_peek(j) != BEACON_JSON_STRING || !beacon_json_string(j, &raw)) {
        return false;
    }
    for (uint32_t i = 0; quirk->choices[i] != NULL; i++) {
        if (beacon_json_key_is(raw, quirk->choices[i])) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static inline bool beacon_quirk_read_list(char *text, struct beacon_json *j,
                                          struct beacon_quirk_list *ret)
{
    ret->n = 0;
    if (beacon_json_peek(j) != BEACON_JSON_ARRAY) {
        return false;
    }
    (void)beacon_json_enter_array(j);
    while (beacon_json_next_element(j)) {
        if (ret->n == BEACON_QUIRK_LIST_MAX ||
            !beacon_endpoint_read_string(text, j, &ret->at[ret->n])) {
            return false;
        }
        ret->n++;
    }
    return !j->failed;
}

static inline bool beacon_quirk_read_value(char *text, const struct beacon_quirk *quirk,
                                           struct beacon_json *j, void *ret)
{
    void *const field = (char *)ret + quirk->offset;
    int64_t *const count = (int64_t *)field;
    switch (quirk->kind) {
    case BEACON_QUIRK_CHOICE:
        return beacon_quirk_read_choice(quirk, j, (uint32_t *)field);
    case BEACON_QUIRK_TEXT:
        return beacon_endpoint_read_string(text, j, (struct beacon_str *)field);
    case BEACON_QUIRK_BOOL:
        return beacon_json_bool(j, (bool *)field);
    case BEACON_QUIRK_INT:
        return beacon_json_int64(j, count) && *count >= quirk->least && *count <= quirk->most;
    case BEACON_QUIRK_LIST:
        return beacon_quirk_read_list(text, j, (struct beacon_quirk_list *)field);
    }
    return false;
}

/* What is expected, for the person who wrote something else. */
static inline beacon_rc beacon_quirk_refuse(const struct beacon_quirk *quirk,
                                            struct beacon_error *err)
{
    char expected[256] = "";
    int n = 0;
    switch (quirk->kind) {
    case BEACON_QUIRK_CHOICE:
        n = snprintf(expected, sizeof expected, "one of");
        for (size_t i = 0; quirk->choices[i] != NULL && n < (int)sizeof expected; i++) {
            n += snprintf(expected + n, sizeof expected - (size_t)n, "%s '%s'", i > 0 ? "," : "",
                          quirk->choices[i]);
        }
        break;
    case BEACON_QUIRK_INT:
        (void)snprintf(expected, sizeof expected, "a whole number from %lld to %lld",
                       (long long)quirk->least, (long long)quirk->most);
        break;
    case BEACON_QUIRK_TEXT:
        (void)snprintf(expected, sizeof expected, "a string");
        break;
    case BEACON_QUIRK_BOOL:
        (void)snprintf(expected, sizeof expected, "true or false");
        break;
    case BEACON_QUIRK_LIST:
        (void)snprintf(expected, sizeof expected, "a list of at most %u strings",
                       BEACON_QUIRK_LIST_MAX);
        break;
    }
    return beacon_error_fill(err, BEACON_E_INVALID, "correct the provider's profile",
                             "quirks.%s must be %s", quirk->key, expected);
}

static inline beacon_rc beacon_quirk_unknown(struct beacon_str raw_key, struct beacon_error *err)
{
    const struct beacon_str key = beacon_utf8_cut(raw_key, 64);
    return beacon_error_fill(err, BEACON_E_INVALID, "remove the key from the provider's profile",
                             "quirks.%.*s means nothing to this wire", (int)key.n,
                             key.n > 0 ? key.p : "");
}

static inline beacon_rc beacon_quirk_read_member(char *text, const struct beacon_quirk *quirk,
                                                 struct beacon_json *j, void *ret,
                                                 struct beacon_error *err)
{
    if (beacon_json_peek(j) == BEACON_JSON_NULL) {
        (void)beacon_json_skip(j, NULL);
        return BEACON_OK;
    }
    return beacon_quirk_read_value(text, quirk, j, ret) ? BEACON_OK
                                                        : beacon_quirk_refuse(quirk, err);
}

/* Read the endpoint's quirks into the wire's struct at `ret`, once. Fields that nothing is said
 * about, or null, stay as they are. BEACON_E_INVALID names the key that is unknown or whose value is
 * not allowed, as "quirks.KEY". Strings are slices of the endpoint's text. */
static inline beacon_rc beacon_endpoint_quirks(struct beacon_endpoint *endpoint,
                                               const struct beacon_quirk *rows, size_t n_rows,
                                               void *ret, struct beacon_error *err)
{
    struct beacon_json j;
    struct beacon_str key;
    beacon_rc rc = BEACON_OK;
    beacon_json_init(&j, endpoint->quirks);
    endpoint->quirks = beacon_span(NULL, 0); /* its strings are unescaped below */
    if (beacon_json_peek(&j) == BEACON_JSON_END) {
        return BEACON_OK;
    }
    (void)beacon_json_enter_object(&j);
    while (rc == BEACON_OK && beacon_json_next_key(&j, &key)) {
        size_t i = 0;
        while (i < n_rows && !beacon_json_key_is(key, rows[i].key)) {
            i++;
        }
        rc = i < n_rows ? beacon_quirk_read_member(endpoint->text, &rows[i], &j, ret, err)
                        : beacon_quirk_unknown(key, err);
    }
    return rc;
}

/* ---- extra ---- */

/* True when `raw_key` is in the list, whose last element is NULL. */
static inline bool beacon_extra_is_own(struct beacon_str raw_key, const char *const *own)
{
    for (size_t i = 0; own[i] != NULL; i++) {
        if (beacon_json_key_is(raw_key, own[i])) {
            return true;
        }
    }
    return false;
}

/* Refuse an `extra` that has a member the wire writes itself (`own`, the last element is NULL):
 * BEACON_E_INVALID, naming "extra.KEY". */
static inline beacon_rc beacon_endpoint_check_extra(const struct beacon_endpoint *endpoint,
                                                    const char *const *own,
                                                    struct beacon_error *err)
{
    struct beacon_json j;
    struct beacon_str raw;
    beacon_json_init(&j, endpoint->extra);
    if (beacon_json_peek(&j) == BEACON_JSON_END) {
        return BEACON_OK;
    }
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &raw) && beacon_json_skip(&j, NULL)) {
        if (beacon_extra_is_own(raw, own)) {
            return beacon_error_fill(
                err, BEACON_E_INVALID, "remove the key: it has a place already",
                "extra.%.*s is written by the provider itself", (int)raw.n, raw.p);
        }
    }
    return BEACON_OK;
}

static inline bool beacon_extra_has(struct beacon_str object, struct beacon_str raw_key)
{
    struct beacon_json j;
    struct beacon_str key;
    beacon_json_init(&j, object);
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &key) && beacon_json_skip(&j, NULL)) {
        if (beacon_span_equal(key, raw_key)) {
            return true;
        }
    }
    return false;
}

static inline void beacon_extra_put(struct beacon_json_out *out, struct beacon_str object,
                                    struct beacon_str stronger, const char *const *own)
{
    struct beacon_json j;
    struct beacon_str raw, value;
    beacon_json_init(&j, object);
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &raw) && beacon_json_skip(&j, &value)) {
        if (!beacon_extra_is_own(raw, own) && !beacon_extra_has(stronger, raw)) {
            beacon_json_put_raw(out, beacon_span(raw.p - 1, raw.n + 2)); /* with its quotes */
            beacon_json_out_bytes(out, ":", 1);
            beacon_json_out_bytes(out, value.p, value.n);
        }
    }
}

/* Append the members of `extra` to the object being written, byte for byte, then those of the
 * turn's own extra ("" or a whole JSON object), which win; never one of `own`: a key that came twice
 * would mean what the server likes. */
static inline void beacon_endpoint_put_extra(const struct beacon_endpoint *endpoint,
                                             struct beacon_str turn_extra, const char *const *own,
                                             struct beacon_json_out *out)
{
    beacon_extra_put(out, endpoint->extra, turn_extra, own);
    beacon_extra_put(out, turn_extra, BEACON_STR(""), own);
}

#endif
