/* SPDX-License-Identifier: Apache-2.0 */
#include "mounts.h"

#include <beacon-sdk/text.h>
#include <linux/mount.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTES_MAX    32 /* a host takes only so many */
#define NOTHING_MORE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static const char *const common_devices[] = {"/dev/null",   "/dev/zero",    "/dev/full",
                                             "/dev/random", "/dev/urandom", "/dev/tty"};

/* Room for one more; NULL when there is no memory. */
static void *grow(void *array, size_t n, size_t *room, size_t unit)
{
    if (n < *room) {
        return array;
    }
    size_t more = *room == 0 ? 32 : *room * 2;
    void *moved = realloc(array, more * unit);
    if (moved != NULL) {
        *room = more;
    }
    return moved;
}

void mount_list_finish(struct mount_list *list)
{
    for (size_t i = 0; i < list->n_strings; i++) {
        free(list->strings[i]);
    }
    for (size_t i = 0; i < list->n_notes; i++) {
        free(list->notes[i]);
    }
    free(list->strings);
    free(list->notes);
    free(list->ops);
    *list = (struct mount_list){0};
}

static struct beacon_str keep(struct mount_list *list, struct beacon_str from)
{
    if (from.n == 0) {
        return beacon_span(NULL, 0);
    }
    char *copy = malloc(from.n + 1);
    char **strings = grow(list->strings, list->n_strings, &list->strings_room, sizeof *strings);
    list->strings = strings != NULL ? strings : list->strings;
    if (copy == NULL || strings == NULL) {
        free(copy);
        list->is_short_of_memory = true;
        return beacon_span(NULL, 0);
    }
    memcpy(copy, from.p, from.n);
    copy[from.n] = '\0';
    list->strings[list->n_strings++] = copy;
    return beacon_span(copy, from.n);
}

void mount_list_add(struct mount_list *list, uint32_t op, struct beacon_mount mount)
{
    struct mount_op *ops = grow(list->ops, list->n, &list->room, sizeof *ops);
    if (ops == NULL) {
        list->is_short_of_memory = true;
        return;
    }
    list->ops = ops;
    mount.struct_size = sizeof mount;
    mount.source = keep(list, mount.source);
    mount.target = keep(list, mount.target);
    mount.fstype = keep(list, mount.fstype);
    mount.options = keep(list, mount.options);
    list->ops[list->n++] = (struct mount_op){op, mount};
}

void mount_list_note(struct mount_list *list, const char *format, ...)
{
    char text[512] = "And more of the same.";
    va_list args;
    if (list->n_notes == NOTES_MAX) {
        return;
    }
    va_start(args, format);
    if (list->n_notes + 1 < NOTES_MAX) {
        (void)vsnprintf(text, sizeof text, format, args);
    }
    va_end(args);
    char *copy = strdup(text);
    char **notes = grow(list->notes, list->n_notes, &list->notes_room, sizeof *notes);
    list->notes = notes != NULL ? notes : list->notes;
    if (copy == NULL || notes == NULL) {
        free(copy);
        list->is_short_of_memory = true;
        return;
    }
    list->notes[list->n_notes++] = copy;
}

bool mounts_is_common_device(struct beacon_str path)
{
    for (size_t i = 0; i < sizeof common_devices / sizeof common_devices[0]; i++) {
        if (beacon_span_is(path, common_devices[i])) {
            return true;
        }
    }
    return false;
}

static bool is_kind(const char *path, mode_t kind)
{
    struct stat st;
    return lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

static void add_new(struct mount_list *list, const char *type, const char *target,
                    const char *options, uint64_t attributes)
{
    mount_list_add(list, BEACON_OP_MOUNT,
                   (struct beacon_mount){.attr_set = attributes,
                                         .source = beacon_text(type),
                                         .target = beacon_text(target),
                                         .fstype = beacon_text(type),
                                         .source_fd = -1,
                                         .options = beacon_text(options)});
}

/* Writing to a device asks nothing of its mount but that devices work: the node's own mode and owner
 * stay as they are. */
static void add_device(struct mount_list *list, const char *source, const char *target)
{
    mount_list_add(list, BEACON_OP_BIND,
                   (struct beacon_mount){.attr_clr = MOUNT_ATTR_NODEV,
                                         .source = beacon_text(source),
                                         .target = beacon_text(target),
                                         .source_fd = -1});
}

/* The terminals, shared memory and message queues of a command are its own. */
static void add_devices(struct mount_list *list, bool has_own_shm)
{
    for (size_t i = 0; i < sizeof common_devices / sizeof common_devices[0]; i++) {
        if (is_kind(common_devices[i], S_IFCHR)) {
            add_device(list, common_devices[i], common_devices[i]);
        }
    }
    if (is_kind("/dev/pts", S_IFDIR)) {
        add_new(list, "devpts", "/dev/pts", "newinstance,ptmxmode=0666,mode=620",
                MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
        if (is_kind("/dev/ptmx", S_IFCHR)) {
            add_device(list, "/dev/pts/ptmx", "/dev/ptmx");
        }
    }
    if (has_own_shm && is_kind("/dev/shm", S_IFDIR)) {
        add_new(list, "tmpfs", "/dev/shm", "mode=1777,size=1g",
                MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    }
    if (is_kind("/dev/mqueue", S_IFDIR)) {
        add_new(list, "mqueue", "/dev/mqueue", NULL, NOTHING_MORE);
    }
}

/* root would watch every process of the machine there. */
static void add_kernel_masks(struct mount_list *list)
{
    static const char *const masked[] = {"/sys/kernel/debug", "/sys/kernel/tracing"};
    for (size_t i = 0; geteuid() == 0 && i < sizeof masked / sizeof masked[0]; i++) {
        if (is_kind(masked[i], S_IFDIR)) {
            mount_list_add(
                list, BEACON_OP_MASK,
                (struct beacon_mount){.target = beacon_text(masked[i]), .source_fd = -1});
        }
    }
}

static void add_proc(struct mount_list *list)
{
    add_new(list, "proc", "/proc", NULL, MOUNT_ATTR_RDONLY | NOTHING_MORE);
}

void mounts_add_first(struct mount_list *list, bool is_staged, bool has_own_shm)
{
    mount_list_add(
        list, BEACON_OP_MOUNT_ATTR,
        (struct beacon_mount){.flags = BEACON_MOUNT_RECURSIVE,
                              .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
                              .target = BEACON_STR("/"),
                              .source_fd = -1});
    if (is_staged) {
        add_new(list, "tmpfs", "/proc", "mode=755,size=64k", NOTHING_MORE);
    } else {
        add_proc(list);
    }
    add_devices(list, has_own_shm);
    add_kernel_masks(list);
}

void mounts_add_last(struct mount_list *list, bool is_staged)
{
    if (is_staged) {
        add_proc(list);
    }
}
