/* SPDX-License-Identifier: Apache-2.0 */
#include "filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#define NATIVE_ARCH 0u
#endif

#define ROWS_MAX 256
#define LEAF_MAX 4 /* calls compared one after the other at the end of the search */

static const uint32_t answers[] = {
    [FILTER_EPERM] = SECCOMP_RET_ERRNO | EPERM,
    [FILTER_ENOSYS] = SECCOMP_RET_ERRNO | ENOSYS,
    [FILTER_ALLOW] = SECCOMP_RET_ALLOW,
};

/* The rows of one call stand together. */
struct call {
    int number;
    const struct filter_row *rows[32];
    size_t n;
};

struct program {
    struct sock_filter *out;
    size_t n;
    bool is_full;
};

static size_t emit(struct program *program, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
    if (program->n == FILTER_MAX) {
        program->is_full = true;
        return 0;
    }
    program->out[program->n] = (struct sock_filter){.code = code, .jt = jt, .jf = jf, .k = k};
    return program->n++;
}

static void emit_answer(struct program *program, enum filter_answer answer)
{
    (void)emit(program, BPF_RET | BPF_K, answers[answer], 0, 0);
}

/* Both architectures are little-endian: the low half comes first. */
static void emit_load(struct program *program, size_t offset)
{
    (void)emit(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void emit_row(struct program *program, const struct filter_row *row)
{
    if (row->test != FILTER_ALWAYS) {
        bool is_inverse = row->test == FILTER_UNLESS_EQUAL;
        uint16_t compare = row->test == FILTER_IF_ANY ? BPF_JSET : BPF_JEQ;
        emit_load(program, offsetof(struct seccomp_data, args) + row->argument * sizeof(uint64_t));
        if (row->test == FILTER_IF_MASKED) {
            (void)emit(program, BPF_ALU | BPF_AND | BPF_K, row->mask, 0, 0);
        }
        (void)emit(program, BPF_JMP | compare | BPF_K, row->value, is_inverse ? 1 : 0,
                   is_inverse ? 0 : 1);
    }
    emit_answer(program, row->answer);
}

static void emit_call(struct program *program, const struct call *call)
{
    size_t jump = emit(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call->number, 0, 0);
    for (size_t i = 0; i < call->n; i++) {
        emit_row(program, call->rows[i]);
    }
    if (call->rows[call->n - 1]->test != FILTER_ALWAYS) {
        emit_answer(program, FILTER_ALLOW);
    }
    program->out[jump].jf = (uint8_t)(program->n - jump - 1);
}

/* A search tree, because the kernel walks the program for every call number when it is installed.
 * NOLINTNEXTLINE(misc-no-recursion): as deep as the logarithm of the table */
static void emit_search(struct program *program, const struct call *calls, size_t n)
{
    if (n <= LEAF_MAX) {
        for (size_t i = 0; i < n; i++) {
            emit_call(program, &calls[i]);
        }
        emit_answer(program, FILTER_ALLOW);
        return;
    }
    size_t half = n / 2;
    (void)emit(program, BPF_JMP | BPF_JGE | BPF_K, (uint32_t)calls[half].number, 0, 1);
    size_t far = emit(program, BPF_JMP | BPF_JA, 0, 0, 0);
    emit_search(program, calls, half);
    program->out[far].k = (uint32_t)(program->n - far - 1);
    emit_search(program, calls + half, n - half);
}

static int by_number(const void *a, const void *b)
{
    int x = ((const struct call *)a)->number, y = ((const struct call *)b)->number;
    return (x > y) - (x < y);
}

static struct call *find_call(struct call *calls, size_t *n, int number)
{
    for (size_t i = 0; i < *n; i++) {
        if (calls[i].number == number) {
            return &calls[i];
        }
    }
    if (*n == ROWS_MAX) {
        return NULL;
    }
    calls[*n] = (struct call){.number = number};
    return &calls[(*n)++];
}

/* Number of calls, 0 when the table has outgrown the limits here. */
static size_t collect(uint32_t variant, struct call calls[ROWS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < filter_row_count; i++) {
        const struct filter_row *row = &filter_rows[i];
        if (row->only_in != 0 && (row->only_in & variant) == 0) {
            continue;
        }
        struct call *call = find_call(calls, &n, row->call);
        if (call == NULL || call->n == sizeof call->rows / sizeof call->rows[0]) {
            return 0;
        }
        call->rows[call->n++] = row;
    }
    qsort(calls, n, sizeof *calls, by_number);
    return n;
}

bool filter_is_supported(void)
{
    return NATIVE_ARCH != 0;
}

size_t filter_build(uint32_t variant, struct sock_filter out[FILTER_MAX])
{
    struct call calls[ROWS_MAX];
    struct program program = {.out = out};
    size_t n = collect(variant, calls);
    if (n == 0 || !filter_is_supported()) {
        return 0;
    }
    emit_load(&program, offsetof(struct seccomp_data, arch));
    (void)emit(&program, BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0);
    emit_answer(&program, FILTER_ENOSYS);
    emit_load(&program, offsetof(struct seccomp_data, nr));
    /* Also x32, whose numbers have bit 30 set. */
    (void)emit(&program, BPF_JMP | BPF_JGT | BPF_K, filter_newest_call, 0, 1);
    emit_answer(&program, FILTER_ENOSYS);
    emit_search(&program, calls, n);
    return program.is_full ? 0 : program.n;
}
