/* mount_table.h - the mounts of the host, as far as a plan has to know them. Thread: [worker], one owner. */
#ifndef SANDBOX_LANDLOCK_MOUNT_TABLE_H
#define SANDBOX_LANDLOCK_MOUNT_TABLE_H

#include <beacon/host.h>
#include <stdbool.h>
#include <stddef.h>

struct mount_entry {
    struct beacon_str path;
    bool is_read_only; /* the mount or its file system */
    bool is_kernel;    /* proc, sysfs, …: files that are the kernel's switches */
};

struct mount_table {
    int fd; /* /proc/self/mountinfo, held open: the kernel tells there when it has changed; -1: none */
    char *text;
    struct mount_entry *entries; /* in the order they were mounted; paths point into `text` */
    size_t n;
};

void mount_table_init(struct mount_table *table);
void mount_table_finish(struct mount_table *table);

/* Read the table unless it is still the one that was read last. *ret_has_changed. False: it cannot be
 * read, or there is no memory. */
bool mount_table_refresh(struct mount_table *table, bool *ret_has_changed);

/* The same from text, for tests: `text` (malloc) is taken over. */
bool mount_table_parse(struct mount_table *table, char *text);

/* The mount that `path` (absolute, without links) lies in; NULL: the table is empty. */
const struct mount_entry *mount_table_of(const struct mount_table *table, struct beacon_str path);

/* `path` itself, or something beneath `root`. */
bool path_is_in(struct beacon_str path, struct beacon_str root);

#endif
