/* installation.h - a beacon installation in the temporary directory of a test, and what an admin and
 * a person have put into it: bin/, lib/beacon/plugins/, system/ (plugins.d of the system), home/ with
 * plugins/ and plugins.d/, extra/ (BEACON_PLUGIN_PATH), opt/ (files that drop-ins name).
 */
#ifndef TESTS_UNIT_PLUGIN_INSTALLATION_H
#define TESTS_UNIT_PLUGIN_INSTALLATION_H

#include "toys.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/ini_file.h"
#include "plugin/policy_parts.h"

#define BUNDLED "lib/beacon/plugins/"

static inline void make_installation(void **state)
{
    static const char *const folders[] = {
        "bin",    "lib",  "lib/beacon",   "lib/beacon/plugins",
        "system", "home", "home/plugins", "home/plugins.d",
        "extra",  "opt",
    };
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        make_folder(temp_path(state, folders[i]));
    }
}

static inline struct plugin_places places_of(void **state)
{
    return (struct plugin_places){
        .home = temp_path(state, "home"),
        .system_dropins = temp_path(state, "system"),
        .executable_dir = temp_path(state, "bin"),
        .env_path = temp_path(state, "extra"),
        .is_inspection = true,
    };
}

static inline struct plugin_set *set_at(const struct plugin_places *places)
{
    struct beacon_error err = {0};
    struct plugin_set *set = NULL;
    assert_ok(plugin_set_open(places, &set, &err), &err);
    return set;
}

static inline struct plugin_set *set_of_installation(void **state)
{
    const struct plugin_places places = places_of(state);
    return set_at(&places);
}

/* A drop-in file whose %s, if any, is the path of `file` in the installation. */
static inline void write_dropin(void **state, const char *name, const char *format,
                                const char *file)
{
    char text[1024];
    const char *path = file != NULL ? temp_path(state, file) : "";
    const char *marker = strstr(format, "%s");
    if (marker == NULL) {
        write_text(temp_path(state, name), format);
        return;
    }
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(marker - format), format, path, marker + 2);
    write_text(temp_path(state, name), text);
}

/* The admin's policy with this text, as "policy.ini". */
static inline struct plugin_policy *policy_saying(const char *text)
{
    struct beacon_error err = {0};
    struct ini_file *file = NULL;
    struct plugin_policy *policy = alloc_zeroed(sizeof *policy);
    assert_ok(ini_file_parse(text, strlen(text), "policy.ini", &file, &err), &err);
    assert_ok(policy_add_file(policy, file, &err), &err);
    assert_ok(policy_settle(policy, &err), &err);
    ini_file_destroy(file);
    return policy;
}

/* The entry that came from this place about this id; the test fails when there is none. */
static inline const struct plugin_entry *entry_from(const struct plugin_set *set,
                                                    enum plugin_place place, const char *id)
{
    for (size_t i = 0; i < plugin_set_count(set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(set, i);
        if (entry->place == place && strcmp(entry->id, id) == 0) {
            return entry;
        }
    }
    fail_msg("nothing about %s from %s", id, plugin_place_name(place));
    return NULL;
}

#endif
