/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wire_plugins.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/path.h"
#include "cli/system_paths.h"
#include "plugin/discover.h"
#include "plugin/incident.h"
#include "plugin/lock.h"
#include "plugin/policy.h"
#include "plugin/quarantine.h"
#include "plugin/trust.h"

/* Neither stops the work: a person must be able to start with a damaged file. */
static void warn(int rc, const struct beacon_error *err)
{
    if (rc != BEACON_OK) {
        (void)fprintf(stderr, "warning: %s; %s\n", err->message, err->hint);
    }
}

static void open_quarantine(const char *home, struct wire_plugins *plugins)
{
    struct beacon_error err = {0};
    warn(incident_begin(home, &err), &err);
    warn(quarantine_load(home, &plugins->quarantine, &err), &err);
}

/* What an admin decided, from files no user can write, before anything of a user is looked at. */
static int open_rules(const struct wire_plugins_request *request, struct wire_plugins *plugins,
                      struct beacon_error *err)
{
    int rc = plugin_policy_load(system_paths.policy_d, &plugins->policy, err);
    if (rc == BEACON_OK && !request->ignores_lock) {
        rc = plugin_lock_open(plugins->policy, request->home, &plugins->lock, err);
    }
    const struct trust_rules rules = {.policy = plugins->policy, .lock = plugins->lock};
    bool is_clamped = plugins->policy != NULL || plugins->lock != NULL;
    return rc == BEACON_OK && is_clamped ? trust_check_environment(&rules, err) : rc;
}

static int open_set(const struct wire_plugins_request *request, struct wire_plugins *plugins,
                    struct beacon_error *err)
{
    AUTO_FREE char *dir = path_executable_dir();
    const struct plugin_places places = {.home = request->home,
                                         .system_dropins = system_paths.plugins_d,
                                         .executable_dir = dir,
                                         .env_path = getenv("BEACON_PLUGIN_PATH"),
                                         .policy = plugins->policy,
                                         .lock = plugins->lock,
                                         .quarantine = plugins->quarantine,
                                         .is_safe_mode = request->is_safe_mode,
                                         .is_inspection = request->is_inspection};
    return plugin_set_open(&places, &plugins->set, err);
}

/* A slip in a drop-in file also undoes what it masks and requires: that must not go unseen. */
static void warn_of_dropins(const struct plugin_set *set)
{
    for (size_t i = 0; i < plugin_set_count(set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(set, i);
        const bool is_dropin =
            entry->place == PLUGIN_PLACE_SYSTEM_DROPIN || entry->place == PLUGIN_PLACE_HOME_DROPIN;
        if (is_dropin && entry->state == PLUGIN_REFUSED && entry->id[0] == '\0') {
            warn(entry->refusal.code, &entry->refusal);
        }
    }
}

int wire_plugins_open(const struct wire_plugins_request *request, struct wire_plugins *ret,
                      struct beacon_error *err)
{
    struct wire_plugins plugins = {0};
    int rc = open_rules(request, &plugins, err);
    if (rc == BEACON_OK) {
        open_quarantine(request->home, &plugins);
        rc = open_set(request, &plugins, err);
    }
    if (rc != BEACON_OK) {
        wire_plugins_close(&plugins);
        return rc;
    }
    if (!request->is_inspection) {
        warn_of_dropins(plugins.set);
    }
    incident_know(plugins.set);
    *ret = plugins;
    return BEACON_OK;
}

void wire_plugins_close(struct wire_plugins *plugins)
{
    plugin_set_close(plugins->set);
    quarantine_destroy(plugins->quarantine);
    plugin_lock_destroy(plugins->lock);
    plugin_policy_destroy(plugins->policy);
    *plugins = (struct wire_plugins){0};
}
