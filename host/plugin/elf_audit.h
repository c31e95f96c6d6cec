/* elf_audit.h - what the dynamic linker would do with a file, found out by reading bytes.
 *
 * Class, machine and note are elf_note.h's; this reads the dynamic section: needed libraries, search
 * paths, text relocations, stack and relro flags, what is exported and what is imported. Every offset
 * is checked against the file before it is followed; nothing is executed. Used by trust.c, which
 * refuses, and by `beacon plugin check`, which lists. Thread: [any].
 */
#ifndef HOST_PLUGIN_ELF_AUDIT_H
#define HOST_PLUGIN_ELF_AUDIT_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_AUDIT_LIST_MAX 65536 /* symbols of one file */

/* Lists end with NULL; everything lives as long as the audit. */
struct elf_audit {
    const char *soname;          /* or NULL */
    const char *const *needed;   /* also what DT_FILTER, DT_AUXILIARY and DT_AUDIT would load */
    const char *const *exports;  /* defined, dynamic, global or weak, not hidden; without what every
                                   linker adds (_edata, _end …) */
    const char *const *imports;  /* undefined, without their versions */
    const char *rpath, *runpath; /* NULL: none */
    bool has_text_relocations, has_executable_stack;
    bool has_writable_code; /* a segment that is writable and executable */
    bool has_relro, has_bind_now;
    uint32_t n_constructors; /* what runs while it is loaded: initialisers beyond the compiler's
                                own, and the resolvers of indirect functions */
};

/* The bytes of a whole file, which need not stay. INVALID, UNSUPPORTED (another machine), LIMIT. *ret is
 * the caller's, for elf_audit_destroy(). */
int elf_audit_read(const void *bytes, size_t n, const char *name, struct elf_audit **ret,
                   struct beacon_error *err);
void elf_audit_destroy(struct elf_audit *audit); /* NULL is fine */

/* Is a library one of those every plugin may need: the libc family, libgcc_s, libstdc++, json-c,
 * protobuf-c, libseccomp? */
bool elf_audit_is_allowed_library(const char *soname);

/* The capability a plugin must have asked for to import this symbol: a word ("threads") or the front
 * of one ("fs-": fs-read or fs-write); "-" for one no plugin may import (fork, exit, dlopen …), or NULL
 * when it needs none. The table (elf_imports.c) finds honest mistakes; code that runs in the process
 * can do without any import. */
const char *elf_audit_import_capability(const char *symbol);

/* Does the capability of a manifest cover what an import asks for? `kernel`, which gives syscall(), gives
 * files and sockets as well. */
bool elf_audit_capability_covers(const char *capability, const char *wanted);

/* Why a plugin's linking cannot be accepted: a finding per call, index from 0, in a fixed order; false
 * behind the last. `is_hard` findings are refused always, others under a policy or by the checker.
 * Both lists end with NULL or are NULL; an item of `more_needed` is "soname" or "soname:sha256". */
enum elf_finding_kind {
    ELF_FINDING_SEARCH_PATH,  /* RPATH, RUNPATH */
    ELF_FINDING_TEXT,         /* text relocations, writable code */
    ELF_FINDING_STACK,        /* executable stack */
    ELF_FINDING_EXPORT,       /* more than entry symbols */
    ELF_FINDING_NO_ENTRY,     /* no beacon_plugin_entry_v<n> this host knows */
    ELF_FINDING_LIBRARY_PATH, /* a library is named by a path */
    ELF_FINDING_LIBRARY,      /* soft: a library that is neither allowed nor in more_needed */
    ELF_FINDING_IMPORT,       /* soft: a symbol without its capability */
};
struct elf_finding {
    enum elf_finding_kind kind;
    bool is_hard;
    bool is_unsupported; /* an entry of another major: not broken, for another host */
    char text[200];      /* a phrase that follows the name of the file */
    char remedy[160];
};
bool elf_audit_finding(const struct elf_audit *audit, const char *const *capabilities,
                       const char *const *more_needed, size_t i, struct elf_finding *ret);

#endif
