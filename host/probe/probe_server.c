/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/probe_server.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"

/* Where the path of an address begins; NULL: it is none. */
static const char *path_of(const char *url)
{
    size_t scheme = strncasecmp(url, "https://", 8) == 0  ? 8
                    : strncasecmp(url, "http://", 7) == 0 ? 7
                                                          : 0;
    return scheme == 0 || url[scheme] == '\0' ? NULL : url + scheme + strcspn(url + scheme, "/");
}

static bool has_suffix(const char *text, size_t n, const char *suffix)
{
    size_t m = strlen(suffix);
    return n >= m && memcmp(text + n - m, suffix, m) == 0;
}

static int find_bases(const char *url, struct probe_server *server, struct beacon_error *err)
{
    const char *path = path_of(url);
    size_t n = strlen(url);
    if (path == NULL || strpbrk(url, "?#@ \t\r\n") != NULL) {
        return error_set(err, BEACON_E_INVALID,
                         "give the address of a server, like http://localhost:11434",
                         "%.80s is no address without a name, a password or a query", url);
    }
    while (n > 0 && url[n - 1] == '/') {
        n--;
    }
    bool has_path = url + n > path;
    bool has_version = has_suffix(url, n, "/v1") || has_suffix(url, n, "/v1beta");
    if (!has_version) {
        server->bases[server->n_bases++] = alloc_printf("%.*s/v1", (int)n, url);
    }
    server->bases[server->n_bases++] = alloc_string_n(url, n);
    if (!has_path) {
        server->bases[server->n_bases++] = alloc_printf("%.*s/v1beta", (int)n, url);
    }
    return BEACON_OK;
}

/* The address without a path, and `path` behind it. To free. */
static char *at_root(const struct probe_request *request, const char *path)
{
    return alloc_printf("%.*s%s", (int)(path_of(request->url) - request->url), request->url, path);
}

/* NULL: no JSON object. The caller's to put. */
static struct json_object *object_of(const struct probe_answer *answer)
{
    struct json_object *json = probe_answer_json(answer);
    if (json != NULL && !json_object_is_type(json, json_type_object)) {
        (void)json_object_put(json);
        return NULL;
    }
    return json;
}

static int get(const struct probe_request *request, const char *url, const char *body,
               enum probe_style style, struct json_object **ret, struct beacon_error *err)
{
    struct probe_answer answer;
    const struct probe_ask ask = {.url = url, .body = body, .style = style};
    int rc = probe_ask(request, &ask, &answer, err);
    *ret = rc == BEACON_OK ? object_of(&answer) : NULL;
    probe_answer_finish(&answer);
    return rc;
}

/* The first request: where nobody answers nothing else is asked. */
static int reach(const struct probe_request *request, const char *url, struct json_object **ret,
                 struct beacon_error *err)
{
    struct probe_answer answer;
    const struct probe_ask ask = {.url = url, .style = PROBE_BEARER};
    int rc = probe_ask(request, &ask, &answer, err);
    if (rc == BEACON_OK && answer.status == 0) {
        rc = answer.err.code != BEACON_OK ? answer.err.code : BEACON_E_IO;
        if (err != NULL) {
            *err = answer.err;
        }
    }
    *ret = rc == BEACON_OK ? object_of(&answer) : NULL;
    probe_answer_finish(&answer);
    return rc;
}

int64_t probe_tokens_of(struct json_object *object, const char *const *keys)
{
    for (; object != NULL && json_object_is_type(object, json_type_object) && *keys != NULL;
         keys++) {
        int64_t number = json_int_of(object, *keys, -1);
        if (number > 0 && number <= PROBE_TOKENS_MAX) {
            return number;
        }
    }
    return -1;
}

int probe_get(const struct probe_request *request, const char *path, const char *body,
              struct json_object **ret, struct beacon_error *err)
{
    AUTO_FREE char *url = at_root(request, path);
    return get(request, url, body, PROBE_BEARER, ret, err);
}

static bool is_plain(const char *id)
{
    size_t n = 0;
    for (; id[n] != '\0'; n++) {
        unsigned char c = (unsigned char)id[n];
        if (c <= 0x20 || c >= 0x7F || c == '"' || c == '\\') {
            return false;
        }
    }
    return n > 0 && n < PROBE_MODEL_BYTES;
}

static struct probe_model *find_model(const struct probe_server *server, const char *id)
{
    for (size_t i = 0; i < server->n_models; i++) {
        if (strcmp(server->models[i].id, id) == 0) {
            return &server->models[i];
        }
    }
    return NULL;
}

static struct probe_model *add_model(struct probe_server *server, const char *id)
{
    struct probe_model *found = find_model(server, id);
    if (found != NULL || !is_plain(id) || server->n_models == PROBE_MODELS_MAX) {
        return found;
    }
    server->models = alloc_grow(server->models, server->n_models + 1, sizeof *server->models);
    struct probe_model *model = &server->models[server->n_models++];
    *model = (struct probe_model){.context = -1, .max_output = -1};
    memcpy(model->id, id, strlen(id));
    return model;
}

/* One of a list, in the words of whoever made it. */
static void take_model(struct probe_server *server, struct json_object *item)
{
    static const char *const contexts[] = {"max_model_len", "context_length", "context_window",
                                           "inputTokenLimit", NULL};
    static const char *const outputs[] = {"max_completion_tokens", "max_output_tokens",
                                          "outputTokenLimit", NULL};
    if (!json_object_is_type(item, json_type_object)) {
        return;
    }
    const char *id = json_string_of(item, "id", NULL);
    id = id != NULL ? id : json_string_of(item, "name", "");
    id += strncmp(id, "models/", 7) == 0 ? 7 : 0;
    struct probe_model *model = add_model(server, id);
    if (model != NULL) {
        model->context = probe_tokens_of(item, contexts);
        model->max_output = probe_tokens_of(item, outputs);
    }
    if (strcmp(json_string_of(item, "owned_by", ""), "vllm") == 0) {
        server->local = "vllm";
    }
}

static bool take_list(struct probe_server *server, struct json_object *answer)
{
    struct json_object *list = json_member(answer, "data");
    list = list != NULL ? list : json_member(answer, "models");
    if (list == NULL || !json_object_is_type(list, json_type_array)) {
        return false;
    }
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        take_model(server, json_object_array_get_idx(list, i));
    }
    return true;
}

/* The base with a list becomes the first. */
static int list_models(const struct probe_request *request, struct probe_server *server,
                       struct beacon_error *err)
{
    size_t n_styles = request->key != NULL ? PROBE_STYLES : 1;
    for (size_t i = 0; i < server->n_bases; i++) {
        AUTO_FREE char *url = alloc_printf("%s/models", server->bases[i]);
        for (size_t style = 0; style < n_styles; style++) {
            AUTO_JSON struct json_object *answer = NULL;
            int rc = get(request, url, NULL, (enum probe_style)style, &answer, err);
            if (rc != BEACON_OK) {
                return rc;
            }
            if (answer != NULL && take_list(server, answer)) {
                char *first = server->bases[0];
                server->bases[0] = server->bases[i];
                server->bases[i] = first;
                return BEACON_OK;
            }
        }
    }
    return BEACON_OK;
}

/* Each program has an address that no other has. */
static int name_program(const struct probe_request *request, struct probe_server *server,
                        struct beacon_error *err)
{
    static const struct {
        const char *path, *key, *local;
    } programs[] = {
        {"/api/version", "version", "ollama"},
        {"/props", "default_generation_settings", "llama.cpp"},
        {"/api/v0/models", "data", "lmstudio"},
    };
    int rc = BEACON_OK;
    for (size_t i = 0; i < sizeof programs / sizeof programs[0] && rc == BEACON_OK; i++) {
        AUTO_FREE char *url = at_root(request, programs[i].path);
        AUTO_JSON struct json_object *answer = NULL;
        rc = i == 0 ? reach(request, url, &answer, err)
                    : get(request, url, NULL, PROBE_BEARER, &answer, err);
        if (answer != NULL && json_member(answer, programs[i].key) != NULL) {
            server->local = programs[i].local;
            return BEACON_OK;
        }
    }
    return rc;
}

int probe_server_look(const struct probe_request *request, struct probe_server *ret,
                      struct beacon_error *err)
{
    *ret = (struct probe_server){0};
    int rc = find_bases(request->url, ret, err);
    rc = rc == BEACON_OK ? name_program(request, ret, err) : rc;
    rc = rc == BEACON_OK ? list_models(request, ret, err) : rc;
    if (rc == BEACON_OK && request->model != NULL && add_model(ret, request->model) == NULL) {
        rc = error_set(err, BEACON_E_INVALID, "give the id that the server knows it by",
                       "%.80s is no name of a model", request->model);
    }
    if (rc != BEACON_OK) {
        probe_server_finish(ret);
    }
    return rc;
}

/* model_info has one key `<architecture>.context_length`. */
int64_t probe_ollama_context(struct json_object *answer)
{
    struct json_object *info = json_member(answer, "model_info");
    int64_t context = -1;
    if (info != NULL && json_object_is_type(info, json_type_object)) {
        json_object_object_foreach(info, key, value)
        {
            if (has_suffix(key, strlen(key), ".context_length")) {
                context = json_object_get_int64(value);
            }
        }
    }
    return context > 0 && context <= PROBE_TOKENS_MAX ? context : -1;
}

static int measure_ollama(const struct probe_request *request, struct probe_model *model,
                          struct beacon_error *err)
{
    AUTO_FREE char *url = at_root(request, "/api/show");
    AUTO_FREE char *body = alloc_printf("{\"model\":\"%s\"}", model->id); /* it has no quotes */
    AUTO_JSON struct json_object *answer = NULL;
    int rc = get(request, url, body, PROBE_BEARER, &answer, err);
    model->context = answer != NULL ? probe_ollama_context(answer) : -1;
    return rc;
}

static int measure_llama(const struct probe_request *request, struct probe_model *model,
                         struct beacon_error *err)
{
    static const char *const keys[] = {"n_ctx", NULL};
    AUTO_FREE char *url = at_root(request, "/props");
    AUTO_JSON struct json_object *answer = NULL;
    int rc = get(request, url, NULL, PROBE_BEARER, &answer, err);
    if (answer != NULL) {
        int64_t context = probe_tokens_of(json_member(answer, "default_generation_settings"), keys);
        model->context = context > 0 ? context : probe_tokens_of(answer, keys);
    }
    return rc;
}

static int measure_lmstudio(const struct probe_request *request, struct probe_model *model,
                            struct beacon_error *err)
{
    static const char *const keys[] = {"loaded_context_length", "max_context_length", NULL};
    AUTO_FREE char *url = at_root(request, "/api/v0/models");
    AUTO_JSON struct json_object *answer = NULL;
    int rc = get(request, url, NULL, PROBE_BEARER, &answer, err);
    struct json_object *list = answer != NULL ? json_member(answer, "data") : NULL;
    size_t n = list != NULL && json_object_is_type(list, json_type_array)
                   ? json_object_array_length(list)
                   : 0;
    for (size_t i = 0; i < n; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        if (json_object_is_type(item, json_type_object) &&
            strcmp(json_string_of(item, "id", ""), model->id) == 0) {
            model->context = probe_tokens_of(item, keys);
        }
    }
    return rc;
}

int probe_server_measure(const struct probe_request *request, struct probe_server *server,
                         const char *model, struct beacon_error *err)
{
    static const struct {
        const char *local;
        int (*measure)(const struct probe_request *request, struct probe_model *model,
                       struct beacon_error *err);
    } rows[] = {
        {"ollama", measure_ollama}, {"llama.cpp", measure_llama}, {"lmstudio", measure_lmstudio}};
    struct probe_model *found = find_model(server, model);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (found != NULL && found->context < 0 && server->local != NULL &&
            strcmp(rows[i].local, server->local) == 0) {
            return rows[i].measure(request, found, err);
        }
    }
    return BEACON_OK;
}

void probe_server_finish(struct probe_server *server)
{
    for (size_t i = 0; i < server->n_bases; i++) {
        free(server->bases[i]);
    }
    free(server->models);
    *server = (struct probe_server){0};
}
