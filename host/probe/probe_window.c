/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/probe_window.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/json.h"
#include "probe/probe_server.h"

static bool is_model(struct json_object *item, const char *key, const char *model)
{
    return json_object_is_type(item, json_type_object) &&
           strcmp(json_string_of(item, key, ""), model) == 0;
}

/* The member of `list`, an array of objects, whose `key` is the model; NULL: there is none. */
static struct json_object *find(struct json_object *list, const char *key, const char *model)
{
    const bool is_list = list != NULL && json_object_is_type(list, json_type_array);
    const size_t n = is_list ? json_object_array_length(list) : 0;
    for (size_t i = 0; i < n; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        if (is_model(item, key, model)) {
            return item;
        }
    }
    return NULL;
}

static int64_t tokens(struct json_object *object, const char *key)
{
    const char *const keys[] = {key, NULL};
    return object != NULL ? probe_tokens_of(object, keys) : -1;
}

/* ---- Ollama: a name without a tag means :latest ---- */

/* The line "num_ctx 32768" among the parameters of the model's file. */
static int64_t configured_of(struct json_object *shown)
{
    static const char key[] = "num_ctx";
    const char *line = json_string_of(shown, "parameters", "");
    while (line != NULL) {
        line += strspn(line, " \t\r\n");
        if (strncmp(line, key, sizeof key - 1) == 0) {
            const long long number = strtoll(line + sizeof key - 1, NULL, 10);
            return number > 0 && number <= PROBE_TOKENS_MAX ? number : -1;
        }
        line = strchr(line, '\n');
    }
    return -1;
}

static char *body_of(const char *model)
{
    AUTO_JSON struct json_object *body = json_object_new_object();
    json_object_object_add(body, "model", json_object_new_string(model));
    return alloc_string(json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN));
}

static int64_t running_of(struct json_object *answer, const char *model)
{
    struct json_object *list = json_member(answer, "models");
    AUTO_FREE char *latest = alloc_printf("%s:latest", model);
    struct json_object *item = find(list, "name", model);
    item = item != NULL ? item : find(list, "name", latest);
    return tokens(item, "context_length");
}

static int look_at_ollama(const struct probe_request *request, struct probe_window *ret,
                          struct beacon_error *err)
{
    AUTO_FREE char *body = body_of(request->model);
    AUTO_JSON struct json_object *shown = NULL, *running = NULL;
    int rc = probe_get(request, "/api/show", body, &shown, err);
    if (rc == BEACON_OK && shown != NULL) {
        ret->largest = probe_ollama_context(shown);
        ret->configured = configured_of(shown);
        rc = probe_get(request, "/api/ps", NULL, &running, err);
    }
    ret->loaded = running != NULL ? running_of(running, request->model) : -1;
    return rc;
}

/* ---- the others ---- */

static int look_at_llama(const struct probe_request *request, struct probe_window *ret,
                         struct beacon_error *err)
{
    AUTO_JSON struct json_object *answer = NULL;
    int rc = probe_get(request, "/props", NULL, &answer, err);
    if (answer != NULL) {
        const int64_t context = tokens(json_member(answer, "default_generation_settings"), "n_ctx");
        ret->loaded = context > 0 ? context : tokens(answer, "n_ctx");
    }
    return rc;
}

static int look_at_lmstudio(const struct probe_request *request, struct probe_window *ret,
                            struct beacon_error *err)
{
    AUTO_JSON struct json_object *answer = NULL;
    int rc = probe_get(request, "/api/v0/models", NULL, &answer, err);
    struct json_object *item =
        answer != NULL ? find(json_member(answer, "data"), "id", request->model) : NULL;
    ret->loaded = tokens(item, "loaded_context_length");
    ret->largest = tokens(item, "max_context_length");
    return rc;
}

static int look_at_vllm(const struct probe_request *request, struct probe_window *ret,
                        struct beacon_error *err)
{
    AUTO_JSON struct json_object *answer = NULL;
    int rc = probe_get(request, "/v1/models", NULL, &answer, err);
    struct json_object *item =
        answer != NULL ? find(json_member(answer, "data"), "id", request->model) : NULL;
    ret->loaded = tokens(item, "max_model_len");
    return rc;
}

int probe_window(const struct probe_request *request, const char *local, struct probe_window *ret,
                 struct beacon_error *err)
{
    static const struct {
        const char *local;
        int (*look)(const struct probe_request *request, struct probe_window *ret,
                    struct beacon_error *err);
    } programs[] = {{"ollama", look_at_ollama},
                    {"llama.cpp", look_at_llama},
                    {"lmstudio", look_at_lmstudio},
                    {"vllm", look_at_vllm}};
    *ret = (struct probe_window){-1, -1, -1};
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        if (strcmp(programs[i].local, local) == 0) {
            return programs[i].look(request, ret, err);
        }
    }
    return BEACON_OK;
}

int64_t probe_window_effective(const struct probe_window *window)
{
    return window->loaded > 0 ? window->loaded : window->configured;
}
