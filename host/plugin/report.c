/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/report.h"

#include <beacon/plugin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"
#include "plugin/discover.h"
#include "plugin/manifest.h"

bool report_add_shown(struct text *out, const char *words)
{
    size_t left = strlen(words);
    while (left > 0) {
        const unsigned char first = (unsigned char)words[0];
        size_t n = utf8_length(words, left);
        const bool is_c1 = n == 2 && first == 0xc2 && (unsigned char)words[1] < 0xa0;
        const bool is_shown = n > 0 && first >= 0x20 && first != 0x7f && !is_c1;
        n = is_shown ? n : 1;
        if (!(is_shown ? text_add(out, words, n) : text_addf(out, "\\x%02x", first))) {
            return false;
        }
        words += n;
        left -= n;
    }
    return true;
}

const char *report_form_name(const struct manifest_component *component)
{
    if (component->kind != BEACON_KIND_PROVIDER && component->kind != BEACON_KIND_TELEMETRY) {
        return "-";
    }
    return component->form == MANIFEST_FORM_OWN_TRANSPORT ? "own-transport" : "sans-io";
}

struct capability_row {
    const char *prefix;
    bool takes_value;
    const char *words;
    const char *any; /* instead of a lone * */
};

static const struct capability_row capabilities[] = {
    {"net:", true, "the host may send its requests to ", "any server"},
    {"exec:", true, "it may have the host run ", "any program"},
    {"fs-read:", true, "it may read files of the class ", "every class"},
    {"fs-write:", true, "it may write files of the class ", "every class"},
    {"env:", true, "it may read the environment variables ", "all of them"},
    {"secrets", false, "it may store and read secrets of its own", NULL},
    {"ui", false, "it may ask the person something", NULL},
    {"kernel", false, "it may shape the sandbox with means of the kernel", NULL},
    {"own-transport", false, "it makes its own network connections, the host does not see them",
     NULL},
    {"threads", false, "it may start threads", NULL},
};

bool report_add_capability(struct text *out, const char *capability)
{
    for (size_t i = 0; i < sizeof capabilities / sizeof capabilities[0]; i++) {
        const struct capability_row *row = &capabilities[i];
        const size_t n = strlen(row->prefix);
        if (row->takes_value && strncmp(capability, row->prefix, n) == 0) {
            const char *value = strcmp(capability + n, "*") == 0 ? row->any : capability + n;
            return text_add_string(out, row->words) && report_add_shown(out, value);
        }
        if (!row->takes_value && strcmp(capability, row->prefix) == 0) {
            return text_add_string(out, row->words);
        }
    }
    return text_add_string(out, "unknown to this host, which grants nothing for it");
}

const char *report_place_words(const struct plugin_visit *visit)
{
    static const char *const words[] = {
        [PLUGIN_PLACE_STATIC] = "part of the program",
        [PLUGIN_PLACE_SYSTEM_DROPIN] = "drop-in files of the system",
        [PLUGIN_PLACE_HOME_DROPIN] = "your drop-in files",
        [PLUGIN_PLACE_ENV] = "BEACON_PLUGIN_PATH",
        [PLUGIN_PLACE_HOME] = "your plugins",
        [PLUGIN_PLACE_BUNDLED] = "plugins that came with beacon",
        [PLUGIN_PLACE_LIBDIR] = "plugins of the system",
    };
    return words[visit->place];
}

void report_put_string(struct json_object *object, const char *key, const char *value)
{
    AUTO_TEXT struct text clean;
    text_init(&clean, SIZE_MAX);
    (void)utf8_add_lossy(&clean, value, strlen(value));
    json_object_object_add(object, key, json_object_new_string(text_string(&clean)));
}

void report_put_bool(struct json_object *object, const char *key, bool value)
{
    json_object_object_add(object, key, json_object_new_boolean(value));
}

void report_put_refusal(struct json_object *object, const struct beacon_error *refusal)
{
    report_put_string(object, "code", error_type(refusal->code));
    report_put_string(object, "reason", refusal->message);
    report_put_string(object, "hint", refusal->hint);
}

static struct json_object *components_json(const struct plugin_manifest *manifest)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < manifest->n_components; i++) {
        const struct manifest_component *component = &manifest->components[i];
        struct json_object *object = json_object_new_object();
        report_put_string(object, "kind", component->kind_name);
        report_put_string(object, "name", component->name);
        report_put_string(object, "iface", component->iface);
        report_put_string(object, "form", report_form_name(component));
        report_put_bool(object, "known", component->is_known);
        json_object_array_add(list, object);
    }
    return list;
}

static struct json_object *capabilities_json(const struct plugin_manifest *manifest)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < manifest->n_capabilities; i++) {
        json_object_array_add(list, json_object_new_string(manifest->capabilities[i]));
    }
    return list;
}

static struct json_object *abi_json(const struct plugin_manifest *manifest)
{
    struct json_object *abi = json_object_new_object();
    json_object_object_add(abi, "major", json_object_new_int64(manifest->abi_major));
    json_object_object_add(abi, "minor", json_object_new_int64(manifest->abi_minor));
    json_object_object_add(abi, "min_host_minor", json_object_new_int64(manifest->min_host_minor));
    return abi;
}

void report_put_manifest(struct json_object *object, const struct plugin_manifest *manifest)
{
    report_put_string(object, "id", manifest->id);
    report_put_string(object, "version", manifest->version);
    report_put_string(object, "license", manifest->license);
    report_put_string(object, "homepage", manifest->homepage);
    report_put_string(object, "description", manifest->description);
    json_object_object_add(object, "abi", abi_json(manifest));
    json_object_object_add(object, "components", components_json(manifest));
    json_object_object_add(object, "capabilities", capabilities_json(manifest));
}

struct json_object *report_entry_json(const struct plugin_entry *entry)
{
    struct json_object *object = json_object_new_object();
    report_put_string(object, "path", entry->path);
    report_put_string(object, "from", plugin_place_name(entry->place));
    report_put_string(object, "state", plugin_state_name(entry->state));
    report_put_bool(object, "required", entry->is_required);
    report_put_string(object, "where", entry->where);
    report_put_string(object, "decided_by", entry->decided_by);
    if (entry->state != PLUGIN_USABLE) {
        report_put_refusal(object, &entry->refusal);
    }
    report_put_string(object, "id", entry->id);
    if (entry->manifest != NULL) {
        report_put_manifest(object, entry->manifest);
    }
    return object;
}

bool report_add_json(struct text *out, struct json_object *document)
{
    const int flags =
        JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE | JSON_C_TO_STRING_SPACED;
    return text_addf(out, "%s\n", json_object_to_json_string_ext(document, flags));
}
