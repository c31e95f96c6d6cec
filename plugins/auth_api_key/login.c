/* SPDX-License-Identifier: Apache-2.0 */
#include "login.h"

#include <string.h>

#include <beacon-sdk/error.h>

#include "key.h"

#define TRIES_MAX 16 /* of setting it against other processes that do the same */

static beacon_rc no_store(struct beacon_error *err)
{
    return beacon_error_fill(err, BEACON_E_UNSUPPORTED, "set an environment variable to the key",
                             "this host keeps no secrets, so there is no login");
}

static beacon_rc ask(const struct api_key_instance *instance, const struct beacon_cancel *c,
                     struct api_key *ret, struct beacon_error *err)
{
    const struct beacon_sink sink = api_key_sink(ret);
    beacon_rc rc = instance->ui != NULL
                       ? instance->ui->prompt(instance->host, BEACON_STR("API key"), 1, &sink, c)
                       : BEACON_E_UNSUPPORTED;
    if (rc == BEACON_E_UNSUPPORTED) {
        return beacon_error_fill(err, rc, "pipe the key into `beacon login --with-api-key`",
                                 "nobody is there to be asked for the API key");
    }
    if (rc == BEACON_E_CANCELLED) {
        return beacon_error_fill(err, rc, "try again", "the login was given up");
    }
    if (rc == BEACON_E_LIMIT) {
        return beacon_error_fill(err, rc, "pipe one API key into it",
                                 "what was given is no API key: it is over %u bytes", KEY_MAX);
    }
    if (rc < BEACON_OK) {
        return beacon_error_fill(err, rc, "pipe one API key into it",
                                 "the API key could not be read");
    }
    api_key_trim(ret);
    return BEACON_OK;
}

/* Printable ASCII without blanks: a slip of the hand is told now, not by the server. */
static beacon_rc check(const struct api_key *key, struct beacon_error *err)
{
    if (key->n == 0) {
        return beacon_error_fill(err, BEACON_E_INVALID, "pipe the key into it, or type it in",
                                 "No API key provided");
    }
    for (size_t i = 0; i < key->n; i++) {
        if ((unsigned char)key->text[i] <= ' ' || (unsigned char)key->text[i] >= 0x7f) {
            return beacon_error_fill(err, BEACON_E_INVALID, "copy the key again",
                                     "what was given is no API key: it has a blank, a control "
                                     "character or a character that is not ASCII in it");
        }
    }
    return BEACON_OK;
}

static beacon_rc nowhere(const struct beacon_sink *sink, const void *p, size_t n)
{
    (void)sink;
    (void)p;
    (void)n;
    return BEACON_OK;
}

/* Is there a value for `name`, and of which generation? */
static beacon_rc look(const struct api_key_instance *instance, struct beacon_str name,
                      uint64_t *ret_generation, struct beacon_error *err)
{
    struct beacon_sink sink = BEACON_INIT(struct beacon_sink);
    sink.put = nowhere;
    *ret_generation = 0;
    return instance->secrets->get(instance->host, name, &sink, ret_generation, err);
}

static beacon_rc keep(const struct api_key_instance *instance, const struct api_key *key,
                      struct beacon_error *err)
{
    const struct beacon_bytes value = {(const uint8_t *)key->text, key->n};
    beacon_rc rc = BEACON_E_BUSY;
    for (int i = 0; rc == BEACON_E_BUSY && i < TRIES_MAX; i++) {
        uint64_t generation = 0;
        rc = look(instance, BEACON_STR(KEY_NAME), &generation, err);
        if (rc == BEACON_OK || rc == BEACON_E_NOT_FOUND) {
            rc = instance->secrets->set(instance->host, BEACON_STR(KEY_NAME), value, generation,
                                        err);
        }
    }
    return rc;
}

beacon_rc api_key_login(void *inst, struct beacon_str account, uint32_t method,
                        const struct beacon_cancel *c, struct beacon_error *e)
{
    const struct api_key_instance *instance = inst;
    (void)account;
    if (method != BEACON_LOGIN_SECRET) {
        return beacon_error_fill(e, BEACON_E_UNSUPPORTED,
                                 "pipe the key into `beacon login --with-api-key`",
                                 "the auth plugin api_key logs in with an API key only");
    }
    if (instance->secrets == NULL) {
        return no_store(e);
    }
    struct api_key key;
    memset(&key, 0, sizeof key);
    beacon_rc rc = ask(instance, c, &key, e);
    rc = rc == BEACON_OK ? check(&key, e) : rc;
    rc = rc == BEACON_OK ? keep(instance, &key, e) : rc;
    api_key_wipe(&key);
    return rc;
}

beacon_rc api_key_logout(void *inst, struct beacon_str account, const struct beacon_cancel *c,
                         struct beacon_error *e)
{
    const struct api_key_instance *instance = inst;
    uint64_t generation = 0;
    (void)account;
    (void)c;
    if (instance->secrets == NULL) {
        return no_store(e);
    }
    struct beacon_error unused = BEACON_INIT(struct beacon_error);
    beacon_rc key = look(instance, BEACON_STR(KEY_NAME), &generation, &unused);
    beacon_rc tokens = look(instance, BEACON_STR(TOKENS_NAME), &generation, &unused);
    if (key == BEACON_E_NOT_FOUND && tokens == BEACON_E_NOT_FOUND) {
        return beacon_error_fill(e, BEACON_E_NOT_FOUND, "log in with `beacon login --with-api-key`",
                                 "Not logged in");
    }
    /* Also when they cannot be read: logging out is the way out of that. */
    return instance->secrets->erase(instance->host, BEACON_STR(KEY_NAME), e);
}
