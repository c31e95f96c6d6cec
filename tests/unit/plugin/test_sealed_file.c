/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/auto.h"
#include "plugin/sealed_file.h"
#include "plugin/sha256.h"

#define MAX_BYTES 1000000

static int open_text(void **state, const char *text)
{
    write_text(temp_path(state, "x.so"), text);
    int fd = open(temp_path(state, "x.so"), O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void the_copy_cannot_be_changed_by_anybody(void **state)
{
    struct beacon_error err = {0};
    struct sealed_file sealed;
    AUTO_CLOSE int fd = open_text(state, "as reviewed");
    assert_ok(sealed_file_read(fd, "x.so", MAX_BYTES, &sealed, &err), &err);
    assert_int_equal(pwrite(sealed.fd, "X", 1, 0), -1);
    assert_int_equal(ftruncate(sealed.fd, 0), -1);
    assert_int_equal(ftruncate(sealed.fd, 100), -1);
    assert_ptr_equal(mmap(NULL, 11, PROT_WRITE, MAP_SHARED, sealed.fd, 0), MAP_FAILED);
    assert_int_equal(fcntl(sealed.fd, F_ADD_SEALS, F_SEAL_SEAL), -1);
    assert_int_equal(fcntl(sealed.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    sealed_file_finish(&sealed);
}

static void the_copy_does_not_follow_the_file(void **state)
{
    struct beacon_error err = {0};
    struct sealed_file sealed;
    AUTO_CLOSE int fd = open_text(state, "as reviewed");
    assert_ok(sealed_file_read(fd, "x.so", MAX_BYTES, &sealed, &err), &err);
    assert_int_equal(pwrite(fd, "EVIL", 4, 0), 4);
    assert_int_equal(sealed.n, 11);
    assert_memory_equal(sealed.bytes, "as reviewed", 11);
    assert_true(sealed_file_holds(sealed.fd, "as reviewed", 11));
    assert_false(sealed_file_holds(sealed.fd, "EVILeviewed", 11));
    sealed_file_finish(&sealed);
}

static void a_file_may_have_the_longest_name_there_is(void **state)
{
    struct beacon_error err = {0};
    struct sealed_file sealed;
    char name[256];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    AUTO_CLOSE int fd = open_text(state, "as reviewed");
    assert_ok(sealed_file_read(fd, name, MAX_BYTES, &sealed, &err), &err);
    sealed_file_finish(&sealed);
}

static void a_large_file_is_refused_before_it_is_read(void **state)
{
    struct beacon_error err = {0};
    struct sealed_file sealed;
    AUTO_CLOSE int fd = open_text(state, "x");
    assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0); /* sparse: a terabyte nobody has */
    assert_refused(sealed_file_read(fd, "x.so", MAX_BYTES, &sealed, &err), BEACON_E_LIMIT, &err);
    assert_string_equal(err.message, "x.so is too large for a plugin: 1099511627776 bytes, at most "
                                     "1000000");
}

/* Files of /proc have the size 0 and content all the same: a file that grows while it is read. */
static void a_file_that_grows_while_it_is_read_is_refused(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct sealed_file sealed;
    AUTO_CLOSE int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_refused(sealed_file_read(fd, "x.so", MAX_BYTES, &sealed, &err), BEACON_E_REFUSED, &err);
    assert_non_null(strstr(err.message, "changed while it was read: it had 0 bytes, then "));
}

static void an_endless_file_is_a_limit(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct sealed_file sealed;
    AUTO_CLOSE int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_refused(sealed_file_read(fd, "x.so", MAX_BYTES, &sealed, &err), BEACON_E_LIMIT, &err);
}

static void an_empty_file_is_refused(void **state)
{
    struct beacon_error err = {0};
    struct sealed_file sealed;
    AUTO_CLOSE int fd = open_text(state, "");
    assert_refused(sealed_file_read(fd, "x.so", MAX_BYTES, &sealed, &err), BEACON_E_INVALID, &err);
    assert_string_equal(err.message, "x.so is empty, not a plugin file");
}

static void the_descriptor_keeps_clear_of_small_numbers_when_it_can(void **state)
{
    struct beacon_error err = {0};
    struct sealed_file sealed;
    struct rlimit before, few = {.rlim_cur = 32};
    AUTO_CLOSE int fd = open_text(state, "x");
    assert_ok(sealed_file_read(fd, "x.so", MAX_BYTES, &sealed, &err), &err);
    assert_in_range(sealed.fd, 40, 63); /* 64 and more need a larger table */
    sealed_file_finish(&sealed);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_ok(sealed_file_read(fd, "x.so", MAX_BYTES, &sealed, &err), &err);
    assert_true(sealed.fd < 32);
    sealed_file_finish(&sealed);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void no_descriptor_left_is_an_error_with_advice(void **state)
{
    struct beacon_error err = {0};
    struct sealed_file sealed;
    struct rlimit before, none = {0};
    AUTO_CLOSE int fd = open_text(state, "x");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int rc = sealed_file_read(fd, "x.so", MAX_BYTES, &sealed, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_refused(rc, BEACON_E_IO, &err);
    assert_non_null(strstr(err.message, "Too many open files"));
}

static void the_hash_is_that_of_the_standard(void **state)
{
    (void)state;
    char hash[SHA256_HEX];
    sha256_hex("", 0, hash);
    assert_string_equal(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_hex("abc", 3, hash);
    assert_string_equal(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void the_processor_and_the_library_agree_on_every_length(void **state)
{
    (void)state;
    static uint8_t bytes[1000];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    }
    for (size_t n = 0; n + 8 < sizeof bytes; n++) {
        uint8_t ours[SHA256_BYTES], theirs[SHA256_BYTES];
        if (!sha256_by_processor(bytes + n % 8, n, ours)) {
            skip(); /* this processor has no instructions for it */
        }
        sha256_by_library(bytes + n % 8, n, theirs);
        assert_memory_equal(ours, theirs, sizeof ours);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(the_copy_cannot_be_changed_by_anybody),
        in_temp_dir(the_copy_does_not_follow_the_file),
        in_temp_dir(a_file_may_have_the_longest_name_there_is),
        in_temp_dir(a_large_file_is_refused_before_it_is_read),
        cmocka_unit_test(a_file_that_grows_while_it_is_read_is_refused),
        cmocka_unit_test(an_endless_file_is_a_limit),
        in_temp_dir(an_empty_file_is_refused),
        in_temp_dir(the_descriptor_keeps_clear_of_small_numbers_when_it_can),
        in_temp_dir(no_descriptor_left_is_an_error_with_advice),
        cmocka_unit_test(the_hash_is_that_of_the_standard),
        cmocka_unit_test(the_processor_and_the_library_agree_on_every_length),
    };
    return cmocka_run_group_tests_name("plugin/sealed_file", tests, NULL, NULL);
}
