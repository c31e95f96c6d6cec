/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/lock_diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plugin/lock.h"

/* One comparison; `kind` is what this round tells. */
struct comparison {
    const struct plugin_lock *before, *after;
    const char *platform;
    enum lock_difference_kind kind;
    lock_difference_fn fn;
    void *ctx;
};

/* The entry of a plugin; NULL as well when it says nothing about the platform that counts. */
static const struct lock_entry *find(const struct comparison *it, const struct plugin_lock *lock,
                                     const char *id)
{
    const struct lock_entry *entry = plugin_lock_find(lock, id);
    bool counts =
        entry != NULL && (it->platform == NULL || lock_entry_pin(entry, it->platform) != NULL);
    return counts ? entry : NULL;
}

static void tell(const struct comparison *it, const char *id, const char *platform,
                 const char *before, const char *after)
{
    const struct lock_difference difference = {
        .kind = it->kind, .id = id, .platform = platform, .before = before, .after = after};
    it->fn(it->ctx, &difference);
}

static bool has(const char *const *list, const char *item)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        if (strcmp(list[i], item) == 0) {
            return true;
        }
    }
    return false;
}

/* What is in `some` and not in `others`. */
static void tell_missing(const struct comparison *it, const char *id, const char *platform,
                         const char *const *some, const char *const *others)
{
    bool is_added = it->kind == LOCK_CAPABILITY_ADDED || it->kind == LOCK_NEEDED_ADDED;
    for (size_t i = 0; some != NULL && some[i] != NULL; i++) {
        if (!has(others, some[i])) {
            tell(it, id, platform, is_added ? NULL : some[i], is_added ? some[i] : NULL);
        }
    }
}

static void compare_pins(const struct comparison *it, const char *id, const struct lock_pin *a,
                         const struct lock_pin *b)
{
    struct lock_difference size = {.kind = LOCK_SIZE, .id = id, .platform = a->platform};
    if (it->kind == LOCK_SHA256 && strcmp(a->sha256, b->sha256) != 0) {
        tell(it, id, a->platform, a->sha256, b->sha256);
    } else if (it->kind == LOCK_SIZE && a->size_bytes != b->size_bytes) {
        (void)snprintf(size.numbers[0], sizeof size.numbers[0], "%" PRIu64, a->size_bytes);
        (void)snprintf(size.numbers[1], sizeof size.numbers[1], "%" PRIu64, b->size_bytes);
        size.before = size.numbers[0];
        size.after = size.numbers[1];
        it->fn(it->ctx, &size);
    } else if (it->kind == LOCK_NEEDED_ADDED) {
        tell_missing(it, id, a->platform, b->needed, a->needed);
    } else if (it->kind == LOCK_NEEDED_REMOVED) {
        tell_missing(it, id, a->platform, a->needed, b->needed);
    }
}

/* Each pin of `some` against the one of the other entry. */
static void compare_platforms(const struct comparison *it, const struct lock_entry *some,
                              const struct lock_entry *other)
{
    for (size_t i = 0; i < some->n_pins; i++) {
        const struct lock_pin *pin = &some->pins[i];
        const struct lock_pin *match = lock_entry_pin(other, pin->platform);
        if (it->platform != NULL && strcmp(it->platform, pin->platform) != 0) {
            continue;
        }
        if (it->kind == LOCK_PLATFORM_ADDED && match == NULL) {
            tell(it, some->id, pin->platform, NULL, pin->sha256);
        } else if (it->kind == LOCK_PLATFORM_REMOVED && match == NULL) {
            tell(it, some->id, pin->platform, pin->sha256, NULL);
        } else if (it->kind > LOCK_PLATFORM_REMOVED && match != NULL) {
            compare_pins(it, some->id, pin, match);
        }
    }
}

/* `before` may be NULL: then the plugin is new, and so is all it may do. */
static void compare_entry(const struct comparison *it, const struct lock_entry *before,
                          const struct lock_entry *after)
{
    const char *const *capabilities = before != NULL ? before->capabilities : NULL;
    if (it->kind == LOCK_CAPABILITY_ADDED) {
        tell_missing(it, after->id, NULL, after->capabilities, capabilities);
    } else if (it->kind == LOCK_PLUGIN_ADDED && before == NULL) {
        tell(it, after->id, it->platform, NULL, after->version);
    } else if (before == NULL) {
        return;
    } else if (it->kind == LOCK_CAPABILITY_REMOVED) {
        tell_missing(it, after->id, NULL, capabilities, after->capabilities);
    } else if (it->kind == LOCK_VERSION && strcmp(before->version, after->version) != 0) {
        tell(it, after->id, NULL, before->version, after->version);
    } else if (it->kind == LOCK_PLATFORM_ADDED) {
        compare_platforms(it, after, before);
    } else if (it->kind >= LOCK_PLATFORM_REMOVED) {
        compare_platforms(it, before, after);
    }
}

static void compare_kind(const struct comparison *it)
{
    for (size_t i = 0; i < plugin_lock_count(it->after); i++) {
        const char *id = plugin_lock_entry(it->after, i)->id;
        const struct lock_entry *after = find(it, it->after, id);
        if (after != NULL) {
            compare_entry(it, find(it, it->before, id), after);
        }
    }
    for (size_t i = 0; it->kind == LOCK_PLUGIN_REMOVED && i < plugin_lock_count(it->before); i++) {
        const char *id = plugin_lock_entry(it->before, i)->id;
        const struct lock_entry *before = find(it, it->before, id);
        if (before != NULL && find(it, it->after, id) == NULL) {
            tell(it, id, it->platform, before->version, NULL);
        }
    }
}

void lock_compare(const struct plugin_lock *before, const struct plugin_lock *after,
                  const char *platform, lock_difference_fn fn, void *ctx)
{
    struct comparison it = {
        .before = before, .after = after, .platform = platform, .fn = fn, .ctx = ctx};
    for (size_t kind = 0; kind < LOCK_DIFFERENCE_KINDS; kind++) {
        it.kind = (enum lock_difference_kind)kind;
        compare_kind(&it);
    }
}

const char *lock_difference_name(enum lock_difference_kind kind)
{
    static const char *const names[] = {
        [LOCK_CAPABILITY_ADDED] = "capability-added",
        [LOCK_CAPABILITY_REMOVED] = "capability-removed",
        [LOCK_PLUGIN_ADDED] = "plugin-added",
        [LOCK_PLUGIN_REMOVED] = "plugin-removed",
        [LOCK_VERSION] = "version",
        [LOCK_PLATFORM_ADDED] = "platform-added",
        [LOCK_PLATFORM_REMOVED] = "platform-removed",
        [LOCK_SHA256] = "sha256",
        [LOCK_SIZE] = "size",
        [LOCK_NEEDED_ADDED] = "needed-added",
        [LOCK_NEEDED_REMOVED] = "needed-removed",
    };
    return names[kind];
}
