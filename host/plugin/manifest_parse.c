/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/manifest.h"

#include <assert.h>
#include <beacon-sdk/json_string.h>
#include <beacon/provider.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"

#define SCHEMA       1
#define REBUILD_HINT "correct plugin.json and rebuild the plugin with beacon_add_plugin()"

/* What is being parsed and how errors call it. */
struct parse {
    struct plugin_manifest *manifest;
    struct beacon_str text; /* valid JSON */
    const char *name;
    char *room; /* for the next string */
    struct beacon_error *err;
};

/* The members that are read, by their places in `values`: raw JSON, NULL when there is none. */
enum { SCHEMA_KEY, ID, VERSION, LICENSE, HOMEPAGE, DESCRIPTION, ABI, COMPONENTS, CAPABILITIES };
static const char *const manifest_keys[] = {
    [SCHEMA_KEY] = "schema",
    [ID] = "id",
    [VERSION] = "version",
    [LICENSE] = "license",
    [HOMEPAGE] = "homepage",
    [DESCRIPTION] = "description",
    [ABI] = "abi",
    [COMPONENTS] = "components",
    [CAPABILITIES] = "capabilities",
    NULL,
};
enum { MAJOR, MINOR, MIN_HOST_MINOR };
static const char *const abi_keys[] = {
    [MAJOR] = "major", [MINOR] = "minor", [MIN_HOST_MINOR] = "min_host_minor", NULL};
enum { KIND, NAME, IFACE, FORM };
static const char *const component_keys[] = {
    [KIND] = "kind", [NAME] = "name", [IFACE] = "iface", [FORM] = "form", NULL};
#define KEYS_MAX (CAPABILITIES + 1)

static const char id_bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
static const char iface_bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789-_./";
static const char version_bytes[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.+";

/* One pass over the members of `object`, each of `keys` to its place; `null` counts as absent, and what
 * is no object has no members. Of equal keys the last counts. */
static void read_members(struct beacon_str object, const char *const *keys,
                         struct beacon_str values[KEYS_MAX])
{
    struct beacon_json j;
    struct beacon_str key, value;
    memset(values, 0, KEYS_MAX * sizeof *values);
    beacon_json_init(&j, object);
    if (beacon_json_peek(&j) != BEACON_JSON_OBJECT) {
        return;
    }
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &key) && beacon_json_skip(&j, &value)) {
        for (size_t i = 0; keys[i] != NULL; i++) {
            if (beacon_json_key_is(key, keys[i])) {
                values[i] = beacon_span_is(value, "null") ? beacon_span(NULL, 0) : value;
                break;
            }
        }
    }
}

/* The value of a string, which lives as long as the manifest; NULL when `value` is none. The strings
 * together are shorter than the text they are taken from, quotes included. */
static const char *take_string(struct parse *parse, struct beacon_str value, size_t *ret_n)
{
    if (value.n < 2 || value.p[0] != '"') {
        return NULL;
    }
    char *to = parse->room;
    *ret_n = beacon_json_unescape(beacon_span(value.p + 1, value.n - 2), to);
    to[*ret_n] = '\0';
    parse->room += *ret_n + 1;
    assert((size_t)(parse->room - parse->manifest->strings) <= parse->text.n);
    return to;
}

static const char *take_string_or(struct parse *parse, struct beacon_str value,
                                  const char *fallback)
{
    size_t n = 0;
    const char *string = take_string(parse, value, &n);
    return string != NULL ? string : fallback;
}

/* A mandatory word made of `allowed` bytes only, so that it can be shown and compared anywhere. */
static int get_word(struct parse *parse, struct beacon_str value, const char *key,
                    const char *allowed, const char **ret)
{
    size_t n = 0;
    const char *word = take_string(parse, value, &n);
    if (word == NULL) {
        return error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                         "the manifest of %s has no \"%s\" that is a string", parse->name, key);
    }
    if (n == 0 || n > MANIFEST_ID_MAX_BYTES || strspn(word, allowed) != n) {
        return error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                         "the manifest of %s has a \"%s\" that is not 1 to %u letters, digits or "
                         "punctuation of a name",
                         parse->name, key, MANIFEST_ID_MAX_BYTES);
    }
    *ret = word;
    return BEACON_OK;
}

static int get_number(const struct parse *parse, struct beacon_str value, const char *key,
                      uint32_t *ret)
{
    int64_t number = beacon_json_integer(value, -1);
    if (number < 0 || number > UINT16_MAX) {
        return error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                         "the manifest of %s has no \"%s\" that is a number from 0 to %d",
                         parse->name, key, UINT16_MAX);
    }
    *ret = (uint32_t)number;
    return BEACON_OK;
}

static int parse_schema(const struct parse *parse, struct beacon_str value)
{
    uint32_t schema = 0;
    struct beacon_json j;
    beacon_json_init(&j, parse->text);
    if (beacon_json_peek(&j) != BEACON_JSON_OBJECT) {
        return error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                         "the manifest of %s is JSON but not an object", parse->name);
    }
    int rc = get_number(parse, value, manifest_keys[SCHEMA_KEY], &schema);
    if (rc == BEACON_OK && schema != SCHEMA) {
        return error_set(parse->err, BEACON_E_UNSUPPORTED,
                         "use a newer beacon, or a build of the plugin for this one",
                         "the manifest of %s has schema %u, this host reads %d", parse->name,
                         schema, SCHEMA);
    }
    return rc;
}

static int parse_identity(struct parse *parse, const struct beacon_str *values)
{
    struct plugin_manifest *manifest = parse->manifest;
    int rc = get_word(parse, values[ID], manifest_keys[ID], id_bytes, &manifest->id);
    if (rc == BEACON_OK && strchr(manifest->id, '.') == NULL) {
        rc = error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                       "the manifest of %s has the id \"%s\", which is not like com.acme.llm",
                       parse->name, manifest->id);
    }
    if (rc == BEACON_OK) {
        rc = get_word(parse, values[VERSION], manifest_keys[VERSION], version_bytes,
                      &manifest->version);
    }
    manifest->license = take_string_or(parse, values[LICENSE], "");
    manifest->homepage = take_string_or(parse, values[HOMEPAGE], "");
    manifest->description = take_string_or(parse, values[DESCRIPTION], "");
    return rc;
}

static int parse_abi(const struct parse *parse, struct beacon_str abi)
{
    struct plugin_manifest *manifest = parse->manifest;
    struct beacon_str values[KEYS_MAX];
    if (abi.p == NULL) {
        return error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                         "the manifest of %s has no \"abi\"", parse->name);
    }
    read_members(abi, abi_keys, values);
    int rc = get_number(parse, values[MAJOR], abi_keys[MAJOR], &manifest->abi_major);
    if (rc == BEACON_OK) {
        rc = get_number(parse, values[MINOR], abi_keys[MINOR], &manifest->abi_minor);
    }
    if (rc == BEACON_OK) {
        rc = get_number(parse, values[MIN_HOST_MINOR], abi_keys[MIN_HOST_MINOR],
                        &manifest->min_host_minor);
    }
    return rc;
}

static int parse_form(struct parse *parse, struct beacon_str value,
                      struct manifest_component *component)
{
    const char *form = take_string_or(parse, value, "sans-io");
    if (strcmp(form, "own-transport") != 0) {
        /* A form of a later minor: the slots decide, the loader names what is missing. */
        component->form = MANIFEST_FORM_SANS_IO;
        return BEACON_OK;
    }
    component->form = MANIFEST_FORM_OWN_TRANSPORT;
    if (component->kind == BEACON_KIND_PROVIDER &&
        !manifest_has_capability(parse->manifest, "own-transport", "")) {
        return error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                         "the manifest of %s calls %s own-transport but does not ask for the "
                         "capability own-transport",
                         parse->name, component->name);
    }
    return BEACON_OK;
}

static int parse_component(struct parse *parse, struct beacon_str object)
{
    struct plugin_manifest *manifest = parse->manifest;
    struct manifest_component *component = &manifest->components[manifest->n_components];
    struct beacon_str values[KEYS_MAX];
    read_members(object, component_keys, values);
    int rc = get_word(parse, values[KIND], component_keys[KIND], name_bytes, &component->kind_name);
    if (rc == BEACON_OK) {
        rc = get_word(parse, values[NAME], component_keys[NAME], name_bytes, &component->name);
    }
    if (rc == BEACON_OK) {
        rc = get_word(parse, values[IFACE], component_keys[IFACE], iface_bytes, &component->iface);
    }
    if (rc != BEACON_OK) {
        return rc;
    }
    component->kind = manifest_kind(component->kind_name);
    component->is_known =
        component->kind != 0 && strcmp(component->iface, manifest_kind_iface(component->kind)) == 0;
    for (size_t i = 0; i < manifest->n_components; i++) {
        const struct manifest_component *other = &manifest->components[i];
        if (strcmp(other->kind_name, component->kind_name) == 0 &&
            strcmp(other->name, component->name) == 0) {
            return error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                             "the manifest of %s has two components %s of kind %s", parse->name,
                             component->name, component->kind_name);
        }
    }
    manifest->n_components++;
    return parse_form(parse, values[FORM], component);
}

static int parse_capability(struct parse *parse, struct beacon_str value)
{
    struct plugin_manifest *manifest = parse->manifest;
    size_t n = 0;
    const char *capability = take_string(parse, value, &n);
    if (capability == NULL) {
        return error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                         "the manifest of %s has a capability that is not a string", parse->name);
    }
    manifest->capabilities[manifest->n_capabilities++] = capability;
    return BEACON_OK;
}

static size_t count_elements(struct beacon_str list)
{
    struct beacon_json j;
    size_t n = 0;
    beacon_json_init(&j, list);
    (void)beacon_json_enter_array(&j);
    while (beacon_json_next_element(&j) && beacon_json_skip(&j, NULL)) {
        n++;
    }
    return n;
}

/* Give each element of a list member to `take`. At most `max`; absent counts as empty. */
static int parse_list(struct parse *parse, struct beacon_str list, const char *key, size_t max,
                      int (*take)(struct parse *, struct beacon_str))
{
    struct beacon_json j;
    struct beacon_str element;
    int rc = BEACON_OK;
    if (list.p == NULL) {
        return BEACON_OK;
    }
    if (list.p[0] != '[') {
        return error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                         "the manifest of %s has a \"%s\" that is not a list", parse->name, key);
    }
    const size_t n = count_elements(list);
    if (n > max) {
        return error_set(parse->err, BEACON_E_LIMIT, REBUILD_HINT,
                         "the manifest of %s lists %zu %s, at most %zu are read", parse->name, n,
                         key, max);
    }
    beacon_json_init(&j, list);
    (void)beacon_json_enter_array(&j);
    while (rc == BEACON_OK && beacon_json_next_element(&j) && beacon_json_skip(&j, &element)) {
        rc = take(parse, element);
    }
    return rc;
}

static int parse_all(struct parse *parse)
{
    struct beacon_str values[KEYS_MAX];
    struct plugin_manifest *manifest = parse->manifest;
    read_members(parse->text, manifest_keys, values);
    int rc = parse_schema(parse, values[SCHEMA_KEY]);
    if (rc == BEACON_OK) {
        rc = parse_identity(parse, values);
    }
    if (rc == BEACON_OK) {
        rc = parse_abi(parse, values[ABI]);
    }
    if (rc != BEACON_OK || manifest->abi_major != BEACON_ABI_MAJOR) {
        return rc; /* what follows has the meaning of the other major */
    }
    rc = parse_list(parse, values[CAPABILITIES], manifest_keys[CAPABILITIES],
                    MANIFEST_CAPABILITIES_MAX, parse_capability);
    if (rc == BEACON_OK) {
        rc = parse_list(parse, values[COMPONENTS], manifest_keys[COMPONENTS],
                        MANIFEST_COMPONENTS_MAX, parse_component);
    }
    if (rc == BEACON_OK && manifest->n_components == 0) {
        rc = error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                       "the manifest of %s has no \"components\"", parse->name);
    }
    return rc;
}

/* Every start reads every manifest, so no tree is made of a good one; of a bad one a tree parser says
 * what is wrong with it, and where. */
static int check_json(struct beacon_str text, const char *name, struct beacon_error *err)
{
    struct beacon_json j;
    struct beacon_error why = {0};
    AUTO_JSON struct json_object *tree = NULL;
    beacon_json_init(&j, text);
    if (beacon_json_skip(&j, NULL) && beacon_json_finished(&j) && beacon_utf8_is_valid(text)) {
        return BEACON_OK;
    }
    const bool is_known = json_parse(text.p, text.n, "JSON", &tree, &why) != BEACON_OK;
    return error_set(err, BEACON_E_INVALID, REBUILD_HINT, "the manifest of %s is broken: %s", name,
                     is_known ? why.message : "JSON: the grammar has no such thing");
}

int manifest_parse(const char *text, size_t n, const char *name, struct plugin_manifest **ret,
                   struct beacon_error *err)
{
    int rc = check_json(beacon_span(text, n), name, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct plugin_manifest *manifest = alloc_zeroed(sizeof *manifest);
    manifest->json = alloc_string_n(text, n);
    manifest->n_json = n;
    manifest->strings = alloc_grow(NULL, n, 1);
    struct parse parse = {.manifest = manifest,
                          .text = beacon_span(manifest->json, n),
                          .name = name,
                          .room = manifest->strings,
                          .err = err};
    rc = parse_all(&parse);
    if (rc != BEACON_OK) {
        manifest_destroy(manifest);
        return rc;
    }
    *ret = manifest;
    return BEACON_OK;
}
