/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/elf_audit.h"

#include <elf.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "plugin/elf_dynamic.h"
#include "plugin/elf_image.h"

#define SYMBOL_MAX_BYTES 16384

/* A list of names under construction; one slot is kept for the NULL at the end. */
struct names {
    const char **items;
    size_t n, capacity;
};

/* What elf_audit_destroy() frees; the public part comes first. */
struct whole {
    struct elf_audit audit;
    char *strings; /* a copy of the string table, a NUL behind it */
    uint64_t n_strings;
    struct names needed, exports, imports;
};

static void names_add(struct names *names, const char *name)
{
    if (names->n + 1 >= names->capacity) {
        names->capacity = names->capacity == 0 ? 16 : 2 * names->capacity;
        names->items = alloc_grow(names->items, names->capacity, sizeof *names->items);
    }
    names->items[names->n++] = name;
    names->items[names->n] = NULL;
}

/* A name of the string table; NULL when it lies outside or is of absurd length. */
static const char *string_at(const struct whole *whole, uint64_t offset)
{
    if (offset >= whole->n_strings) {
        return NULL;
    }
    const char *string = whole->strings + offset;
    return strnlen(string, SYMBOL_MAX_BYTES) < SYMBOL_MAX_BYTES ? string : NULL;
}

static int copy_strings(const struct elf_image *image, const struct elf_dynamic *dynamic,
                        struct whole *whole, struct beacon_error *err)
{
    const unsigned char *at = NULL;
    if (dynamic->strtab != ELF_DYNAMIC_ABSENT && dynamic->strtab_bytes != ELF_DYNAMIC_ABSENT) {
        at = elf_image_at(image, dynamic->strtab, dynamic->strtab_bytes);
    }
    if (at == NULL) {
        return elf_image_damaged(image, "its table of names lies outside of the file", err);
    }
    whole->strings = alloc_string_n((const char *)at, dynamic->strtab_bytes);
    whole->n_strings = dynamic->strtab_bytes;
    return BEACON_OK;
}

/* An optional name of the dynamic section. */
static int read_name(const struct elf_image *image, const struct whole *whole, uint64_t offset,
                     const char **ret, struct beacon_error *err)
{
    if (offset == ELF_DYNAMIC_ABSENT) {
        return BEACON_OK;
    }
    *ret = string_at(whole, offset);
    return *ret != NULL ? BEACON_OK
                        : elf_image_damaged(image, "a name lies outside of its table", err);
}

static int read_names(const struct elf_image *image, const struct elf_dynamic *dynamic,
                      struct whole *whole, struct beacon_error *err)
{
    struct elf_audit *audit = &whole->audit;
    int rc = read_name(image, whole, dynamic->soname, &audit->soname, err);
    if (rc == BEACON_OK) {
        rc = read_name(image, whole, dynamic->rpath, &audit->rpath, err);
    }
    if (rc == BEACON_OK) {
        rc = read_name(image, whole, dynamic->runpath, &audit->runpath, err);
    }
    for (size_t i = 0; rc == BEACON_OK && i < dynamic->n_names; i++) {
        const char *name = NULL;
        rc = read_name(image, whole, dynamic->names[i], &name, err);
        if (rc == BEACON_OK) {
            names_add(&whole->needed, name);
        }
    }
    return rc;
}

static bool read_u32(const struct elf_image *image, uint64_t address, uint32_t *ret)
{
    const unsigned char *at = elf_image_at(image, address, sizeof *ret);
    if (at != NULL) {
        memcpy(ret, at, sizeof *ret);
    }
    return at != NULL;
}

/* The chain that begins with the highest bucket ends with the last symbol. */
static bool count_gnu_hash(const struct elf_image *image, uint64_t table, uint64_t *ret)
{
    uint32_t n_buckets = 0, first = 0, n_bloom = 0, last = 0;
    if (!read_u32(image, table, &n_buckets) || !read_u32(image, table + 4, &first) ||
        !read_u32(image, table + 8, &n_bloom)) {
        return false;
    }
    const uint64_t buckets = table + 16 + (uint64_t)n_bloom * sizeof(ElfW(Addr));
    const uint64_t chains = buckets + (uint64_t)n_buckets * 4;
    const unsigned char *at = elf_image_at(image, buckets, (uint64_t)n_buckets * 4);
    for (uint32_t i = 0; at != NULL && i < n_buckets; i++) {
        uint32_t bucket = 0;
        memcpy(&bucket, at + (size_t)i * 4, sizeof bucket);
        last = bucket > last ? bucket : last;
    }
    if (at == NULL || last < first) {
        *ret = first; /* no symbol that could be looked up */
        return at != NULL;
    }
    uint32_t link = 0;
    for (uint64_t i = last; i - first <= ELF_AUDIT_LIST_MAX; i++) {
        if (!read_u32(image, chains + (i - first) * 4, &link)) {
            return false;
        }
        if ((link & 1) != 0) {
            *ret = i + 1;
            return true;
        }
    }
    *ret = UINT64_MAX;
    return true;
}

/* The section headers would say it; the linker goes by its hash tables, and so does this. */
static int count_symbols(const struct elf_image *image, const struct elf_dynamic *dynamic,
                         uint64_t *ret, struct beacon_error *err)
{
    uint64_t n = *ret;
    uint32_t n_chains = 0;
    if (dynamic->gnu_hash != ELF_DYNAMIC_ABSENT) {
        if (!count_gnu_hash(image, dynamic->gnu_hash, &n)) {
            return elf_image_damaged(image, "its hash table lies outside of the file", err);
        }
        *ret = n > *ret ? n : *ret;
    }
    if (dynamic->hash != ELF_DYNAMIC_ABSENT) {
        if (!read_u32(image, dynamic->hash + 4, &n_chains)) {
            return elf_image_damaged(image, "its hash table lies outside of the file", err);
        }
        *ret = n_chains > *ret ? n_chains : *ret;
    }
    if (*ret > ELF_AUDIT_LIST_MAX) {
        return error_set(err, BEACON_E_LIMIT, "build the plugin with hidden visibility",
                         "%s has more than %d dynamic symbols", image->name, ELF_AUDIT_LIST_MAX);
    }
    return BEACON_OK;
}

/* Older linkers export these from every shared object. */
static bool is_of_linker(const char *name)
{
    static const char *const known[] = {"_init",       "_fini",       "_edata",
                                        "_end",        "__bss_start", "__bss_start__",
                                        "__bss_end__", "_bss_end__",  "__end__"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(name, known[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void sort_symbol(struct whole *whole, const ElfW(Sym) * symbol, const char *name)
{
    const unsigned char bind = ELF64_ST_BIND(symbol->st_info);
    const unsigned char type = ELF64_ST_TYPE(symbol->st_info);
    const unsigned char visibility = ELF64_ST_VISIBILITY(symbol->st_other);
    if (symbol->st_shndx == SHN_UNDEF) {
        if (*name != '\0') {
            names_add(&whole->imports, name);
        }
        return;
    }
    whole->audit.n_constructors += type == STT_GNU_IFUNC ? 1 : 0;
    if (bind != STB_LOCAL && type != STT_SECTION && type != STT_FILE &&
        (visibility == STV_DEFAULT || visibility == STV_PROTECTED) && !is_of_linker(name)) {
        names_add(&whole->exports, name);
    }
}

static int read_symbols(const struct elf_image *image, const struct elf_dynamic *dynamic,
                        struct whole *whole, struct beacon_error *err)
{
    struct elf_relocations relocations;
    int rc = elf_dynamic_relocations(image, dynamic, &relocations, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    uint64_t n = relocations.n_symbols;
    whole->audit.n_constructors += relocations.n_resolvers;
    rc = count_symbols(image, dynamic, &n, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    const unsigned char *at = dynamic->symtab == ELF_DYNAMIC_ABSENT
                                  ? NULL
                                  : elf_image_at(image, dynamic->symtab, n * sizeof(ElfW(Sym)));
    if (at == NULL) {
        return elf_image_damaged(image, "its symbols lie outside of the file", err);
    }
    for (uint64_t i = 1; i < n; i++) {
        ElfW(Sym) symbol;
        memcpy(&symbol, at + i * sizeof symbol, sizeof symbol);
        const char *name = string_at(whole, symbol.st_name);
        if (name == NULL) {
            return elf_image_damaged(image, "a symbol's name lies outside of its table", err);
        }
        sort_symbol(whole, &symbol, name);
    }
    return BEACON_OK;
}

static void read_flags(const struct elf_image *image, const struct elf_dynamic *dynamic,
                       struct elf_audit *audit)
{
    const uint64_t flags = dynamic->flags == ELF_DYNAMIC_ABSENT ? 0 : dynamic->flags;
    const uint64_t flags_1 = dynamic->flags_1 == ELF_DYNAMIC_ABSENT ? 0 : dynamic->flags_1;
    size_t n = 0;
    audit->has_text_relocations =
        (flags & DF_TEXTREL) != 0 || dynamic->text_relocations != ELF_DYNAMIC_ABSENT;
    audit->has_bind_now = (flags & DF_BIND_NOW) != 0 || (flags_1 & DF_1_NOW) != 0;
    audit->has_relro = elf_image_segment(image, PT_GNU_RELRO, &n) != NULL;
    const ElfW(Phdr) *stack = elf_image_segment(image, PT_GNU_STACK, &n);
    /* A file that says nothing gets the default of the machine, which may be executable. */
    audit->has_executable_stack = stack == NULL || (stack->p_flags & PF_X) != 0;
    for (size_t i = 0; i < image->n_segments; i++) {
        const ElfW(Phdr) *segment = &image->segments[i];
        audit->has_writable_code = audit->has_writable_code ||
                                   (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0 &&
                                    (segment->p_flags & PF_W) != 0);
    }
}

static int read_all(const struct elf_image *image, struct whole *whole, struct beacon_error *err)
{
    struct elf_dynamic dynamic;
    int rc = elf_dynamic_read(image, &dynamic, err);
    if (rc == BEACON_OK) {
        rc = copy_strings(image, &dynamic, whole, err);
    }
    if (rc == BEACON_OK) {
        rc = read_names(image, &dynamic, whole, err);
    }
    if (rc == BEACON_OK) {
        rc = read_symbols(image, &dynamic, whole, err);
    }
    if (rc == BEACON_OK) {
        whole->audit.n_constructors += elf_dynamic_constructors(image, &dynamic);
        read_flags(image, &dynamic, &whole->audit);
    }
    return rc;
}

int elf_audit_read(const void *bytes, size_t n, const char *name, struct elf_audit **ret,
                   struct beacon_error *err)
{
    static const char *const none[] = {NULL};
    struct elf_image image;
    int rc = elf_image_open(bytes, n, name, &image, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct whole *whole = alloc_zeroed(sizeof *whole);
    rc = read_all(&image, whole, err);
    elf_image_finish(&image);
    if (rc != BEACON_OK) {
        elf_audit_destroy(&whole->audit);
        return rc;
    }
    struct elf_audit *audit = &whole->audit;
    audit->needed = whole->needed.n > 0 ? whole->needed.items : none;
    audit->exports = whole->exports.n > 0 ? whole->exports.items : none;
    audit->imports = whole->imports.n > 0 ? whole->imports.items : none;
    *ret = audit;
    return BEACON_OK;
}

void elf_audit_destroy(struct elf_audit *audit)
{
    if (audit != NULL) {
        struct whole *whole = (struct whole *)audit;
        free(whole->strings);
        free(whole->needed.items);
        free(whole->exports.items);
        free(whole->imports.items);
        free(whole);
    }
}
