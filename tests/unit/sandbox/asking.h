/* asking.h - a child whose system calls wait for an answer, for tests of who answers. */
#ifndef TESTS_UNIT_SANDBOX_ASKING_H
#define TESTS_UNIT_SANDBOX_ASKING_H

#include <linux/filter.h>
#include <stddef.h>
#include <sys/types.h>

struct asking {
    pid_t pid;
    int listener; /* the caller's to give away or close */
    int go;       /* the child's body begins when this is closed */
};

/* Fork a child that runs `body` under `program`; its result is the exit status. */
struct asking asking_start(const struct sock_filter *program, size_t n,
                           int (*body)(const void *ctx), const void *ctx);

/* One with a program that asks about `call` alone. */
struct asking asking_start_for(int call, int (*body)(const void *ctx), const void *ctx);

void asking_go(struct asking *child);
int asking_end(struct asking *child); /* its exit status, or 128 + signal */

#endif
