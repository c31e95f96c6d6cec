/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/pem_file.h"
#include "http/request.h"

#define MARK "-----BEGIN "

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void a_file_is_read_once_and_again_when_it_has_changed(void **state)
{
    const char *path = temp_path(state, "a.pem");
    struct pem_file file;
    struct beacon_error err = {0};
    bool has_changed = false;
    write_file(path, MARK "one");
    pem_file_init(&file, path, "http.ca_bundle", MARK);
    assert_ok(pem_file_refresh(&file, &has_changed, &err), &err);
    assert_true(has_changed);
    has_changed = false;
    assert_ok(pem_file_refresh(&file, &has_changed, &err), &err);
    assert_false(has_changed);
    write_file(temp_path(state, "b.pem"), MARK "two");
    assert_int_equal(rename(temp_path(state, "b.pem"), path), 0);
    assert_ok(pem_file_refresh(&file, &has_changed, &err), &err);
    assert_true(has_changed);
    assert_string_equal(text_string(&file.content), MARK "two");
    pem_file_finish(&file);
}

static void what_cannot_be_read_is_named_with_who_named_it(void **state)
{
    struct pem_file file;
    struct beacon_error err = {0};
    assert_int_equal(mkdir(temp_path(state, "folder"), 0700), 0);
    assert_int_equal(mkfifo(temp_path(state, "pipe"), 0600), 0);
    const char *const names[] = {"absent.pem", "folder", "pipe"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        pem_file_init(&file, temp_path(state, names[i]), "http.ca_bundle", MARK);
        assert_refused(pem_file_refresh(&file, NULL, &err), BEACON_E_IO, &err);
        assert_int_equal(err.flags, HTTP_ERROR_PERMANENT);
        assert_non_null(strstr(err.message, names[i]));
        assert_non_null(strstr(err.message, "named by http.ca_bundle"));
        pem_file_finish(&file);
    }
}

static void a_file_without_certificates_is_refused_and_the_old_one_kept(void **state)
{
    const char *path = temp_path(state, "a.pem");
    struct pem_file file;
    struct beacon_error err = {0};
    write_file(path, MARK "one");
    pem_file_init(&file, path, "http.ca_bundle", MARK);
    assert_ok(pem_file_refresh(&file, NULL, &err), &err);
    write_file(path, "half of a file that is being writ");
    assert_refused(pem_file_refresh(&file, NULL, &err), BEACON_E_INVALID, &err);
    assert_string_equal(text_string(&file.content), MARK "one");
    write_file(path, MARK "three");
    assert_ok(pem_file_refresh(&file, NULL, &err), &err);
    assert_string_equal(text_string(&file.content), MARK "three");
    pem_file_finish(&file);
}

static void no_path_is_no_file(void **state)
{
    struct pem_file file;
    struct beacon_error err = {0};
    (void)state;
    pem_file_init(&file, "", "http.ca_bundle", MARK);
    assert_ok(pem_file_refresh(&file, NULL, &err), &err);
    assert_false(file.is_read);
    pem_file_finish(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_file_is_read_once_and_again_when_it_has_changed),
        in_temp_dir(what_cannot_be_read_is_named_with_who_named_it),
        in_temp_dir(a_file_without_certificates_is_refused_and_the_old_one_kept),
        cmocka_unit_test(no_path_is_no_file),
    };
    return cmocka_run_group_tests_name("http/pem_file", tests, NULL, NULL);
}
