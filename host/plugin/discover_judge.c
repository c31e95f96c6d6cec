/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "plugin/discover_parts.h"
#include "plugin/manifest.h"
#include "plugin/mapping.h"
#include "plugin/policy.h"
#include "plugin/quarantine.h"
#include "plugin/static_set.h"
#include "plugin/trust.h"

/* What discovery calls the thing in a sentence. */
static const char *name_of(const struct found *found)
{
    const struct static_plugin *built_in = found->entry.built_in;
    return built_in != NULL ? built_in->name : path_base(found->path);
}

static int read_static_manifest(struct found *found, struct beacon_error *err)
{
    const struct static_plugin *built_in = found->entry.built_in;
    return manifest_parse((const char *)built_in->manifest, built_in->n_manifest, built_in->name,
                          &found->manifest, err);
}

/* Read the note of the very file whose owners were checked. */
static int read_manifest(const struct plugin_set *set, struct found *found,
                         struct beacon_error *err)
{
    const bool is_strict = set->policy != NULL || set->lock != NULL;
    AUTO_CLOSE int fd = -1;
    int rc = trust_open_owned_in(set->known, found->path, is_strict, &fd, err);
    if (rc == BEACON_OK) {
        rc = manifest_read_fd(fd, path_base(found->path), &found->manifest, err);
    }
    return rc;
}

static int check_id(const struct found *found, struct beacon_error *err)
{
    if (found->id == NULL || strcmp(found->id, found->manifest->id) == 0) {
        return BEACON_OK;
    }
    return error_set(err, BEACON_E_REFUSED, "write the id of the file between the brackets",
                     "%s: [%s] points to %s, which is %s", found->where, found->id,
                     path_base(found->path), found->manifest->id);
}

static int check_file(const struct plugin_set *set, struct found *found, struct beacon_error *err)
{
    const bool is_static = found->entry.built_in != NULL;
    int rc = is_static ? read_static_manifest(found, err) : read_manifest(set, found, err);
    if (rc == BEACON_OK) {
        rc = manifest_check_abi(found->manifest, name_of(found), err);
    }
    if (rc == BEACON_OK && !is_static) {
        rc = mapping_check_possible(path_base(found->path), err);
    }
    if (rc == BEACON_OK) {
        rc = check_id(found, err);
    }
    if (rc == BEACON_OK) {
        rc = plugin_policy_judge(set->policy, found->manifest, found->entry.place,
                                 found->entry.path, err);
    }
    return rc;
}

static void format_day(uint64_t unix_s, char *to, size_t n)
{
    const time_t when = (time_t)unix_s;
    struct tm day = {0};
    if (gmtime_r(&when, &day) == NULL || strftime(to, n, "%Y-%m-%d", &day) == 0) {
        to[0] = '\0';
    }
}

static void put_in_quarantine(struct found *found, const struct quarantine_entry *kept)
{
    char day[16], hint[128];
    format_day(kept->since_unix_s, day, sizeof day);
    (void)snprintf(hint, sizeof hint, "'beacon plugin quarantine %s --lift' lets it in again",
                   found->manifest->id);
    const bool has_slot = kept->slot[0] != '\0';
    (void)error_set(&found->entry.refusal, BEACON_E_REFUSED, hint,
                    "%s %s is in quarantine since %s: %s%s%s%s", found->manifest->id,
                    found->manifest->version, day, kept->reason, has_slot ? " in " : "", kept->slot,
                    has_slot ? "()" : "");
    found->entry.state = PLUGIN_QUARANTINED;
}

static void judge_quarantine(const struct plugin_set *set, struct found *found)
{
    assert(found->manifest != NULL);
    const struct quarantine_entry *kept =
        quarantine_find(set->quarantine, found->manifest->id, found->manifest->version);
    if (kept != NULL) {
        put_in_quarantine(found, kept);
    }
}

void discover_judge(const struct plugin_set *set, struct found *found,
                    const struct beacon_error *place_error)
{
    struct plugin_entry *entry = &found->entry;
    int rc = check_file(set, found, &entry->refusal);
    entry->manifest = found->manifest;
    if (found->id == NULL && found->manifest != NULL) {
        entry->id = found->manifest->id;
    }
    if (place_error->code != BEACON_OK) {
        entry->refusal = *place_error;
        rc = place_error->code;
    }
    entry->state = rc == BEACON_OK ? PLUGIN_USABLE : PLUGIN_REFUSED;
    if (rc == BEACON_OK) {
        judge_quarantine(set, found);
    }
}
