/* SPDX-License-Identifier: Apache-2.0 */
#include "toys.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "plugin/lock.h"
#include "plugin/policy.h"

#define NOBODY 65534

/* A folder that is trusted all the way down: /tmp is not, since everybody may write there. */
static char root[256];

static const char *in_root(const char *name)
{
    static char paths[8][512];
    static size_t next;
    char *path = paths[next++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static int make_root(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "%s/tests/policy.XXXXXX", TEST_BUILD_DIR);
    if (mkdtemp(root) == NULL || chmod(root, 0755) != 0) {
        return -1;
    }
    return mkdir(in_root("policy.d"), 0755);
}

static int remove_root(void **state)
{
    (void)state;
    const char *const remove[] = {"rm", "-rf", root, NULL};
    return run_program(remove, NULL, NULL, NULL);
}

static void skip_unless_root(void)
{
    struct beacon_error err = {0};
    struct plugin_policy *policy = NULL;
    write_text(in_root("policy.d/probe.ini"), "");
    if (geteuid() != 0 || plugin_policy_load(in_root("policy.d"), &policy, &err) != BEACON_OK) {
        print_message("skipped: only root can make what root must own\n");
        skip();
    }
    plugin_policy_destroy(policy);
    assert_int_equal(unlink(in_root("policy.d/probe.ini")), 0);
}

static struct beacon_error refusal(void)
{
    struct beacon_error err = {0};
    struct plugin_policy *policy = NULL;
    assert_refused(plugin_policy_load(in_root("policy.d"), &policy, &err), BEACON_E_POLICY, &err);
    assert_null(policy);
    return err;
}

static void no_folder_and_no_file_are_no_policy(void **state)
{
    (void)state;
    skip_unless_root();
    struct beacon_error err = {0};
    struct plugin_policy *policy = NULL;
    assert_ok(plugin_policy_load(in_root("nowhere/policy.d"), &policy, &err), &err);
    assert_null(policy);
    write_text(in_root("policy.d/README"), "not a policy");
    write_text(in_root("policy.d/.hidden.ini"), "[nonsense]\n");
    assert_ok(plugin_policy_load(in_root("policy.d"), &policy, &err), &err);
    assert_null(policy);
}

static void files_are_read_in_the_order_of_their_names(void **state)
{
    (void)state;
    skip_unless_root();
    struct beacon_error err = {0};
    struct plugin_policy *policy = NULL;
    const char *where = NULL;
    write_text(in_root("policy.d/20-b.ini"), "[require]\ntelemetry = second\n");
    write_text(in_root("policy.d/10-a.ini"), "[require]\ntelemetry = first\n");
    assert_ok(plugin_policy_load(in_root("policy.d"), &policy, &err), &err);
    assert_string_equal(plugin_policy_required_telemetry(policy, 0, &where), "first");
    assert_string_equal(where, in_root("policy.d/10-a.ini:2"));
    plugin_policy_destroy(policy);
}

static void a_broken_file_stops_the_host_with_its_line(void **state)
{
    (void)state;
    skip_unless_root();
    write_text(in_root("policy.d/10-a.ini"), "[plugins]\nallow\n");
    assert_says(refusal().message, in_root("policy.d/10-a.ini:2"));
    write_text(in_root("policy.d/10-a.ini"), "[plugins] x\n");
    assert_says(refusal().message, in_root("policy.d/10-a.ini:1"));
    AUTO_FREE char *huge = alloc_array(1u << 20, 1);
    memset(huge, ';', (1u << 20) - 1);
    write_text(in_root("policy.d/10-a.ini"), huge);
    assert_says(refusal().message, "10-a.ini");
}

static void a_file_of_somebody_else_is_refused_with_the_chown(void **state)
{
    (void)state;
    skip_unless_root();
    write_text(in_root("policy.d/10-a.ini"), "");
    assert_int_equal(chown(in_root("policy.d/10-a.ini"), NOBODY, NOBODY), 0);
    const struct beacon_error err = refusal();
    assert_says(err.message, "10-a.ini belongs to user 65534");
    assert_says(err.hint, "chown root:root ");
    assert_says(err.hint, in_root("policy.d/10-a.ini"));
}

static void what_others_can_write_is_refused_with_the_chmod(void **state)
{
    (void)state;
    skip_unless_root();
    static const char *const names[] = {"policy.d/10-a.ini", "policy.d", "."};
    write_text(in_root("policy.d/10-a.ini"), "");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct stat st;
        assert_int_equal(stat(in_root(names[i]), &st), 0);
        assert_int_equal(chmod(in_root(names[i]), st.st_mode | 020), 0);
        assert_says(refusal().hint, "chmod go-w ");
        assert_int_equal(chmod(in_root(names[i]), st.st_mode | 01002), 0); /* sticky: no better */
        assert_says(refusal().message, "writable by others");
        assert_int_equal(chmod(in_root(names[i]), st.st_mode), 0);
    }
}

static void a_parent_of_somebody_else_is_refused(void **state)
{
    (void)state;
    skip_unless_root();
    assert_int_equal(chown(root, NOBODY, NOBODY), 0);
    assert_says(refusal().message, "belongs to user 65534");
    assert_int_equal(chown(root, 0, 0), 0);
}

static void links_and_things_that_are_no_files_are_refused(void **state)
{
    (void)state;
    skip_unless_root();
    write_text(in_root("real.ini"), "");
    assert_int_equal(symlink(in_root("real.ini"), in_root("policy.d/10-a.ini")), 0);
    assert_says(refusal().message, "without following a link");
    assert_int_equal(unlink(in_root("policy.d/10-a.ini")), 0);
    assert_int_equal(mkfifo(in_root("policy.d/10-a.ini"), 0644), 0);
    assert_says(refusal().message, "no regular file");
    assert_int_equal(unlink(in_root("policy.d/10-a.ini")), 0);
    assert_int_equal(mkdir(in_root("policy.d/10-a.ini"), 0755), 0);
    assert_says(refusal().message, "10-a.ini");
    assert_int_equal(rmdir(in_root("policy.d/10-a.ini")), 0);
    assert_int_equal(rename(in_root("policy.d"), in_root("elsewhere")), 0);
    assert_int_equal(symlink(in_root("elsewhere"), in_root("policy.d")), 0);
    assert_says(refusal().message, "without following a link");
}

static void too_many_files_are_refused(void **state)
{
    (void)state;
    skip_unless_root();
    for (size_t i = 0; i <= POLICY_FILES_MAX; i++) {
        AUTO_FREE char *name = alloc_printf("policy.d/%03zu.ini", i);
        write_text(in_root(name), "");
    }
    assert_says(refusal().message, "more than 64 files");
}

static struct plugin_policy *policy_with_lock(void)
{
    struct beacon_error err = {0};
    struct plugin_policy *policy = NULL;
    AUTO_FREE char *text = alloc_printf("[plugins]\nlock = %s\n", in_root("plugins.lock"));
    write_text(in_root("policy.d/10-a.ini"), text);
    assert_ok(plugin_policy_load(in_root("policy.d"), &policy, &err), &err);
    return policy;
}

static void the_lock_of_a_policy_must_be_there_and_be_roots(void **state)
{
    (void)state;
    skip_unless_root();
    struct beacon_error err = {0};
    struct plugin_lock *lock = NULL;
    struct plugin_policy *policy = policy_with_lock();
    assert_refused(plugin_lock_open(policy, root, &lock, &err), BEACON_E_POLICY, &err);
    assert_says(err.message, "does not exist");
    assert_says(err.message, in_root("policy.d/10-a.ini:2"));
    write_text(in_root("plugins.lock"), "");
    assert_ok(plugin_lock_open(policy, root, &lock, &err), &err);
    assert_int_equal(plugin_lock_count(lock), 0);
    assert_null(plugin_lock_signer(lock));
    plugin_lock_destroy(lock);
    assert_int_equal(chown(in_root("plugins.lock"), NOBODY, NOBODY), 0);
    assert_refused(plugin_lock_open(policy, root, &lock, &err), BEACON_E_POLICY, &err);
    assert_says(err.hint, "chown root:root");
    plugin_policy_destroy(policy);
}

static void a_damaged_lock_stops_the_host(void **state)
{
    (void)state;
    skip_unless_root();
    struct beacon_error err = {0};
    struct plugin_lock *lock = NULL;
    struct plugin_policy *policy = policy_with_lock();
    write_text(in_root("plugins.lock"), "[com.acme.llm]\nversion = 1\n");
    assert_refused(plugin_lock_open(policy, NULL, &lock, &err), BEACON_E_POLICY, &err);
    assert_says(err.message, in_root("plugins.lock:1"));
    plugin_policy_destroy(policy);
}

/* NOLINTNEXTLINE(readability-identifier-naming): a sibling of in_temp_dir() */
#define in_root_dir(test) cmocka_unit_test_setup_teardown(test, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_root_dir(no_folder_and_no_file_are_no_policy),
        in_root_dir(files_are_read_in_the_order_of_their_names),
        in_root_dir(a_broken_file_stops_the_host_with_its_line),
        in_root_dir(a_file_of_somebody_else_is_refused_with_the_chown),
        in_root_dir(what_others_can_write_is_refused_with_the_chmod),
        in_root_dir(a_parent_of_somebody_else_is_refused),
        in_root_dir(links_and_things_that_are_no_files_are_refused),
        in_root_dir(too_many_files_are_refused),
        in_root_dir(the_lock_of_a_policy_must_be_there_and_be_roots),
        in_root_dir(a_damaged_lock_stops_the_host),
    };
    return cmocka_run_group_tests_name("plugin/policy_load", tests, NULL, NULL);
}
