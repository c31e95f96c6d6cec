/* filter_table.h - what the filters refuse, as rows. Read when the plugin is built, and by its tests. */
#ifndef SANDBOX_LANDLOCK_FILTER_TABLE_H
#define SANDBOX_LANDLOCK_FILTER_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define FILTER_TESTS 2

enum filter_test_kind {
    FILTER_ALWAYS,
    FILTER_IF_MASKED, /* low 32 bits of the argument & mask == value */
    FILTER_IF_NOT,    /* … != value */
    FILTER_IF_ANY,    /* … & value */
};

/* Arguments are looked at with 32 bits, as the kernel does with those that are named here. */
struct filter_test {
    enum filter_test_kind kind;
    uint32_t argument, value, mask;
};

enum filter_answer {
    FILTER_EPERM,
    FILTER_ENOSYS,       /* as if the kernel had no such call */
    FILTER_EAFNOSUPPORT, /* as if it had no such sockets */
    FILTER_ASK,
    FILTER_ALLOW,
};

/* Rows of one call are tried in the order they stand in; one holds when all its tests do. When none holds,
 * the call is allowed. */
struct filter_row {
    int call;
    uint32_t only_in; /* FILTER_* bits of which the variant must have one; 0: in every filter */
    uint32_t not_in;  /* … of which it must have none */
    enum filter_answer answer;
    struct filter_test tests[FILTER_TESTS];
};

extern const struct filter_row filter_rows[];
extern const size_t filter_row_count;
extern const uint32_t filter_newest_call;

/* The variants that are built. */
extern const uint32_t filter_variants[];
extern const size_t filter_variant_count;

#endif
