/* elf_note.h - finding one note in an ELF file of this machine, by reading bytes only.
 *
 * Every offset, size and count of the file is checked against its length before it is followed, and
 * a file that is shorter than its own headers promise is refused as truncated, so what passes here
 * cannot make the dynamic linker touch pages that are not there. Private to manifest.c and
 * elf_image.c. Thread: [any].
 */
#ifndef HOST_PLUGIN_ELF_NOTE_H
#define HOST_PLUGIN_ELF_NOTE_H

#include <beacon/error.h>
#include <link.h>
#include <stdint.h>

#define ELF_NOTE_MAX_BYTES (64u << 10) /* of a note's content */

struct text;

/* The file: either an open descriptor or bytes in memory. */
struct elf_file {
    const char *name;   /* what errors call it */
    int fd;             /* borrowed; -1 = everything is in `memory` */
    const void *memory; /* the first `in_memory` bytes, or NULL */
    uint64_t in_memory;
    uint64_t size;
};

/* The header of a shared object for this machine; errors as below. */
int elf_note_read_header(const struct elf_file *file, ElfW(Ehdr) * header,
                         struct beacon_error *err);

/* Append the content of the beacon note to `out`. INVALID: not ELF, truncated, damaged, no note or
 * two. UNSUPPORTED: of another machine or class. LIMIT: note too large. IO: a read failed. */
int elf_note_read(const struct elf_file *file, struct text *out, struct beacon_error *err);

#endif
