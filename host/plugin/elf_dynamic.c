/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/elf_dynamic.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#include "base/error.h"
#include "plugin/elf_image.h"
#include "plugin/elf_machine.h"

#define ENTRIES_MAX 65536

#ifndef DT_RELR /* glibc 2.36 */
#define DT_RELRSZ 35
#define DT_RELR   36
#endif

struct tag_row {
    uint64_t tag;
    size_t offset; /* of the field */
};

#define ROW(number, field)                                                                         \
    {                                                                                              \
        number, offsetof(struct elf_dynamic, field)                                                \
    }

static const struct tag_row rows[] = {
    ROW(DT_STRTAB, strtab),
    ROW(DT_STRSZ, strtab_bytes),
    ROW(DT_SYMTAB, symtab),
    ROW(DT_HASH, hash),
    ROW(DT_GNU_HASH, gnu_hash),
    ROW(DT_RELA, rela),
    ROW(DT_RELASZ, rela_bytes),
    ROW(DT_REL, rel),
    ROW(DT_RELSZ, rel_bytes),
    ROW(DT_JMPREL, jump),
    ROW(DT_PLTRELSZ, jump_bytes),
    ROW(DT_PLTREL, jump_kind),
    ROW(DT_RELR, packed),
    ROW(DT_RELRSZ, packed_bytes),
    ROW(DT_INIT, init),
    ROW(DT_INIT_ARRAY, init_array),
    ROW(DT_INIT_ARRAYSZ, init_array_bytes),
    ROW(DT_PREINIT_ARRAYSZ, preinit_array_bytes),
    ROW(DT_SONAME, soname),
    ROW(DT_RPATH, rpath),
    ROW(DT_RUNPATH, runpath),
    ROW(DT_FLAGS, flags),
    ROW(DT_FLAGS_1, flags_1),
    ROW(DT_TEXTREL, text_relocations),
};

/* Each of them makes the linker load a library. */
static bool is_name(uint64_t tag)
{
    return tag == DT_NEEDED || tag == DT_FILTER || tag == DT_AUXILIARY || tag == DT_AUDIT ||
           tag == DT_DEPAUDIT;
}

static bool keep(struct elf_dynamic *dynamic, uint64_t tag, uint64_t value)
{
    if (is_name(tag)) {
        if (dynamic->n_names == ELF_DYNAMIC_NAMES) {
            return false;
        }
        dynamic->names[dynamic->n_names++] = value;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].tag == tag) {
            memcpy((char *)dynamic + rows[i].offset, &value, sizeof value);
        }
    }
    return true;
}

int elf_dynamic_read(const struct elf_image *image, struct elf_dynamic *ret,
                     struct beacon_error *err)
{
    size_t n_found = 0;
    const ElfW(Phdr) *segment = elf_image_segment(image, PT_DYNAMIC, &n_found);
    if (n_found != 1) {
        return elf_image_damaged(
            image, n_found == 0 ? "it has no dynamic section" : "it has two dynamic sections", err);
    }
    memset(ret, 0xff, sizeof *ret); /* all ABSENT */
    ret->n_names = 0;
    const unsigned char *at = elf_image_at(image, segment->p_vaddr, segment->p_filesz);
    const size_t n = segment->p_filesz / sizeof(ElfW(Dyn));
    if (at == NULL || n > ENTRIES_MAX) {
        return elf_image_damaged(image, "its dynamic section is not what is mapped", err);
    }
    for (size_t i = 0; i < n; i++) {
        ElfW(Dyn) entry;
        memcpy(&entry, at + i * sizeof entry, sizeof entry);
        if (entry.d_tag == DT_NULL) {
            return BEACON_OK;
        }
        if (!keep(ret, (uint64_t)entry.d_tag, entry.d_un.d_val)) {
            return elf_image_damaged(image, "it asks for too many libraries", err);
        }
    }
    return elf_image_damaged(image, "its dynamic section has no end", err);
}

/* One table of relocations: its place, and the size of an entry. */
struct table {
    uint64_t address, n_bytes, entry_bytes;
};

static size_t tables_of(const struct elf_dynamic *dynamic, struct table tables[3])
{
    const uint64_t jump_entry =
        dynamic->jump_kind == DT_RELA ? sizeof(ElfW(Rela)) : sizeof(ElfW(Rel));
    const struct table all[] = {
        {dynamic->rela, dynamic->rela_bytes, sizeof(ElfW(Rela))},
        {dynamic->rel, dynamic->rel_bytes, sizeof(ElfW(Rel))},
        {dynamic->jump, dynamic->jump_bytes, jump_entry},
    };
    size_t n = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].address != ELF_DYNAMIC_ABSENT && all[i].n_bytes != ELF_DYNAMIC_ABSENT) {
            tables[n++] = all[i];
        }
    }
    return n;
}

/* Does what is written at `address`, up to a pointer long, touch the dynamic section? */
static bool hits(const ElfW(Phdr) * section, uint64_t address)
{
    return address < section->p_vaddr + section->p_memsz &&
           address + sizeof(ElfW(Addr)) > section->p_vaddr;
}

/* The packed kind: an address that is relocated, or the bits of the words behind the one before. */
static int check_packed(const struct elf_image *image, const struct elf_dynamic *dynamic,
                        const ElfW(Phdr) * section, struct beacon_error *err)
{
    const uint64_t word = sizeof(ElfW(Addr));
    if (dynamic->packed == ELF_DYNAMIC_ABSENT || dynamic->packed_bytes == ELF_DYNAMIC_ABSENT) {
        return BEACON_OK;
    }
    const unsigned char *at = elf_image_at(image, dynamic->packed, dynamic->packed_bytes);
    if (at == NULL) {
        return elf_image_damaged(image, "its relocations lie outside of the file", err);
    }
    uint64_t next = 0;
    for (uint64_t i = 0; i < dynamic->packed_bytes / word; i++) {
        ElfW(Addr) entry = 0;
        memcpy(&entry, at + i * word, sizeof entry);
        const bool is_address = (entry & 1) == 0;
        const uint64_t first = is_address ? entry : next;
        const uint64_t n = is_address ? 1 : 8 * word - 1;
        next = first + n * word;
        if (next > first &&
            (next + word <= section->p_vaddr || first >= section->p_vaddr + section->p_memsz)) {
            continue; /* nowhere near */
        }
        for (uint64_t bit = 0; bit < n; bit++) {
            const bool is_set = is_address || (entry >> (bit + 1) & 1) != 0;
            if (is_set && hits(section, first + bit * word)) {
                return elf_image_damaged(image, "it would change its own dynamic section", err);
            }
        }
    }
    return BEACON_OK;
}

int elf_dynamic_relocations(const struct elf_image *image, const struct elf_dynamic *dynamic,
                            struct elf_relocations *ret, struct beacon_error *err)
{
    size_t n_sections = 0;
    const ElfW(Phdr) *section = elf_image_segment(image, PT_DYNAMIC, &n_sections);
    struct table tables[3];
    *ret = (struct elf_relocations){0};
    for (size_t t = tables_of(dynamic, tables); t-- > 0;) {
        const unsigned char *at = elf_image_at(image, tables[t].address, tables[t].n_bytes);
        if (at == NULL) {
            return elf_image_damaged(image, "its relocations lie outside of the file", err);
        }
        for (uint64_t i = 0; i < tables[t].n_bytes / tables[t].entry_bytes; i++) {
            ElfW(Rel) entry; /* the front of the longer kind, too */
            memcpy(&entry, at + i * tables[t].entry_bytes, sizeof entry);
            if (hits(section, entry.r_offset)) {
                return elf_image_damaged(image, "it would change its own dynamic section", err);
            }
            const uint64_t symbol = ELF_MACHINE_SYMBOL(entry.r_info);
            ret->n_symbols = symbol >= ret->n_symbols ? symbol + 1 : ret->n_symbols;
            ret->n_resolvers += ELF_MACHINE_TYPE(entry.r_info) == ELF_MACHINE_IRELATIVE ? 1 : 0;
        }
    }
    return check_packed(image, dynamic, section, err);
}

/* Where the pointer at `slot` will point to: what the last relocation of it says, else what stands in
 * the file. false: not known before it is done. */
static bool pointer_at(const struct elf_image *image, const struct elf_dynamic *dynamic,
                       uint64_t slot, uint64_t *ret)
{
    struct table tables[3];
    ElfW(Addr) in_place = 0;
    const unsigned char *at = elf_image_at(image, slot, sizeof in_place);
    if (at == NULL) {
        return false;
    }
    memcpy(&in_place, at, sizeof in_place);
    *ret = in_place;
    for (size_t t = tables_of(dynamic, tables); t-- > 0;) {
        at = elf_image_at(image, tables[t].address, tables[t].n_bytes);
        for (uint64_t i = 0; at != NULL && i < tables[t].n_bytes / tables[t].entry_bytes; i++) {
            ElfW(Rela) entry = {0};
            memcpy(&entry, at + i * tables[t].entry_bytes, tables[t].entry_bytes);
            if (entry.r_offset + sizeof in_place <= slot ||
                entry.r_offset >= slot + sizeof in_place) {
                continue;
            }
            if (entry.r_offset != slot || ELF_MACHINE_TYPE(entry.r_info) != ELF_MACHINE_RELATIVE) {
                return false;
            }
            *ret = tables[t].entry_bytes == sizeof entry ? (uint64_t)entry.r_addend : in_place;
        }
    }
    return true;
}

uint32_t elf_dynamic_constructors(const struct elf_image *image, const struct elf_dynamic *dynamic)
{
    const uint64_t absent = ELF_DYNAMIC_ABSENT;
    uint32_t n = 0;
    uint64_t first = 0;
    if (dynamic->init != absent && !elf_machine_is_init(image, dynamic->init)) {
        n++;
    }
    if (dynamic->init_array != absent && dynamic->init_array_bytes != absent) {
        uint64_t slots = dynamic->init_array_bytes / sizeof(ElfW(Addr));
        /* The compiler's own stands before all of the plugin's, but for those with a priority. */
        const bool is_own = slots > 0 && pointer_at(image, dynamic, dynamic->init_array, &first) &&
                            elf_machine_is_frame_dummy(image, first);
        slots -= is_own ? 1 : 0;
        n += slots > UINT16_MAX ? UINT16_MAX : (uint32_t)slots;
    }
    if (dynamic->preinit_array_bytes != absent && dynamic->preinit_array_bytes > 0) {
        n++; /* the linker ignores it in a library: a wish to run early all the same */
    }
    return n;
}
