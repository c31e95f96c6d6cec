/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/elf_image.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "plugin/elf_note.h"

#define ADDRESS_MAX (UINT64_C(1) << 47) /* beyond it sums could overflow, and nothing is mapped */

int elf_image_damaged(const struct elf_image *image, const char *what, struct beacon_error *err)
{
    return error_set(err, BEACON_E_INVALID, "copy the file again, or rebuild the plugin",
                     "%s is damaged: %s", image->name, what);
}

/* `page_end` is where the pages of the loadable segments before this one end. */
static int check_loadable(const struct elf_image *image, const ElfW(Phdr) * segment,
                          uint64_t *page_end, struct beacon_error *err)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    if (segment->p_vaddr > ADDRESS_MAX || segment->p_memsz > ADDRESS_MAX ||
        segment->p_filesz > segment->p_memsz) {
        return elf_image_damaged(image, "a segment is larger than an address space", err);
    }
    if ((segment->p_vaddr - segment->p_offset) % page != 0) {
        return elf_image_damaged(image, "a segment does not begin where its page does", err);
    }
    if (segment->p_vaddr / page * page < *page_end) {
        return elf_image_damaged(image, "its segments overlap or are out of order", err);
    }
    *page_end = (segment->p_vaddr + segment->p_memsz + page - 1) / page * page;
    return BEACON_OK;
}

static int check_segments(const struct elf_image *image, struct beacon_error *err)
{
    uint64_t page_end = 0;
    size_t n_loadable = 0;
    for (size_t i = 0; i < image->n_segments; i++) {
        const ElfW(Phdr) *segment = &image->segments[i];
        if (segment->p_offset > image->n || segment->p_filesz > image->n - segment->p_offset) {
            return elf_image_damaged(image, "a segment lies outside of the file", err);
        }
        if (segment->p_type != PT_LOAD) {
            continue;
        }
        int rc = check_loadable(image, segment, &page_end, err);
        if (rc != BEACON_OK) {
            return rc;
        }
        n_loadable++;
    }
    return n_loadable > 0 ? BEACON_OK
                          : elf_image_damaged(image, "it has nothing that is mapped", err);
}

int elf_image_open(const void *bytes, size_t n, const char *name, struct elf_image *ret,
                   struct beacon_error *err)
{
    const struct elf_file file = {
        .name = name, .fd = -1, .memory = bytes, .in_memory = n, .size = n};
    ElfW(Ehdr) header = {0};
    int rc = elf_note_read_header(&file, &header, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct elf_image image = {.name = name, .bytes = bytes, .n = n, .n_segments = header.e_phnum};
    const uint64_t table_bytes = (uint64_t)header.e_phnum * sizeof *image.segments;
    if (header.e_phoff > n || table_bytes > n - header.e_phoff) {
        return elf_image_damaged(&image, "its program headers lie outside of the file", err);
    }
    image.segments = alloc_array(image.n_segments + 1, sizeof *image.segments);
    memcpy(image.segments, image.bytes + header.e_phoff, table_bytes);
    rc = check_segments(&image, err);
    if (rc != BEACON_OK) {
        elf_image_finish(&image);
        return rc;
    }
    *ret = image;
    return BEACON_OK;
}

void elf_image_finish(struct elf_image *image)
{
    free(image->segments);
    image->segments = NULL;
}

const unsigned char *elf_image_at(const struct elf_image *image, uint64_t address, uint64_t n)
{
    for (size_t i = 0; i < image->n_segments; i++) {
        const ElfW(Phdr) *segment = &image->segments[i];
        if (segment->p_type == PT_LOAD && address >= segment->p_vaddr) {
            uint64_t offset = address - segment->p_vaddr;
            if (offset <= segment->p_filesz && n <= segment->p_filesz - offset) {
                return image->bytes + segment->p_offset + offset;
            }
        }
    }
    return NULL;
}

bool elf_image_is_code(const struct elf_image *image, uint64_t address)
{
    for (size_t i = 0; i < image->n_segments; i++) {
        const ElfW(Phdr) *segment = &image->segments[i];
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0 &&
            address >= segment->p_vaddr && address - segment->p_vaddr < segment->p_filesz) {
            return true;
        }
    }
    return false;
}

const ElfW(Phdr) * elf_image_segment(const struct elf_image *image, uint32_t type, size_t *ret_n)
{
    const ElfW(Phdr) *found = NULL;
    *ret_n = 0;
    for (size_t i = 0; i < image->n_segments; i++) {
        if (image->segments[i].p_type == type) {
            found = &image->segments[i];
            ++*ret_n;
        }
    }
    return found;
}
