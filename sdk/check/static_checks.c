/* SPDX-License-Identifier: Apache-2.0 */
/* Group S: what can be said of the file without running any of it. */
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "check.h"
#include "checks.h"
#include "plugin/elf_audit.h"
#include "plugin/manifest.h"

#define LINK_HINT  "link with beacon_add_plugin(), which passes the options"
#define LIST_BYTES 700

void check_static_note(struct check_case *c)
{
    if (c->manifest == NULL) {
        check_fail(c, "an ELF shared object of this machine with one complete note",
                   c->manifest_error.hint, "%s", c->manifest_error.message);
        return;
    }
    struct beacon_error err = {0};
    if (manifest_check_abi(c->manifest, "the file", &err) != BEACON_OK) {
        check_fail(c, "an ABI that this version of beacon serves", err.hint, "%s", err.message);
    }
}

/* For people who look for a plugin, or must decide whether it may be used. */
void check_static_texts(struct check_case *c)
{
    const struct plugin_manifest *manifest = c->manifest;
    if (manifest->description[0] == '\0' || manifest->license[0] == '\0') {
        check_fail(c, "a sentence and a licence, SPDX identifiers if there is one",
                   "fill in \"description\" and \"license\" of plugin.json", "\"%s\" is empty",
                   manifest->license[0] == '\0' ? "license" : "description");
    }
    for (size_t i = 0; i < manifest->n_components; i++) {
        if (!manifest->components[i].is_known) {
            check_fail(c, "kinds and interfaces of this ABI",
                       "correct \"kind\" and \"iface\" of the component in plugin.json",
                       "component %s is a %s of %s, which this version of beacon does not know",
                       manifest->components[i].name, manifest->components[i].kind_name,
                       manifest->components[i].iface);
        }
    }
}

static bool has_kind(const struct plugin_manifest *manifest, uint32_t kind)
{
    for (size_t i = 0; i < manifest->n_components; i++) {
        if (manifest->components[i].kind == kind) {
            return true;
        }
    }
    return false;
}

static bool has_form_b(const struct plugin_manifest *manifest)
{
    for (size_t i = 0; i < manifest->n_components; i++) {
        if (manifest->components[i].kind == BEACON_KIND_PROVIDER &&
            manifest->components[i].form == MANIFEST_FORM_OWN_TRANSPORT) {
            return true;
        }
    }
    return false;
}

static bool is_known_capability(const char *capability)
{
    static const char *const words[] = {"secrets", "ui", "kernel", "own-transport", "threads"};
    static const char *const prefixes[] = {"net:", "exec:/", "fs-read:", "fs-write:", "env:"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(capability, words[i]) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        const size_t n = strlen(prefixes[i]);
        if (strncmp(capability, prefixes[i], n) == 0 && capability[n] != '\0') {
            return true;
        }
    }
    return false;
}

void check_static_capabilities(struct check_case *c)
{
    const struct plugin_manifest *manifest = c->manifest;
    for (size_t i = 0; i < manifest->n_capabilities; i++) {
        if (!is_known_capability(manifest->capabilities[i])) {
            check_fail(c, "capabilities of the list in docs/plugin-guide.md",
                       "correct the word in plugin.json; what is not known is never granted",
                       "the capability \"%s\" is not known", manifest->capabilities[i]);
        }
    }
    if (manifest_has_capability(manifest, "kernel", NULL) &&
        !has_kind(manifest, BEACON_KIND_SANDBOX)) {
        check_fail(c, "\"kernel\" in plugins with a sandbox only", "remove it from plugin.json",
                   "\"kernel\" is asked for, and no component is a sandbox");
    }
    if (has_form_b(manifest) && !manifest_has_capability(manifest, "own-transport", NULL)) {
        check_fail(c, "\"own-transport\" where a provider brings its own",
                   "add \"own-transport\" to the capabilities in plugin.json",
                   "a provider is of form own-transport, and the capability is not asked for");
    }
}

/* ---- linking ---- */

static struct elf_audit *audit(struct check_case *c)
{
    struct elf_audit *ret = NULL;
    struct beacon_error err = {0};
    if (elf_audit_read(text_string(c->file), c->file->len, "the file", &ret, &err) != BEACON_OK) {
        check_fail(c, "a shared object whose dynamic section can be read", err.hint, "%s",
                   err.message);
    }
    return ret;
}

static void add_name(struct text *list, const char *name)
{
    (void)text_addf(list, "%s%s", list->len > 0 ? ", " : "", name);
}

void check_static_exports(struct check_case *c)
{
    struct elf_audit *a = audit(c);
    bool has_entry = false;
    AUTO_TEXT struct text others;
    text_init(&others, LIST_BYTES);
    for (size_t i = 0; a != NULL && a->exports[i] != NULL; i++) {
        const bool is_entry = strcmp(a->exports[i], BEACON_ENTRY_SYMBOL) == 0;
        has_entry = has_entry || is_entry;
        if (!is_entry && strncmp(a->exports[i], "beacon_plugin_entry_v", 21) != 0) {
            add_name(&others, a->exports[i]);
        }
    }
    if (a != NULL && !has_entry) {
        check_fail(c, "one exported symbol, " BEACON_ENTRY_SYMBOL,
                   "end the plugin's source with BEACON_PLUGIN(name, &plugin)",
                   "%s is not exported", BEACON_ENTRY_SYMBOL);
    }
    if (others.len > 0) {
        check_fail(c, "one exported symbol, " BEACON_ENTRY_SYMBOL,
                   "compile with -fvisibility=hidden, or " LINK_HINT, "also exported: %s",
                   text_string(&others));
    }
    elf_audit_destroy(a);
}

static bool is_covered(const struct plugin_manifest *manifest, const char *wanted)
{
    for (size_t i = 0; i < manifest->n_capabilities; i++) {
        if (elf_audit_capability_covers(manifest->capabilities[i], wanted)) {
            return true;
        }
    }
    return false;
}

static void check_import(struct check_case *c, const char *symbol)
{
    const char *capability = elf_audit_import_capability(symbol);
    if (capability == NULL) {
        return;
    }
    if (strcmp(capability, "-") == 0) {
        check_fail(c, "nothing that ends, forks or changes the host's process",
                   "leave it to the host: its facets start programs, log and store",
                   "%s() is imported", symbol);
    } else if (!is_covered(c->manifest, capability)) {
        const char last = capability[strlen(capability) - 1];
        check_fail(c, "imports that the manifest's capabilities cover",
                   "ask for the capability in plugin.json, or do without the call",
                   "%s() is imported, which needs a capability \"%s%s\"", symbol, capability,
                   last == ':' || last == '-' ? "…" : "");
    }
}

void check_static_imports(struct check_case *c)
{
    struct elf_audit *a = audit(c);
    for (size_t i = 0; a != NULL && a->imports[i] != NULL; i++) {
        check_import(c, a->imports[i]);
    }
    elf_audit_destroy(a);
}

static bool is_sanitizer(const char *library)
{
#ifdef BEACON_SANITIZED
    return strncmp(library, "libasan.", 8) == 0 || strncmp(library, "libubsan.", 9) == 0 ||
           strncmp(library, "libtsan.", 8) == 0;
#else
    (void)library;
    return false;
#endif
}

void check_static_needed(struct check_case *c)
{
    struct elf_audit *a = audit(c);
    for (size_t i = 0; a != NULL && a->needed[i] != NULL; i++) {
        if (!elf_audit_is_allowed_library(a->needed[i]) && !is_sanitizer(a->needed[i])) {
            check_fail(c, "the C and C++ libraries, json-c, protobuf-c and libseccomp only",
                       "link it statically; otherwise every administrator must list it in the lock",
                       "the file needs %s", a->needed[i]);
        }
    }
    elf_audit_destroy(a);
}

void check_static_search_path(struct check_case *c)
{
    struct elf_audit *a = audit(c);
    if (a != NULL && (a->rpath != NULL || a->runpath != NULL)) {
        check_fail(c, "no search path in the file",
                   "link without -Wl,-rpath (CMake: set SKIP_BUILD_RPATH and no INSTALL_RPATH)",
                   "%s is %s", a->rpath != NULL ? "RPATH" : "RUNPATH",
                   a->rpath != NULL ? a->rpath : a->runpath);
    }
    elf_audit_destroy(a);
}

void check_static_relro(struct check_case *c)
{
    struct elf_audit *a = audit(c);
    if (a != NULL && (!a->has_relro || !a->has_bind_now)) {
        check_fail(c, "relocations done at once and then read-only",
                   "link with -Wl,-z,relro,-z,now, or " LINK_HINT, "%s is missing",
                   !a->has_relro ? "RELRO" : "BIND_NOW");
    }
    elf_audit_destroy(a);
}

void check_static_stack(struct check_case *c)
{
    struct elf_audit *a = audit(c);
    if (a != NULL && a->has_executable_stack) {
        check_fail(c, "a stack that holds no code",
                   "link with -Wl,-z,noexecstack; mark assembly with .note.GNU-stack",
                   "the file asks for an executable stack");
    }
    elf_audit_destroy(a);
}

void check_static_pages(struct check_case *c)
{
    struct elf_audit *a = audit(c);
    if (a != NULL && a->has_writable_code) {
        check_fail(c, "pages that are writable or executable, never both",
                   "link without -N (--omagic) and without a linker script that joins segments",
                   "a segment is writable and executable");
    }
    elf_audit_destroy(a);
}

/* ET_DYN is also what position independent programs are; those say so. */
static bool is_program(const struct text *file)
{
    ElfW(Ehdr) header;
    if (file->len < sizeof header) {
        return false;
    }
    memcpy(&header, file->data, sizeof header);
    return header.e_type != ET_DYN;
}

void check_static_pic(struct check_case *c)
{
    struct elf_audit *a = audit(c);
    if (a != NULL && is_program(c->file)) {
        check_fail(c, "a shared object", "link with -shared", "the file is no shared object");
    }
    if (a != NULL && a->has_text_relocations) {
        check_fail(c, "code that is the same wherever it is mapped", "compile with -fPIC",
                   "the code must be changed while it is loaded (text relocations)");
    }
    elf_audit_destroy(a);
}
