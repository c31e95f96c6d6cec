/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "base/text.h"
#include "diagnose.h"
#include "notes.h"
#include "policy.h"

#define READ  BEACON_PATH_READ
#define WRITE BEACON_PATH_WRITE
#define EXEC  BEACON_PATH_EXEC
#define DENY  BEACON_PATH_DENY
#define SOFT  BEACON_PATH_SOFT

static struct beacon_path_rule rule_of(const char *path, uint32_t access)
{
    return (struct beacon_path_rule){.struct_size = sizeof(struct beacon_path_rule),
                                     .access = access,
                                     .path = {path, strlen(path)},
                                     .fd = -1};
}

/* Everything readable, /w writable, and one rule of the test's own. */
static struct beacon_sandbox_policy policy_with(const struct beacon_path_rule *own)
{
    static struct beacon_path_rule rules[3];
    static const struct beacon_path_rule *list[] = {&rules[0], &rules[1], &rules[2]};
    rules[0] = rule_of("/", READ | EXEC);
    rules[1] = rule_of("/w", READ | WRITE | EXEC);
    rules[2] = *own;
    return (struct beacon_sandbox_policy){.struct_size = sizeof(struct beacon_sandbox_policy),
                                          .paths = list,
                                          .n_paths = 3,
                                          .cwd_fd = -1,
                                          .git = BEACON_GIT_WRITABLE};
}

static struct beacon_sandbox_policy plain_policy(void)
{
    const struct beacon_path_rule device = rule_of("/dev/null", READ | WRITE);
    return policy_with(&device);
}

static int read_own(const char *path, uint32_t access, struct policy_view *view,
                    struct beacon_error *err)
{
    const struct beacon_path_rule own = rule_of(path, access);
    const struct beacon_sandbox_policy policy = policy_with(&own);
    return policy_read(&policy, view, err);
}

static void default_policies_are_held(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct policy_view view = {0};
    const struct beacon_sandbox_policy policy = plain_policy();
    assert_ok(policy_read(&policy, &view, &err), &err);
    assert_false(view.has_network || view.is_read_only || view.is_read_limited ||
                 view.is_exec_limited);
    assert_int_equal(policy_promise(&view, 7),
                     BEACON_SB_FS_WRITE | BEACON_SB_NET | BEACON_SB_SYSCALLS | BEACON_SB_PROC);
}

static void open_network_is_not_promised_closed(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct policy_view view = {0};
    struct beacon_sandbox_policy policy = plain_policy();
    policy.net = BEACON_NET_FULL;
    assert_ok(policy_read(&policy, &view, &err), &err);
    assert_int_equal(policy_promise(&view, 7) & BEACON_SB_NET, 0);
}

static void old_kernels_promise_less_or_nothing(void **state)
{
    (void)state;
    const struct policy_view view = {0};
    assert_int_equal(policy_promise(&view, 0), 0);
    assert_int_equal(policy_promise(&view, 1), 0);
    assert_int_equal(policy_promise(&view, 2),
                     BEACON_SB_FS_WRITE | BEACON_SB_NET | BEACON_SB_SYSCALLS);
    assert_int_equal(policy_promise(&view, 5) & BEACON_SB_PROC, 0);
}

static void denied_write_inside_a_writable_tree_is_refused(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct policy_view view = {0};
    assert_refused(read_own("/w/.git", DENY | WRITE, &view, &err), BEACON_E_UNSUPPORTED, &err);
    assert_refused(read_own("/w", DENY | WRITE, &view, &err), BEACON_E_UNSUPPORTED, &err);
    assert_refused(read_own("/usr/bin", DENY | EXEC, &view, &err), BEACON_E_UNSUPPORTED, &err);
}

static void denied_write_where_nothing_was_allowed_is_fine(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct policy_view view = {0};
    assert_ok(read_own("/wide/path", DENY | WRITE, &view, &err), &err); /* not beneath /w */
    assert_ok(read_own("/etc", DENY | WRITE, &view, &err), &err);
    assert_int_equal(view.n_unhidden, 0);
}

static void readable_secret_is_told_and_reads_are_not_promised(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct policy_view view = {0};
    assert_ok(read_own("/home/auth.json", DENY | READ, &view, &err), &err);
    assert_int_equal(view.n_unhidden, 1);
    assert_int_equal(policy_promise(&view, 7) & BEACON_SB_FS_READ, 0);
}

static void what_this_plugin_does_not_know_is_refused(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct policy_view view = {0};
    assert_refused(read_own("/x", 1u << 20, &view, &err), BEACON_E_UNSUPPORTED, &err);
    struct beacon_sandbox_policy policy = plain_policy();
    policy.flags = 1;
    assert_refused(policy_read(&policy, &view, &err), BEACON_E_UNSUPPORTED, &err);
    policy = plain_policy();
    policy.require = 1u << 20;
    assert_refused(policy_read(&policy, &view, &err), BEACON_E_UNSUPPORTED, &err);
    policy = plain_policy();
    policy.net = 17;
    assert_refused(policy_read(&policy, &view, &err), BEACON_E_UNSUPPORTED, &err);
}

static void parts_of_the_network_are_refused(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct policy_view view = {0};
    struct beacon_sandbox_policy policy = plain_policy();
    policy.net = BEACON_NET_ALLOW_LIST;
    assert_refused(policy_read(&policy, &view, &err), BEACON_E_UNSUPPORTED, &err);
    policy = plain_policy();
    policy.proxy_port = 8080;
    assert_refused(policy_read(&policy, &view, &err), BEACON_E_UNSUPPORTED, &err);
    policy = plain_policy();
    policy.git = 17;
    assert_refused(policy_read(&policy, &view, &err), BEACON_E_UNSUPPORTED, &err);
}

static void loopback_is_off_with_the_network(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct policy_view view = {0};
    struct beacon_sandbox_policy policy = plain_policy();
    policy.net = BEACON_NET_LOOPBACK;
    assert_ok(policy_read(&policy, &view, &err), &err);
    assert_true(view.lacks_loopback);
    assert_int_equal(policy_promise(&view, 7) & BEACON_SB_NET, BEACON_SB_NET);
}

static void soft_denials_inside_a_writable_tree_are_counted_and_go_on(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct policy_view view = {0};
    assert_ok(read_own("/w/.git/hooks", DENY | WRITE | SOFT, &view, &err), &err);
    assert_int_equal(view.n_unprotected, 1);
    assert_int_equal(view.n_unhidden, 0);
    assert_ok(read_own("/w/key", DENY | WRITE | READ | SOFT, &view, &err), &err);
    assert_int_equal(view.n_unprotected, 1);
    assert_int_equal(view.n_unhidden, 1);
    assert_ok(read_own("/etc", DENY | WRITE | SOFT, &view, &err), &err);
    assert_int_equal(view.n_unprotected, 0);
}

static beacon_rc put_text(const struct beacon_sink *sink, const void *p, size_t n)
{
    return text_add(sink->ctx, p, n) ? BEACON_OK : BEACON_E_LIMIT;
}

static void diagnose(int wait_status, const char *tail, size_t n, struct text *out)
{
    const struct beacon_sandbox_policy policy = plain_policy();
    const struct beacon_sink sink = {.struct_size = sizeof sink, .ctx = out, .put = put_text};
    struct denial *denial = denial_create(&policy, false);
    text_init(out, 4096);
    assert_int_equal(denial_diagnose(denial, wait_status,
                                     (struct beacon_bytes){(const uint8_t *)tail, n}, &sink),
                     BEACON_OK);
    denial_destroy(denial);
}

static void refusal_is_quoted_with_the_rules(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    static const char tail[] = "a: Permission denied\nb: Permission denied\nmake: error";
    diagnose(1 << 8, tail, sizeof tail - 1, &out);
    assert_string_equal(text_string(&out),
                        "The sandbox (landlock) probably refused this: b: Permission denied\n"
                        "Writing is allowed only beneath /w, /dev/null; the network is off.");
}

static void name_that_is_not_resolved_is_explained_where_the_network_is_off(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    static const char tail[] = "curl: (6) Could not resolve host: example.org\n";
    diagnose(6 << 8, tail, sizeof tail - 1, &out);
    assert_string_equal(text_string(&out),
                        "The sandbox (landlock) probably refused this: curl: (6) Could not resolve "
                        "host: example.org\n"
                        "Writing is allowed only beneath /w, /dev/null; the network is off.");
}

static void success_and_other_failures_are_not_explained(void **state)
{
    (void)state;
    AUTO_TEXT struct text success, other, empty, binary;
    static const char refused[] = "a: Permission denied\n";
    static const char failed[] = "a: No such file or directory\n";
    static const char bytes[] = "\xff\xfe: Permission denied";
    diagnose(0, refused, sizeof refused - 1, &success);
    diagnose(1 << 8, failed, sizeof failed - 1, &other);
    diagnose(1 << 8, NULL, 0, &empty);
    diagnose(1 << 8, bytes, sizeof bytes - 1, &binary);
    assert_int_equal(success.len + other.len + empty.len + binary.len, 0);
}

static beacon_rc keep_note(const struct beacon_plan *plan, struct beacon_str human)
{
    (void)text_add(plan->ctx, human.p, human.n);
    return text_add_char(plan->ctx, '\n') ? BEACON_OK : BEACON_E_LIMIT;
}

static const char *notes_of(const struct policy_view *view, bool is_asked, struct text *out)
{
    const struct beacon_plan plan = {.struct_size = sizeof plan, .ctx = out, .note = keep_note};
    text_init(out, 16384);
    assert_int_equal(notes_write(view, 7, is_asked, &plan), BEACON_OK);
    return text_string(out);
}

static void notes_name_protected_paths_and_count_what_is_too_much(void **state)
{
    (void)state;
    AUTO_TEXT struct text one, many;
    const struct beacon_path_rule rule = rule_of("/w/.git/hooks", DENY | WRITE | SOFT);
    struct policy_view view = {.n_unprotected = 1};
    for (size_t i = 0; i < POLICY_SHOWN; i++) {
        view.unprotected[i] = &rule;
    }
    const char *text = notes_of(&view, true, &one);
    assert_non_null(strstr(text, "Not prevented: writing to /w/.git/hooks, inside"));
    assert_null(strstr(text, "planting"));
    view.n_unprotected = POLICY_SHOWN + 8;
    assert_non_null(strstr(notes_of(&view, true, &many), "/w/.git/hooks and 8 more, inside"));
}

static void note_of_very_long_names_stays_whole(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    char path[4096];
    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    const struct beacon_path_rule rule = rule_of(path, DENY | WRITE | SOFT);
    struct policy_view view = {.n_unprotected = POLICY_SHOWN};
    for (size_t i = 0; i < POLICY_SHOWN; i++) {
        view.unprotected[i] = &rule;
    }
    assert_non_null(strstr(notes_of(&view, true, &out), "attributes are kept.\n"));
}

static void notes_say_what_is_open_when_nobody_is_asked(void **state)
{
    (void)state;
    AUTO_TEXT struct text asked, unasked;
    const struct policy_view view = {0};
    assert_null(strstr(notes_of(&view, true, &asked), "docker"));
    assert_null(strstr(text_string(&asked), "changes of mode"));
    assert_non_null(strstr(notes_of(&view, false, &unasked), "docker"));
    assert_non_null(strstr(text_string(&unasked), "changes of mode"));
}

static void notes_of_read_only_speak_of_nothing_writable(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    const struct policy_view view = {.is_read_only = true};
    const char *text = notes_of(&view, false, &out);
    assert_null(strstr(text, "changes of mode"));
    assert_null(strstr(text, "planting"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_policies_are_held),
        cmocka_unit_test(open_network_is_not_promised_closed),
        cmocka_unit_test(old_kernels_promise_less_or_nothing),
        cmocka_unit_test(denied_write_inside_a_writable_tree_is_refused),
        cmocka_unit_test(denied_write_where_nothing_was_allowed_is_fine),
        cmocka_unit_test(readable_secret_is_told_and_reads_are_not_promised),
        cmocka_unit_test(what_this_plugin_does_not_know_is_refused),
        cmocka_unit_test(parts_of_the_network_are_refused),
        cmocka_unit_test(loopback_is_off_with_the_network),
        cmocka_unit_test(soft_denials_inside_a_writable_tree_are_counted_and_go_on),
        cmocka_unit_test(notes_name_protected_paths_and_count_what_is_too_much),
        cmocka_unit_test(note_of_very_long_names_stays_whole),
        cmocka_unit_test(notes_say_what_is_open_when_nobody_is_asked),
        cmocka_unit_test(notes_of_read_only_speak_of_nothing_writable),
        cmocka_unit_test(refusal_is_quoted_with_the_rules),
        cmocka_unit_test(name_that_is_not_resolved_is_explained_where_the_network_is_off),
        cmocka_unit_test(success_and_other_failures_are_not_explained),
    };
    return cmocka_run_group_tests_name("sandbox_landlock/policy", tests, NULL, NULL);
}
