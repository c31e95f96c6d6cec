/* SPDX-License-Identifier: Apache-2.0 */
#include "mounts_rules.h"

#include <beacon-sdk/error.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mount_table.h"
#include "mounts.h"

#define SHOWN_MAX 200

/* A rule and where it stood, because qsort() forgets. */
struct ranked {
    const struct beacon_path_rule *rule;
    size_t rank;
};

static int compare_rules(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->rule->path.n != y->rule->path.n) {
        return x->rule->path.n < y->rule->path.n ? -1 : 1;
    }
    int order = memcmp(x->rule->path.p, y->rule->path.p, x->rule->path.n);
    if (order != 0) {
        return order;
    }
    return x->rank < y->rank ? -1 : 1;
}

static struct ranked *sorted_rules(const struct beacon_sandbox_policy *policy)
{
    struct ranked *rules = calloc(policy->n_paths + 1, sizeof *rules);
    for (size_t i = 0; rules != NULL && i < policy->n_paths; i++) {
        rules[i] = (struct ranked){policy->paths[i], i};
    }
    if (rules != NULL) {
        qsort(rules, policy->n_paths, sizeof *rules, compare_rules);
    }
    return rules;
}

static const struct mount_place *find_parent(const struct mount_places *places,
                                             struct beacon_str path)
{
    for (size_t i = places->n; i-- > 0;) {
        if (path_is_in(path, places->list[i].path)) {
            return &places->list[i];
        }
    }
    return NULL;
}

/* The file the rule is about. False: there is none. */
static bool look_at(const struct mount_place *place, struct stat *ret)
{
    char path[PATH_MAX];
    if (place->fd >= 0) {
        return fstat(place->fd, ret) == 0;
    }
    if (place->path.n >= sizeof path) {
        return false;
    }
    memcpy(path, place->path.p, place->path.n);
    path[place->path.n] = '\0';
    return lstat(path, ret) == 0;
}

static void apply(struct mount_place *place, const struct beacon_path_rule *rule)
{
    const uint32_t access = rule->access;
    if ((access & BEACON_PATH_DENY) == 0) {
        place->is_visible = (access & BEACON_PATH_READ) != 0 || place->is_visible;
        place->is_writable = (access & BEACON_PATH_WRITE) != 0;
        return;
    }
    place->is_visible = place->is_visible && (access & BEACON_PATH_READ) == 0;
    place->is_writable = place->is_writable && (access & BEACON_PATH_WRITE) == 0;
    place->is_soft = (access & BEACON_PATH_SOFT) != 0;
}

/* Terminals and shared memory of the command's own stand there, unless a person named them. */
static bool is_replaced(const struct mount_place *place, uint32_t access)
{
    return beacon_span_is(place->path, "/dev/pts") || beacon_span_is(place->path, "/dev/ptmx") ||
           (beacon_span_is(place->path, "/dev/shm") && (access & BEACON_PATH_EXEC) == 0) ||
           mounts_is_common_device(place->path);
}

static enum place_change change_of(const struct mount_place *place, const struct stat *st)
{
    const bool was_visible = place->parent == NULL || place->parent->is_visible;
    const bool was_writable = place->parent != NULL && place->parent->is_writable;
    if (!place->is_visible) {
        return was_visible ? PLACE_MASK : PLACE_SAME;
    }
    if (!was_visible) {
        return PLACE_REVEAL;
    }
    if (!place->is_missing && (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))) {
        return place->is_writable ? PLACE_DEVICE : PLACE_SAME;
    }
    return place->is_writable == was_writable ? PLACE_SAME
           : place->is_writable               ? PLACE_OPEN
                                              : PLACE_CLOSE;
}

/* A missing name needs nothing where nobody can make one, and nothing can be granted about it. */
static bool needs_nothing(const struct mount_place *place)
{
    const bool was_writable = place->parent != NULL && place->parent->is_writable;
    return place->is_missing &&
           (place->change == PLACE_OPEN || place->change == PLACE_REVEAL || !was_writable);
}

static void settle(struct mount_places *places, struct mount_place *place, uint32_t access)
{
    struct stat st = {0};
    place->is_missing = !look_at(place, &st);
    place->change = is_replaced(place, access) ? PLACE_SAME : change_of(place, &st);
    if (needs_nothing(place)) {
        place->change = PLACE_SAME;
    }
    places->is_stable = places->is_stable && place->fd >= 0;
    if (path_is_in(place->path, BEACON_STR("/dev/shm")) && place->change != PLACE_SAME) {
        places->keeps_shm = true;
    }
}

static void mark_revealed(struct mount_places *places)
{
    for (size_t i = 0; i < places->n; i++) {
        const struct mount_place *place = &places->list[i];
        if (place->change != PLACE_REVEAL) {
            continue;
        }
        places->is_staged = true;
        for (size_t j = 0; j < i; j++) {
            struct mount_place *mask = &places->list[j];
            if (mask->change == PLACE_MASK && path_is_in(place->path, mask->path)) {
                mask->holds_revealed = true;
            }
        }
    }
}

static beacon_rc check_rule(const struct beacon_path_rule *rule, struct beacon_error *err)
{
    const char *hint = "choose another sandbox backend, or leave this out of the configuration";
    const int shown = (int)(rule->path.n < SHOWN_MAX ? rule->path.n : SHOWN_MAX);
    const bool is_denial = (rule->access & BEACON_PATH_DENY) != 0;
    if (rule->path.n == 0 || rule->path.p[0] != '/') {
        return beacon_error_fill(err, BEACON_E_INVALID, "report this as a bug",
                                 "a path rule is not absolute: %.*s", shown, rule->path.p);
    }
    if (is_denial && (rule->access & BEACON_PATH_EXEC) != 0) {
        return beacon_error_fill(err, BEACON_E_UNSUPPORTED, hint,
                                 "the namespaces backend cannot take away running alone: %.*s",
                                 shown, rule->path.p);
    }
    if (rule->path.n == 1 && (is_denial || (rule->access & BEACON_PATH_WRITE) != 0)) {
        return beacon_error_fill(err, BEACON_E_UNSUPPORTED,
                                 "name the directories that shall be writable",
                                 "the namespaces backend keeps / itself readable and unwritable");
    }
    return BEACON_OK;
}

/* Rules about one path become one place. */
static size_t add_place(struct mount_places *places, const struct ranked *rules, size_t left)
{
    struct mount_place *place = &places->list[places->n];
    const struct beacon_str path = rules[0].rule->path;
    uint32_t access = 0;
    size_t n = 0;
    *place = (struct mount_place){.path = path, .fd = -1, .parent = find_parent(places, path)};
    place->is_visible = place->parent == NULL || place->parent->is_visible;
    place->is_writable = place->parent != NULL && place->parent->is_writable;
    for (; n < left && beacon_span_equal(rules[n].rule->path, path); n++) {
        apply(place, rules[n].rule);
        access |= rules[n].rule->access;
        place->fd = rules[n].rule->fd >= 0 ? rules[n].rule->fd : place->fd;
    }
    settle(places, place, access);
    places->n++;
    return n;
}

beacon_rc mount_places_read(const struct beacon_sandbox_policy *policy, struct mount_places *ret,
                            struct beacon_error *err)
{
    *ret = (struct mount_places){.is_stable = true};
    for (size_t i = 0; i < policy->n_paths; i++) {
        beacon_rc rc = check_rule(policy->paths[i], err);
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    struct ranked *rules = sorted_rules(policy);
    ret->list = calloc(policy->n_paths + 1, sizeof *ret->list);
    if (rules == NULL || ret->list == NULL) {
        free(rules);
        return beacon_error_fill(err, BEACON_E_NOMEM, "free some memory", "out of memory");
    }
    for (size_t i = 0; i < policy->n_paths;) {
        i += add_place(ret, rules + i, policy->n_paths - i);
    }
    free(rules);
    mark_revealed(ret);
    return BEACON_OK;
}

void mount_places_finish(struct mount_places *places)
{
    free(places->list);
    *places = (struct mount_places){0};
}
