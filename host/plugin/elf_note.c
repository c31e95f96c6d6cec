/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/elf_note.h"

#include <beacon/plugin.h>
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

#define OWNER            "beacon" /* compared with its NUL */
#define HEADERS_MAX      256      /* program headers of one file */
#define NOTES_MAX        256      /* notes of one segment */
#define READ_AHEAD_BYTES 4096
#define BROKEN_HINT      "copy the file again, or rebuild the plugin"
#define NOT_A_PLUGIN     "remove it from the plugin folder, or rebuild it with beacon_add_plugin()"
#define NATIVE_CLASS     (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)
#define NATIVE_ENCODING  (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB)

struct machine {
    uint16_t number;
    const char *name;
};

static const struct machine machines[] = {
    {EM_X86_64, "x86_64"}, {EM_AARCH64, "aarch64"}, {EM_RISCV, "riscv"}, {EM_386, "i386"},
    {EM_ARM, "arm"},       {EM_PPC64, "ppc64"},     {EM_S390, "s390"},
};

#if defined(__x86_64__)
#define NATIVE_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define NATIVE_MACHINE EM_AARCH64
#elif defined(__riscv)
#define NATIVE_MACHINE EM_RISCV
#elif defined(__i386__)
#define NATIVE_MACHINE EM_386
#elif defined(__arm__)
#define NATIVE_MACHINE EM_ARM
#elif defined(__powerpc64__)
#define NATIVE_MACHINE EM_PPC64
#elif defined(__s390__)
#define NATIVE_MACHINE EM_S390
#else
#error "add this machine to elf_note.c"
#endif

static const char *machine_name(uint16_t number)
{
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        if (machines[i].number == number) {
            return machines[i].name;
        }
    }
    return "an unknown machine";
}

static int truncated(const struct elf_file *file, uint64_t needed, struct beacon_error *err)
{
    return error_set(err, BEACON_E_INVALID, BROKEN_HINT,
                     "%s is truncated: it has %" PRIu64 " bytes, its headers speak of %" PRIu64,
                     file->name, file->size, needed);
}

/* All of `n` bytes at `offset`, or an error. */
static int read_at(const struct elf_file *file, uint64_t offset, void *to, size_t n,
                   struct beacon_error *err)
{
    if (offset > file->size || n > file->size - offset) {
        return truncated(file, offset + n < offset ? UINT64_MAX : offset + n, err);
    }
    if (offset + n <= file->in_memory) {
        memcpy(to, (const char *)file->memory + offset, n);
        return BEACON_OK;
    }
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(file->fd, (char *)to + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            int os_errno = got < 0 ? errno : 0;
            return error_set_errno(err, BEACON_E_IO, os_errno, BROKEN_HINT, "cannot read %s: %s",
                                   file->name,
                                   got < 0 ? strerror(os_errno) : "it became shorter meanwhile");
        }
        done += (size_t)got;
    }
    return BEACON_OK;
}

static int check_identity(const struct elf_file *file, struct beacon_error *err)
{
    unsigned char ident[EI_NIDENT] = {0};
    if (file->size == 0) {
        return error_set(err, BEACON_E_INVALID, BROKEN_HINT, "%s is empty, not a plugin file",
                         file->name);
    }
    size_t n = file->size < sizeof ident ? (size_t)file->size : sizeof ident;
    int rc = read_at(file, 0, ident, n, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (memcmp(ident, ELFMAG, SELFMAG) != 0) {
        return error_set(err, BEACON_E_INVALID, NOT_A_PLUGIN,
                         "%s is not an ELF file: it begins with %02x %02x %02x %02x instead of "
                         "7f 45 4c 46",
                         file->name, ident[0], ident[1], ident[2], ident[3]);
    }
    if (n == sizeof ident && ident[EI_CLASS] != NATIVE_CLASS) {
        return error_set(err, BEACON_E_UNSUPPORTED, "install the build for this machine",
                         "%s is of ELF class %u, this host needs class %u (%zu bits)", file->name,
                         ident[EI_CLASS], (unsigned)NATIVE_CLASS, 8 * sizeof(void *));
    }
    if (n == sizeof ident && ident[EI_DATA] != NATIVE_ENCODING) {
        return error_set(err, BEACON_E_UNSUPPORTED, "install the build for this machine",
                         "%s has byte order %u, this host needs %u", file->name, ident[EI_DATA],
                         (unsigned)NATIVE_ENCODING);
    }
    return BEACON_OK;
}

int elf_note_read_header(const struct elf_file *file, ElfW(Ehdr) * header, struct beacon_error *err)
{
    int rc = check_identity(file, err);
    if (rc == BEACON_OK) {
        rc = read_at(file, 0, header, sizeof *header, err);
    }
    if (rc != BEACON_OK) {
        return rc;
    }
    if (header->e_machine != NATIVE_MACHINE) {
        return error_set(err, BEACON_E_UNSUPPORTED, "install the build for this machine",
                         "%s is built for %s (%u), this host is %s (%u)", file->name,
                         machine_name(header->e_machine), header->e_machine,
                         machine_name(NATIVE_MACHINE), (unsigned)NATIVE_MACHINE);
    }
    if (header->e_type != ET_DYN) {
        return error_set(err, BEACON_E_INVALID, NOT_A_PLUGIN,
                         "%s is of ELF type %u, a plugin is a shared object (type %u)", file->name,
                         header->e_type, (unsigned)ET_DYN);
    }
    if (header->e_phentsize != sizeof(ElfW(Phdr)) || header->e_phnum > HEADERS_MAX) {
        return error_set(
            err, BEACON_E_INVALID, BROKEN_HINT,
            "%s is damaged: %u program headers of %u bytes, expected at most %u of %zu", file->name,
            header->e_phnum, header->e_phentsize, (unsigned)HEADERS_MAX, sizeof(ElfW(Phdr)));
    }
    return BEACON_OK;
}

/* `offset` + `n` must lie inside the file. */
static int check_range(const struct elf_file *file, uint64_t offset, uint64_t n,
                       struct beacon_error *err)
{
    if (offset > file->size || n > file->size - offset) {
        return truncated(file, offset + n < offset ? UINT64_MAX : offset + n, err);
    }
    return BEACON_OK;
}

struct note_place {
    uint64_t offset; /* of the content */
    uint32_t bytes;
    uint32_t found; /* how many notes of ours there are */
};

static uint64_t rounded_up(uint64_t n, uint64_t align)
{
    return (n + align - 1) / align * align;
}

/* Walk the notes of one segment; remember ours. */
static int scan_segment(const struct elf_file *file, const ElfW(Phdr) * segment,
                        struct note_place *place, struct beacon_error *err)
{
    const uint64_t align = segment->p_align == 8 ? 8 : 4;
    const uint64_t end = segment->p_offset + segment->p_filesz;
    uint64_t at = segment->p_offset;
    for (int i = 0; i < NOTES_MAX && end - at >= sizeof(ElfW(Nhdr)); i++) {
        ElfW(Nhdr) note = {0};
        char owner[sizeof OWNER] = {0};
        int rc = read_at(file, at, &note, sizeof note, err);
        if (rc != BEACON_OK) {
            return rc;
        }
        uint64_t name_at = at + sizeof note;
        uint64_t content_at = rounded_up(name_at + note.n_namesz, align);
        if (content_at > end || note.n_descsz > end - content_at) {
            return error_set(err, BEACON_E_INVALID, BROKEN_HINT,
                             "%s is damaged: a note of %u bytes in a segment of %" PRIu64,
                             file->name, note.n_descsz, (uint64_t)segment->p_filesz);
        }
        if (note.n_type == BEACON_NOTE_TYPE && note.n_namesz == sizeof owner) {
            rc = read_at(file, name_at, owner, sizeof owner, err);
            if (rc != BEACON_OK) {
                return rc;
            }
            if (memcmp(owner, OWNER, sizeof owner) == 0) {
                place->offset = content_at;
                place->bytes = note.n_descsz;
                place->found++;
            }
        }
        at = rounded_up(content_at + note.n_descsz, align);
        if (at > end) {
            break;
        }
    }
    return BEACON_OK;
}

static int scan_file(const struct elf_file *file, struct note_place *place,
                     struct beacon_error *err)
{
    ElfW(Ehdr) header = {0};
    int rc = elf_note_read_header(file, &header, err);
    if (rc == BEACON_OK && header.e_shoff != 0) {
        /* Linkers write the section headers last: a file cut anywhere misses some of them. */
        rc = check_range(file, header.e_shoff, (uint64_t)header.e_shnum * header.e_shentsize, err);
    }
    for (unsigned i = 0; rc == BEACON_OK && i < header.e_phnum; i++) {
        ElfW(Phdr) segment = {0};
        rc = read_at(file, header.e_phoff + (uint64_t)i * sizeof segment, &segment, sizeof segment,
                     err);
        if (rc == BEACON_OK) {
            rc = check_range(file, segment.p_offset, segment.p_filesz, err);
        }
        if (rc == BEACON_OK && segment.p_type == PT_NOTE) {
            rc = scan_segment(file, &segment, place, err);
        }
    }
    return rc;
}

static int copy_note(const struct elf_file *file, struct text *out, struct beacon_error *err)
{
    struct note_place place = {0};
    int rc = scan_file(file, &place, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (place.found == 0) {
        return error_set(err, BEACON_E_INVALID, NOT_A_PLUGIN,
                         "%s is a shared object but no plugin: it carries no manifest note",
                         file->name);
    }
    if (place.found > 1) {
        return error_set(err, BEACON_E_INVALID, NOT_A_PLUGIN,
                         "%s carries %u manifest notes, a plugin carries 1", file->name,
                         place.found);
    }
    if (place.bytes > ELF_NOTE_MAX_BYTES) {
        return error_set(err, BEACON_E_LIMIT, "shorten plugin.json and rebuild the plugin",
                         "the manifest of %s has %u bytes, at most %u are read", file->name,
                         place.bytes, ELF_NOTE_MAX_BYTES);
    }
    char *to = text_reserve(out, place.bytes);
    if (to == NULL) {
        return error_set(err, BEACON_E_LIMIT, "shorten plugin.json and rebuild the plugin",
                         "the manifest of %s does not fit", file->name);
    }
    rc = read_at(file, place.offset, to, place.bytes, err);
    if (rc == BEACON_OK) {
        text_commit(out, place.bytes);
    }
    return rc;
}

int elf_note_read(const struct elf_file *file, struct text *out, struct beacon_error *err)
{
    /* Headers and notes stand at the front of what linkers write: one read instead of twenty. */
    char front[READ_AHEAD_BYTES];
    struct elf_file ahead = *file;
    if (file->fd >= 0) {
        ssize_t got = pread(file->fd, front, sizeof front, 0);
        ahead.memory = front;
        ahead.in_memory = got > 0 ? (uint64_t)got : 0;
    }
    return copy_note(&ahead, out, err);
}
