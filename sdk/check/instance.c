/* SPDX-License-Identifier: Apache-2.0 */
#include "instance.h"

#include <beacon/auth.h>
#include <beacon/provider.h>
#include <beacon/sandbox.h>
#include <beacon/telemetry.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/path.h"
#include "check.h"
#include "plugin/manifest.h"
#include "plugin/sized.h"
#include "slate.h"

#define ORIGIN_BYTES 256
#define CODE_LOWEST  BEACON_E_POLICY
#define PLAIN        (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

/* ---- a configuration out of a schema ---- */

/* "net:https://x.example.com" is an origin; a glob becomes one of those it means. */
static bool origin_of(const char *glob, char *ret, size_t n)
{
    if (strcmp(glob, "*") == 0) {
        (void)snprintf(ret, n, "https://check.invalid");
        return true;
    }
    size_t used = strstr(glob, "://") == NULL ? (size_t)snprintf(ret, n, "https://") : 0;
    for (; *glob != '\0' && used + 8 < n; glob++) {
        if (*glob == '*' || *glob == '?') {
            used += (size_t)snprintf(ret + used, n - used, "%s", *glob == '*' ? "check" : "c");
        } else {
            ret[used++] = *glob;
            ret[used] = '\0';
        }
    }
    return used > 0;
}

bool instance_origin(const struct check_case *c, char *ret, size_t n)
{
    for (size_t i = 0; i < c->manifest->n_capabilities; i++) {
        if (strncmp(c->manifest->capabilities[i], "net:", 4) == 0) {
            return origin_of(c->manifest->capabilities[i] + 4, ret, n);
        }
    }
    return false;
}

/* A file that may be made, in the folder that the process of a check has for itself. */
static struct json_object *path_in_folder(void)
{
    AUTO_FREE char *cwd = path_cwd();
    AUTO_FREE char *path = path_join(cwd != NULL ? cwd : "/tmp", "check");
    return json_object_new_string(path);
}

static struct json_object *value_of_type(const struct check_case *c, const char *key,
                                         struct json_object *property)
{
    const char *type = json_string_of(property, "type", "string");
    char origin[ORIGIN_BYTES];
    if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0) {
        return json_object_new_int64(json_int_of(property, "minimum", 1));
    }
    if (strcmp(type, "boolean") == 0) {
        return json_object_new_boolean(false);
    }
    if (strcmp(type, "object") == 0) {
        return json_object_new_object();
    }
    if (strcmp(type, "array") == 0) {
        return json_object_new_array();
    }
    if (strstr(key, "url") != NULL && instance_origin(c, origin, sizeof origin)) {
        return json_object_new_string(origin);
    }
    return strstr(key, "path") != NULL ? path_in_folder() : json_object_new_string("check");
}

static struct json_object *value_of(const struct check_case *c, const char *key,
                                    struct json_object *property)
{
    struct json_object *given = json_member(property, "default");
    struct json_object *list = json_member(property, "examples");
    list = list != NULL ? list : json_member(property, "enum");
    if (given == NULL && json_object_is_type(list, json_type_array)) {
        given = json_object_array_get_idx(list, 0);
    }
    return given != NULL ? json_object_get(given) : value_of_type(c, key, property);
}

static struct json_object *derive(const struct check_case *c, struct json_object *schema)
{
    struct json_object *config = json_object_new_object();
    struct json_object *required = json_member(schema, "required");
    struct json_object *properties = json_member(schema, "properties");
    const size_t n =
        json_object_is_type(required, json_type_array) ? json_object_array_length(required) : 0;
    for (size_t i = 0; i < n; i++) {
        const char *key = json_object_get_string(json_object_array_get_idx(required, i));
        if (key != NULL) {
            (void)json_object_object_add(config, key,
                                         value_of(c, key, json_member(properties, key)));
        }
    }
    return config;
}

static struct json_object *parse(const char *text)
{
    struct json_object *tree = NULL;
    if (text != NULL) {
        (void)json_parse(text, strlen(text), "text", &tree, NULL);
    }
    return tree;
}

char *instance_config_for(const struct check_case *c, const char *schema)
{
    if (c->request->config != NULL) {
        return alloc_string(c->request->config);
    }
    AUTO_JSON struct json_object *tree = parse(schema);
    AUTO_JSON struct json_object *config = derive(c, tree);
    return alloc_string(json_object_to_json_string_ext(config, PLAIN));
}

/* ---- the maker ---- */

/* All four tables have the two slots, at places of their own. */
static bool find_slots(struct instance_maker *maker)
{
    union {
        struct beacon_provider provider;
        struct beacon_sandbox sandbox;
        struct beacon_auth auth;
        struct beacon_telemetry telemetry;
    } full;
    if (sized_copy(&full, sizeof full, maker->component.vtable, "table", NULL) != BEACON_OK) {
        return false;
    }
    switch (maker->component.kind) {
    case BEACON_KIND_PROVIDER:
        maker->create = full.provider.create;
        maker->destroy = full.provider.destroy;
        break;
    case BEACON_KIND_SANDBOX:
        maker->create = full.sandbox.create;
        maker->destroy = full.sandbox.destroy;
        break;
    case BEACON_KIND_AUTH:
        maker->create = full.auth.create;
        maker->destroy = full.auth.destroy;
        break;
    default:
        maker->create = full.telemetry.create;
        maker->destroy = full.telemetry.destroy;
    }
    return maker->create != NULL && maker->destroy != NULL;
}

bool instance_maker_init(struct check_case *c, struct instance_maker *ret)
{
    *ret = (struct instance_maker){0};
    if (!subject_load(c, &ret->subject) || !subject_component(c, &ret->subject, &ret->component)) {
        return false;
    }
    if (!find_slots(ret)) {
        check_skip(c, "create or destroy is missing, see L.tables");
        return false;
    }
    ret->schema = parse(ret->component.config_schema);
    ret->config = parse(c->request->config);
    if (ret->config == NULL) {
        ret->config = derive(c, ret->schema);
    }
    return true;
}

const char *maker_config(const struct instance_maker *maker)
{
    return json_object_to_json_string_ext(maker->config,
                                          JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

beacon_rc maker_create(const struct instance_maker *maker, const char *config, size_t n, void **ret,
                       struct beacon_error *err)
{
    const struct beacon_str text = {config, n};
    slot_enter("create");
    beacon_rc rc = maker->create(maker->subject.state, maker->subject.host, text, ret, err);
    slot_leave();
    return rc;
}

void maker_destroy(const struct instance_maker *maker, void *inst)
{
    slot_enter("destroy");
    maker->destroy(inst);
    slot_leave();
}

void instance_check_error(struct check_case *c, beacon_rc rc, const struct beacon_error *err,
                          const char *tried)
{
    static const char expected[] = "one of the codes of error.h, a message and a hint";
    static const char remedy[] = "fill the error with beacon_error_fill() of beacon-sdk/error.h";
    if (rc > 0 || rc < CODE_LOWEST) {
        check_fail(c, expected, remedy, "%s returned %d, which is no code", tried, (int)rc);
    } else if (err->code != rc) {
        check_fail(c, expected, remedy, "%s returned %d, and the error says %d", tried, (int)rc,
                   (int)err->code);
    } else if (memchr(err->message, '\0', sizeof err->message) == NULL ||
               memchr(err->hint, '\0', sizeof err->hint) == NULL) {
        check_fail(c, "texts that end with NUL", remedy, "%s: message or hint has no end", tried);
    } else if (err->message[0] == '\0' || err->hint[0] == '\0') {
        check_fail(c, expected, remedy, "%s returned %d with no %s", tried, (int)rc,
                   err->message[0] == '\0' ? "message" : "hint");
    }
}
