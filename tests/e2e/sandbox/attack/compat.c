/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __x86_64__

#define X32_BIT 0x40000000L

/* Numbers of the 32-bit system calls. */
#define OLD_OPEN    5
#define OLD_CHMOD   15
#define OLD_ADD_KEY 286

static long call_32(long number, long a, long b, long c, long d, long e)
{
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
                     : "memory", "r8", "r9", "r10", "r11");
    if ((int)result < 0) {
        errno = -(int)result;
        return -1;
    }
    return (int)result;
}

/* Text where a 32-bit pointer finds it. */
static char *low(const char *text)
{
    char *memory =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    (void)snprintf(memory, 4096, "%s", text);
    return memory;
}

static int old_chmod(char **argv)
{
    return attack_result("chmod by int 0x80",
                         call_32(OLD_CHMOD, (long)low(argv[0]), 0777, 0, 0, 0));
}

static int old_write(char **argv)
{
    long fd = call_32(OLD_OPEN, (long)low(argv[0]), O_WRONLY, 0, 0, 0);
    return fd < 0 ? attack_failed("open by int 0x80")
                  : attack_result("write", write((int)fd, "32 bit\n", 7));
}

static int old_add_key(char **argv)
{
    const int user_keyring = -4;
    return attack_result("add_key by int 0x80",
                         call_32(OLD_ADD_KEY, (long)low("user"), (long)low(argv[0]), (long)low("x"),
                                 1, user_keyring));
}

static int x32_chmod(char **argv)
{
    return attack_result("chmod of x32", syscall(X32_BIT | SYS_chmod, argv[0], 0777));
}

static int x32_answers(char **argv)
{
    (void)argv;
    return attack_result("getpid of x32", syscall(X32_BIT | SYS_getpid));
}

static int old_answers(char **argv)
{
    (void)argv;
    return attack_result("getpid by int 0x80", call_32(20, 0, 0, 0, 0, 0));
}

const struct attack compat_attacks[] = {
    {"old-chmod", 1, old_chmod},
    {"old-write", 1, old_write},
    {"old-add-key", 1, old_add_key},
    {"x32-chmod", 1, x32_chmod},
    {"x32-answers", 0, x32_answers},
    {"old-answers", 0, old_answers},
    {0},
};

#else
const struct attack compat_attacks[] = {{0}};
#endif
