/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/inventory.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/json.h"
#include "base/text.h"
#include "plugin/discover.h"
#include "plugin/manifest.h"
#include "plugin/mapping.h"
#include "plugin/report.h"
#include "plugin/sha256.h"
#include "plugin/static_set.h"
#include "plugin/trust.h"

#define PROGRAM_FILE "/proc/self/exe"

struct inventory_row {
    const struct plugin_entry *entry;
    char sha256[SHA256_HEX]; /* of the file; of the sources for a static plugin */
};

struct inventory {
    char program_sha256[SHA256_HEX];
    struct inventory_row *rows;
    size_t n;
};

static int hash_file(const char *path, char ret[SHA256_HEX], struct beacon_error *err)
{
    struct text bytes;
    text_init(&bytes, TRUST_FILE_MAX_BYTES);
    int rc = io_read_file(path, &bytes, err);
    if (rc == BEACON_OK) {
        sha256_hex(bytes.data, bytes.len, ret);
    }
    text_finish(&bytes);
    return rc;
}

static int hash_entry(struct inventory_row *row, struct beacon_error *err)
{
    const struct static_plugin *built_in = row->entry->built_in;
    if (built_in == NULL) {
        return hash_file(row->entry->path, row->sha256, err);
    }
    memcpy(row->sha256, built_in->sources_sha256, sizeof row->sha256);
    return BEACON_OK;
}

static int fill(struct inventory *inventory, const struct plugin_set *set, struct beacon_error *err)
{
    int rc = hash_file(PROGRAM_FILE, inventory->program_sha256, err);
    for (size_t i = 0; rc == BEACON_OK && i < plugin_set_count(set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(set, i);
        if (entry->state == PLUGIN_USABLE) {
            struct inventory_row *row = &inventory->rows[inventory->n++];
            row->entry = entry;
            rc = hash_entry(row, err);
        }
    }
    return rc;
}

int inventory_open(const struct plugin_set *set, struct inventory **ret, struct beacon_error *err)
{
    struct inventory *inventory = alloc_zeroed(sizeof *inventory);
    inventory->rows = alloc_array(plugin_set_count(set) + 1, sizeof *inventory->rows);
    int rc = fill(inventory, set, err);
    if (rc != BEACON_OK) {
        inventory_close(inventory);
        return rc;
    }
    *ret = inventory;
    return BEACON_OK;
}

void inventory_close(struct inventory *inventory)
{
    if (inventory != NULL) {
        free(inventory->rows);
        free(inventory);
    }
}

static int id_width(const struct inventory *inventory)
{
    size_t widest = strlen("PLUGIN");
    for (size_t i = 0; i < inventory->n; i++) {
        size_t n = strlen(inventory->rows[i].entry->id);
        widest = n > widest ? n : widest;
    }
    return (int)widest;
}

bool inventory_text(const struct inventory *inventory, struct text *out)
{
    const int width = id_width(inventory);
    bool has_static = false;
    bool is_whole =
        text_addf(out, "program sha256 %s\n\n%-*s  %-9s  %-14s  %s\n", inventory->program_sha256,
                  width, "PLUGIN", "VERSION", "FROM", "SHA-256");
    for (size_t i = 0; is_whole && i < inventory->n; i++) {
        const struct inventory_row *row = &inventory->rows[i];
        has_static = has_static || row->entry->built_in != NULL;
        is_whole = text_addf(out, "%-*s  %-9s  %-14s  %s\n", width, row->entry->id,
                             row->entry->manifest->version, plugin_place_name(row->entry->place),
                             row->sha256);
    }
    return is_whole &&
           (!has_static || text_add_string(out, "\nThe hash of a static plugin is that of its "
                                                "sources; its code is part of the program.\n"));
}

static struct json_object *row_json(const struct inventory_row *row)
{
    struct json_object *object = json_object_new_object();
    report_put_manifest(object, row->entry->manifest);
    report_put_string(object, "from", plugin_place_name(row->entry->place));
    if (row->entry->built_in == NULL) {
        report_put_string(object, "path", row->entry->path);
    }
    report_put_string(object, row->entry->built_in != NULL ? "sources_sha256" : "sha256",
                      row->sha256);
    return object;
}

bool inventory_json(const struct inventory *inventory, struct text *out)
{
    AUTO_JSON struct json_object *document = json_object_new_object();
    report_put_string(document, "program", "beacon");
    report_put_string(document, "version", BEACON_HOST_VERSION);
    report_put_string(document, "sha256", inventory->program_sha256);
    report_put_bool(document, "loads_plugin_files", mapping_check_possible("", NULL) == BEACON_OK);
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < inventory->n; i++) {
        json_object_array_add(list, row_json(&inventory->rows[i]));
    }
    json_object_object_add(document, "plugins", list);
    return report_add_json(out, document);
}
