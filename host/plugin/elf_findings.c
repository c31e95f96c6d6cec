/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/elf_audit.h"

#include <beacon/plugin.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_FRONT    "beacon_plugin_entry_v"
#define USE_ADD_PLUGIN "build the plugin with beacon_add_plugin()"

/* What is asked about one plugin, and how many findings to skip. */
struct search {
    const struct elf_audit *audit;
    const char *const *capabilities, *const *more_needed;
    size_t skip;
    struct elf_finding *ret;
};

/* true: this is the finding that was asked for. */
static bool __attribute__((format(printf, 4, 5)))
found(struct search *search, enum elf_finding_kind kind, const char *remedy, const char *format,
      ...)
{
    if (search->skip > 0) {
        search->skip--;
        return false;
    }
    va_list args;
    struct elf_finding *ret = search->ret;
    *ret = (struct elf_finding){.kind = kind, .is_hard = kind < ELF_FINDING_LIBRARY};
    va_start(args, format);
    (void)vsnprintf(ret->text, sizeof ret->text, format, args);
    va_end(args);
    (void)snprintf(ret->remedy, sizeof ret->remedy, "%s", remedy);
    return true;
}

static bool search_paths(struct search *search)
{
    const struct elf_audit *audit = search->audit;
    return (audit->rpath != NULL &&
            found(search, ELF_FINDING_SEARCH_PATH,
                  "link it without -rpath (CMake: SKIP_BUILD_RPATH), or run chrpath -d",
                  "has the RPATH %s, from where somebody could slip in a library", audit->rpath)) ||
           (audit->runpath != NULL &&
            found(search, ELF_FINDING_SEARCH_PATH,
                  "link it without -rpath (CMake: SKIP_BUILD_RPATH), or run chrpath -d",
                  "has the RUNPATH %s, from where somebody could slip in a library",
                  audit->runpath));
}

static bool search_memory(struct search *search)
{
    const struct elf_audit *audit = search->audit;
    return (audit->has_text_relocations &&
            found(search, ELF_FINDING_TEXT, "compile all of it with -fPIC",
                  "has text relocations, which make its code writable")) ||
           (audit->has_writable_code &&
            found(search, ELF_FINDING_TEXT, "link it without -N and with -z separate-code",
                  "has a segment that is both writable and executable")) ||
           (audit->has_executable_stack &&
            found(search, ELF_FINDING_STACK, "link it with -z noexecstack",
                  "wants an executable stack"));
}

/* The major of an entry symbol; 0 = it is none. */
static unsigned long entry_major(const char *symbol)
{
    char *end = NULL;
    if (strncmp(symbol, ENTRY_FRONT, strlen(ENTRY_FRONT)) != 0 ||
        symbol[strlen(ENTRY_FRONT)] < '1' || symbol[strlen(ENTRY_FRONT)] > '9') {
        return 0;
    }
    unsigned long major = strtoul(symbol + strlen(ENTRY_FRONT), &end, 10);
    return *end == '\0' ? major : 0;
}

static bool search_exports(struct search *search)
{
    const char *const *exports = search->audit->exports;
    const char *foreign = NULL;
    bool is_known = false;
    for (size_t i = 0; exports[i] != NULL; i++) {
        const unsigned long major = entry_major(exports[i]);
        is_known = is_known || major == BEACON_ABI_MAJOR;
        foreign = major != 0 ? exports[i] : foreign;
        if (major == 0 && found(search, ELF_FINDING_EXPORT, USE_ADD_PLUGIN,
                                "exports %s, a plugin exports its entry only", exports[i])) {
            return true;
        }
    }
    if (is_known) {
        return false;
    }
    if (foreign == NULL) {
        return found(search, ELF_FINDING_NO_ENTRY, USE_ADD_PLUGIN,
                     "exports no " BEACON_ENTRY_SYMBOL ", which every plugin must");
    }
    if (found(search, ELF_FINDING_NO_ENTRY,
              "rebuild it with an SDK of major 1, or use a newer beacon",
              "speaks ABI major %lu (%s), this host speaks %u", entry_major(foreign), foreign,
              BEACON_ABI_MAJOR)) {
        search->ret->is_unsupported = true;
        return true;
    }
    return false;
}

/* Is `soname` an item of a list whose items may go on with ":sha256"? */
static bool is_named(const char *const *list, const char *soname)
{
    const size_t n = strlen(soname);
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        if (strncmp(list[i], soname, n) == 0 && (list[i][n] == '\0' || list[i][n] == ':')) {
            return true;
        }
    }
    return false;
}

static bool search_libraries(struct search *search)
{
    const char *const *needed = search->audit->needed;
    for (size_t i = 0; needed[i] != NULL; i++) {
        if (strpbrk(needed[i], "/$") != NULL || needed[i][0] == '\0') {
            if (found(search, ELF_FINDING_LIBRARY_PATH, "link it against a library by its name",
                      "needs the library \"%s\" by path", needed[i])) {
                return true;
            }
        } else if (!elf_audit_is_allowed_library(needed[i]) &&
                   !is_named(search->more_needed, needed[i]) &&
                   found(search, ELF_FINDING_LIBRARY,
                         "link it into the plugin, or pin it: beacon plugin lock",
                         "needs the library %s, which is not one of those every plugin may use",
                         needed[i])) {
            return true;
        }
    }
    return false;
}

/* "kernel" is for sandbox backends, which open what they make rules about. */
static bool is_granted(const char *const *capabilities, const char *wanted)
{
    for (size_t i = 0; capabilities != NULL && capabilities[i] != NULL; i++) {
        if (elf_audit_capability_covers(capabilities[i], wanted)) {
            return true;
        }
    }
    return false;
}

static bool search_imports(struct search *search)
{
    const char *const *imports = search->audit->imports;
    for (size_t i = 0; imports[i] != NULL; i++) {
        const char *capability = elf_audit_import_capability(imports[i]);
        if (capability == NULL) {
            continue;
        }
        if (strcmp(capability, "-") == 0) {
            if (found(search, ELF_FINDING_IMPORT, "take the call out of the plugin",
                      "imports %s, which no plugin may call", imports[i])) {
                return true;
            }
        } else if (!is_granted(search->capabilities, capability) &&
                   found(search, ELF_FINDING_IMPORT,
                         "list the capability in plugin.json, or do without the call",
                         "imports %s without asking for the capability %s%s", imports[i],
                         capability, strcmp(capability, "fs-") == 0 ? "read or fs-write" : "")) {
            return true;
        }
    }
    return false;
}

bool elf_audit_finding(const struct elf_audit *audit, const char *const *capabilities,
                       const char *const *more_needed, size_t i, struct elf_finding *ret)
{
    struct search search = {.audit = audit,
                            .capabilities = capabilities,
                            .more_needed = more_needed,
                            .skip = i,
                            .ret = ret};
    return search_paths(&search) || search_memory(&search) || search_exports(&search) ||
           search_libraries(&search) || search_imports(&search);
}

bool elf_audit_is_allowed_library(const char *soname)
{
    /* What stands before the number of the version. */
    static const char *const names[] = {
        "libc.so.",
        "libm.so.",
        "libdl.so.",
        "libpthread.so.",
        "librt.so.",
        "libresolv.so.",
        "libutil.so.",
        "libanl.so.",
        "libmvec.so.",
        "libgcc_s.so.",
        "libstdc++.so.",
        "libatomic.so.",
        "libjson-c.so.",
        "libseccomp.so.",
        "libprotobuf-c.so.",
        "ld-linux.so.",
        "ld-linux-x86-64.so.",
        "ld-linux-aarch64.so.",
        "ld-linux-armhf.so.",
        "ld-linux-riscv64-lp64d.so.",
        "ld64.so.",
        "libc.musl-x86_64.so.",
        "libc.musl-aarch64.so.",
#ifdef BEACON_SANITIZED
        "libasan.so.",
        "libubsan.so.",
        "libtsan.so.",
        "liblsan.so.",
#endif
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const size_t n = strlen(names[i]);
        if (strncmp(soname, names[i], n) == 0 && soname[n] != '\0' &&
            strspn(soname + n, "0123456789") == strlen(soname + n)) {
            return true;
        }
    }
    return false;
}
