/* elf_dynamic.h - the dynamic section of a shared object, as numbers, and what its relocations do.
 *
 * Private to elf_audit.c. Thread: [any].
 */
#ifndef HOST_PLUGIN_ELF_DYNAMIC_H
#define HOST_PLUGIN_ELF_DYNAMIC_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_DYNAMIC_ABSENT UINT64_MAX
#define ELF_DYNAMIC_NAMES  256 /* libraries one file may ask for */

struct elf_image;

/* One field per tag; ABSENT when the section does not have it. Of a repeated tag the last counts, as
 * it does for the linker. */
struct elf_dynamic {
    uint64_t strtab, strtab_bytes, symtab, hash, gnu_hash;
    uint64_t rela, rela_bytes, rel, rel_bytes, jump, jump_bytes, jump_kind;
    uint64_t packed, packed_bytes; /* DT_RELR */
    uint64_t init, init_array, init_array_bytes, preinit_array_bytes;
    uint64_t soname, rpath, runpath, flags, flags_1, text_relocations;
    uint64_t names[ELF_DYNAMIC_NAMES]; /* DT_NEEDED and all else that loads a library */
    size_t n_names;
};

int elf_dynamic_read(const struct elf_image *image, struct elf_dynamic *ret,
                     struct beacon_error *err);

/* What stands in the relocations. */
struct elf_relocations {
    uint64_t n_symbols;   /* the highest index that is used, plus 1 */
    uint32_t n_resolvers; /* of functions that run while relocating */
};

/* INVALID when they would change the dynamic section itself or lie outside of the file. */
int elf_dynamic_relocations(const struct elf_image *image, const struct elf_dynamic *dynamic,
                            struct elf_relocations *ret, struct beacon_error *err);

/* How many functions run when the file is loaded, the compiler's own start-up code left out where it
 * is recognised. */
uint32_t elf_dynamic_constructors(const struct elf_image *image, const struct elf_dynamic *dynamic);

#endif
