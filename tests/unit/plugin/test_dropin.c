/* SPDX-License-Identifier: Apache-2.0 */
#include "toys.h"

#include <stdio.h>

#include "plugin/dropin.h"

/* What the folder "d" of the test says. */
static struct dropins read_folder(void **state)
{
    struct dropins dropins;
    dropins_read(NULL, temp_path(state, "d"), false, &dropins);
    return dropins;
}

static void write_ini(void **state, const char *name, const char *text)
{
    char path[64];
    (void)mkdir(temp_path(state, "d"), 0700);
    (void)snprintf(path, sizeof path, "d/%s", name);
    write_text(temp_path(state, path), text);
}

/* The text is refused as a whole with `what` behind "FILE". */
static void assert_refused_text(void **state, const char *text, const char *what)
{
    write_ini(state, "a.ini", text);
    struct dropins dropins = read_folder(state);
    assert_int_equal(dropins.n, 0);
    assert_int_equal(dropins.n_problems, 1);
    const struct dropin_problem *problem = &dropins.problems[0];
    assert_string_equal(problem->path, temp_path(state, "d/a.ini"));
    assert_int_equal(problem->error.code, BEACON_E_INVALID);
    assert_string_not_equal(problem->error.hint, "");
    assert_int_equal(strncmp(problem->error.message, problem->path, strlen(problem->path)), 0);
    assert_string_equal(problem->error.message + strlen(problem->path), what);
    dropins_finish(&dropins);
}

static void a_section_says_path_and_lines(void **state)
{
    write_ini(state, "a.ini",
              "# acme\n[com.acme.llm]\npath = /opt/a b/acme.so\nenabled = yes\n"
              "override = yes\nrequired = yes\n");
    struct dropins dropins = read_folder(state);
    assert_int_equal(dropins.n, 1);
    assert_int_equal(dropins.n_problems, 0);
    const struct dropin *dropin = &dropins.items[0];
    assert_string_equal(dropin->id, "com.acme.llm");
    assert_string_equal(dropin->path, "/opt/a b/acme.so");
    assert_string_equal(dropin->where, temp_path(state, "d/a.ini:2"));
    assert_null(dropin->off_where);
    assert_string_equal(dropin->override_where, temp_path(state, "d/a.ini:5"));
    assert_string_equal(dropin->required_where, temp_path(state, "d/a.ini:6"));
    dropins_finish(&dropins);
}

static void an_empty_path_and_enabled_no_switch_off_with_their_line(void **state)
{
    write_ini(state, "a.ini", "[com.a.b]\npath =\n[com.a.c]\nenabled = no\n[com.a.d]\n");
    struct dropins dropins = read_folder(state);
    assert_int_equal(dropins.n, 3);
    assert_string_equal(dropins.items[0].off_where, temp_path(state, "d/a.ini:2"));
    assert_string_equal(dropins.items[0].path, "");
    assert_string_equal(dropins.items[1].off_where, temp_path(state, "d/a.ini:4"));
    assert_null(dropins.items[1].path);
    assert_null(dropins.items[2].off_where);
    assert_null(dropins.items[2].path);
    dropins_finish(&dropins);
}

static void files_are_read_in_the_order_of_their_names(void **state)
{
    write_ini(state, "20.ini", "[com.a.second]\n");
    write_ini(state, "10.ini", "[com.a.first]\n");
    write_ini(state, ".hidden.ini", "[com.a.hidden]\n");
    write_ini(state, "30.ini.bak", "[com.a.old]\n");
    struct dropins dropins = read_folder(state);
    assert_int_equal(dropins.n, 2);
    assert_string_equal(dropins.items[0].id, "com.a.first");
    assert_string_equal(dropins.items[1].id, "com.a.second");
    dropins_finish(&dropins);
}

static void a_mistake_refuses_the_whole_file_with_its_line(void **state)
{
    assert_refused_text(state, "[com.a.b]\npath = /a.so\nweight = 3\n",
                        ":3: there is no key \"weight\"");
    assert_refused_text(state, "[com.a.b]\npath = a.so\n",
                        ":2: the path a.so depends on the current directory");
    assert_refused_text(state, "[com.a.b]\npath = ~/a.so\n",
                        ":2: the path ~/a.so depends on the current directory");
    assert_refused_text(state, "[com.a.b]\nenabled = true\n",
                        ":2: enabled is \"true\", neither yes nor no");
    assert_refused_text(state, "[com.a.b]\nrequired =\n",
                        ":2: required is \"\", neither yes nor no");
    assert_refused_text(state, "[com.a.b]\nenabled = no\n[com.a.b]\nenabled = yes\n",
                        ":4: [com.a.b] says \"enabled\" twice");
    assert_refused_text(state, "[com.a.b]\npath = /a.so\n  /b.so\n",
                        ":3: [com.a.b] says \"path\" twice");
    assert_refused_text(state, "[com.a.b]\noverride = yes\n",
                        ":2: override = yes, but no path says with what");
    assert_refused_text(state, "path = /a.so\n", ":1: \"path\" stands before any section");
    assert_refused_text(state, "\n[acme]\n", ":2: [acme] is not the id of a plugin");
    assert_refused_text(state, "[com.acme/llm]\n", ":1: [com.acme/llm] is not the id of a plugin");
    assert_refused_text(state, "[Com.Acme]\n", ":1: [Com.Acme] is not the id of a plugin");
    assert_refused_text(state, "[com.a.b] path\n", ":1: there is text behind the ] of the section");
}

static void a_refused_file_does_not_take_the_others_with_it(void **state)
{
    write_ini(state, "a.ini", "[com.a.b]\n[com.a.c]\nnonsense = 1\n");
    write_ini(state, "b.ini", "[com.a.d]\n");
    struct dropins dropins = read_folder(state);
    assert_int_equal(dropins.n, 1);
    assert_string_equal(dropins.items[0].id, "com.a.d");
    assert_int_equal(dropins.n_problems, 1);
    dropins_finish(&dropins);
}

static void a_file_or_folder_that_others_can_write_is_refused(void **state)
{
    write_ini(state, "a.ini", "[com.a.b]\n");
    assert_int_equal(chmod(temp_path(state, "d/a.ini"), 0666), 0);
    struct dropins dropins = read_folder(state);
    assert_int_equal(dropins.n, 0);
    assert_int_equal(dropins.problems[0].error.code, BEACON_E_REFUSED);
    assert_says(dropins.problems[0].error.hint, "chmod go-w");
    dropins_finish(&dropins);
    assert_int_equal(chmod(temp_path(state, "d/a.ini"), 0600), 0);
    assert_int_equal(chmod(temp_path(state, "d"), 0777), 0);
    dropins = read_folder(state);
    assert_int_equal(dropins.n, 0);
    assert_says(dropins.problems[0].error.message, "can be changed by others");
    dropins_finish(&dropins);
}

static void what_is_no_file_is_refused_without_waiting(void **state)
{
    (void)mkdir(temp_path(state, "d"), 0700);
    assert_int_equal(mkfifo(temp_path(state, "d/fifo.ini"), 0600), 0);
    assert_int_equal(mkdir(temp_path(state, "d/folder.ini"), 0700), 0);
    assert_int_equal(symlink("/etc/passwd", temp_path(state, "d/link.ini")), 0);
    struct dropins dropins = read_folder(state);
    assert_int_equal(dropins.n, 0);
    assert_int_equal(dropins.n_problems, 3);
    dropins_finish(&dropins);
}

static void a_missing_folder_is_no_problem_and_a_file_in_its_place_is(void **state)
{
    struct dropins dropins = read_folder(state);
    assert_true(dropins.is_missing);
    assert_int_equal(dropins.n_problems, 0);
    dropins_finish(&dropins);
    write_text(temp_path(state, "d"), "");
    dropins = read_folder(state);
    assert_false(dropins.is_missing);
    assert_int_equal(dropins.n_problems, 1);
    dropins_finish(&dropins);
}

static void more_files_than_are_read_are_reported_once(void **state)
{
    for (int i = 0; i < DROPIN_FILES_MAX + 3; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%03d.ini", i);
        write_ini(state, name, "");
    }
    write_ini(state, "000.ini", "[com.a.b]\n");
    struct dropins dropins = read_folder(state);
    assert_int_equal(dropins.n, 1);
    assert_int_equal(dropins.n_problems, 1);
    assert_string_equal(dropins.problems[0].path, temp_path(state, "d/256.ini"));
    assert_int_equal(dropins.problems[0].error.code, BEACON_E_LIMIT);
    dropins_finish(&dropins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_section_says_path_and_lines),
        in_temp_dir(an_empty_path_and_enabled_no_switch_off_with_their_line),
        in_temp_dir(files_are_read_in_the_order_of_their_names),
        in_temp_dir(a_mistake_refuses_the_whole_file_with_its_line),
        in_temp_dir(a_refused_file_does_not_take_the_others_with_it),
        in_temp_dir(a_file_or_folder_that_others_can_write_is_refused),
        in_temp_dir(what_is_no_file_is_refused_without_waiting),
        in_temp_dir(a_missing_folder_is_no_problem_and_a_file_in_its_place_is),
        in_temp_dir(more_files_than_are_read_are_reported_once),
    };
    return cmocka_run_group_tests_name("plugin/dropin", tests, NULL, NULL);
}
