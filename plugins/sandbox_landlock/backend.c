/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon/sandbox.h>

#include "landlock.h"
#include "namespaces.h"
#include "sandbox_landlock_manifest.h"

static const struct beacon_component landlock = {
    .struct_size = sizeof landlock,
    .kind = BEACON_KIND_SANDBOX,
    .name = "landlock",
    .iface = BEACON_SANDBOX_IFACE,
    .vtable = &landlock_backend,
};

static const struct beacon_component namespaces = {
    .struct_size = sizeof namespaces,
    .kind = BEACON_KIND_SANDBOX,
    .name = "namespaces",
    .iface = BEACON_SANDBOX_IFACE,
    .vtable = &namespaces_backend,
};

static const struct beacon_component *const components[] = {&namespaces, &landlock, NULL};

static const struct beacon_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
};

BEACON_PLUGIN(sandbox_landlock, &plugin)
