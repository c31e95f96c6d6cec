/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct attack *const tables[] = {
    file_attacks,     metadata_attacks, descriptor_attacks, process_attacks,
    memory_attacks,   survivor_attacks, syscall_attacks,    compat_attacks,
    key_attacks,      mount_attacks,    network_attacks,    uring_attacks,
    terminal_attacks, ipc_attacks,      race_attacks,       helpers,
};

int attack_failed(const char *what)
{
    (void)printf("%s: %s\n", what, strerror(errno));
    return 1;
}

int attack_result(const char *what, long result)
{
    return result < 0 ? attack_failed(what) : 0;
}

int attack_hold(void)
{
    char byte;
    (void)printf("ready\n");
    (void)fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    return 0;
}

long attack_number(const char *text)
{
    char *end = NULL;
    errno = 0;
    long number = strtol(text, &end, 0);
    if (errno != 0 || end == text || *end != '\0') {
        (void)printf("%s is no number\n", text);
        exit(2);
    }
    return number;
}

static const struct attack *find(const char *name)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (const struct attack *row = tables[i]; row->name != NULL; row++) {
            if (strcmp(row->name, name) == 0) {
                return row;
            }
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const struct attack *row = argc > 1 ? find(argv[1]) : NULL;
    if (row == NULL || argc - 2 < row->n_arguments) {
        (void)printf("no such attack, or too few arguments: %s\n", argc > 1 ? argv[1] : "");
        return 2;
    }
    return row->run(argv + 2);
}
