/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/lock.h"

#include <assert.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "plugin/lock_parts.h"

/* ---- lists ---- */

void lock_list_add(struct lock_list *list, const char *item, size_t n)
{
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    list->items = alloc_grow(list->items, list->n + 2, sizeof *list->items);
    list->items[list->n++] = alloc_string_n(item, n);
    list->items[list->n] = NULL;
}

void lock_list_finish(struct lock_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->items[i]);
    }
    free(list->items);
    *list = (struct lock_list){NULL, 0};
}

static size_t count_of(const char *const *list)
{
    size_t n = 0;
    while (list != NULL && list[n] != NULL) {
        n++;
    }
    return n;
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, so that two locks of the same plugins are the same text. */
static const char *const *copy_list(const char *const *list)
{
    size_t n = count_of(list);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    char **copy = alloc_array(n + 1, sizeof *copy);
    for (size_t i = 0; i < n; i++) {
        copy[i] = alloc_string(list[i]);
    }
    qsort(copy, n, sizeof copy[0], compare_text);
    return (const char *const *)copy;
}

static void free_list(const char *const *list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        free((void *)list[i]);
    }
    free((void *)list);
}

bool lock_is_plain(const char *item)
{
    size_t n = strlen(item);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)item[i];
        if (c < ' ' || c == 0x7f || c == ',' || c == ';') {
            return false;
        }
    }
    return n > 0 && item[0] != ' ' && item[n - 1] != ' ';
}

bool lock_is_sha256(const char *text)
{
    return strspn(text, "0123456789abcdef") == LOCK_SHA256_HEX - 1 &&
           text[LOCK_SHA256_HEX - 1] == '\0';
}

/* ---- the lock ---- */

struct plugin_lock *plugin_lock_create(const char *path)
{
    struct plugin_lock *lock = alloc_zeroed(sizeof *lock);
    lock->path = alloc_string(path);
    return lock;
}

static void free_pin(const struct lock_pin *pin)
{
    free((void *)pin->platform);
    free_list(pin->needed);
}

static void finish_entry(struct lock_entry *entry)
{
    for (size_t i = 0; i < entry->n_pins; i++) {
        free_pin(&entry->pins[i]);
    }
    free((void *)entry->pins);
    free((void *)entry->id);
    free((void *)entry->version);
    free_list(entry->capabilities);
}

void plugin_lock_destroy(struct plugin_lock *lock)
{
    if (lock == NULL) {
        return;
    }
    for (size_t i = 0; i < lock->n; i++) {
        finish_entry(&lock->entries[i]);
    }
    free(lock->entries);
    free(lock->path);
    free(lock->signer);
    free(lock);
}

const char *plugin_lock_path(const struct plugin_lock *lock)
{
    return lock->path;
}

const char *plugin_lock_signer(const struct plugin_lock *lock)
{
    return lock->signer;
}

size_t plugin_lock_count(const struct plugin_lock *lock)
{
    return lock->n;
}

const struct lock_entry *plugin_lock_entry(const struct plugin_lock *lock, size_t i)
{
    assert(i < lock->n);
    return &lock->entries[i];
}

/* Where `id` is, or where it would be put. */
static size_t position_of(const struct plugin_lock *lock, const char *id)
{
    size_t low = 0, high = lock->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(lock->entries[middle].id, id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_at(const struct plugin_lock *lock, size_t i, const char *id)
{
    return i < lock->n && strcmp(lock->entries[i].id, id) == 0;
}

const struct lock_entry *plugin_lock_find(const struct plugin_lock *lock, const char *id)
{
    size_t i = position_of(lock, id);
    return is_at(lock, i, id) ? &lock->entries[i] : NULL;
}

const struct lock_pin *lock_entry_pin(const struct lock_entry *entry, const char *platform)
{
    for (size_t i = 0; i < entry->n_pins; i++) {
        if (strcmp(entry->pins[i].platform, platform) == 0) {
            return &entry->pins[i];
        }
    }
    return NULL;
}

/* ---- changing it ---- */

static struct lock_pin copy_pin(const struct lock_pin *from)
{
    struct lock_pin pin = *from;
    pin.platform = alloc_string(from->platform);
    pin.needed = copy_list(from->needed);
    return pin;
}

static int compare_pins(const void *a, const void *b)
{
    const struct lock_pin *one = a, *two = b;
    return strcmp(one->platform, two->platform);
}

/* The pins of `old` (NULL: none) that `entry` does not replace, and those of `entry`. */
static struct lock_entry join(const struct lock_entry *old, const struct lock_entry *entry)
{
    size_t n_old = old != NULL ? old->n_pins : 0;
    struct lock_pin *pins = alloc_array(n_old + entry->n_pins + 1, sizeof *pins);
    size_t n = 0;
    for (size_t i = 0; i < n_old; i++) {
        if (lock_entry_pin(entry, old->pins[i].platform) == NULL) {
            pins[n++] = copy_pin(&old->pins[i]);
        }
    }
    for (size_t i = 0; i < entry->n_pins; i++) {
        pins[n++] = copy_pin(&entry->pins[i]);
    }
    qsort(pins, n, sizeof pins[0], compare_pins);
    return (struct lock_entry){.id = alloc_string(entry->id),
                               .version = alloc_string(entry->version),
                               .capabilities = copy_list(entry->capabilities),
                               .n_pins = n,
                               .pins = pins,
                               .line = entry->line};
}

static size_t count_replaced(const struct lock_entry *old, const struct lock_entry *entry)
{
    size_t n = 0;
    for (size_t i = 0; i < old->n_pins; i++) {
        n += lock_entry_pin(entry, old->pins[i].platform) != NULL;
    }
    return n;
}

void plugin_lock_put(struct plugin_lock *lock, const struct lock_entry *entry, size_t *ret_dropped)
{
    size_t i = position_of(lock, entry->id), dropped = 0;
    if (is_at(lock, i, entry->id)) {
        struct lock_entry *old = &lock->entries[i];
        bool is_same_version = strcmp(old->version, entry->version) == 0;
        dropped = is_same_version ? 0 : old->n_pins - count_replaced(old, entry);
        struct lock_entry joined = join(is_same_version ? old : NULL, entry);
        finish_entry(old);
        *old = joined;
    } else {
        lock->entries = alloc_grow(lock->entries, lock->n + 1, sizeof *lock->entries);
        memmove(&lock->entries[i + 1], &lock->entries[i], (lock->n - i) * sizeof *lock->entries);
        lock->entries[i] = join(NULL, entry);
        lock->n++;
    }
    if (ret_dropped != NULL) {
        *ret_dropped = dropped;
    }
}

/* ---- platforms ---- */

struct platform_row {
    unsigned char bits, order; /* of e_ident */
    uint16_t machine;
    const char *name;
};

static const struct platform_row platforms[] = {
    {ELFCLASS64, ELFDATA2LSB, EM_X86_64, "linux-x86_64"},
    {ELFCLASS64, ELFDATA2LSB, EM_AARCH64, "linux-aarch64"},
    {ELFCLASS64, ELFDATA2LSB, EM_RISCV, "linux-riscv64"},
    {ELFCLASS64, ELFDATA2LSB, EM_PPC64, "linux-ppc64le"},
    {ELFCLASS64, ELFDATA2MSB, EM_S390, "linux-s390x"},
    {ELFCLASS64, ELFDATA2LSB, EM_LOONGARCH, "linux-loongarch64"},
    {ELFCLASS32, ELFDATA2LSB, EM_ARM, "linux-arm"},
    {ELFCLASS32, ELFDATA2LSB, EM_386, "linux-i386"},
};

const char *plugin_lock_platform_of(const void *bytes, size_t n)
{
    unsigned char head[EI_NIDENT + 4];
    if (n < sizeof head) {
        return NULL;
    }
    memcpy(head, bytes, sizeof head);
    bool is_big = head[EI_DATA] == ELFDATA2MSB;
    /* e_machine follows e_type behind the identification. */
    unsigned machine = is_big ? head[EI_NIDENT + 2] * 256u + head[EI_NIDENT + 3]
                              : head[EI_NIDENT + 3] * 256u + head[EI_NIDENT + 2];
    for (size_t i = 0; i < sizeof platforms / sizeof platforms[0]; i++) {
        if (memcmp(head, ELFMAG, SELFMAG) == 0 && platforms[i].bits == head[EI_CLASS] &&
            platforms[i].order == head[EI_DATA] && platforms[i].machine == machine) {
            return platforms[i].name;
        }
    }
    return NULL;
}

const char *plugin_lock_platform(void)
{
#if defined(__x86_64__)
    return "linux-x86_64";
#elif defined(__aarch64__)
    return "linux-aarch64";
#elif defined(__riscv) && __riscv_xlen == 64
    return "linux-riscv64";
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
    return "linux-ppc64le";
#elif defined(__s390x__)
    return "linux-s390x";
#elif defined(__loongarch__) && __loongarch_grlen == 64
    return "linux-loongarch64";
#elif defined(__arm__)
    return "linux-arm";
#elif defined(__i386__)
    return "linux-i386";
#else
#error "give this platform a name in plugins.lock"
#endif
}
