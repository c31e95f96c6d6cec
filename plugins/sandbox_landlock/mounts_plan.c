/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon-sdk/error.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mount_table.h"
#include "mounts.h"
#include "mounts_rules.h"

#define SHOWN_MAX 200
#define STAGE     "/proc" /* where what is revealed waits, until the real /proc covers it */

/* One mount of the second half. Of two with one path the first in this order counts. */
enum step_kind {
    STEP_PLACE,
    STEP_HOLLOW, /* an empty directory between a mask and what is revealed in it */
    STEP_PIN,    /* a directory that must not be renamed */
};

struct step {
    struct beacon_str path;
    enum step_kind kind;
    const struct mount_place *place; /* STEP_PLACE: the place; STEP_PIN: what it is pinned for */
};

struct steps {
    struct step *list;
    size_t n, room;
    bool is_short_of_memory;
};

static void add_step(struct steps *steps, struct beacon_str path, enum step_kind kind,
                     const struct mount_place *place)
{
    if (steps->n == steps->room) {
        size_t room = steps->room == 0 ? 32 : steps->room * 2;
        struct step *list = realloc(steps->list, room * sizeof *list);
        if (list == NULL) {
            steps->is_short_of_memory = true;
            return;
        }
        steps->list = list;
        steps->room = room;
    }
    steps->list[steps->n++] = (struct step){path, kind, place};
}

static struct beacon_str directory_of(struct beacon_str path)
{
    while (path.n > 1 && path.p[path.n - 1] != '/') {
        path.n--;
    }
    path.n -= path.n > 1 ? 1u : 0u;
    return path;
}

/* Every directory from the one `place` is in up to the mount around it. */
static void pin_ancestors(struct steps *steps, const struct mount_place *place)
{
    const struct mount_place *around = place->parent;
    while (around != NULL && around->change == PLACE_SAME) {
        around = around->parent;
    }
    if (around == NULL || !around->is_writable) {
        return;
    }
    struct beacon_str path = directory_of(place->path);
    for (; path.n > around->path.n; path = directory_of(path)) {
        add_step(steps, path, STEP_PIN, place);
    }
}

/* The way from the mask around `place` down to it. */
static void add_hollows(struct steps *steps, const struct mount_place *place)
{
    const struct mount_place *mask = place->parent;
    while (mask != NULL && mask->change != PLACE_MASK) {
        mask = mask->parent;
    }
    struct beacon_str path = directory_of(place->path);
    for (; mask != NULL && path.n > mask->path.n; path = directory_of(path)) {
        add_step(steps, path, STEP_HOLLOW, NULL);
    }
}

/* A socket that shall be hidden may go at any time, and the directories around it with it. */
static bool may_be_gone(const struct step *step)
{
    return step->kind == STEP_PIN && step->place->change == PLACE_MASK && step->place->is_soft;
}

/* Parents first; of pins of one directory that which must be there. */
static int compare_steps(const void *a, const void *b)
{
    const struct step *x = a, *y = b;
    if (x->path.n != y->path.n) {
        return x->path.n < y->path.n ? -1 : 1;
    }
    int order = memcmp(x->path.p, y->path.p, x->path.n);
    if (order != 0) {
        return order;
    }
    order = (int)x->kind - (int)y->kind;
    return order != 0 ? order : (int)may_be_gone(x) - (int)may_be_gone(y);
}

/* A soft denial of a missing name cannot be kept without something to mount over. A hard one stays in
 * the plan: without its cover the command does not start. */
static bool is_left_out(const struct mount_place *place)
{
    return place->is_missing && place->is_soft;
}

static void collect(const struct mount_places *places, struct steps *steps)
{
    for (size_t i = 0; i < places->n; i++) {
        const struct mount_place *place = &places->list[i];
        if (is_left_out(place)) {
            continue;
        }
        if (place->change != PLACE_SAME) {
            add_step(steps, place->path, STEP_PLACE, place);
        }
        if (place->change == PLACE_REVEAL) {
            add_hollows(steps, place);
        }
        if (place->change == PLACE_CLOSE || place->change == PLACE_MASK) {
            pin_ancestors(steps, place);
        }
    }
    if (steps->n > 0) {
        qsort(steps->list, steps->n, sizeof *steps->list, compare_steps);
    }
}

static void bind_over_itself(struct mount_list *list, struct beacon_str path, int fd,
                             uint64_t attr_set, uint64_t attr_clr)
{
    mount_list_add(list, BEACON_OP_BIND,
                   (struct beacon_mount){.flags = BEACON_MOUNT_RECURSIVE,
                                         .attr_set = attr_set,
                                         .attr_clr = attr_clr,
                                         .source = path,
                                         .target = path,
                                         .source_fd = fd});
}

static bool is_mount_root(struct beacon_str path)
{
    char name[PATH_MAX];
    struct statx st;
    if (path.n >= sizeof name) {
        return false;
    }
    memcpy(name, path.p, path.n);
    name[path.n] = '\0';
    return statx(AT_FDCWD, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, 0, &st) == 0 &&
           (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

static bool must_stay(const struct mount_entry *entry)
{
    return entry->is_read_only || entry->is_kernel;
}

static bool has_kept_mounts(const struct mount_table *table, struct beacon_str path)
{
    for (size_t i = 0; i < table->n; i++) {
        if (path_is_in(table->entries[i].path, path) && must_stay(&table->entries[i])) {
            return true;
        }
    }
    return false;
}

static void make_writable(struct mount_list *list, struct beacon_str path)
{
    mount_list_add(
        list, BEACON_OP_MOUNT_ATTR,
        (struct beacon_mount){.attr_clr = MOUNT_ATTR_RDONLY, .target = path, .source_fd = -1});
}

/* File systems mounted in a writable place are writable with it, but those that are read-only already,
 * which could not be changed, and those of the kernel. */
static void open_place(struct mount_list *list, const struct mount_table *table,
                       const struct mount_place *place)
{
    const struct mount_entry *own = mount_table_of(table, place->path);
    if (own != NULL && own->is_read_only) {
        mount_list_note(list, "%.*s is on a read-only file system, and stays read-only.",
                        (int)place->path.n, place->path.p);
        return;
    }
    if (!has_kept_mounts(table, place->path)) {
        bind_over_itself(list, place->path, place->fd, 0, MOUNT_ATTR_RDONLY);
        return;
    }
    bind_over_itself(list, place->path, place->fd, 0, 0);
    make_writable(list, place->path);
    for (size_t i = 0; i < table->n; i++) {
        const struct mount_entry *entry = &table->entries[i];
        if (path_is_in(entry->path, place->path) && entry->path.n > place->path.n &&
            !must_stay(mount_table_of(table, entry->path)) && is_mount_root(entry->path)) {
            make_writable(list, entry->path);
        }
    }
}

static void add_hollow(struct mount_list *list, struct beacon_str path, uint32_t flags)
{
    const struct beacon_str type = BEACON_STR("tmpfs");
    mount_list_add(
        list, BEACON_OP_MOUNT,
        (struct beacon_mount){.flags = flags,
                              .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
                              .source = type,
                              .target = path,
                              .fstype = type,
                              .source_fd = -1,
                              .options = BEACON_STR("mode=755,size=64k")});
}

/* What is taken away is not compared with what the host saw: files are replaced, and sockets made anew,
 * and whatever bears the name by then is closed just as well. */
static void mask_place(struct mount_list *list, const struct mount_place *place)
{
    if (place->holds_revealed) {
        add_hollow(list, place->path, 0);
        return;
    }
    mount_list_add(list, BEACON_OP_MASK,
                   (struct beacon_mount){.flags = place->is_soft ? BEACON_MOUNT_IF_THERE : 0,
                                         .target = place->path,
                                         .source_fd = -1});
}

static struct beacon_str stage_name(const struct mount_places *places,
                                    const struct mount_place *place, char *to, size_t n)
{
    (void)snprintf(to, n, STAGE "/%zu", (size_t)(place - places->list));
    return beacon_text(to);
}

static void reveal_place(struct mount_list *list, const struct mount_places *places,
                         const struct mount_place *place)
{
    char stage[64];
    mount_list_add(list, BEACON_OP_BIND,
                   (struct beacon_mount){.flags = BEACON_MOUNT_RECURSIVE | BEACON_MOUNT_MAKE_TARGET,
                                         .source = stage_name(places, place, stage, sizeof stage),
                                         .target = place->path,
                                         .source_fd = place->fd});
    if (place->is_writable) {
        make_writable(list, place->path);
    }
}

static void add_mounts_of(struct mount_list *list, const struct mount_table *table,
                          const struct mount_places *places, const struct mount_place *place)
{
    switch (place->change) {
    case PLACE_SAME:
        break;
    case PLACE_OPEN:
        open_place(list, table, place);
        break;
    case PLACE_CLOSE:
        bind_over_itself(list, place->path, -1, MOUNT_ATTR_RDONLY, 0);
        break;
    case PLACE_MASK:
        mask_place(list, place);
        break;
    case PLACE_REVEAL:
        reveal_place(list, places, place);
        break;
    case PLACE_DEVICE:
        mount_list_add(list, BEACON_OP_BIND,
                       (struct beacon_mount){.attr_clr = MOUNT_ATTR_NODEV,
                                             .source = place->path,
                                             .target = place->path,
                                             .source_fd = place->fd});
        break;
    }
}

static void add_stage(struct mount_list *list, const struct mount_places *places)
{
    char stage[64];
    for (size_t i = 0; i < places->n; i++) {
        const struct mount_place *place = &places->list[i];
        if (place->change == PLACE_REVEAL) {
            mount_list_add(
                list, BEACON_OP_BIND,
                (struct beacon_mount){.flags = BEACON_MOUNT_RECURSIVE | BEACON_MOUNT_MAKE_TARGET,
                                      .source = place->path,
                                      .target = stage_name(places, place, stage, sizeof stage),
                                      .source_fd = place->fd});
        }
    }
}

static bool is_hollow(const struct step *step)
{
    return step->kind == STEP_HOLLOW ||
           (step->kind == STEP_PLACE && step->place->change == PLACE_MASK &&
            step->place->holds_revealed);
}

/* Once everything is in its place, masks that were filled can be shut. */
static void shut_hollows(struct mount_list *list, const struct steps *steps)
{
    for (size_t i = 0; i < steps->n; i++) {
        const struct step *step = &steps->list[i];
        bool is_known = i > 0 && beacon_span_equal(step->path, steps->list[i - 1].path);
        if (!is_known && is_hollow(step)) {
            mount_list_add(list, BEACON_OP_MOUNT_ATTR,
                           (struct beacon_mount){.attr_set = MOUNT_ATTR_RDONLY,
                                                 .target = step->path,
                                                 .source_fd = -1});
        }
    }
}

/* The host covers such names while commands run; without that they can be made. */
static void note_left_out(struct mount_list *list, const struct mount_places *places)
{
    for (size_t i = 0; i < places->n; i++) {
        const struct mount_place *place = &places->list[i];
        if (place->change != PLACE_SAME && is_left_out(place)) {
            mount_list_note(list, "Missing, and protected only while the host covers it: %.*s",
                            (int)(place->path.n < SHOWN_MAX ? place->path.n : SHOWN_MAX),
                            place->path.p);
        }
    }
}

static void pin(struct mount_list *list, const struct step *step)
{
    const uint32_t if_there = may_be_gone(step) ? BEACON_MOUNT_IF_THERE : 0;
    mount_list_add(list, BEACON_OP_BIND,
                   (struct beacon_mount){.flags = BEACON_MOUNT_RECURSIVE | if_there,
                                         .source = step->path,
                                         .target = step->path,
                                         .source_fd = -1});
}

static void add_steps(struct mount_list *list, const struct mount_table *table,
                      const struct mount_places *places, const struct steps *steps)
{
    for (size_t i = 0; i < steps->n; i++) {
        const struct step *step = &steps->list[i];
        bool is_known = i > 0 && beacon_span_equal(step->path, steps->list[i - 1].path);
        if (is_known) {
            continue;
        }
        if (step->kind == STEP_PLACE) {
            add_mounts_of(list, table, places, step->place);
        } else if (step->kind == STEP_HOLLOW) {
            add_hollow(list, step->path, BEACON_MOUNT_MAKE_TARGET);
        } else {
            pin(list, step);
        }
    }
}

/* What is written there does not stay with the command: it is the kernel's. */
static beacon_rc check_places(const struct mount_table *table, const struct mount_places *places,
                              struct beacon_error *err)
{
    for (size_t i = 0; i < places->n; i++) {
        const struct mount_place *place = &places->list[i];
        const struct mount_entry *own = mount_table_of(table, place->path);
        bool is_opened = place->change == PLACE_OPEN || place->change == PLACE_REVEAL;
        if (is_opened && place->is_writable && own != NULL && own->is_kernel) {
            return beacon_error_fill(
                err, BEACON_E_UNSUPPORTED, "choose a directory on a disk",
                "%.*s cannot be made writable: it is in a file system of the kernel's own",
                (int)(place->path.n < SHOWN_MAX ? place->path.n : SHOWN_MAX), place->path.p);
        }
    }
    return BEACON_OK;
}

static beacon_rc plan_places(const struct mount_table *table, const struct mount_places *places,
                             struct mount_list *list, struct beacon_error *err)
{
    struct steps steps = {0};
    beacon_rc rc = check_places(table, places, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    collect(places, &steps);
    mounts_add_first(list, places->is_staged, !places->keeps_shm);
    add_stage(list, places);
    add_steps(list, table, places, &steps);
    shut_hollows(list, &steps);
    note_left_out(list, places);
    mounts_add_last(list, places->is_staged);
    free(steps.list);
    if (steps.is_short_of_memory || list->is_short_of_memory) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "free some memory", "out of memory");
    }
    return BEACON_OK;
}

beacon_rc mounts_plan(const struct beacon_sandbox_policy *policy, const struct mount_table *table,
                      struct mount_list *list, bool *ret_is_stable, struct beacon_error *err)
{
    struct mount_places places = {0};
    beacon_rc rc = mount_places_read(policy, &places, err);
    rc = rc == BEACON_OK ? plan_places(table, &places, list, err) : rc;
    *ret_is_stable = places.is_stable;
    if (rc == BEACON_OK && places.keeps_shm) {
        mount_list_note(list,
                        "Shared memory (/dev/shm) is the machine's, because a directory in it "
                        "is writable.");
    }
    mount_places_finish(&places);
    return rc;
}
