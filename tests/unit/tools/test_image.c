/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "tools/image.h"

static const char *write_bytes(void **state, const char *name, const char *bytes, size_t n)
{
    const char *path = temp_path(state, name);
    struct beacon_error err = {0};
    assert_ok(io_replace_file(path, bytes, n, 0600, &err), &err);
    return path;
}

static void pictures_are_known_by_their_first_bytes(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *url;
    } rows[] = {
        {"\x89PNG\r\n\x1a\n!", 9, "data:image/png;base64,iVBORw0KGgoh"},
        {"\xff\xd8\xff", 3, "data:image/jpeg;base64,/9j/"},
        {"GIF87a", 6, "data:image/gif;base64,R0lGODdh"},
        {"GIF89a..", 8, "data:image/gif;base64,R0lGODlhLi4="},
        {"RIFF\0\0\0\0WEBP.", 13, "data:image/webp;base64,UklGRgAAAABXRUJQLg=="},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct beacon_error err = {0};
        AUTO_FREE char *url = NULL;
        const char *path = write_bytes(state, "picture.txt", rows[i].bytes, rows[i].n);
        assert_ok(image_data_url(path, &url, &err), &err);
        assert_string_equal(url, rows[i].url);
    }
}

static void every_byte_survives_the_coding(void **state)
{
    char bytes[1024 + 8] = "\x89PNG\r\n\x1a\n";
    for (size_t i = 8; i < sizeof bytes; i++) {
        bytes[i] = (char)(i * 7);
    }
    struct beacon_error err = {0};
    AUTO_FREE char *url = NULL;
    const char *path = write_bytes(state, "a.png", bytes, sizeof bytes);
    assert_ok(image_data_url(path, &url, &err), &err);
    const char *const argv[] = {"base64", "-d", NULL};
    const char *out = NULL;
    assert_int_equal(run_program(argv, strchr(url, ',') + 1, &out, NULL), 0);
    assert_memory_equal(out, bytes, sizeof bytes);
}

static void other_files_are_refused_with_what_to_use(void **state)
{
    static const char *const contents[] = {"",        "text", "BMW is no picture",
                                           "\x89PNG", "RIFF", "<svg/>"};
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        struct beacon_error err = {0};
        char *url = NULL;
        const char *path = write_bytes(state, "a.png", contents[i], strlen(contents[i]));
        assert_refused(image_data_url(path, &url, &err), BEACON_E_INVALID, &err);
        assert_null(url);
    }
}

static void a_missing_file_is_told_in_the_models_words(void **state)
{
    struct beacon_error err = {0};
    char *url = NULL;
    const char *path = temp_path(state, "no.png");
    assert_refused(image_data_url(path, &url, &err), BEACON_E_NOT_FOUND, &err);
    assert_non_null(strstr(err.message, "unable to locate image at `"));
    assert_non_null(strstr(err.message, "no.png`: No such file or directory (os error 2)"));
}

static void what_is_no_file_is_not_waited_for(void **state)
{
    struct beacon_error err = {0};
    char *url = NULL;
    assert_refused(image_data_url(temp_dir(state), &url, &err), BEACON_E_INVALID, &err);
    assert_non_null(strstr(err.message, "` is not a file"));
    const char *pipe = temp_path(state, "pipe.png");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_refused(image_data_url(pipe, &url, &err), BEACON_E_INVALID, &err);
}

static void a_picture_over_the_limit_is_refused(void **state)
{
    struct beacon_error err = {0};
    char *url = NULL;
    const char *path = write_bytes(state, "big.png", "\x89PNG\r\n\x1a\n", 8);
    assert_int_equal(truncate(path, (off_t)IMAGE_FILE_MAX + 1), 0);
    assert_refused(image_data_url(path, &url, &err), BEACON_E_LIMIT, &err);
    assert_int_equal(truncate(path, (off_t)IMAGE_FILE_MAX), 0);
    assert_ok(image_data_url(path, &url, &err), &err);
    size_t coded = ((size_t)IMAGE_FILE_MAX + 2) / 3 * 4;
    assert_int_equal(strlen(url), strlen("data:image/png;base64,") + coded);
    free(url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(pictures_are_known_by_their_first_bytes),
        in_temp_dir(every_byte_survives_the_coding),
        in_temp_dir(other_files_are_refused_with_what_to_use),
        in_temp_dir(a_missing_file_is_told_in_the_models_words),
        in_temp_dir(what_is_no_file_is_not_waited_for),
        in_temp_dir(a_picture_over_the_limit_is_refused),
    };
    return cmocka_run_group_tests_name("tools/image", tests, NULL, NULL);
}
