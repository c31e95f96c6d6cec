/* SPDX-License-Identifier: Apache-2.0 */
#include "toys.h"

#include "base/text.h"
#include "plugin/lock.h"
#include "plugin/lock_diff.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

#define X86(hash, size)  "linux-x86_64.sha256 = " hash "\nlinux-x86_64.size = " size "\n"
#define ARM(hash, size)  "linux-aarch64.sha256 = " hash "\nlinux-aarch64.size = " size "\n"
#define NEEDS(library)   "linux-x86_64.needed = " library "\n"
#define PLUGIN(id, text) "[" id "]\nversion = 1\n" text

static struct plugin_lock *lock_of(const char *text)
{
    struct beacon_error err = {0};
    struct plugin_lock *lock = NULL;
    assert_ok(plugin_lock_parse(text, strlen(text), "plugins.lock", &lock, &err), &err);
    return lock;
}

static void write_down(void *ctx, const struct lock_difference *it)
{
    assert_true(text_addf(ctx, "%s %s %s %.8s %.8s\n", lock_difference_name(it->kind), it->id,
                          it->platform != NULL ? it->platform : "-",
                          it->before != NULL ? it->before : "-",
                          it->after != NULL ? it->after : "-"));
}

static void assert_differences(const char *before, const char *after, const char *platform,
                               const char *wanted)
{
    AUTO_TEXT struct text out;
    text_init(&out, 1u << 16);
    struct plugin_lock *one = lock_of(before), *two = lock_of(after);
    lock_compare(one, two, platform, write_down, &out);
    assert_string_equal(text_string(&out), wanted);
    plugin_lock_destroy(one);
    plugin_lock_destroy(two);
}

static void equal_locks_do_not_differ(void **state)
{
    (void)state;
    static const char lock[] = PLUGIN("a", X86(A, "1") NEEDS("libc.so.6")) PLUGIN("b", ARM(B, "2"));
    assert_differences(lock, lock, NULL, "");
    assert_differences(lock, lock, "linux-x86_64", "");
}

static void what_a_plugin_may_do_is_told_first(void **state)
{
    (void)state;
    assert_differences(PLUGIN("a", X86(A, "1")) PLUGIN("b", "capabilities = ui\n" X86(A, "1")),
                       PLUGIN("a", X86(B, "2")) PLUGIN("b", "capabilities = secrets\n" X86(A, "1")),
                       NULL,
                       "capability-added b - - secrets\n"
                       "capability-removed b - ui -\n"
                       "sha256 a linux-x86_64 aaaaaaaa bbbbbbbb\n"
                       "size a linux-x86_64 1 2\n");
}

static void a_new_plugin_shows_its_capabilities_and_no_more(void **state)
{
    (void)state;
    assert_differences("", PLUGIN("a", "capabilities = threads\n" X86(A, "1") NEEDS("libc.so.6")),
                       NULL,
                       "capability-added a - - threads\n"
                       "plugin-added a - - 1\n");
    assert_differences(PLUGIN("a", "capabilities = threads\n" X86(A, "1")), "", NULL,
                       "plugin-removed a - 1 -\n");
}

static void platforms_and_libraries_are_compared(void **state)
{
    (void)state;
    assert_differences(
        PLUGIN("a", X86(A, "1") NEEDS("libc.so.6") NEEDS("libx.so.1:" A) ARM(A, "1")),
        PLUGIN("a", X86(A, "1") NEEDS("libc.so.6") NEEDS("libx.so.1:" B) "linux-arm.sha256 = " A
                                                                         "\nlinux-arm.size = 1\n"),
        NULL,
        "platform-added a linux-arm - aaaaaaaa\n"
        "platform-removed a linux-aarch64 aaaaaaaa -\n"
        "needed-added a linux-x86_64 - libx.so.\n"
        "needed-removed a linux-x86_64 libx.so. -\n");
}

static void with_a_platform_only_its_pins_count(void **state)
{
    (void)state;
    static const char before[] = PLUGIN("a", X86(A, "1") ARM(A, "1")) PLUGIN("b", ARM(A, "1"));
    static const char after[] = PLUGIN("a", X86(A, "1") ARM(B, "1"));
    assert_differences(before, after, "linux-x86_64", "");
    assert_differences(before, after, "linux-aarch64",
                       "plugin-removed b linux-aarch64 1 -\n"
                       "sha256 a linux-aarch64 aaaaaaaa bbbbbbbb\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_locks_do_not_differ),
        cmocka_unit_test(what_a_plugin_may_do_is_told_first),
        cmocka_unit_test(a_new_plugin_shows_its_capabilities_and_no_more),
        cmocka_unit_test(platforms_and_libraries_are_compared),
        cmocka_unit_test(with_a_platform_only_its_pins_count),
    };
    return cmocka_run_group_tests_name("plugin/lock_diff", tests, NULL, NULL);
}
