/* elf_machine.h - the few facts about this machine that reading relocations and start-up code needs.
 *
 * On a machine whose start-up code is not known here the first function of each list counts as the
 * compiler's own. Private to elf_dynamic.c. Thread: [any].
 */
#ifndef HOST_PLUGIN_ELF_MACHINE_H
#define HOST_PLUGIN_ELF_MACHINE_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

struct elf_image;

#if __SIZEOF_POINTER__ == 8
#define ELF_MACHINE_SYMBOL(info) ELF64_R_SYM(info)
#define ELF_MACHINE_TYPE(info)   ELF64_R_TYPE(info)
#else
#define ELF_MACHINE_SYMBOL(info) ELF32_R_SYM(info)
#define ELF_MACHINE_TYPE(info)   ELF32_R_TYPE(info)
#endif

#if defined(__x86_64__)
#define ELF_MACHINE_RELATIVE  R_X86_64_RELATIVE
#define ELF_MACHINE_IRELATIVE R_X86_64_IRELATIVE
#elif defined(__aarch64__)
#define ELF_MACHINE_RELATIVE  R_AARCH64_RELATIVE
#define ELF_MACHINE_IRELATIVE R_AARCH64_IRELATIVE
#elif defined(__riscv)
#define ELF_MACHINE_RELATIVE  R_RISCV_RELATIVE
#define ELF_MACHINE_IRELATIVE 58
#elif defined(__i386__)
#define ELF_MACHINE_RELATIVE  R_386_RELATIVE
#define ELF_MACHINE_IRELATIVE R_386_IRELATIVE
#elif defined(__arm__)
#define ELF_MACHINE_RELATIVE  R_ARM_RELATIVE
#define ELF_MACHINE_IRELATIVE R_ARM_IRELATIVE
#elif defined(__powerpc64__)
#define ELF_MACHINE_RELATIVE  R_PPC64_RELATIVE
#define ELF_MACHINE_IRELATIVE R_PPC64_IRELATIVE
#elif defined(__s390__)
#define ELF_MACHINE_RELATIVE  R_390_RELATIVE
#define ELF_MACHINE_IRELATIVE R_390_IRELATIVE
#else
#error "add this machine to elf_machine.h"
#endif

/* Is this crti's _init(), which calls __gmon_start__ when a profiler is there? */
bool elf_machine_is_init(const struct elf_image *image, uint64_t address);

/* Is this crtbegin's frame_dummy(), which registers transactional memory nobody has? */
bool elf_machine_is_frame_dummy(const struct elf_image *image, uint64_t address);

#endif
