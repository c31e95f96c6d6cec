/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

static int terminal(const char *which)
{
    return which[0] == '/' ? open(which, O_RDWR | O_NOCTTY) : (int)attack_number(which);
}

/* Arguments of these: a path or a descriptor; characters that the person would have typed. */
static int type_characters(char **argv, unsigned long extra_bits)
{
    int fd = terminal(argv[0]), result = 0;
    for (const char *c = argv[1]; *c != '\0'; c++) {
        result |= attack_result("TIOCSTI", syscall(SYS_ioctl, fd, TIOCSTI | extra_bits, c));
    }
    return result;
}

static int sti(char **argv)
{
    return type_characters(argv, 0);
}

static int sti_high_bits(char **argv)
{
    return type_characters(argv, 1UL << 32);
}

/* Arguments: a path, a text that appears on that terminal. */
static int draw(char **argv)
{
    return attack_result("write", write(terminal(argv[0]), argv[1], strlen(argv[1])));
}

const struct attack terminal_attacks[] = {
    {"sti", 2, sti},
    {"sti-high-bits", 2, sti_high_bits},
    {"draw", 2, draw},
    {0},
};
