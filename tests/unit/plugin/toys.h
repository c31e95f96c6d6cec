/* toys.h - the plugins of tests/abi/plugins as the tests of this room use them. */
#ifndef TESTS_UNIT_PLUGIN_TOYS_H
#define TESTS_UNIT_PLUGIN_TOYS_H

#include "support/beacon_test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/discover.h"

#define GOOD_TOYS  TEST_BUILD_DIR "/tests/plugins/good"
#define BAD_TOYS   TEST_BUILD_DIR "/tests/plugins/bad"
#define OTHER_TOYS TEST_BUILD_DIR "/tests/plugins/other"

/* A set that was found by BEACON_PLUGIN_PATH alone. */
static inline struct plugin_set *set_of(const char *env_path)
{
    struct beacon_error err = {0};
    struct plugin_set *set = NULL;
    const struct plugin_places places = {.env_path = env_path};
    assert_ok(plugin_set_open(&places, &set, &err), &err);
    return set;
}

/* Copy the toy `from` to `to`, a path whose folders exist. A copy, since links are refused. */
static inline void copy_toy(const char *from, const char *to)
{
    char bytes[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(in >= 0 && out >= 0);
    ssize_t n = 0;
    while ((n = read(in, bytes, sizeof bytes)) > 0) {
        assert_int_equal(write(out, bytes, (size_t)n), n);
    }
    assert_int_equal(n, 0);
    assert_int_equal(close(in), 0);
    assert_int_equal(close(out), 0);
}

static inline void make_folder(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
}

/* The entry of the file called `name`; the test fails when there is none. */
static inline const struct plugin_entry *entry_named(const struct plugin_set *set, const char *name)
{
    for (size_t i = 0; i < plugin_set_count(set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(set, i);
        const char *slash = strrchr(entry->path, '/');
        if (slash != NULL && strcmp(slash + 1, name) == 0) {
            return entry;
        }
    }
    fail_msg("no entry %s", name);
    return NULL;
}

/* `text` says both values and the sentence ends in advice. */
static inline void assert_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", text, part);
    }
}

#endif
