/* SPDX-License-Identifier: Apache-2.0 */
#include "hostile.h"

#include "base/alloc.h"
#include "base/auto.h"
#include "plugin/policy_parts.h"

#define LOCK  "/etc/code/plugins.lock:"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static const char *planted(void **state, const char *name)
{
    plant(name, temp_path(state, "hostile.so"));
    return temp_path(state, "hostile.so");
}

/* With the lock of the file, changed as told, it is refused; with the right one it is trusted. */
static void assert_lock_refuses(void **state, const struct lock_text *change, const char *part,
                                const char *hint)
{
    struct beacon_error err = {0};
    struct trusted_file file;
    const char *path = planted(state, "quiet");
    struct plugin_lock *wrong = lock_of(path, change);
    struct plugin_lock *right = lock_of(path, NULL);
    const struct trust_rules under_wrong = {.lock = wrong};
    const struct trust_rules under_right = {.lock = right};
    assert_refused(trust_open(path, &under_wrong, &file, &err), BEACON_E_POLICY, &err);
    assert_says(err.message, part);
    assert_says(err.hint, hint);
    assert_trusted(path, &under_right);
    plugin_lock_destroy(wrong);
    plugin_lock_destroy(right);
}

static void another_version_is_refused_with_both(void **state)
{
    const struct lock_text change = {.version = "0.9.9"};
    assert_lock_refuses(state, &change, "hostile.so is version 1.0.0, " LOCK,
                        "beacon plugin lock --diff");
    assert_lock_refuses(state, &change, " pins 0.9.9", "beacon plugin lock --diff");
}

static void another_hash_is_refused_with_both(void **state)
{
    const struct lock_text change = {.sha256 = ZEROS};
    assert_lock_refuses(state, &change, "hostile.so has the SHA-256 ", "beacon plugin lock --diff");
    assert_lock_refuses(state, &change, ", pinned is " ZEROS " by " LOCK, "--diff");
}

static void another_size_is_refused_with_both(void **state)
{
    const struct lock_text change = {.size_change = 1};
    assert_lock_refuses(state, &change, " bytes, " LOCK, "beacon plugin lock --diff");
}

static void other_capabilities_are_refused_with_both(void **state)
{
    const struct lock_text fewer = {.capabilities = "env:HOSTILE_*"};
    const struct lock_text more = {.capabilities = "env:HOSTILE_*, fs-write:marker, net:*"};
    const struct lock_text other = {.capabilities = "env:HOSTILE_*, threads"};
    assert_lock_refuses(
        state, &fewer, "hostile.so asks for the capabilities env:HOSTILE_*, fs-write:marker, " LOCK,
        "--diff");
    assert_lock_refuses(state, &more, " pins env:HOSTILE_*, fs-write:marker, net:*", "--diff");
    assert_lock_refuses(state, &other, " pins env:HOSTILE_*, threads", "--diff");
}

static void the_hash_of_another_platform_is_told_as_such(void **state)
{
    const struct lock_text same = {.platform = "linux-s390x"};
    const struct lock_text other = {.platform = "linux-s390x", .sha256 = ZEROS};
    assert_lock_refuses(state, &same, "hostile.so has the hash of another platform: " LOCK,
                        "install the file of this platform");
    assert_lock_refuses(state, &other, " pins com.example.hostile for linux-s390x only, this host",
                        "lock it for this platform");
}

static void a_plugin_that_is_not_in_the_lock_is_refused(void **state)
{
    struct beacon_error err = {0};
    struct plugin_lock *empty = NULL;
    const char *path = planted(state, "quiet");
    assert_ok(plugin_lock_parse("", 0, "/etc/code/plugins.lock", &empty, &err), &err);
    const struct trust_rules rules = {.lock = empty};
    assert_distrusted(path, &rules, BEACON_E_POLICY,
                      "hostile.so (com.example.hostile) is not in the lock /etc/code/plugins.lock");
    plugin_lock_destroy(empty);
}

static void one_changed_byte_is_another_file(void **state)
{
    const char *path = planted(state, "quiet");
    struct plugin_lock *lock = lock_of(path, NULL);
    const struct trust_rules rules = {.lock = lock};
    assert_trusted(path, &rules);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "!", 1, lseek(fd, 0, SEEK_END) - 1), 1);
    assert_int_equal(close(fd), 0);
    assert_distrusted(path, &rules, BEACON_E_POLICY, "has the SHA-256");
    plugin_lock_destroy(lock);
}

static void a_lock_does_not_vouch_for_constructors_of_an_unsigned_file(void **state)
{
    static const struct plugin_policy policy;
    const char *path = planted(state, "marks");
    struct plugin_lock *lock = lock_of(path, NULL);
    const struct trust_rules with_policy = {.policy = &policy, .lock = lock};
    const struct trust_rules alone = {.lock = lock};
    assert_distrusted(path, &with_policy, BEACON_E_POLICY, "in an unsigned file");
    assert_trusted(path, &alone); /* no policy asks for that */
    plugin_lock_destroy(lock);
}

/* ---- libraries ---- */

/* The lock pins needs_helper.so with this list of needed libraries; `folder` is where the linker's
 * own folders would be. */
struct closure {
    const char *needed, *folder;
};

static int trust_with(void **state, const struct closure *closure, size_t *ret_n,
                      struct beacon_error *err)
{
    struct trusted_file file;
    const char *path = planted(state, "needs_helper");
    const char *const folders[] = {"/nonexistent", closure->folder, NULL};
    const struct lock_text change = {.needed = closure->needed};
    struct plugin_lock *lock = lock_of(path, &change);
    const struct trust_rules rules = {.lock = lock, .library_folders = folders};
    int rc = trust_open(path, &rules, &file, err);
    if (rc == BEACON_OK) {
        *ret_n = file.n_libraries;
        trusted_file_finish(&file);
    }
    plugin_lock_destroy(lock);
    return rc;
}

static void assert_closure_refused(void **state, const char *needed, const char *folder, int code,
                                   const char *part)
{
    struct beacon_error err = {0};
    size_t n = 0;
    const struct closure closure = {.needed = needed, .folder = folder};
    assert_refused(trust_with(state, &closure, &n, &err), code, &err);
    assert_says(err.message, part);
}

static const char *pinned_helper(void)
{
    struct beacon_error err = {0};
    static char pin[160];
    char hash[SHA256_HEX];
    char bytes[65536];
    int fd = open(HOSTILE "/helper/libhostile_helper.so", O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, bytes, sizeof bytes);
    assert_true(n > 0 && n < (ssize_t)sizeof bytes);
    assert_int_equal(close(fd), 0);
    (void)err;
    sha256_hex(bytes, (size_t)n, hash);
    (void)snprintf(pin, sizeof pin, "libhostile_helper.so:%s", hash);
    return pin;
}

static void a_library_is_pinned_by_its_hash(void **state)
{
    struct beacon_error err = {0};
    size_t n = 0;
    const struct closure right = {.needed = pinned_helper(),
                                  .folder = library_folder(state, "helper")};
    assert_ok(trust_with(state, &right, &n, &err), &err);
    assert_int_equal(n, 1);
}

static void a_library_with_other_bytes_is_refused(void **state)
{
    assert_closure_refused(state, pinned_helper(), library_folder(state, "evil"), BEACON_E_POLICY,
                           "the library libhostile_helper.so of hostile.so has the SHA-256 ");
}

static void a_library_the_lock_does_not_name_is_refused(void **state)
{
    assert_closure_refused(state, NULL, library_folder(state, "helper"), BEACON_E_POLICY,
                           "hostile.so needs the library libhostile_helper.so, which " LOCK);
    assert_closure_refused(state, "libother.so", library_folder(state, "helper"), BEACON_E_POLICY,
                           " does not name");
}

static void a_name_without_a_hash_pins_nothing(void **state)
{
    assert_closure_refused(state, "libhostile_helper.so", library_folder(state, "helper"),
                           BEACON_E_POLICY, " names without its SHA-256");
}

static void a_library_that_is_nowhere_is_missed(void **state)
{
    assert_closure_refused(state, pinned_helper(), "/nonexistent", BEACON_E_NOT_FOUND,
                           "the library libhostile_helper.so is in none of the system's library");
}

static void a_library_others_may_write_is_refused(void **state)
{
    const char *folder = library_folder(state, "helper");
    assert_int_equal(chmod(temp_path(state, "helper/libhostile_helper.so"), 0666), 0);
    assert_closure_refused(state, pinned_helper(), folder, BEACON_E_REFUSED,
                           "libhostile_helper.so can be changed by others");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(another_version_is_refused_with_both),
        in_temp_dir(another_hash_is_refused_with_both),
        in_temp_dir(another_size_is_refused_with_both),
        in_temp_dir(other_capabilities_are_refused_with_both),
        in_temp_dir(the_hash_of_another_platform_is_told_as_such),
        in_temp_dir(a_plugin_that_is_not_in_the_lock_is_refused),
        in_temp_dir(one_changed_byte_is_another_file),
        in_temp_dir(a_lock_does_not_vouch_for_constructors_of_an_unsigned_file),
        in_temp_dir(a_library_is_pinned_by_its_hash),
        in_temp_dir(a_library_with_other_bytes_is_refused),
        in_temp_dir(a_library_the_lock_does_not_name_is_refused),
        in_temp_dir(a_name_without_a_hash_pins_nothing),
        in_temp_dir(a_library_that_is_nowhere_is_missed),
        in_temp_dir(a_library_others_may_write_is_refused),
    };
    return cmocka_run_group_tests_name("plugin/trust_lock", tests, NULL, NULL);
}
