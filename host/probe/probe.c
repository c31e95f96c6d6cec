/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/probe.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "probe/probe_profile.h"
#include "probe/probe_server.h"
#include "probe/probe_wire.h"

/* The first of these that calls the tool is taken; a program of one's own knows chat best. */
static const enum probe_wire_name for_services[] = {PROBE_RESPONSES, PROBE_MESSAGES, PROBE_GEMINI,
                                                    PROBE_CHAT};
static const enum probe_wire_name for_local[] = {PROBE_CHAT, PROBE_RESPONSES, PROBE_MESSAGES,
                                                 PROBE_GEMINI};

struct look {
    const struct probe_request *request;
    struct probe_server server;
    struct probe_wire wires[PROBE_WIRES];
    const char *base_url; /* that the wires were tried at */
    const char *model;
};

static bool answers(const struct look *look)
{
    bool is_any = false;
    for (size_t i = 0; i < PROBE_WIRES; i++) {
        is_any = is_any || look->wires[i].is_spoken || look->wires[i].wants_key;
    }
    return is_any;
}

/* At the likeliest address; at the next one when no wire is there. */
static int try_wires(struct look *look, struct beacon_error *err)
{
    int rc = BEACON_OK;
    for (size_t b = 0; b < look->server.n_bases && rc == BEACON_OK; b++) {
        look->base_url = look->server.bases[b];
        for (int i = 0; i < PROBE_WIRES && rc == BEACON_OK; i++) {
            rc = probe_wire_try(look->request, look->base_url, look->model, (enum probe_wire_name)i,
                                &look->wires[i], err);
        }
        if (rc == BEACON_OK && (answers(look) || look->server.n_models > 0)) {
            break;
        }
    }
    return rc;
}

static const struct probe_wire *choose(const struct look *look)
{
    const enum probe_wire_name *order = look->server.local != NULL ? for_local : for_services;
    const struct probe_wire *spoken = NULL;
    for (size_t i = 0; i < PROBE_WIRES; i++) {
        const struct probe_wire *wire = &look->wires[order[i]];
        if (wire->has_call) {
            return wire;
        }
        spoken = spoken == NULL && wire->is_spoken ? wire : spoken;
    }
    return spoken;
}

static void put(struct json_object *object, const char *key, const char *value)
{
    (void)json_object_object_add(object, key, value != NULL ? json_object_new_string(value) : NULL);
}

static struct json_object *models_json(const struct probe_server *server)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < server->n_models; i++) {
        const struct probe_model *model = &server->models[i];
        struct json_object *item = json_object_new_object();
        put(item, "id", model->id);
        (void)json_object_object_add(item, "context", json_object_new_int64(model->context));
        (void)json_object_object_add(item, "max_output", json_object_new_int64(model->max_output));
        (void)json_object_array_add(list, item);
    }
    return list;
}

static struct json_object *findings_json(const struct look *look, const char *id,
                                         const struct probe_wire *chosen)
{
    struct json_object *object = json_object_new_object();
    struct json_object *wires = json_object_new_array();
    for (size_t i = 0; i < PROBE_WIRES; i++) {
        (void)json_object_array_add(wires, probe_wire_json(&look->wires[i]));
    }
    put(object, "id", id);
    put(object, "base_url", look->base_url);
    put(object, "local", look->server.local);
    put(object, "model", look->model);
    (void)json_object_object_add(object, "models", models_json(&look->server));
    (void)json_object_object_add(object, "wires", wires);
    put(object, "chosen", chosen != NULL ? chosen->name : NULL);
    return object;
}

static int refuse(const struct look *look, struct beacon_error *err)
{
    bool wants_key = false;
    for (size_t i = 0; i < PROBE_WIRES; i++) {
        wants_key = wants_key || look->wires[i].wants_key;
    }
    if (wants_key && look->request->key == NULL) {
        return error_set(err, BEACON_E_NOT_FOUND,
                         "name the variable that holds the key with --key-env",
                         "the server at %.120s wants a key", look->request->url);
    }
    return error_set(err, BEACON_E_NOT_FOUND,
                     "check the address, and name a model it has with --model",
                     "nothing at %.120s speaks one of the wires: %.80s", look->request->url,
                     look->wires[PROBE_CHAT].reason);
}

static int finish(const struct look *look, struct json_object **ret, struct text *profile,
                  struct beacon_error *err)
{
    const struct probe_request *request = look->request;
    const struct probe_wire *chosen = choose(look);
    AUTO_FREE char *made = probe_profile_id(&look->server, request->url);
    const char *id = request->id != NULL ? request->id : made;
    const struct probe_findings findings = {request,       id,     look->base_url,
                                            &look->server, chosen, look->model};
    *ret = findings_json(look, id, chosen);
    return chosen != NULL ? probe_profile_write(&findings, profile, err) : refuse(look, err);
}

int probe_run(const struct probe_request *request, struct json_object **ret, struct text *profile,
              struct beacon_error *err)
{
    struct look look = {.request = request};
    *ret = NULL;
    int rc = probe_server_look(request, &look.server, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    look.model = request->model != NULL     ? request->model
                 : look.server.n_models > 0 ? look.server.models[0].id
                                            : "default";
    rc = probe_server_measure(request, &look.server, look.model, err);
    rc = rc == BEACON_OK ? try_wires(&look, err) : rc;
    rc = rc == BEACON_OK ? finish(&look, ret, profile, err) : rc;
    probe_server_finish(&look.server);
    return rc;
}
