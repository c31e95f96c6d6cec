/* lock_parts.h - what a lock is made of. Private to lock*.c. */
#ifndef HOST_PLUGIN_LOCK_PARTS_H
#define HOST_PLUGIN_LOCK_PARTS_H

#include "plugin/lock.h"

/* Entries and what they point to are the lock's own copies. */
struct plugin_lock {
    char *path;
    char *signer;               /* NULL: nobody */
    struct lock_entry *entries; /* by id */
    size_t n;
};

/* A list that grows; `items` ends with NULL once something is in it. */
struct lock_list {
    char **items;
    size_t n;
};

void lock_list_add(struct lock_list *list, const char *item, size_t n);
void lock_list_finish(struct lock_list *list);

/* Can this be written into a lock and read back as it is, as an item of a list? */
bool lock_is_plain(const char *item);

/* 64 hexadecimal digits in lower case, and nothing behind them. */
bool lock_is_sha256(const char *text);

#endif
