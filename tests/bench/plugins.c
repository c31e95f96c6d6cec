/* SPDX-License-Identifier: Apache-2.0
 *
 * plugins - what loading a plugin and calling it cost, in nanoseconds, as one line of JSON.
 *
 *     plugins load HOW FILE            {"ns":…}: one load in this fresh process. HOW: pinned (with a lock,
 *                                      every check), free (without one), plain (dlopen() alone)
 *     plugins call FOLDER              {"adapter_ns":…,"direct_ns":…}: one on_frame() of the plugin of
 *                                      tests/bench/plugin, through the adapter and straight
 *
 * The file is read once before the clock starts, so both ways find it in the page cache.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <beacon/provider.h>

#include "plugin/discover.h"
#include "plugin/loader.h"
#include "plugin/lock.h"
#include "plugin/manifest.h"
#include "plugin/mapping.h"
#include "plugin/provider.h"
#include "plugin/trust.h"

#define CALLS 20000000

static const uint8_t frame[] = {'{', '}'};

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void must(int rc, const struct beacon_error *err)
{
    if (rc != BEACON_OK) {
        (void)fprintf(stderr, "%s\n", err->message);
        exit(1);
    }
}

static struct plugin_lock *lock_of(const char *path)
{
    struct beacon_error err = {0};
    struct trusted_file file;
    struct plugin_lock *lock = plugin_lock_create("bench.lock");
    static const char *const none[] = {NULL};
    const char *capabilities[MANIFEST_CAPABILITIES_MAX + 1] = {NULL};
    must(trust_open(path, NULL, &file, &err), &err);
    struct lock_pin pin = {
        .platform = plugin_lock_platform(), .size_bytes = file.size_bytes, .needed = none};
    memcpy(pin.sha256, file.sha256, sizeof pin.sha256);
    memcpy(capabilities, file.manifest->capabilities,
           file.manifest->n_capabilities * sizeof capabilities[0]);
    const struct lock_entry entry = {.id = file.manifest->id,
                                     .version = file.manifest->version,
                                     .capabilities = capabilities,
                                     .n_pins = 1,
                                     .pins = &pin};
    plugin_lock_put(lock, &entry, NULL);
    trusted_file_finish(&file);
    return lock;
}

static int load(const char *how, const char *path)
{
    struct beacon_error err = {0};
    const struct trust_rules pinned = {.lock = lock_of(path)}, open_rules = {.skips_hash = true};
    const bool is_pinned = strcmp(how, "pinned") == 0;
    const struct trust_rules rules = is_pinned ? pinned : open_rules;
    void *handle = NULL;
    int64_t begin = now_ns();
    if (strcmp(how, "plain") != 0) {
        struct trusted_file file;
        must(trust_check_environment(&rules, &err), &err);
        must(trust_open(path, &rules, &file, &err), &err);
        must(mapping_open(&file, path, is_pinned, &handle, &err), &err);
        trusted_file_finish(&file);
    } else {
        handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    }
    (void)printf("{\"ns\":%" PRId64 "}\n", now_ns() - begin);
    return handle != NULL ? 0 : 1;
}

static beacon_rc take(const struct beacon_events *events, const struct beacon_event *event)
{
    (void)events;
    (void)event;
    return BEACON_OK;
}

static int64_t calls_ns(struct provider_exchange *exchange, const struct beacon_events *events)
{
    const struct beacon_str event = {.p = "message", .n = 7};
    const struct beacon_bytes data = {.p = frame, .n = sizeof frame};
    struct beacon_error err = {0};
    int64_t begin = now_ns();
    for (int i = 0; i < CALLS; i++) {
        must(provider_exchange_on_frame(exchange, event, data, events, &err), &err);
    }
    return now_ns() - begin;
}

/* The pointer is read anew each time, as from a table: nothing of the call may be left out. */
static int64_t direct_ns(const struct beacon_provider *table, const struct beacon_events *events)
{
    const struct beacon_str event = {.p = "message", .n = 7};
    const struct beacon_bytes data = {.p = frame, .n = sizeof frame};
    struct beacon_error err = {0};
    struct beacon_exchange *exchange = NULL;
    const struct beacon_provider *volatile where = table;
    must(table->open(NULL, NULL, &exchange, &err), &err);
    int64_t begin = now_ns();
    for (int i = 0; i < CALLS; i++) {
        must(where->on_frame(exchange, event, data, events, &err), &err);
    }
    return now_ns() - begin;
}

static int call(const char *folder)
{
    struct beacon_error err = {0};
    struct plugin_set *set = NULL;
    struct provider *provider = NULL;
    struct provider_exchange *exchange = NULL;
    struct plugin_component component;
    const struct plugin_places places = {.env_path = folder};
    const struct beacon_turn turn = {.struct_size = (uint32_t)sizeof turn};
    const struct beacon_events events = {.struct_size = (uint32_t)sizeof events, .emit = take};
    must(plugin_set_open(&places, &set, &err), &err);
    must(provider_open(set, "bench", NULL, &provider, &err), &err);
    must(provider_exchange_open(provider, &turn, &exchange, &err), &err);
    must(plugin_open_component(set, BEACON_KIND_PROVIDER, "bench", &component, &err), &err);
    const int64_t adapter = calls_ns(exchange, &events);
    const int64_t direct = direct_ns(component.vtable, &events);
    (void)printf("{\"adapter_ns\":%.2f,\"direct_ns\":%.2f}\n", (double)adapter / CALLS,
                 (double)direct / CALLS);
    provider_exchange_close(exchange);
    provider_close(provider);
    plugin_set_close(set);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "load") == 0) {
        return load(argv[2], argv[3]);
    }
    if (argc == 3 && strcmp(argv[1], "call") == 0) {
        return call(argv[2]);
    }
    (void)fprintf(stderr, "usage: plugins load pinned|free|plain FILE | plugins call FOLDER\n");
    return 2;
}
