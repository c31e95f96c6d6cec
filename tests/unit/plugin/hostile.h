/* hostile.h - the plugins of tests/plugins/hostile as the tests of trust and loader use them.
 *
 * What of them runs appends to the file HOSTILE_MARKER names, so "nothing ran" can be seen.
 */
#ifndef TESTS_UNIT_PLUGIN_HOSTILE_H
#define TESTS_UNIT_PLUGIN_HOSTILE_H

#include "toys.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "plugin/lock.h"
#include "plugin/sha256.h"
#include "plugin/trust.h"

#define HOSTILE TEST_BUILD_DIR "/tests/plugins/hostile"
#define NOBODY  65534

/* Copy HOSTILE/<name>.so to `to`, with bytes of its own behind the end: the same bytes would be the
 * same plugin, which is loaded once per process. */
static inline void plant(const char *name, const char *to)
{
    static unsigned count;
    char from[512], tail[64];
    (void)snprintf(from, sizeof from, "%s/%s.so", HOSTILE, name);
    (void)snprintf(tail, sizeof tail, "copy %u", ++count);
    (void)unlink(to);
    copy_toy(from, to);
    int fd = open(to, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, tail, strlen(tail)), (ssize_t)strlen(tail));
    assert_int_equal(close(fd), 0);
}

/* A folder of the test's own with HOSTILE/<name>/libhostile_helper.so. A build tree that the group of its
 * user can write to, as umask 002 makes it, is not trusted where files are pinned. */
static inline const char *library_folder(void **state, const char *name)
{
    char from[512];
    const char *folder = temp_path(state, name);
    AUTO_FREE char *to = alloc_printf("%s/libhostile_helper.so", folder);
    (void)snprintf(from, sizeof from, "%s/%s/libhostile_helper.so", HOSTILE, name);
    if (access(folder, F_OK) != 0) {
        make_folder(folder);
    }
    copy_toy(from, to);
    return folder;
}

/* From now on what runs is written to "marker" of the temporary folder. */
static inline void watch(void **state)
{
    assert_int_equal(setenv("HOSTILE_MARKER", temp_path(state, "marker"), 1), 0);
}

static inline void assert_nothing_ran(void **state)
{
    if (access(temp_path(state, "marker"), F_OK) == 0) {
        fail_msg("it ran: %s", read_text(temp_path(state, "marker")));
    }
}

/* trust_open() refuses with `code` and a message that has `part` in it. */
static inline void assert_distrusted(const char *path, const struct trust_rules *rules, int code,
                                     const char *part)
{
    struct beacon_error err = {0};
    struct trusted_file file;
    assert_refused(trust_open(path, rules, &file, &err), code, &err);
    assert_says(err.message, part);
}

static inline void assert_trusted(const char *path, const struct trust_rules *rules)
{
    struct beacon_error err = {0};
    struct trusted_file file;
    assert_ok(trust_open(path, rules, &file, &err), &err);
    trusted_file_finish(&file);
}

/* A lock with one section for the file at `path`, as it is on disk now. */
struct lock_text {
    const char *version, *platform, *capabilities, *needed; /* NULL: what is right */
    const char *sha256;
    long size_change;
};

static inline void hash_file(const char *path, char ret[SHA256_HEX], uint64_t *ret_size)
{
    struct beacon_error err = {0};
    struct trusted_file file;
    assert_ok(trust_open(path, NULL, &file, &err), &err);
    (void)memcpy(ret, file.sha256, SHA256_HEX);
    *ret_size = file.size_bytes;
    trusted_file_finish(&file);
}

static inline struct plugin_lock *lock_of(const char *path, const struct lock_text *change)
{
    static const struct lock_text none = {0};
    struct beacon_error err = {0};
    struct plugin_lock *lock = NULL;
    char hash[SHA256_HEX], text[2048];
    uint64_t size = 0;
    change = change != NULL ? change : &none;
    const char *platform = change->platform != NULL ? change->platform : plugin_lock_platform();
    hash_file(path, hash, &size);
    int n = snprintf(
        text, sizeof text,
        "[com.example.hostile]\nversion = %s\ncapabilities = %s\n%s.sha256 = %s\n%s.size = %ld\n",
        change->version != NULL ? change->version : "1.0.0",
        change->capabilities != NULL ? change->capabilities : "env:HOSTILE_*, fs-write:marker",
        platform, change->sha256 != NULL ? change->sha256 : hash, platform,
        (long)size + change->size_change);
    if (change->needed != NULL) {
        (void)snprintf(text + n, sizeof text - (size_t)n, "%s.needed = %s\n", platform,
                       change->needed);
    }
    assert_ok(plugin_lock_parse(text, strlen(text), "/etc/code/plugins.lock", &lock, &err), &err);
    return lock;
}

#endif
