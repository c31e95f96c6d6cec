/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest provider plugin, compiled several times for the attack tests:
 * HOSTILE_CONSTRUCTOR with code that runs before anybody asks
 * HOSTILE_RESOLVER    with an indirect function, whose resolver does
 * HOSTILE_FORK        that imports what no plugin may
 * HOSTILE_EXPORT      that exports more than its entry
 * HOSTILE_UNDEFINED   that needs a function which is nowhere
 * HOSTILE_BOTH        with the entries of two majors
 * HOSTILE_HELPER      that needs libhostile_helper.so, and answers with what that says
 * What runs appends a word to the file that HOSTILE_MARKER names. */
#include <beacon/provider.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef HOSTILE_VERSION
#define HOSTILE_VERSION "1.0.0"
#endif

#if defined(HOSTILE_CONSTRUCTOR) || defined(HOSTILE_HELPER) || defined(HOSTILE_RESOLVER)
static void mark(const char *word)
{
    const char *path = getenv("HOSTILE_MARKER");
    int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (fd >= 0) {
        ssize_t written = write(fd, word, strlen(word));
        (void)written;
        (void)close(fd);
    }
}
#endif

#ifdef HOSTILE_CONSTRUCTOR
__attribute__((constructor)) static void constructed(void)
{
    mark("constructed ");
}
#endif

#ifdef HOSTILE_RESOLVER
static int answer(void)
{
    return 0;
}

static int (*resolve(void))(void)
{
    return answer;
}

__attribute__((visibility("hidden"))) int indirect(void) __attribute__((ifunc("resolve")));
#endif

#ifdef HOSTILE_UNDEFINED
void hostile_symbol_nobody_has(void);
#endif

#ifdef HOSTILE_HELPER
const char *hostile_helper_word(void);
#endif

static const struct beacon_provider table = {.struct_size = (uint32_t)sizeof table};
static const struct beacon_component component = {
    .struct_size = (uint32_t)sizeof component,
    .kind = BEACON_KIND_PROVIDER,
    .name = "hostile",
    .iface = BEACON_PROVIDER_IFACE,
    .vtable = &table,
};
static const struct beacon_component *const components[] = {&component, NULL};
static const struct beacon_plugin plugin = {
    .struct_size = (uint32_t)sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .id = "com.example.hostile",
    .version = HOSTILE_VERSION,
    .components = components,
};

__attribute__((visibility("default"))) const struct beacon_plugin *
beacon_plugin_entry_v1(uint32_t host_minor)
{
    (void)host_minor;
#ifdef HOSTILE_CONSTRUCTOR
    mark("entered ");
#endif
#ifdef HOSTILE_HELPER
    mark(hostile_helper_word());
#endif
#ifdef HOSTILE_RESOLVER
    if (indirect() != 0) {
        mark("resolved ");
    }
#endif
#ifdef HOSTILE_UNDEFINED
    hostile_symbol_nobody_has();
#endif
#ifdef HOSTILE_FORK
    if (host_minor == UINT32_MAX) {
        return fork() < 0 ? NULL : &plugin;
    }
#endif
    return &plugin;
}

#ifdef HOSTILE_EXPORT
int hostile_export(void);
__attribute__((visibility("default"))) int hostile_export(void)
{
    return 0;
}
#endif

#ifdef HOSTILE_BOTH
const void *beacon_plugin_entry_v2(uint32_t host_minor);
__attribute__((visibility("default"))) const void *beacon_plugin_entry_v2(uint32_t host_minor)
{
    (void)host_minor;
    return NULL; /* a host of major 1 that called it would get nothing */
}
#endif
