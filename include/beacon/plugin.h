/* beacon/plugin.h: the only header every plugin needs. No libc type other than stdint/stddef crosses. */
#ifndef BEACON_PLUGIN_H
#define BEACON_PLUGIN_H
#include <stddef.h>
#include <stdint.h>
#include "error.h"
#ifdef __cplusplus
#define BEACON_BEGIN_DECLS extern "C" {
#define BEACON_END_DECLS }
#else
#define BEACON_BEGIN_DECLS
#define BEACON_END_DECLS
#endif
BEACON_BEGIN_DECLS

/* ---- 1. version rule --------------------------------------------------------------------------
 * MAJOR lives in the entry symbol's NAME.  MINOR = additive only (tail of a struct, new id, new code).
 * A plugin states the minor it was built with and the lowest host minor it can live with; nothing else
 * is compared.  A host keeps serving every minor of its major.  No build flags change any layout.      */
#define BEACON_ABI_MAJOR 1u
#define BEACON_ABI_MINOR 0u
#define BEACON_ENTRY_SYMBOL "beacon_plugin_entry_v1"

/* Every struct that may grow starts with `uint32_t struct_size` set by the WRITER to its own sizeof.
 * A READER touches a field only through BEACON_HAS.  Hosts copy vtables once into a zeroed local copy.  */
#define BEACON_END_OF_(p, f) ((size_t)((const char *)&(p)->f - (const char *)(p)) + sizeof((p)->f))
#define BEACON_HAS(p, f) ((size_t)(p)->struct_size >= BEACON_END_OF_(p, f))
#ifdef __cplusplus
extern "C++" { template <class T> inline T beacon_init_() { T t{}; t.struct_size = (uint32_t)sizeof(T); return t; } }
#define BEACON_INIT(type) beacon_init_<type>()
#else
#define BEACON_INIT(type) { .struct_size = (uint32_t)sizeof(type) }
#endif
/* Define BEACON_TARGET_MINOR before including to hide everything newer than that minor (rule R8).           */
#ifndef BEACON_TARGET_MINOR
#define BEACON_TARGET_MINOR BEACON_ABI_MINOR
#endif
#if defined(__GNUC__)
#define BEACON_DEPRECATED(why) __attribute__((deprecated(why)))
#else
#define BEACON_DEPRECATED(why)
#endif
/* OUT structs: the caller zeroes them and sets struct_size to ITS capacity; the callee writes field by field
 * through BEACON_SET and never assigns the whole struct (that is how one side overruns the other's memory). */
#define BEACON_SET(out, f, v) do { if (BEACON_HAS((out), f)) (out)->f = (v); } while (0)

/* ---- 2. frozen value types: these never change, in any minor ---------------------------------- */
struct beacon_str { const char *p; size_t n; };          /* UTF-8, NUL not counted */
struct beacon_bytes { const uint8_t *p; size_t n; };
struct beacon_kv { struct beacon_str k, v; };

/* ---- 3. ownership and threads, used as tags below -----------------------------------------------
 * [call]   borrowed until the function returns      [object] borrowed until the object's destroy
 * [static] lives as long as the plugin is mapped    Nobody ever frees what the other side allocated:
 *          results leave through host-owned sinks.
 * [main]   host's main thread   [worker] one host worker at a time PER OBJECT, any OS thread
 * [any]    concurrent           [pure]  [any], plus no I/O, no clock, no globals, no blocking
 * Never: abort/exit/fork/signal/setlocale/chdir/umask/stdout, no C++ exception or longjmp across.       */

struct beacon_host;                      /* host.h */

#define BEACON_KIND_PROVIDER  1u
#define BEACON_KIND_SANDBOX   2u
#define BEACON_KIND_AUTH      3u
#define BEACON_KIND_TELEMETRY 4u

/* One selectable thing in a plugin file; a file may carry several. `vtable` points to the struct that
 * `iface` names ("beacon.provider/1"); an unknown iface is skipped with a reason, not an error.          */
struct beacon_component {
  uint32_t struct_size;
  uint32_t kind;
  const char *name;            /* "acme" -> selected as "com.acme.llm:acme"            */
  const char *iface;           /* "<id>/<rev>"; rev changes only when the struct breaks */
  const void *vtable;          /* [static] const                                        */
  const char *config_schema;   /* JSON Schema text, may be NULL                         */
};

struct beacon_plugin {
  uint32_t struct_size;
  uint16_t abi_minor;          /* BEACON_ABI_MINOR of the headers it was compiled with  */
  uint16_t min_host_minor;     /* refuse older hosts with a sentence, not a crash       */
  const char *id;              /* reverse-DNS, equal to the manifest's                   */
  const char *version;         /* semver */
  const struct beacon_component *const *components; /* NULL-terminated array of pointers: elements may grow */
  /* [main] once per process; may be absent. Must be fast: no network, no threads.                      */
  beacon_rc (*load)(const struct beacon_host *host, void **state, struct beacon_error *err);
  void (*unload)(void *state); /* [main] after every object died; the file is never dlclose()d           */
  const void *(*facet)(void *state, const char *id); /* [any] optional extensions, NULL if unknown        */
};

/* [any] must be pure: return a pointer to static const data; called before anything is negotiated.
 * NULL = "I cannot serve this host minor".                                                              */
typedef const struct beacon_plugin *(*beacon_plugin_entry_fn)(uint32_t host_minor);

/* BEACON_PLUGIN(ident, &plugin_struct): one export in a shared build; a hidden, mangled symbol that a generated
 * table refers to in a static build (BEACON_STATIC_PLUGIN, set by the CMake helper), so N plugins link together. */
#ifdef BEACON_STATIC_PLUGIN
#define BEACON_EXPORT __attribute__((visibility("hidden")))
#define BEACON_ENTRY_NAME_(ident) beacon_plugin_entry_v1__##ident
#else
#define BEACON_EXPORT __attribute__((visibility("default")))
#define BEACON_ENTRY_NAME_(ident) beacon_plugin_entry_v1
#endif
#ifdef __cplusplus
#define BEACON_EXTERN_C extern "C"
#else
#define BEACON_EXTERN_C extern
#endif
#define BEACON_PLUGIN(ident, ptr)                                                                \
  BEACON_EXTERN_C BEACON_EXPORT const struct beacon_plugin *BEACON_ENTRY_NAME_(ident)(uint32_t); \
  const struct beacon_plugin *BEACON_ENTRY_NAME_(ident)(uint32_t host_minor) {                   \
    return host_minor >= (ptr)->min_host_minor ? (ptr) : NULL;                                   \
  }

/* Manifest: JSON text in an ELF note (owner "beacon", type 0x42434e01) or Mach-O section; the host reads
 * it with its own parser BEFORE dlopen, so listing, linting and policy never execute plugin code.        */
#define BEACON_NOTE_TYPE 0x42434e01u
BEACON_END_DECLS
#endif
