/* SPDX-License-Identifier: Apache-2.0 */
#include "hostile.h"

#include <dirent.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "plugin/elf_audit.h"
#include "plugin/manifest.h"
#include "plugin/minisign.h"
#include "plugin/policy_parts.h"

/* A policy that forbids nothing by itself: what is left is what every policy asks for. */
static const struct plugin_policy plain_policy;
static const struct trust_rules under_policy = {.policy = &plain_policy};

static const char *planted(void **state, const char *name)
{
    plant(name, temp_path(state, "hostile.so"));
    return temp_path(state, "hostile.so");
}

static void what_a_trusted_file_is_comes_from_its_bytes(void **state)
{
    struct beacon_error err = {0};
    struct trusted_file file;
    const char *path = planted(state, "quiet");
    assert_ok(trust_open(path, NULL, &file, &err), &err);
    assert_string_equal(file.manifest->id, "com.example.hostile");
    assert_string_equal(file.manifest->version, "1.0.0");
    assert_non_null(file.audit);
    assert_int_equal(strlen(file.sha256), 64);
    assert_null(file.signer);
    assert_int_equal(file.n_libraries, 0);
    trusted_file_finish(&file);
}

static void the_hash_is_left_out_only_when_nothing_is_compared_with_it(void **state)
{
    struct beacon_error err = {0};
    struct trusted_file file;
    const char *path = planted(state, "quiet");
    const struct trust_rules quick = {.skips_hash = true};
    assert_ok(trust_open(path, &quick, &file, &err), &err);
    assert_string_equal(file.sha256, "");
    trusted_file_finish(&file);
}

static void linking_that_brings_in_other_code_is_refused_always(void **state)
{
    static const char *const names[] = {"rpath", "runpath", "stack", "exports"};
    static const char *const parts[] = {
        "hostile.so has the RPATH /opt/evil", "hostile.so has the RUNPATH /opt/evil",
        "hostile.so wants an executable stack", "hostile.so exports hostile_export"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_distrusted(planted(state, names[i]), NULL, BEACON_E_REFUSED, parts[i]);
        assert_distrusted(planted(state, names[i]), &under_policy, BEACON_E_REFUSED, parts[i]);
    }
}

static void a_policy_refuses_what_is_only_warned_of_without_one(void **state)
{
    static const char *const names[] = {"forks", "filter", "needs_helper", "marks", "resolver"};
    static const char *const parts[] = {
        "hostile.so imports fork, which no plugin may call, and a policy is in force",
        "needs the library libevil.so", "needs the library libhostile_helper.so",
        "hostile.so has 1 constructor, which would run unseen in an unsigned file",
        "hostile.so has 1 constructor, which would run unseen in an unsigned file"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_trusted(planted(state, names[i]), NULL);
        assert_distrusted(planted(state, names[i]), &under_policy, BEACON_E_POLICY, parts[i]);
    }
    assert_trusted(planted(state, "quiet"), &under_policy);
}

/* Of every plugin in the folder a copy passes: the build tree may be one that a group can write to. */
static size_t trust_copies(void **state, const char *folder, const struct trust_rules *rules)
{
    size_t n = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *entry = NULL; (entry = readdir(dir)) != NULL;) {
        if (strstr(entry->d_name, ".so") != NULL) {
            AUTO_FREE char *path = alloc_printf("%s/%s", folder, entry->d_name);
            const char *copy = temp_path(state, entry->d_name);
            copy_toy(path, copy);
            assert_trusted(copy, rules);
            n++;
        }
    }
    assert_int_equal(closedir(dir), 0);
    return n;
}

static void every_bundled_plugin_passes_under_a_policy(void **state)
{
    const char *folder = TEST_BUILD_DIR "/lib/beacon/plugins";
    if (access(folder, F_OK) != 0) {
        skip(); /* all of them are linked into the program */
    }
    assert_true(trust_copies(state, folder, &under_policy) >= 1);
}

static void the_owner_of_a_file_is_part_of_trust(void **state)
{
    const char *path = planted(state, "quiet");
    assert_int_equal(chmod(path, 0666), 0);
    assert_distrusted(path, NULL, BEACON_E_REFUSED, "can be changed by others: its mode is 0666");
    assert_int_equal(chmod(path, 0600), 0);
    assert_trusted(path, NULL);
}

static void a_group_of_ones_own_is_not_enough_under_a_policy(void **state)
{
    if (geteuid() != 0) {
        skip();
    }
    make_folder(temp_path(state, "group"));
    assert_int_equal(chmod(temp_path(state, "group"), 0770), 0);
    plant("quiet", temp_path(state, "group/x.so"));
    assert_trusted(temp_path(state, "group/x.so"), NULL);
    assert_distrusted(temp_path(state, "group/x.so"), &under_policy, BEACON_E_REFUSED,
                      "/group can be changed by others: its mode is 0770");
}

/* ---- signatures, made by the real minisign ---- */

static struct policy_signer make_signer(void **state)
{
    struct beacon_error err = {0};
    const char *public_path = temp_path(state, "acme.pub");
    const char *const make[] = {
        "minisign", "-G", "-W", "-f", "-p", public_path, "-s", temp_path(state, "acme.key"), NULL};
    assert_int_equal(run_program(make, NULL, NULL, NULL), 0);
    char *key = strchr(read_text(public_path), '\n');
    assert_non_null(key);
    key[1 + strcspn(key + 1, "\r\n")] = '\0';
    struct policy_signer signer = {
        .name = "acme-2026", .public_key = key + 1, .where = "/etc/code/policy.d/10-acme.ini:4"};
    assert_ok(minisign_key_parse(signer.public_key, &signer.key, &err), &err);
    return signer;
}

static void sign(void **state, const char *path)
{
    const char *const make[] = {"minisign", "-S", "-s", temp_path(state, "acme.key"),
                                "-m",       path, NULL};
    assert_int_equal(run_program(make, NULL, NULL, NULL), 0);
}

static void a_policy_with_signers_wants_a_signature_of_these_bytes(void **state)
{
    struct beacon_error err = {0};
    struct trusted_file file;
    struct policy_signer signer = make_signer(state);
    const struct plugin_policy policy = {.signers = &signer, .n_signers = 1};
    const struct trust_rules rules = {.policy = &policy};
    const char *path = planted(state, "quiet");
    assert_distrusted(path, &rules, BEACON_E_POLICY, "hostile.so");
    sign(state, path);
    assert_ok(trust_open(path, &rules, &file, &err), &err);
    assert_string_equal(file.signer, "acme-2026");
    trusted_file_finish(&file);
    path = planted(state, "quiet"); /* other bytes, the old signature */
    assert_distrusted(path, &rules, BEACON_E_POLICY, "hostile.so");
}

static void a_signature_vouches_for_constructors(void **state)
{
    struct policy_signer signer = make_signer(state);
    const struct plugin_policy policy = {.signers = &signer, .n_signers = 1};
    const struct trust_rules rules = {.policy = &policy};
    const char *path = planted(state, "marks");
    assert_distrusted(path, &under_policy, BEACON_E_POLICY, "1 constructor");
    sign(state, path);
    assert_distrusted(path, &under_policy, BEACON_E_POLICY, "1 constructor");
    assert_trusted(path, &rules);
}

/* ---- the environment ---- */

static void assert_environment(const struct trust_rules *rules, const char *name, bool is_fine)
{
    struct beacon_error err = {0};
    assert_int_equal(setenv(name, "/tmp/evil", 1), 0);
    int rc = trust_check_environment(rules, &err);
    assert_int_equal(setenv(name, "", 1), 0);
    assert_int_equal(trust_check_environment(rules, NULL), BEACON_OK);
    assert_int_equal(unsetenv(name), 0);
    if (is_fine) {
        assert_ok(rc, &err);
        return;
    }
    assert_refused(rc, BEACON_E_POLICY, &err);
    assert_says(err.message, name);
    assert_says(err.hint, "env -u ");
}

static void variables_of_the_linker_are_refused_only_where_something_is_pinned(void **state)
{
    (void)state;
    static const char *const names[] = {"LD_LIBRARY_PATH", "LD_AUDIT",        "OPENSSL_CONF",
                                        "OPENSSL_MODULES", "OPENSSL_ENGINES", "GCONV_PATH"};
    const struct trust_rules nothing = {0};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_environment(&nothing, names[i], true);
        assert_environment(&under_policy, names[i], false);
    }
#ifdef BEACON_SANITIZED
    assert_environment(&under_policy, "LD_PRELOAD", true);
#else
    assert_environment(&under_policy, "LD_PRELOAD", false);
#endif
}

static void a_variable_that_is_there_twice_counts_when_either_is_set(void **state)
{
    (void)state;
    static char empty[] = "LD_LIBRARY_PATH=", set[] = "LD_LIBRARY_PATH=/tmp/evil";
    char *twice[] = {empty, set, NULL};
    char **before = environ;
    struct beacon_error err = {0};
    environ = twice;
    int rc = trust_check_environment(&under_policy, &err);
    environ = before;
    assert_refused(rc, BEACON_E_POLICY, &err);
    assert_says(err.message, "LD_LIBRARY_PATH is set");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(what_a_trusted_file_is_comes_from_its_bytes),
        in_temp_dir(the_hash_is_left_out_only_when_nothing_is_compared_with_it),
        in_temp_dir(linking_that_brings_in_other_code_is_refused_always),
        in_temp_dir(a_policy_refuses_what_is_only_warned_of_without_one),
        in_temp_dir(every_bundled_plugin_passes_under_a_policy),
        in_temp_dir(the_owner_of_a_file_is_part_of_trust),
        in_temp_dir(a_group_of_ones_own_is_not_enough_under_a_policy),
        in_temp_dir(a_policy_with_signers_wants_a_signature_of_these_bytes),
        in_temp_dir(a_signature_vouches_for_constructors),
        cmocka_unit_test(variables_of_the_linker_are_refused_only_where_something_is_pinned),
        cmocka_unit_test(a_variable_that_is_there_twice_counts_when_either_is_set),
    };
    return cmocka_run_group_tests_name("plugin/trust", tests, NULL, NULL);
}
