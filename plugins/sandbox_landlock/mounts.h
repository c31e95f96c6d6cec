/* mounts.h - from path rules to the mounts of a command's own namespace, as operations for the host.
 *
 * Everything is read-only and without devices; what may be written is bound over itself without that
 * flag; what is taken away within it is bound over itself with it, and what may not be read is masked.
 * The directories between a writable root and a name taken away are bound over themselves too: a mount
 * point cannot be renamed, so nothing else can take its place.
 * Thread: [worker]. Nothing is mounted here.
 */
#ifndef SANDBOX_LANDLOCK_MOUNTS_H
#define SANDBOX_LANDLOCK_MOUNTS_H

#include <beacon/sandbox.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mount_table;

struct mount_op {
    uint32_t op; /* BEACON_OP_BIND, _MOUNT, _MASK or _MOUNT_ATTR */
    struct beacon_mount mount;
};

/* Zeroed storage is an empty list. Its strings are its own. */
struct mount_list {
    struct mount_op *ops;
    size_t n, room;
    char **strings;
    size_t n_strings, strings_room;
    char **notes; /* sentences for `beacon sandbox explain` */
    size_t n_notes, notes_room;
    bool is_short_of_memory; /* something was left out: not to be used */
};

void mount_list_finish(struct mount_list *list);

/* Copies the strings of `mount`; struct_size is filled in. */
void mount_list_add(struct mount_list *list, uint32_t op, struct beacon_mount mount);
/* printf; the last ones of very many are left out. */
void mount_list_note(struct mount_list *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* All mounts for these rules. False with `err`: UNSUPPORTED, NOMEM. `table` are the mounts of the
 * host. *ret_is_stable: the same rules and the same table give the same list. */
beacon_rc mounts_plan(const struct beacon_sandbox_policy *policy, const struct mount_table *table,
                      struct mount_list *list, bool *ret_is_stable, struct beacon_error *err);

/* The part that no policy changes: first what goes before the places, then what goes after. With
 * `is_staged` something of the places stands beneath /proc until the end. */
void mounts_add_first(struct mount_list *list, bool is_staged, bool has_own_shm);
void mounts_add_last(struct mount_list *list, bool is_staged);

/* Devices that every command has, so that rules about them need nothing. */
bool mounts_is_common_device(struct beacon_str path);

#endif
