/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/elf_machine.h"

#include <string.h>

#include "plugin/elf_image.h"

#if defined(__x86_64__)
#define ANY (-1)

/* Code with an address inside, which is any. */
struct pattern {
    size_t n;
    short bytes[40];
};

/* endbr64 stands before each of them when the compiler was built to add it. */
static const unsigned char endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};

static const struct pattern init_code = {
    .n = 23, .bytes = {0x48, 0x83, 0xec, 0x08,                   /* sub $8,%rsp */
                       0x48, 0x8b, 0x05, ANY,  ANY,  ANY,  ANY,  /* mov __gmon_start__(%rip),%rax */
                       0x48, 0x85, 0xc0, 0x74, 0x02, 0xff, 0xd0, /* test; je; call *%rax */
                       0x48, 0x83, 0xc4, 0x08, 0xc3},            /* add $8,%rsp; ret */
};
static const struct pattern frame_dummy_code = {
    .n = 5, .bytes = {0xe9, ANY, ANY, ANY, ANY}, /* jmp register_tm_clones */
};
static const struct pattern register_code = {
    .n = 36, .bytes = {0x48, 0x8d, 0x3d, ANY,  ANY,  ANY,  ANY, /* lea __TMC_END__(%rip),%rdi */
                       0x48, 0x8d, 0x35, ANY,  ANY,  ANY,  ANY, /* lea __TMC_END__(%rip),%rsi */
                       0x48, 0x29, 0xfe, 0x48, 0x89, 0xf0,      /* sub; mov */
                       0x48, 0xc1, 0xee, 0x3f, 0x48, 0xc1, 0xf8, 0x03,  /* shr $63; sar $3 */
                       0x48, 0x01, 0xc6, 0x48, 0xd1, 0xfe, 0x74, 0x14}, /* add; sar; je */
};

/* The code at `address` when it looks like the pattern, behind an endbr64 if there is one. */
static const unsigned char *match(const struct elf_image *image, uint64_t *address,
                                  const struct pattern *pattern)
{
    const unsigned char *code = elf_image_at(image, *address, sizeof endbr64);
    if (!elf_image_is_code(image, *address) || code == NULL) {
        return NULL;
    }
    *address += memcmp(code, endbr64, sizeof endbr64) == 0 ? sizeof endbr64 : 0;
    code = elf_image_at(image, *address, pattern->n);
    for (size_t i = 0; code != NULL && i < pattern->n; i++) {
        if (pattern->bytes[i] != ANY && pattern->bytes[i] != code[i]) {
            return NULL;
        }
    }
    return code;
}

bool elf_machine_is_init(const struct elf_image *image, uint64_t address)
{
    return match(image, &address, &init_code) != NULL;
}

bool elf_machine_is_frame_dummy(const struct elf_image *image, uint64_t address)
{
    const unsigned char *jump = match(image, &address, &frame_dummy_code);
    if (jump == NULL) {
        return false;
    }
    int32_t distance = 0;
    memcpy(&distance, jump + 1, sizeof distance);
    uint64_t target = address + frame_dummy_code.n + (uint64_t)(int64_t)distance;
    return match(image, &target, &register_code) != NULL;
}
#else
bool elf_machine_is_init(const struct elf_image *image, uint64_t address)
{
    return elf_image_is_code(image, address);
}

bool elf_machine_is_frame_dummy(const struct elf_image *image, uint64_t address)
{
    return elf_image_is_code(image, address);
}
#endif
