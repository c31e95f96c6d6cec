/* raw_call.h - system calls that touch nothing but registers.
 *
 * For code that runs beside another process on the same memory, where errno is one variable for both,
 * and for the reaper, which has no C library. A failure is the negative errno. Thread: [any].
 */
#ifndef HOST_BASE_RAW_CALL_H
#define HOST_BASE_RAW_CALL_H

#include <stdint.h>

struct raw_args {
    uintptr_t a, b, c, d, e;
};

#if defined __x86_64__
#define RAW_CALL_IS_NATIVE 1

static inline long raw_call_with(long number, const struct raw_args *args)
{
    long ret;
    register uintptr_t d __asm__("r10") = args->d;
    register uintptr_t e __asm__("r8") = args->e;
    __asm__ volatile("syscall"
                     : "=a"(ret)
                     : "0"(number), "D"(args->a), "S"(args->b), "d"(args->c), "r"(d), "r"(e)
                     : "rcx", "r11", "memory");
    return ret;
}

#elif defined __aarch64__
#define RAW_CALL_IS_NATIVE 1

static inline long raw_call_with(long number, const struct raw_args *args)
{
    register long what __asm__("x8") = number;
    register uintptr_t a __asm__("x0") = args->a;
    register uintptr_t b __asm__("x1") = args->b;
    register uintptr_t c __asm__("x2") = args->c;
    register uintptr_t d __asm__("x3") = args->d;
    register uintptr_t e __asm__("x4") = args->e;
    __asm__ volatile("svc #0" : "+r"(a) : "r"(what), "r"(b), "r"(c), "r"(d), "r"(e) : "memory");
    return (long)a;
}

#else
/* There is no reaper for such a processor, so nobody runs beside another one. */
#define RAW_CALL_IS_NATIVE 0

#include <errno.h>
#include <unistd.h>

static inline long raw_call_with(long number, const struct raw_args *args)
{
    const long ret = syscall(number, args->a, args->b, args->c, args->d, args->e);
    return ret < 0 ? -errno : ret;
}
#endif

/* raw_call(SYS_close, fd): up to five arguments, the rest is 0. */
/* NOLINTBEGIN(readability-identifier-naming): reads as syscall() does */
#define raw_call(...) RAW_CALL_FILL(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
/* NOLINTEND(readability-identifier-naming) */
#define RAW_CALL_FILL(number, a, b, c, d, e, ...)                                                  \
    raw_call_with((number),                                                                        \
                  &(const struct raw_args){(uintptr_t)(a), (uintptr_t)(b), (uintptr_t)(c),         \
                                           (uintptr_t)(d), (uintptr_t)(e)})

#endif
