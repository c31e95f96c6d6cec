/* report.h - what `beacon plugin list`, `why` and `show` have in common: words of strangers made fit
 * for a terminal, manifests in words and as JSON. Texts return false when the buffer is full. Private
 * to those three. Thread: [main].
 */
#ifndef HOST_PLUGIN_REPORT_H
#define HOST_PLUGIN_REPORT_H

#include <stdbool.h>

struct beacon_error;
struct json_object;
struct manifest_component;
struct plugin_entry;
struct plugin_manifest;
struct plugin_visit;
struct text;

/* Paths and manifests may hold anything; a terminal must not obey it: what is no printable UTF-8 is
 * shown as \xNN. */
bool report_add_shown(struct text *out, const char *words);

/* "sans-io", "own-transport", or "-" for the kinds that have no form. */
const char *report_form_name(const struct manifest_component *component);

/* What a capability allows, in words: "it may have requests sent to https://…". */
bool report_add_capability(struct text *out, const char *capability);

/* Where a place is, for a person: "the drop-ins of the system". Static. */
const char *report_place_words(const struct plugin_visit *visit);

void report_put_string(struct json_object *object, const char *key, const char *value);
void report_put_bool(struct json_object *object, const char *key, bool value);

/* Keys "code", "reason" and "hint". */
void report_put_refusal(struct json_object *object, const struct beacon_error *refusal);

/* id, version, license … components and capabilities. */
void report_put_manifest(struct json_object *object, const struct plugin_manifest *manifest);

/* One entry of a set as docs/protocol/plugin-json.md has it; the caller's. */
struct json_object *report_entry_json(const struct plugin_entry *entry);

/* The document with a newline behind it. */
bool report_add_json(struct text *out, struct json_object *document);

#endif
