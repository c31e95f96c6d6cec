/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/project_doc.h"
#include "base/alloc.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/text.h"
#include "base/utf8.h"

/* A file of the test's tree, its folders made. */
static void put(void **state, const char *name, const char *text)
{
    AUTO_FREE char *dir = alloc_string(temp_path(state, name));
    *strrchr(dir, '/') = '\0';
    struct beacon_error err = {0};
    assert_ok(io_make_directories(dir, 0700, &err), &err);
    write_text(temp_path(state, name), text);
}

/* home/ is CODE_HOME, repo/ a repository; the agent works in `cwd`. */
static struct project_doc_request request_in(void **state, const char *cwd)
{
    return (struct project_doc_request){
        .home = temp_path(state, "home"), .cwd = temp_path(state, cwd), .max_bytes = 32768};
}

static void assert_doc(const struct project_doc_request *request, const char *wanted)
{
    AUTO_TEXT struct text out;
    text_init(&out, 4u << 20);
    project_doc_read(request, &out);
    assert_string_equal(text_string(&out), wanted);
}

static void nothing_is_found_where_nothing_is(void **state)
{
    put(state, "repo/.git/HEAD", "");
    struct project_doc_request request = request_in(state, "repo");
    assert_doc(&request, "");
}

static void home_comes_first_then_from_the_root_downwards(void **state)
{
    put(state, "home/AGENTS.md", "person\n");
    put(state, "AGENTS.md", "above the repository");
    put(state, "repo/.git/HEAD", "");
    put(state, "repo/AGENTS.md", "root\n\n");
    put(state, "repo/a/AGENTS.md", "middle");
    put(state, "repo/a/b/AGENTS.md", "deepest");
    put(state, "repo/a/b/c/AGENTS.md", "below");
    struct project_doc_request request = request_in(state, "repo/a/b");
    assert_doc(&request, "person\n\nroot\n\nmiddle\n\ndeepest");
}

static void outside_a_repository_only_the_working_directory_counts(void **state)
{
    put(state, "AGENTS.md", "above");
    put(state, "dir/AGENTS.md", "here");
    struct project_doc_request request = request_in(state, "dir");
    assert_doc(&request, "here");
}

static void an_override_replaces_its_neighbour(void **state)
{
    put(state, "repo/.git", "gitdir: elsewhere\n");
    put(state, "repo/AGENTS.md", "root");
    put(state, "repo/a/AGENTS.md", "shared");
    put(state, "repo/a/AGENTS.override.md", "mine");
    struct project_doc_request request = request_in(state, "repo/a");
    assert_doc(&request, "root\n\nmine");
}

static void other_names_are_tried_in_order_where_there_is_no_agents_file(void **state)
{
    static const char *const fallback[] = {"CLAUDE.md", "README.md"};
    put(state, "repo/.git/HEAD", "");
    put(state, "repo/AGENTS.md", "root");
    put(state, "repo/CLAUDE.md", "not this");
    put(state, "repo/a/README.md", "last");
    put(state, "repo/a/CLAUDE.md", "first");
    put(state, "repo/a/b/README.md", "only");
    struct project_doc_request request = request_in(state, "repo/a/b");
    request.fallback = fallback;
    request.n_fallback = 2;
    assert_doc(&request, "root\n\nfirst\n\nonly");
}

static void the_projects_part_is_cut_at_a_character(void **state)
{
    put(state, "home/AGENTS.md", "the person's part does not count");
    put(state, "repo/.git/HEAD", "");
    put(state, "repo/AGENTS.md", "€€€");
    put(state, "repo/a/AGENTS.md", "never reached");
    struct project_doc_request request = request_in(state, "repo/a");
    request.home = temp_path(state, "nowhere");
    request.max_bytes = 7;
    assert_doc(&request, "€€");
    request.home = temp_path(state, "home");
    request.max_bytes = 2;
    assert_doc(&request, "the person's part does not count");
}

static void the_cap_is_shared_by_all_files_of_the_project(void **state)
{
    put(state, "repo/.git/HEAD", "");
    put(state, "repo/AGENTS.md", "12345678");
    put(state, "repo/a/AGENTS.md", "abcdefgh");
    struct project_doc_request request = request_in(state, "repo/a");
    request.max_bytes = 12;
    assert_doc(&request, "12345678\n\nabcd");
}

static void a_cap_of_zero_is_no_project_part(void **state)
{
    put(state, "home/AGENTS.md", "person");
    put(state, "repo/AGENTS.md", "root");
    struct project_doc_request request = request_in(state, "repo");
    request.max_bytes = 0;
    assert_doc(&request, "person");
}

static void bytes_that_are_no_text_are_repaired(void **state)
{
    put(state, "repo/AGENTS.md",
        "a\xff"
        "b");
    struct project_doc_request request = request_in(state, "repo");
    assert_doc(&request, "a\xef\xbf\xbd"
                         "b");
}

static void of_a_huge_file_the_beginning_counts(void **state)
{
    AUTO_FREE char *huge = alloc_zeroed((2u << 20) + 1);
    memset(huge, 'a', 2u << 20);
    put(state, "repo/AGENTS.md", huge);
    struct project_doc_request request = request_in(state, "repo");
    AUTO_TEXT struct text out;
    text_init(&out, 4u << 20);
    project_doc_read(&request, &out);
    assert_int_equal(out.len, request.max_bytes);
}

static void what_is_no_file_is_passed_over(void **state)
{
    put(state, "repo/CLAUDE.md", "the next name");
    assert_int_equal(mkfifo(temp_path(state, "repo/AGENTS.md"), 0600), 0);
    assert_int_equal(mkdir(temp_path(state, "repo/AGENTS.override.md"), 0700), 0);
    static const char *const fallback[] = {"CLAUDE.md"};
    struct project_doc_request request = request_in(state, "repo");
    request.fallback = fallback;
    request.n_fallback = 1;
    assert_doc(&request, "the next name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(nothing_is_found_where_nothing_is),
        in_temp_dir(home_comes_first_then_from_the_root_downwards),
        in_temp_dir(outside_a_repository_only_the_working_directory_counts),
        in_temp_dir(an_override_replaces_its_neighbour),
        in_temp_dir(other_names_are_tried_in_order_where_there_is_no_agents_file),
        in_temp_dir(the_projects_part_is_cut_at_a_character),
        in_temp_dir(the_cap_is_shared_by_all_files_of_the_project),
        in_temp_dir(a_cap_of_zero_is_no_project_part),
        in_temp_dir(bytes_that_are_no_text_are_repaired),
        in_temp_dir(of_a_huge_file_the_beginning_counts),
        in_temp_dir(what_is_no_file_is_passed_over),
    };
    return cmocka_run_group_tests_name("agent/project_doc", tests, NULL, NULL);
}
