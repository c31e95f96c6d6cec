/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local bool is_in_slot __attribute__((tls_model("initial-exec")));
static _Atomic uint64_t n_allocations, fails_at;
static _Atomic int64_t live_blocks, live_bytes;
static atomic_bool fails_for_good, has_failed, has_seen;
static const char *_Atomic watched;

bool memory_set_in_slot(bool is_in)
{
    bool before = is_in_slot;
    is_in_slot = is_in;
    return before;
}

void memory_fail_at(uint64_t n, bool is_for_good)
{
    atomic_store(&fails_at, n);
    atomic_store(&fails_for_good, is_for_good);
    atomic_store(&n_allocations, 0);
    atomic_store(&has_failed, false);
}

bool memory_has_failed(void)
{
    return atomic_load(&has_failed);
}

void memory_watch(const char *secret)
{
    atomic_store(&has_seen, false);
    atomic_store(&watched, secret);
}

bool memory_has_seen_secret(void)
{
    return atomic_load(&has_seen);
}

#if defined(__GLIBC__) && !defined(BEACON_SANITIZED)

/* The C library's own, under the names it keeps for programs like this one. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming):
 * the names are the C library's */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming) */

#define OURS __attribute__((visibility("default")))

bool memory_is_ours(void)
{
    return true;
}

int64_t memory_live_blocks(void)
{
    return atomic_load(&live_blocks);
}

int64_t memory_live_bytes(void)
{
    return atomic_load(&live_bytes);
}

static bool must_fail(void)
{
    if (!is_in_slot) {
        return false;
    }
    const uint64_t n = atomic_fetch_add(&n_allocations, 1) + 1;
    const uint64_t at = atomic_load(&fails_at);
    if (at == 0 || n < at || (n > at && !atomic_load(&fails_for_good))) {
        return false;
    }
    atomic_store(&has_failed, true);
    errno = ENOMEM;
    return true;
}

static void *count_new(void *p)
{
    if (p != NULL) {
        (void)atomic_fetch_add(&live_blocks, 1);
        (void)atomic_fetch_add(&live_bytes, (int64_t)malloc_usable_size(p));
    }
    return p;
}

/* What is given back must hold no secret: the next owner could read it. */
static void look_at(const void *p)
{
    const char *secret = atomic_load(&watched);
    if (secret != NULL && p != NULL && is_in_slot &&
        memmem(p, malloc_usable_size((void *)p), secret, strlen(secret)) != NULL) {
        atomic_store(&has_seen, true);
    }
}

static void count_gone(void *p)
{
    if (p != NULL) {
        (void)atomic_fetch_sub(&live_blocks, 1);
        (void)atomic_fetch_sub(&live_bytes, (int64_t)malloc_usable_size(p));
    }
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): its parameters have reserved names */
OURS void *malloc(size_t size)
{
    return must_fail() ? NULL : count_new(__libc_malloc(size));
}

OURS void *calloc(size_t count, size_t size)
{
    return must_fail() ? NULL : count_new(__libc_calloc(count, size));
}

OURS void *realloc(void *old, size_t size)
{
    if (must_fail()) {
        return NULL;
    }
    const int64_t before = old != NULL ? (int64_t)malloc_usable_size(old) : 0;
    look_at(old);
    void *p = __libc_realloc(old, size);
    const bool is_gone = old != NULL && (p != NULL || size == 0);
    if (is_gone) {
        (void)atomic_fetch_sub(&live_blocks, 1);
        (void)atomic_fetch_sub(&live_bytes, before);
    }
    return count_new(p);
}

OURS void *memalign(size_t alignment, size_t size)
{
    return must_fail() ? NULL : count_new(__libc_memalign(alignment, size));
}

OURS void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

OURS int posix_memalign(void **ret, size_t alignment, size_t size)
{
    void *p = memalign(alignment, size);
    if (p == NULL) {
        return ENOMEM;
    }
    *ret = p;
    return 0;
}

OURS void free(void *p)
{
    const int saved = errno;
    look_at(p);
    count_gone(p);
    __libc_free(p);
    errno = saved;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

#else

/* Another allocator is in charge: nothing can be made to fail, and what lives is asked of it. */
#ifdef BEACON_SANITIZED
/* The name is the sanitizer's. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming) */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));
#endif

bool memory_is_ours(void)
{
    return false;
}

int64_t memory_live_blocks(void)
{
    return atomic_load(&live_blocks);
}

int64_t memory_live_bytes(void)
{
#ifdef BEACON_SANITIZED
    if (__sanitizer_get_current_allocated_bytes != NULL) {
        return (int64_t)__sanitizer_get_current_allocated_bytes();
    }
#endif
    return atomic_load(&live_bytes);
}

#endif
