/* filter_programs.h - the programs that filter_generate.c wrote into a source of the build tree. */
#ifndef SANDBOX_LANDLOCK_FILTER_PROGRAMS_H
#define SANDBOX_LANDLOCK_FILTER_PROGRAMS_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

struct filter_program {
    uint32_t variant;
    size_t n;
    const struct sock_filter *code;
};

extern const struct filter_program filter_programs[];
extern const size_t filter_program_count;

#endif
