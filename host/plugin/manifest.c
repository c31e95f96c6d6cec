/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/manifest.h"

#include <beacon/auth.h>
#include <beacon/provider.h>
#include <beacon/sandbox.h>
#include <beacon/telemetry.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/elf_note.h"

#define SCHEMA       1
#define REBUILD_HINT "correct plugin.json and rebuild the plugin with beacon_add_plugin()"

struct kind_row {
    uint32_t kind;
    const char *name;
    const char *iface; /* the one this host speaks */
};

static const struct kind_row kinds[] = {
    {BEACON_KIND_PROVIDER, "provider", BEACON_PROVIDER_IFACE},
    {BEACON_KIND_SANDBOX, "sandbox", BEACON_SANDBOX_IFACE},
    {BEACON_KIND_AUTH, "auth", BEACON_AUTH_IFACE},
    {BEACON_KIND_TELEMETRY, "telemetry", BEACON_TELEMETRY_IFACE},
};

const char *manifest_kind_name(uint32_t kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind == kind) {
            return kinds[i].name;
        }
    }
    return "unknown";
}

const char *manifest_kind_iface(uint32_t kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind == kind) {
            return kinds[i].iface;
        }
    }
    return "unknown";
}

/* What is being parsed and how errors call it. */
struct parse {
    struct plugin_manifest *manifest;
    const char *name;
    struct beacon_error *err;
};

static const char id_bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
static const char iface_bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789-_./";
static const char version_bytes[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.+";

/* A mandatory word made of `allowed` bytes only, so that it can be shown and compared anywhere. */
static int get_word(const struct parse *parse, struct json_object *object, const char *key,
                    const char *allowed, const char **ret)
{
    struct json_object *member = json_member(object, key);
    if (!json_object_is_type(member, json_type_string)) {
        return error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                         "the manifest of %s has no \"%s\" that is a string", parse->name, key);
    }
    const char *word = json_object_get_string(member);
    size_t n = (size_t)json_object_get_string_len(member);
    if (n == 0 || n > MANIFEST_ID_MAX_BYTES || strspn(word, allowed) != n) {
        return error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                         "the manifest of %s has a \"%s\" that is not 1 to %u letters, digits or "
                         "punctuation of a name",
                         parse->name, key, MANIFEST_ID_MAX_BYTES);
    }
    *ret = word;
    return BEACON_OK;
}

static int get_number(const struct parse *parse, struct json_object *object, const char *key,
                      uint32_t *ret)
{
    int64_t number = json_int_of(object, key, -1);
    if (number < 0 || number > UINT16_MAX) {
        return error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                         "the manifest of %s has no \"%s\" that is a number from 0 to %d",
                         parse->name, key, UINT16_MAX);
    }
    *ret = (uint32_t)number;
    return BEACON_OK;
}

static int parse_schema(const struct parse *parse)
{
    uint32_t schema = 0;
    if (!json_object_is_type(parse->manifest->tree, json_type_object)) {
        return error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                         "the manifest of %s is JSON but not an object", parse->name);
    }
    int rc = get_number(parse, parse->manifest->tree, "schema", &schema);
    if (rc == BEACON_OK && schema != SCHEMA) {
        return error_set(parse->err, BEACON_E_UNSUPPORTED,
                         "use a newer beacon, or a build of the plugin for this one",
                         "the manifest of %s has schema %u, this host reads %d", parse->name,
                         schema, SCHEMA);
    }
    return rc;
}

static int parse_identity(const struct parse *parse)
{
    struct plugin_manifest *manifest = parse->manifest;
    int rc = get_word(parse, manifest->tree, "id", id_bytes, &manifest->id);
    if (rc == BEACON_OK && strchr(manifest->id, '.') == NULL) {
        rc = error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                       "the manifest of %s has the id \"%s\", which is not like com.acme.llm",
                       parse->name, manifest->id);
    }
    if (rc == BEACON_OK) {
        rc = get_word(parse, manifest->tree, "version", version_bytes, &manifest->version);
    }
    manifest->license = json_string_of(manifest->tree, "license", "");
    manifest->homepage = json_string_of(manifest->tree, "homepage", "");
    manifest->description = json_string_of(manifest->tree, "description", "");
    return rc;
}

static int parse_abi(const struct parse *parse)
{
    struct plugin_manifest *manifest = parse->manifest;
    struct json_object *abi = json_member(manifest->tree, "abi");
    if (abi == NULL) {
        return error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                         "the manifest of %s has no \"abi\"", parse->name);
    }
    int rc = get_number(parse, abi, "major", &manifest->abi_major);
    if (rc == BEACON_OK) {
        rc = get_number(parse, abi, "minor", &manifest->abi_minor);
    }
    if (rc == BEACON_OK) {
        rc = get_number(parse, abi, "min_host_minor", &manifest->min_host_minor);
    }
    return rc;
}

static void resolve_kind(struct manifest_component *component)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(component->kind_name, kinds[i].name) == 0) {
            component->kind = kinds[i].kind;
            component->is_known = strcmp(component->iface, kinds[i].iface) == 0;
        }
    }
}

static int parse_form(const struct parse *parse, struct json_object *object,
                      struct manifest_component *component)
{
    const char *form = json_string_of(object, "form", "sans-io");
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

static int parse_component(const struct parse *parse, struct json_object *object)
{
    struct plugin_manifest *manifest = parse->manifest;
    struct manifest_component *component = &manifest->components[manifest->n_components];
    int rc = get_word(parse, object, "kind", name_bytes, &component->kind_name);
    if (rc == BEACON_OK) {
        rc = get_word(parse, object, "name", name_bytes, &component->name);
    }
    if (rc == BEACON_OK) {
        rc = get_word(parse, object, "iface", iface_bytes, &component->iface);
    }
    if (rc != BEACON_OK) {
        return rc;
    }
    resolve_kind(component);
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
    return parse_form(parse, object, component);
}

/* A list member, at most `max` long; absent counts as empty. */
static int get_list(const struct parse *parse, const char *key, size_t max,
                    struct json_object **ret_list, size_t *ret_n)
{
    struct json_object *list = json_member(parse->manifest->tree, key);
    if (list != NULL && !json_object_is_type(list, json_type_array)) {
        return error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                         "the manifest of %s has a \"%s\" that is not a list", parse->name, key);
    }
    size_t n = list == NULL ? 0 : json_object_array_length(list);
    if (n > max) {
        return error_set(parse->err, BEACON_E_LIMIT, REBUILD_HINT,
                         "the manifest of %s lists %zu %s, at most %zu are read", parse->name, n,
                         key, max);
    }
    *ret_list = list;
    *ret_n = n;
    return BEACON_OK;
}

static int parse_components(const struct parse *parse)
{
    struct json_object *list = NULL;
    size_t n = 0;
    int rc = get_list(parse, "components", MANIFEST_COMPONENTS_MAX, &list, &n);
    if (rc == BEACON_OK && n == 0) {
        return error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                         "the manifest of %s has no \"components\"", parse->name);
    }
    for (size_t i = 0; rc == BEACON_OK && i < n; i++) {
        rc = parse_component(parse, json_object_array_get_idx(list, i));
    }
    return rc;
}

static int parse_capabilities(const struct parse *parse)
{
    struct json_object *list = NULL;
    size_t n = 0;
    int rc = get_list(parse, "capabilities", MANIFEST_CAPABILITIES_MAX, &list, &n);
    for (size_t i = 0; rc == BEACON_OK && i < n; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        if (!json_object_is_type(item, json_type_string)) {
            return error_set(parse->err, BEACON_E_INVALID, REBUILD_HINT,
                             "the manifest of %s has a capability that is not a string",
                             parse->name);
        }
        parse->manifest->capabilities[i] = json_object_get_string(item);
        parse->manifest->n_capabilities = i + 1;
    }
    return rc;
}

static int parse_tree(const struct parse *parse)
{
    int rc = parse_schema(parse);
    if (rc == BEACON_OK) {
        rc = parse_identity(parse);
    }
    if (rc == BEACON_OK) {
        rc = parse_abi(parse);
    }
    if (rc != BEACON_OK || parse->manifest->abi_major != BEACON_ABI_MAJOR) {
        return rc; /* what follows has the meaning of the other major */
    }
    rc = parse_capabilities(parse);
    return rc == BEACON_OK ? parse_components(parse) : rc;
}

int manifest_parse(const char *text, size_t n, const char *name, struct plugin_manifest **ret,
                   struct beacon_error *err)
{
    struct beacon_error why = {0};
    AUTO_JSON struct json_object *tree = NULL;
    if (json_parse(text, n, "JSON", &tree, &why) != BEACON_OK) {
        return error_set(err, BEACON_E_INVALID, REBUILD_HINT, "the manifest of %s is broken: %s",
                         name, why.message);
    }
    struct plugin_manifest *manifest = alloc_zeroed(sizeof *manifest);
    manifest->tree = take_pointer(tree);
    const struct parse parse = {.manifest = manifest, .name = name, .err = err};
    int rc = parse_tree(&parse);
    if (rc != BEACON_OK) {
        manifest_destroy(manifest);
        return rc;
    }
    *ret = manifest;
    return BEACON_OK;
}

static int read_elf(const struct elf_file *file, struct plugin_manifest **ret,
                    struct beacon_error *err)
{
    AUTO_TEXT struct text note;
    text_init(&note, ELF_NOTE_MAX_BYTES);
    int rc = elf_note_read(file, &note, err);
    return rc == BEACON_OK ? manifest_parse(text_string(&note), note.len, file->name, ret, err)
                           : rc;
}

int manifest_read_bytes(const void *bytes, size_t n, const char *name, struct plugin_manifest **ret,
                        struct beacon_error *err)
{
    const struct elf_file file = {
        .name = name, .fd = -1, .memory = bytes, .in_memory = n, .size = n};
    return read_elf(&file, ret, err);
}

static int cannot_open(const char *name, struct beacon_error *err)
{
    return error_set_errno(err, BEACON_E_IO, errno,
                           "make the file readable, or remove it from the plugin folder",
                           "cannot open %s: %s", name, strerror(errno));
}

int manifest_read_fd(int fd, const char *name, struct plugin_manifest **ret,
                     struct beacon_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return cannot_open(name, err);
    }
    if (!S_ISREG(st.st_mode)) {
        return error_set(err, BEACON_E_INVALID, "remove it from the plugin folder",
                         "%s is %s, not a plugin file", name,
                         S_ISDIR(st.st_mode) ? "a folder" : "no regular file");
    }
    const struct elf_file file = {.name = name, .fd = fd, .size = (uint64_t)st.st_size};
    return read_elf(&file, ret, err);
}

int manifest_read_file(const char *path, struct plugin_manifest **ret, struct beacon_error *err)
{
    const char *name = path_base(path);
    /* O_NONBLOCK: a fifo in the folder must not stop the program. */
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return fd < 0 ? cannot_open(name, err) : manifest_read_fd(fd, name, ret, err);
}

int manifest_check_abi(const struct plugin_manifest *manifest, const char *name,
                       struct beacon_error *err)
{
    if (manifest->abi_major != BEACON_ABI_MAJOR) {
        return error_set(err, BEACON_E_UNSUPPORTED,
                         "rebuild it with an SDK of major 1, or use a newer beacon",
                         "%s speaks ABI major %u, this host speaks %u", name, manifest->abi_major,
                         BEACON_ABI_MAJOR);
    }
    if (manifest->min_host_minor > BEACON_ABI_MINOR) {
        return error_set(
            err, BEACON_E_UNSUPPORTED, "use a newer beacon, or a build of the plugin for this one",
            "%s needs a host of ABI %u.%u, this one is %u.%u", name, manifest->abi_major,
            manifest->min_host_minor, BEACON_ABI_MAJOR, BEACON_ABI_MINOR);
    }
    return BEACON_OK;
}

bool manifest_has_capability(const struct plugin_manifest *manifest, const char *prefix,
                             const char *value)
{
    size_t n = strlen(prefix);
    for (size_t i = 0; i < manifest->n_capabilities; i++) {
        const char *capability = manifest->capabilities[i];
        if (strncmp(capability, prefix, n) == 0 &&
            (value == NULL || fnmatch(capability + n, value, 0) == 0)) {
            return true;
        }
    }
    return false;
}

void manifest_destroy(struct plugin_manifest *manifest)
{
    if (manifest != NULL) {
        json_object_put(manifest->tree);
        free(manifest);
    }
}
