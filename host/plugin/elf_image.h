/* elf_image.h - the bytes of a shared object by the addresses the dynamic linker would give them.
 *
 * Only program headers count, as for the linker; section headers are decoration. What would make an
 * address mean one thing here and another one there is refused: segments out of order, sharing a
 * page, or not congruent to their place in the file. Private to elf_audit.c and elf_startup.c.
 * Thread: [any].
 */
#ifndef HOST_PLUGIN_ELF_IMAGE_H
#define HOST_PLUGIN_ELF_IMAGE_H

#include <beacon/error.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `bytes` and `name` are borrowed and must outlive it. */
struct elf_image {
    const char *name; /* what errors call the file */
    const unsigned char *bytes;
    uint64_t n;
    ElfW(Phdr) * segments;
    size_t n_segments;
};

/* INVALID, UNSUPPORTED: as elf_note_read_header(). */
int elf_image_open(const void *bytes, size_t n, const char *name, struct elf_image *ret,
                   struct beacon_error *err);
void elf_image_finish(struct elf_image *image);

/* `n` bytes at an address, all of them from the file; NULL when they are not. Not aligned. */
const unsigned char *elf_image_at(const struct elf_image *image, uint64_t address, uint64_t n);
bool elf_image_is_code(const struct elf_image *image, uint64_t address);

/* The segment of this type, and how many there are of it; NULL when there is none. */
const ElfW(Phdr) * elf_image_segment(const struct elf_image *image, uint32_t type, size_t *ret_n);

int elf_image_damaged(const struct elf_image *image, const char *what, struct beacon_error *err);

#endif
