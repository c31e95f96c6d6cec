/* manifest.h - what a plugin file says about itself, read without running it.
 *
 * The manifest is JSON in an ELF note that beacon_add_plugin() embeds; the fields are those of
 * docs/plugin-guide.md. Reading opens the file, follows bounded and checked offsets to the note and
 * parses at most 64 KiB of JSON; the dynamic linker is not involved. Every refusal is one sentence
 * with the two values that disagree, and a hint. Called by discover.c. Thread: [any].
 */
#ifndef HOST_PLUGIN_MANIFEST_H
#define HOST_PLUGIN_MANIFEST_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MANIFEST_COMPONENTS_MAX   16
#define MANIFEST_CAPABILITIES_MAX 64
#define MANIFEST_ID_MAX_BYTES     48

enum manifest_form {
    MANIFEST_FORM_SANS_IO,       /* "sans-io", also when the manifest does not say */
    MANIFEST_FORM_OWN_TRANSPORT, /* "own-transport": blocking calls on a worker */
};

struct manifest_component {
    uint32_t kind; /* BEACON_KIND_*; 0 = a kind this host does not know */
    const char *kind_name;
    const char *name;
    const char *iface;
    enum manifest_form form;
    bool
        is_known; /* kind and iface are spoken by this host; others are listed but not selectable */
};

/* All strings live as long as the struct, none is NULL; absent optional texts are "". */
struct plugin_manifest {
    const char *id; /* reverse DNS, "com.acme.llm" */
    const char *version;
    const char *license, *homepage, *description;
    uint32_t abi_major, abi_minor, min_host_minor;
    size_t n_components, n_capabilities;
    struct manifest_component components[MANIFEST_COMPONENTS_MAX];
    const char *capabilities[MANIFEST_CAPABILITIES_MAX];
    char *json; /* what it was read from */
    size_t n_json;
    char *strings; /* all of the above */
};

/* Read the manifest of the plugin file `path`. IO: cannot be read. INVALID: not a plugin file, or a
 * broken one. LIMIT: too large. UNSUPPORTED: built for another machine, or a newer schema. Of a
 * manifest with a foreign ABI major only id, version and abi are read. *ret is the caller's, for
 * manifest_destroy(). */
int manifest_read_file(const char *path, struct plugin_manifest **ret, struct beacon_error *err);

/* The same from an open file, read at offsets of its own; the descriptor stays open. `name` is what
 * errors call it. */
int manifest_read_fd(int fd, const char *name, struct plugin_manifest **ret,
                     struct beacon_error *err);

/* The same over the bytes of a file in memory; `name` is what errors call it. */
int manifest_read_bytes(const void *bytes, size_t n, const char *name, struct plugin_manifest **ret,
                        struct beacon_error *err);

/* The same over the JSON text alone. */
int manifest_parse(const char *text, size_t n, const char *name, struct plugin_manifest **ret,
                   struct beacon_error *err);

/* Can this host serve it? UNSUPPORTED says both versions. `name` is what errors call the file. */
int manifest_check_abi(const struct plugin_manifest *manifest, const char *name,
                       struct beacon_error *err);

/* Has a capability been asked for whose text is `prefix` plus a glob that matches `value`: ("env:",
 * "ACME_KEY") or ("ui", "")? A NULL `value` asks whether any capability begins with the prefix. */
bool manifest_has_capability(const struct plugin_manifest *manifest, const char *prefix,
                             const char *value);

/* Were both read from the same text? */
bool manifest_is_same(const struct plugin_manifest *a, const struct plugin_manifest *b);

uint32_t manifest_kind(const char *name);       /* BEACON_KIND_*; 0: not known to this host */
const char *manifest_kind_name(uint32_t kind);  /* "provider" …; static */
const char *manifest_kind_iface(uint32_t kind); /* the interface this host speaks; static */

void manifest_destroy(struct plugin_manifest *manifest); /* NULL is fine */

#endif
