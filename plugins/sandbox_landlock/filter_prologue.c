/* SPDX-License-Identifier: Apache-2.0 */
#include "filter_prologue.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include "filter_table.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#define NATIVE_ARCH 0u
#endif

#define JUMP_MAX 255 /* of a comparison; the unconditional one reaches anywhere */

static const uint32_t answers[] = {
    [FILTER_EPERM] = SECCOMP_RET_ERRNO | EPERM,
    [FILTER_ENOSYS] = SECCOMP_RET_ERRNO | ENOSYS,
    [FILTER_EAFNOSUPPORT] = SECCOMP_RET_ERRNO | EAFNOSUPPORT,
    [FILTER_ASK] = SECCOMP_RET_USER_NOTIF,
    [FILTER_ALLOW] = SECCOMP_RET_ALLOW,
};

struct program {
    struct sock_filter *out;
    size_t n;
    bool is_broken; /* too long, or a comparison would jump too far */
};

static size_t emit(struct program *program, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
    if (program->n == PROLOGUE_MAX) {
        program->is_broken = true;
        return 0;
    }
    program->out[program->n] = (struct sock_filter){.code = code, .jt = jt, .jf = jf, .k = k};
    return program->n++;
}

static void emit_answer(struct program *program, enum filter_answer answer)
{
    (void)emit(program, BPF_RET | BPF_K, answers[answer], 0, 0);
}

static void emit_load(struct program *program, size_t offset)
{
    (void)emit(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Both architectures are little-endian: the low half comes first. Returns the comparison, whose way out
 * when the test fails is set later, as its jt for an inverse test and its jf for the others. */
static size_t emit_test(struct program *program, const struct filter_test *test)
{
    emit_load(program, offsetof(struct seccomp_data, args) + test->argument * sizeof(uint64_t));
    if (test->kind == FILTER_IF_ANY) {
        return emit(program, BPF_JMP | BPF_JSET | BPF_K, test->value, 0, 0);
    }
    if (test->mask != UINT32_MAX) {
        (void)emit(program, BPF_ALU | BPF_AND | BPF_K, test->mask, 0, 0);
    }
    return emit(program, BPF_JMP | BPF_JEQ | BPF_K, test->value, 0, 0);
}

static void aim(struct program *program, size_t jump, bool is_inverse)
{
    size_t distance = program->n - jump - 1;
    program->is_broken = program->is_broken || distance > JUMP_MAX;
    uint8_t *way_out = is_inverse ? &program->out[jump].jt : &program->out[jump].jf;
    *way_out = (uint8_t)distance;
}

static void emit_row(struct program *program, const struct filter_row *row)
{
    size_t jumps[FILTER_TESTS], n = 0;
    while (n < FILTER_TESTS && row->tests[n].kind != FILTER_ALWAYS) {
        jumps[n] = emit_test(program, &row->tests[n]);
        n++;
    }
    emit_answer(program, row->answer);
    for (size_t i = 0; i < n; i++) {
        aim(program, jumps[i], row->tests[i].kind == FILTER_IF_NOT);
    }
}

static void emit_call(struct program *program, uint32_t variant, int call)
{
    (void)emit(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 1, 0);
    size_t over = emit(program, BPF_JMP | BPF_JA, 0, 0, 0);
    for (size_t i = 0; i < filter_row_count; i++) {
        if (filter_rows[i].call == call && filter_row_is_in(&filter_rows[i], variant)) {
            emit_row(program, &filter_rows[i]);
        }
    }
    emit_answer(program, FILTER_ALLOW);
    program->out[over].k = (uint32_t)(program->n - over - 1);
}

bool filter_row_is_in(const struct filter_row *row, uint32_t variant)
{
    return (row->only_in == 0 || (row->only_in & variant) != 0) && (row->not_in & variant) == 0;
}

bool prologue_has_call(uint32_t variant, int call)
{
    const struct filter_row *first = NULL;
    for (size_t i = 0; i < filter_row_count; i++) {
        const struct filter_row *row = &filter_rows[i];
        if (row->call != call || !filter_row_is_in(row, variant)) {
            continue;
        }
        first = first == NULL ? row : first;
        /* Without an order only the same answer can be given by several rows. */
        if (row->answer != first->answer || row->answer == FILTER_ALLOW ||
            row->tests[0].kind == FILTER_IF_NOT || row->tests[1].kind != FILTER_ALWAYS) {
            return true;
        }
    }
    return false;
}

/* The rows of one call stand together in the table. */
static void emit_calls(struct program *program, uint32_t variant)
{
    int before = -1;
    for (size_t i = 0; i < filter_row_count; i++) {
        int call = filter_rows[i].call;
        if (call != before && prologue_has_call(variant, call)) {
            emit_call(program, variant, call);
        }
        before = call;
    }
}

size_t prologue_build(uint32_t variant, struct sock_filter out[PROLOGUE_MAX])
{
    struct program program = {.out = out};
    if (NATIVE_ARCH == 0) {
        return 0;
    }
    emit_load(&program, offsetof(struct seccomp_data, arch));
    (void)emit(&program, BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0);
    emit_answer(&program, FILTER_ENOSYS);
    emit_load(&program, offsetof(struct seccomp_data, nr));
    /* Also x32, whose numbers have bit 30 set. */
    (void)emit(&program, BPF_JMP | BPF_JGT | BPF_K, filter_newest_call, 0, 1);
    emit_answer(&program, FILTER_ENOSYS);
    emit_calls(&program, variant);
    return program.is_broken ? 0 : program.n;
}
