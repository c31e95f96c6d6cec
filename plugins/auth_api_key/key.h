/* key.h - one instance, and how its API key is found. A key is on the stack of whoever looks for it,
 * and wiped there: nothing of it stays in the instance. */
#ifndef AUTH_API_KEY_KEY_H
#define AUTH_API_KEY_KEY_H

#include <beacon/auth.h>

#include "config.h"

#define KEY_MAX     8192u
#define KEY_NAME    "OPENAI_API_KEY" /* of the host's store: a member of auth.json */
#define TOKENS_NAME "tokens"

struct api_key_instance {
    const struct beacon_host *host;
    const struct beacon_host_env *env;         /* NULL: the host has none */
    const struct beacon_host_secrets *secrets; /* NULL: likewise */
    const struct beacon_host_ui *ui;           /* NULL: likewise */
    struct api_key_config config;
};

struct api_key {
    char text[KEY_MAX]; /* without blanks around it; no NUL counted */
    size_t n;           /* 0: there is no key */
    uint64_t generation;
    char source[128]; /* name of the variable, or "auth.json" */
    bool is_stored;
    bool has_tokens; /* no key, but auth.json has a login of another kind */
};

/* The first source with a key. No key is not a failure. IO, INVALID: auth.json cannot be read. */
beacon_rc api_key_find(const struct api_key_instance *instance, struct api_key *ret,
                       struct beacon_error *err);

/* A sink that fills `key`: LIMIT when there is more than KEY_MAX. */
struct beacon_sink api_key_sink(struct api_key *key);

void api_key_trim(struct api_key *key);           /* blanks around it, and all from a line end on */
bool api_key_is_sound(const struct api_key *key); /* nothing in it that a header cannot have */
void api_key_wipe(struct api_key *key);

#endif
