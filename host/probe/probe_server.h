/* probe_server.h - which program is behind an address, and which models it has. Private to the room.
 * Thread: [main].
 */
#ifndef HOST_PROBE_PROBE_SERVER_H
#define HOST_PROBE_PROBE_SERVER_H

#include "probe/probe_client.h"

#define PROBE_MODELS_MAX  200
#define PROBE_MODEL_BYTES 160
#define PROBE_BASES_MAX   3
#define PROBE_TOKENS_MAX  INT64_C(1000000000) /* a larger number is none */

struct probe_model {
    char id[PROBE_MODEL_BYTES];
    int64_t context, max_output; /* -1: unknown */
};

struct probe_server {
    char *bases[PROBE_BASES_MAX]; /* addresses that may be the base_url, likeliest first; owned */
    size_t n_bases;
    const char *local;          /* as in the configuration; NULL: none of those known. Static */
    struct probe_model *models; /* owned */
    size_t n_models;
};

/* INVALID: `url` is no address. Otherwise as probe_ask(): what does not answer is no failure. */
int probe_server_look(const struct probe_request *request, struct probe_server *ret,
                      struct beacon_error *err);
void probe_server_finish(struct probe_server *server);

/* Ask the program itself how much `model` holds, where it can be asked; fills what is still unknown. */
int probe_server_measure(const struct probe_request *request, struct probe_server *server,
                         const char *model, struct beacon_error *err);

/* Ask at `path` of the server's root; `body` NULL: GET. *ret is a JSON object, the caller's to put, or NULL:
 * it did not answer with one. */
int probe_get(const struct probe_request *request, const char *path, const char *body,
              struct json_object **ret, struct beacon_error *err);

/* The first of `keys` (NULL-terminated) that `object` has a number of tokens for; -1: none. */
int64_t probe_tokens_of(struct json_object *object, const char *const *keys);

/* What /api/show of Ollama says the model was made for; -1: nothing. */
int64_t probe_ollama_context(struct json_object *answer);

#endif
