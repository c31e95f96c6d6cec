/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "cli/plugin_template.h"

static void is_id(const char *id)
{
    struct beacon_error err = {0};
    assert_ok(plugin_template_check_id(id, &err), &err);
}

static void is_no_id(const char *id)
{
    struct beacon_error err = {0};
    assert_refused(plugin_template_check_id(id, &err), BEACON_E_INVALID, &err);
}

static void an_id_is_reverse_dns_of_at_most_48_bytes(void **state)
{
    (void)state;
    is_id("com.acme.llm");
    is_id("org.example-site.x9");
    is_id("a.b");
    is_id("com.acme.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    is_no_id("com.acme.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    is_no_id("");
    is_no_id("com");
    is_no_id("com.");
    is_no_id(".com");
    is_no_id("com..acme");
    is_no_id("com.-acme");
    is_no_id("Com.acme");
    is_no_id("com.ac/me");
    is_no_id("com.ac me");
    is_no_id("1.acme");
}

static void ids_of_beacon_itself_are_refused_and_those_beside_them_are_not(void **state)
{
    (void)state;
    is_no_id("com.beacon");
    is_no_id("com.beacon.x");
    is_id("com.beacons");
    is_id("com.beacon-labs.x");
}

/* A folder of templates with these files of kind "auth", and an empty one of shared files. */
static struct plugin_template template_in(void **state, const char *name, const char *text)
{
    struct beacon_error err = {0};
    const char *root = temp_path(state, "templates");
    AUTO_FREE char *shared = path_join(root, "shared"), *auth = path_join(root, "auth");
    AUTO_FREE char *file = path_join(auth, name), *folder = path_parent(file);
    assert_ok(io_make_directories(shared, 0755, &err), &err);
    assert_ok(io_make_directories(folder, 0755, &err), &err);
    write_text(file, text);
    return (struct plugin_template){.templates = root,
                                    .id = "com.acme.big-llm",
                                    .kind = "auth",
                                    .dir = temp_path(state, "made")};
}

static void words_are_filled_in_and_other_text_stays(void **state)
{
    struct beacon_error err = {0};
    size_t n = 0;
    const struct plugin_template t = template_in(
        state, "deep/er/file.txt.in", "@ID@ @NAME@ @TARGET@ @IDENT@ @ENV@ a@b @NONE@ @ID @@ID@@");
    assert_ok(plugin_template_write(&t, &n, &err), &err);
    assert_int_equal(n, 1);
    assert_string_equal(read_text(temp_path(state, "made/deep/er/file.txt")),
                        "com.acme.big-llm big_llm auth_big_llm com_acme_big_llm ACME_BIG_LLM a@b "
                        "@NONE@ @ID @com.acme.big-llm@");
}

static void each_language_gets_its_own_files(void **state)
{
    struct beacon_error err = {0};
    size_t n = 0;
    struct plugin_template t = template_in(state, "a.c.in", "c");
    (void)template_in(state, "a.cpp.in", "c++");
    (void)template_in(state, "b.lang.in", "@LANG@ @EXT@");
    (void)template_in(state, "notes", "not a template");
    assert_ok(plugin_template_write(&t, &n, &err), &err);
    assert_int_equal(n, 2);
    assert_string_equal(read_text(temp_path(state, "made/a.c")), "c");
    assert_string_equal(read_text(temp_path(state, "made/b.c")), "C c");
    t.is_cxx = true;
    t.dir = temp_path(state, "made-too");
    assert_ok(plugin_template_write(&t, &n, &err), &err);
    assert_int_equal(n, 2);
    assert_string_equal(read_text(temp_path(state, "made-too/a.cpp")), "c++");
    assert_string_equal(read_text(temp_path(state, "made-too/b.cpp")), "CXX cpp");
}

static void a_program_can_be_run_and_a_text_cannot(void **state)
{
    struct beacon_error err = {0};
    size_t n = 0;
    const struct plugin_template t = template_in(state, "run.sh.in", "#!/bin/sh\n");
    (void)template_in(state, "text.in", "");
    assert_int_equal(chmod(temp_path(state, "templates/auth/run.sh.in"), 0755), 0);
    assert_ok(plugin_template_write(&t, &n, &err), &err);
    assert_int_equal(access(temp_path(state, "made/run.sh"), X_OK), 0);
    struct stat st;
    assert_int_equal(stat(temp_path(state, "made/text"), &st), 0);
    assert_int_equal(st.st_mode & 0111, 0);
}

static void a_folder_with_anything_in_it_is_left_alone(void **state)
{
    struct beacon_error err = {0};
    size_t n = 0;
    const struct plugin_template t = template_in(state, "a.c.in", "c");
    assert_ok(io_make_directories(t.dir, 0755, &err), &err);
    write_text(temp_path(state, "made/.hidden"), "mine");
    assert_refused(plugin_template_write(&t, &n, &err), BEACON_E_INVALID, &err);
    assert_non_null(strstr(err.message, ".hidden"));
    assert_int_equal(access(temp_path(state, "made/a.c"), F_OK), -1);
}

static void a_file_where_the_folder_should_be_is_an_error(void **state)
{
    struct beacon_error err = {0};
    size_t n = 0;
    const struct plugin_template t = template_in(state, "a.c.in", "c");
    write_text(t.dir, "a file");
    assert_refused(plugin_template_write(&t, &n, &err), BEACON_E_IO, &err);
}

static void missing_templates_are_named(void **state)
{
    struct beacon_error err = {0};
    size_t n = 0;
    struct plugin_template t = template_in(state, "a.c.in", "c");
    t.kind = "telemetry";
    assert_refused(plugin_template_write(&t, &n, &err), BEACON_E_NOT_FOUND, &err);
    assert_non_null(strstr(err.message, "templates/telemetry"));
}

static void a_template_that_is_too_large_is_refused(void **state)
{
    struct beacon_error err = {0};
    size_t n = 0;
    const struct plugin_template t = template_in(state, "a.c.in", "c");
    assert_int_equal(truncate(temp_path(state, "templates/auth/a.c.in"), 2 << 20), 0);
    assert_refused(plugin_template_write(&t, &n, &err), BEACON_E_LIMIT, &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_reverse_dns_of_at_most_48_bytes),
        cmocka_unit_test(ids_of_beacon_itself_are_refused_and_those_beside_them_are_not),
        in_temp_dir(words_are_filled_in_and_other_text_stays),
        in_temp_dir(each_language_gets_its_own_files),
        in_temp_dir(a_program_can_be_run_and_a_text_cannot),
        in_temp_dir(a_folder_with_anything_in_it_is_left_alone),
        in_temp_dir(a_file_where_the_folder_should_be_is_an_error),
        in_temp_dir(missing_templates_are_named),
        in_temp_dir(a_template_that_is_too_large_is_refused),
    };
    return cmocka_run_group_tests_name("cli/plugin_template", tests, NULL, NULL);
}
