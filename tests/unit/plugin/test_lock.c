/* SPDX-License-Identifier: Apache-2.0 */
#include "toys.h"

#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"
#include "plugin/lock.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const char whole[] = "; Which plugin files may run. Made by `beacon plugin lock`.\n"
                            "\n"
                            "[com.acme.llm]\n"
                            "version = 1.2.0\n"
                            "capabilities = net:https://*.acme.example\n"
                            "capabilities = secrets\n"
                            "linux-aarch64.sha256 = " B "\n"
                            "linux-aarch64.size = 7\n"
                            "linux-aarch64.needed = libc.so.6\n"
                            "linux-x86_64.sha256 = " A "\n"
                            "linux-x86_64.size = 1234567\n"
                            "linux-x86_64.needed = libacme.so.1:" B "\n"
                            "linux-x86_64.needed = libc.so.6\n"
                            "\n"
                            "[com.beacon.provider-replay]\n"
                            "version = 0.1.0\n"
                            "linux-x86_64.sha256 = " B "\n"
                            "linux-x86_64.size = 0\n";

static struct plugin_lock *lock_of(const char *text)
{
    struct beacon_error err = {0};
    struct plugin_lock *lock = NULL;
    assert_ok(plugin_lock_parse(text, strlen(text), "plugins.lock", &lock, &err), &err);
    return lock;
}

static const char *format(const struct plugin_lock *lock, struct text *out)
{
    struct beacon_error err = {0};
    text_init(out, 1u << 20);
    assert_ok(plugin_lock_format(lock, out, &err), &err);
    return text_string(out);
}

static void what_is_written_is_read_back_and_written_the_same(void **state)
{
    (void)state;
    struct plugin_lock *lock = lock_of(whole);
    AUTO_TEXT struct text out;
    assert_string_equal(format(lock, &out), whole);
    plugin_lock_destroy(lock);
}

static void everything_of_an_entry_is_there(void **state)
{
    (void)state;
    struct plugin_lock *lock = lock_of(whole);
    assert_int_equal(plugin_lock_count(lock), 2);
    const struct lock_entry *entry = plugin_lock_find(lock, "com.acme.llm");
    assert_string_equal(entry->version, "1.2.0");
    assert_string_equal(entry->capabilities[1], "secrets");
    assert_null(entry->capabilities[2]);
    assert_int_equal(entry->line, 3);
    const struct lock_pin *pin = lock_entry_pin(entry, "linux-x86_64");
    assert_string_equal(pin->sha256, A);
    assert_int_equal(pin->size_bytes, 1234567);
    assert_string_equal(pin->needed[0], "libacme.so.1:" B);
    assert_null(pin->needed[2]);
    assert_null(lock_entry_pin(entry, "linux-riscv64"));
    assert_null(plugin_lock_find(lock, "com.acme"));
    assert_string_equal(plugin_lock_path(lock), "plugins.lock");
    plugin_lock_destroy(lock);
}

static void lists_may_be_written_with_commas_too(void **state)
{
    (void)state;
    struct plugin_lock *lock = lock_of("[a]\nversion=1\ncapabilities = threads , secrets\n"
                                       "linux-arm.sha256=" A "\nlinux-arm.size=1\n");
    assert_string_equal(plugin_lock_entry(lock, 0)->capabilities[0], "secrets");
    assert_string_equal(plugin_lock_entry(lock, 0)->capabilities[1], "threads");
    assert_null(plugin_lock_entry(lock, 0)->pins[0].needed[0]);
    plugin_lock_destroy(lock);
}

static void a_mistake_is_refused_with_its_line(void **state)
{
    (void)state;
#define PIN "linux-arm.sha256=" A "\nlinux-arm.size=1\n"
    static const struct mistake {
        const char *text, *says;
    } mistakes[] = {
        {"version = 1\n", "plugins.lock:1: a key before"},
        {"[com.Acme]\nversion = 1\n" PIN, "is no plugin id"},
        {"[a]\n", "plugins.lock:1: [a] has no version"},
        {"[a]\nversion = 1\n", "pins nothing"},
        {"[a]\nversion = 1\nversion = 1\n" PIN, "plugins.lock:3: [a] has two versions"},
        {"[a]\nversion = a b\n" PIN, "has a version that is none"},
        {"[a]\nversion = 1\nlinux-arm.sha256 = " A "\n", "without both sha256 and size"},
        {"[a]\nversion = 1\nlinux-arm.size = 1\n", "without both sha256 and size"},
        {"[a]\nversion = 1\n" PIN "linux-x86_64.needed = libc.so.6\n", "plugins.lock:5: [a] has a "
                                                                       "platform without"},
        {"[a]\nversion = 1\nlinux-arm.sha256 = abc\n", "not 64 hexadecimal digits"},
        {"[a]\nversion = 1\nlinux-arm.sha256 = " A "0\n", "not 64 hexadecimal digits"},
        {"[a]\nversion = 1\nlinux-arm.sha256 = "
         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
         "not 64 hexadecimal digits"},
        {"[a]\nversion = 1\n" PIN "linux-arm.sha256=" A "\n", "plugins.lock:5: [a] has two hashes"},
        {"[a]\nversion = 1\n" PIN "linux-arm.size=1\n", "has two sizes"},
        {"[a]\nversion = 1\nlinux-arm.size = -1\n", "no number of bytes"},
        {"[a]\nversion = 1\nlinux-arm.size = 0x10\n", "no number of bytes"},
        {"[a]\nversion = 1\nlinux-arm.size = 9999999999999999999999\n", "no number of bytes"},
        {"[a]\nversion = 1\n" PIN "linux-arm.md5 = 1\n", "`linux-arm.md5` that no lock has"},
        {"[a]\nversion = 1\n" PIN "note = 1\n", "`note` that no lock has"},
        {"[a]\nversion = 1\n" PIN ".size = 1\n", "that no lock has"},
        {"[a]\nversion = 1\n" PIN "linux-arm.needed = a,,b\n", "empty or unreadable item"},
        {"[a]\nversion = 1\n" PIN "linux-arm.needed = /lib/libc.so.6\n", "no library name"},
        {"[a]\nversion = 1\n" PIN "linux-arm.needed = libc.so.6:12\n", "no library name"},
        {"[a]\nversion = 1\n" PIN "linux-arm.needed = :" A "\n", "no library name"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct beacon_error err = {0};
        struct plugin_lock *lock = NULL;
        const char *text = mistakes[i].text;
        assert_refused(plugin_lock_parse(text, strlen(text), "plugins.lock", &lock, &err),
                       BEACON_E_INVALID, &err);
        assert_null(lock);
        assert_says(err.message, mistakes[i].says);
    }
}

static void a_lock_cut_within_a_line_never_pins_other_bytes(void **state)
{
    (void)state;
    struct plugin_lock *full = lock_of(whole);
    for (size_t n = 0; n < strlen(whole); n++) {
        struct beacon_error err = {0};
        struct plugin_lock *lock = NULL;
        if (plugin_lock_parse(whole, n, "cut", &lock, &err) != BEACON_OK) {
            assert_string_not_equal(err.hint, "");
            continue;
        }
        for (size_t i = 0; i < plugin_lock_count(lock); i++) {
            const struct lock_entry *entry = plugin_lock_entry(lock, i);
            const struct lock_entry *same = plugin_lock_find(full, entry->id);
            assert_non_null(same);
            for (size_t j = 0; j < entry->n_pins; j++) {
                const struct lock_pin *pin = lock_entry_pin(same, entry->pins[j].platform);
                assert_string_equal(entry->pins[j].sha256, pin->sha256);
            }
        }
        plugin_lock_destroy(lock);
    }
    plugin_lock_destroy(full);
}

static struct lock_pin pin_of(const char *platform, const char *sha256)
{
    struct lock_pin pin = {.platform = platform, .size_bytes = 5};
    memcpy(pin.sha256, sha256, sizeof pin.sha256);
    return pin;
}

static size_t put(struct plugin_lock *lock, const char *version, const struct lock_pin *pin)
{
    size_t dropped = 99;
    const struct lock_entry entry = {
        .id = "com.acme.llm", .version = version, .n_pins = 1, .pins = pin};
    plugin_lock_put(lock, &entry, &dropped);
    return dropped;
}

static void platforms_of_one_version_stand_side_by_side(void **state)
{
    (void)state;
    struct plugin_lock *lock = lock_of(whole);
    const struct lock_pin arm = pin_of("linux-arm", A), x86 = pin_of("linux-x86_64", B);
    assert_int_equal(put(lock, "1.2.0", &arm), 0);
    assert_int_equal(put(lock, "1.2.0", &x86), 0);
    const struct lock_entry *entry = plugin_lock_find(lock, "com.acme.llm");
    assert_int_equal(entry->n_pins, 3);
    assert_string_equal(lock_entry_pin(entry, "linux-x86_64")->sha256, B);
    assert_string_equal(entry->pins[1].platform, "linux-arm");
    plugin_lock_destroy(lock);
}

static void a_new_version_drops_what_was_pinned_of_the_old_one(void **state)
{
    (void)state;
    struct plugin_lock *lock = lock_of(whole);
    const struct lock_pin pin = pin_of("linux-x86_64", B);
    assert_int_equal(put(lock, "1.3.0", &pin), 1);
    assert_int_equal(plugin_lock_find(lock, "com.acme.llm")->n_pins, 1);
    plugin_lock_destroy(lock);
}

static void entries_are_sorted_however_they_come(void **state)
{
    (void)state;
    struct plugin_lock *lock = plugin_lock_create("x");
    static const char *const ids[] = {"m", "z", "a", "b", "y"};
    const struct lock_pin pin = pin_of("linux-arm", A);
    for (size_t i = 0; i < 5; i++) {
        const struct lock_entry entry = {.id = ids[i], .version = "1", .n_pins = 1, .pins = &pin};
        plugin_lock_put(lock, &entry, NULL);
    }
    assert_string_equal(plugin_lock_entry(lock, 0)->id, "a");
    assert_string_equal(plugin_lock_entry(lock, 4)->id, "z");
    assert_string_equal(plugin_lock_entry(lock, 2)->id, "m");
    plugin_lock_destroy(lock);
}

static int format_with_capability(const char *capability, struct beacon_error *err)
{
    AUTO_TEXT struct text out;
    text_init(&out, 1u << 20);
    struct plugin_lock *lock = plugin_lock_create("x");
    const struct lock_pin pin = pin_of("linux-arm", A);
    const char *const capabilities[] = {capability, NULL};
    const struct lock_entry entry = {
        .id = "a", .version = "1", .capabilities = capabilities, .n_pins = 1, .pins = &pin};
    plugin_lock_put(lock, &entry, NULL);
    int rc = plugin_lock_format(lock, &out, err);
    plugin_lock_destroy(lock);
    return rc;
}

static void what_would_not_be_read_back_is_not_written(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    static const char *const bad[] = {"", "a,b", "a ;b", "a\n[b]", " a", "a ", "\x7f"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_refused(format_with_capability(bad[i], &err), BEACON_E_INVALID, &err);
    }
    char big[400];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    assert_refused(format_with_capability(big, &err), BEACON_E_LIMIT, &err);
    assert_ok(format_with_capability("net:https://*.acme.example", &err), &err);
}

static void the_platform_of_a_file_is_in_its_header(void **state)
{
    (void)state;
    unsigned char head[20] = "\177ELF\2\1\1";
    head[18] = 183; /* EM_AARCH64 */
    assert_string_equal(plugin_lock_platform_of(head, sizeof head), "linux-aarch64");
    assert_null(plugin_lock_platform_of(head, sizeof head - 1));
    head[4] = 1;
    assert_null(plugin_lock_platform_of(head, sizeof head));
    const char *program = read_text("/proc/self/exe");
    assert_string_equal(plugin_lock_platform_of(program, 20), plugin_lock_platform());
}

static void a_missing_file_is_told_from_a_broken_one(void **state)
{
    struct beacon_error err = {0};
    struct plugin_lock *lock = NULL;
    const char *path = temp_path(state, "plugins.lock");
    assert_refused(plugin_lock_read(path, &lock, &err), BEACON_E_NOT_FOUND, &err);
    assert_ok(plugin_lock_open(NULL, temp_dir(state), &lock, &err), &err);
    assert_null(lock);
    write_text(path, "[a]\n");
    assert_refused(plugin_lock_read(path, &lock, &err), BEACON_E_INVALID, &err);
    assert_refused(plugin_lock_open(NULL, temp_dir(state), &lock, &err), BEACON_E_POLICY, &err);
    write_text(path, whole);
    assert_ok(plugin_lock_open(NULL, temp_dir(state), &lock, &err), &err);
    assert_int_equal(plugin_lock_count(lock), 2);
    plugin_lock_destroy(lock);
}

static void a_home_lock_that_others_can_write_is_refused(void **state)
{
    struct beacon_error err = {0};
    struct plugin_lock *lock = NULL;
    const char *path = temp_path(state, "plugins.lock");
    write_text(path, whole);
    assert_int_equal(chmod(path, 0666), 0);
    assert_refused(plugin_lock_open(NULL, temp_dir(state), &lock, &err), BEACON_E_POLICY, &err);
    assert_says(err.message, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back_and_written_the_same),
        cmocka_unit_test(everything_of_an_entry_is_there),
        cmocka_unit_test(lists_may_be_written_with_commas_too),
        cmocka_unit_test(a_mistake_is_refused_with_its_line),
        cmocka_unit_test(a_lock_cut_within_a_line_never_pins_other_bytes),
        cmocka_unit_test(platforms_of_one_version_stand_side_by_side),
        cmocka_unit_test(a_new_version_drops_what_was_pinned_of_the_old_one),
        cmocka_unit_test(entries_are_sorted_however_they_come),
        cmocka_unit_test(what_would_not_be_read_back_is_not_written),
        cmocka_unit_test(the_platform_of_a_file_is_in_its_header),
        in_temp_dir(a_missing_file_is_told_from_a_broken_one),
        in_temp_dir(a_home_lock_that_others_can_write_is_refused),
    };
    return cmocka_run_group_tests_name("plugin/lock", tests, NULL, NULL);
}
