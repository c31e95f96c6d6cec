/* SPDX-License-Identifier: Apache-2.0
 * beacon/plugin.h - what every plugin file says about itself, and the rules of the ABI.
 *
 * A plugin is one shared object that exports one function, beacon_plugin_entry_v1. The host calls it
 * once after mapping the file, compares the answer with the manifest embedded in the file, calls
 * load(), and then uses the components: each has a kind (provider.h, sandbox.h, auth.h, telemetry.h)
 * and a table of functions. Included by every plugin and by the host. Needs stdint and stddef only:
 * no bool, enum, long, time_t, FILE, errno, locale or library type crosses in either direction, and
 * JSON crosses as UTF-8 text.
 *
 * Version rule. The major is in the name of the entry symbol. A minor may append fields to the end of
 * a struct that has a struct_size, add an interface or facet id, or add a numeric code; it never
 * reorders, retypes, reuses or changes a meaning. A host serves every minor of its major.
 *
 * Unknown codes. A reader ignores a numeric code it does not know, unless bit 31 of it is set: such a
 * code is critical and means BEACON_E_UNSUPPORTED. Reserved fields are written 0 and not read.
 *
 * Ownership, as used in the comments of every slot:
 *   [call]    borrowed until the function returns; copy what is kept
 *   [object]  borrowed until the object it came from is destroyed or closed
 *   [static]  lives as long as the plugin is mapped, which is until the process ends
 * Nobody ever frees what the other side allocated: results leave through sinks, which copy.
 *
 * Threads, likewise:
 *   [main]    the host's main thread
 *   [worker]  one call at a time per object, on any thread
 *   [any]     any thread, also several at once
 *   [pure]    as [any], and no I/O, no clock, no global state, no blocking
 *
 * Never in a plugin: abort, exit, fork, exec, signal or locale changes, chdir, umask, writes to
 * stdout, and no C++ exception or longjmp may leave it.
 */
#ifndef BEACON_PLUGIN_H
#define BEACON_PLUGIN_H
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#ifdef __cplusplus
#define BEACON_BEGIN_DECLS extern "C" {
#define BEACON_END_DECLS   }
#else
#define BEACON_BEGIN_DECLS
#define BEACON_END_DECLS
#endif

BEACON_BEGIN_DECLS

#define BEACON_ABI_MAJOR    1u
#define BEACON_ABI_MINOR    0u
#define BEACON_ENTRY_SYMBOL "beacon_plugin_entry_v1"

/* Define BEACON_TARGET_MINOR before the first include to hide everything newer than that minor: the
 * compiler then checks that the plugin runs on hosts from 1.BEACON_TARGET_MINOR on. */
#ifndef BEACON_TARGET_MINOR
#define BEACON_TARGET_MINOR BEACON_ABI_MINOR
#endif
#if BEACON_TARGET_MINOR > BEACON_ABI_MINOR
#error "BEACON_TARGET_MINOR is newer than these headers: take those of a newer SDK"
#endif

#if defined(__GNUC__)
#define BEACON_DEPRECATED(why) __attribute__((deprecated(why)))
#else
#define BEACON_DEPRECATED(why)
#endif

/* Every struct that may grow begins with `uint32_t struct_size`, set by its writer to the sizeof that
 * it was compiled with. A reader touches a field through BEACON_HAS or BEACON_GET only; fields of the
 * first release may be read plainly. `p` is evaluated more than once. */
#define BEACON_END_OF(p, f) ((size_t)((const char *)(&(p)->f + 1) - (const char *)(p)))
#define BEACON_HAS(p, f)    ((size_t)(p)->struct_size >= BEACON_END_OF(p, f))

/* The field, or `otherwise` when the writer was too old to know it. */
#define BEACON_GET(p, f, otherwise) (BEACON_HAS(p, f) ? (p)->f : (otherwise))

/* Structs filled by the callee: the caller zeroes them and sets struct_size to their capacity, the
 * callee writes field by field with BEACON_SET and never assigns the whole struct, which would
 * overrun the memory of a caller that is older. */
#define BEACON_SET(out, f, v)                                                                      \
    do {                                                                                           \
        if (BEACON_HAS((out), f))                                                                  \
            (out)->f = (v);                                                                        \
    } while (0)

/* A zeroed struct with its size set: `struct beacon_event ev = BEACON_INIT(struct beacon_event);` */
#ifdef __cplusplus
extern "C++" {
template <class T> inline T beacon_init_()
{
    T t{};
    t.struct_size = (uint32_t)sizeof(T);
    return t;
}
}
#define BEACON_INIT(type) beacon_init_<type>()
#else
#define BEACON_INIT(type)                                                                          \
    {                                                                                              \
        .struct_size = (uint32_t)sizeof(type)                                                      \
    }
#endif

/* The value types. Frozen: they never change, so only they are array elements or members by value;
 * arrays of structs that may grow are arrays of pointers. */

/* UTF-8, `n` bytes, no NUL needed and none counted. Empty is n == 0, whatever `p`. */
struct beacon_str {
    const char *p;
    size_t n;
};

/* Any bytes. */
struct beacon_bytes {
    const uint8_t *p;
    size_t n;
};

/* Key and value: a header, an environment variable, an attribute of a log line. */
struct beacon_kv {
    struct beacon_str k, v;
};

struct beacon_host; /* host.h */

#define BEACON_KIND_PROVIDER  1u
#define BEACON_KIND_SANDBOX   2u
#define BEACON_KIND_AUTH      3u
#define BEACON_KIND_TELEMETRY 4u

/* One selectable thing in a plugin file, which may carry several. Written by the plugin, [static]. A
 * host that does not know the iface skips the component and says so; the others are used. */
struct beacon_component {
    uint32_t struct_size;
    uint32_t kind;      /* BEACON_KIND_* */
    const char *name;   /* "acme": selected as "acme" or "com.acme.llm:acme" */
    const char *iface;  /* "beacon.provider/1"; the revision changes when the struct breaks */
    const void *vtable; /* the const struct that iface names */
    const char *config_schema; /* JSON Schema text of the instance's configuration, or NULL */
};

/* The plugin file. Written by the plugin, [static]; id, version and both minors must be those of the
 * manifest, or the plugin is refused. */
struct beacon_plugin {
    uint32_t struct_size;
    uint16_t abi_minor;      /* BEACON_ABI_MINOR of the headers it was compiled with */
    uint16_t min_host_minor; /* older hosts refuse the plugin with a sentence */
    const char *id;          /* reverse DNS, "com.acme.llm" */
    const char *version;     /* semantic version, "1.2.3" */
    const struct beacon_component *const
        *components; /* ends with NULL; as many as in the manifest */

    /* Prepare the plugin; may be NULL. `host` is [static] and the way to the host's services. What is
     * left in *state is the plugin's, and goes to create(), unload() and facet(). Must be fast: no
     * network, no threads, no waiting. Errors: any code, with message and hint in `err`; the plugin
     * is then not used, and load() is not called again. [main] once per process. */
    beacon_rc (*load)(const struct beacon_host *host, void **state, struct beacon_error *err);

    /* Free `state`; may be NULL. The file stays mapped. [main] after every object is gone, once. */
    void (*unload)(void *state);

    /* An optional ability by id, "beacon.<kind>.<name>/<rev>" or a vendor's reverse-DNS id: a [static]
     * table, or NULL when the id is not known exactly. May be NULL itself. [any] */
    const void *(*facet)(void *state, const char *id);
};

/* The exported function. Returns the [static] plugin, or NULL for "I cannot serve a host of this
 * minor". Called before anything is negotiated, so it must be free of side effects. [pure] */
typedef const struct beacon_plugin *(*beacon_plugin_entry_fn)(uint32_t host_minor);

/* BEACON_PLUGIN(ident, &plugin_struct) defines that function: the one export of a shared object, or,
 * with BEACON_STATIC_PLUGIN (set by the CMake function), a hidden symbol named after `ident`, so that
 * several plugins link into one program. */
#ifdef BEACON_STATIC_PLUGIN
#define BEACON_EXPORT            __attribute__((visibility("hidden")))
#define BEACON_ENTRY_NAME(ident) beacon_plugin_entry_v1__##ident
#else
#define BEACON_EXPORT            __attribute__((visibility("default")))
#define BEACON_ENTRY_NAME(ident) beacon_plugin_entry_v1
#endif
#ifdef __cplusplus
#define BEACON_EXTERN_C extern "C"
#else
#define BEACON_EXTERN_C extern
#endif
#define BEACON_PLUGIN(ident, ptr)                                                                  \
    BEACON_EXTERN_C BEACON_EXPORT const struct beacon_plugin *BEACON_ENTRY_NAME(ident)(uint32_t);  \
    const struct beacon_plugin *BEACON_ENTRY_NAME(ident)(uint32_t host_minor)                      \
    {                                                                                              \
        return host_minor >= (ptr)->min_host_minor ? (ptr) : NULL;                                 \
    }

/* The manifest is JSON in an ELF note of owner "beacon" and this type. The host reads it before it
 * maps the file, so listing, linting and policy never run a plugin's code. */
#define BEACON_NOTE_TYPE 0x42434e01u

BEACON_END_DECLS
#endif
