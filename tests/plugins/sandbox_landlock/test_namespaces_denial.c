/* SPDX-License-Identifier: Apache-2.0 */
/* What the model is told when a command was refused something. */
#include "support/beacon_test.h"

#include <string.h>

#include "base/text.h"
#include "namespaces_denial.h"

#define FAILED (1 << 8)
#define RULE(name, bits)                                                                           \
    {                                                                                              \
        .struct_size = sizeof(struct beacon_path_rule), .access = (bits),                          \
        .path = {name, sizeof(name) - 1}, .fd = -1                                                 \
    }
#define ALL (BEACON_PATH_READ | BEACON_PATH_WRITE | BEACON_PATH_EXEC)

static const struct beacon_path_rule rules[] = {
    RULE("/", BEACON_PATH_READ | BEACON_PATH_EXEC),
    RULE("/w", ALL),
    RULE("/w/.git/hooks", BEACON_PATH_DENY | BEACON_PATH_WRITE),
    RULE("/home/auth.json", BEACON_PATH_DENY | BEACON_PATH_READ),
    RULE("/w/src/.envrc", BEACON_PATH_DENY | BEACON_PATH_WRITE | BEACON_PATH_SOFT),
};
static const struct beacon_path_rule *const list[] = {&rules[0], &rules[1], &rules[2], &rules[3],
                                                      &rules[4]};

static beacon_rc put_text(const struct beacon_sink *sink, const void *p, size_t n)
{
    return text_add(sink->ctx, p, n) ? BEACON_OK : BEACON_E_LIMIT;
}

static void diagnose_in(uint32_t net, int status, const char *tail, size_t n, struct text *out)
{
    const struct beacon_sandbox_policy policy = {
        .struct_size = sizeof policy, .paths = list, .n_paths = 5, .cwd_fd = -1, .net = net};
    const struct beacon_sink sink = {.struct_size = sizeof sink, .ctx = out, .put = put_text};
    struct namespaces_denial *denial =
        namespaces_denial_create(&policy, (struct beacon_str){"/w/src", 6});
    text_init(out, 4096);
    assert_int_equal(namespaces_denial_diagnose(
                         denial, status, (struct beacon_bytes){(const uint8_t *)tail, n}, &sink),
                     BEACON_OK);
    namespaces_denial_release(denial);
}

/* `tail` of a failed command makes `words`. */
static void assert_told(const char *tail, const char *words)
{
    AUTO_TEXT struct text out;
    diagnose_in(BEACON_NET_LOOPBACK, FAILED, tail, strlen(tail), &out);
    assert_string_equal(text_string(&out), words);
}

static void writing_outside_is_told_with_the_writable_directories(void **state)
{
    (void)state;
    const char *words = "The sandbox probably refused to write /etc/x: it is outside the writable "
                        "directories (/w).";
    assert_told("touch: cannot touch '/etc/x': Read-only file system\n", words);
    assert_told("/bin/sh: 1: cannot create /etc/x: Read-only file system\nmake: *** [a] Error 2",
                words);
    assert_told("OSError: [Errno 30] Read-only file system: '/etc/x'", words);
    assert_told("Error: EROFS: read-only file system, open '/etc/x'", words);
}

static void relative_name_is_meant_from_the_workspace(void **state)
{
    (void)state;
    assert_told("sh: 1: cannot create ../../etc/x: Read-only file system",
                "The sandbox probably refused to write /etc/x: it is outside the writable "
                "directories (/w).");
}

static void protected_name_is_named(void **state)
{
    (void)state;
    assert_told(
        "cp: cannot create regular file '../.git/hooks/pre-commit': Read-only file system",
        "The sandbox probably refused to write /w/.git/hooks/pre-commit: /w/.git/hooks is a "
        "protected name.");
}

static void name_that_may_not_be_made_is_named(void **state)
{
    (void)state;
    const char *words = "The sandbox probably refused to write /w/src/.envrc: /w/src/.envrc is a "
                        "protected name.";
    assert_told("sh: 1: cannot create .envrc: No such device or address", words);
    assert_told("mkdir: cannot create directory '.envrc': File exists", words);
    assert_told("sh: 1: cannot create ./.envrc/x: Not a directory",
                "The sandbox probably refused to write /w/src/.envrc/x: /w/src/.envrc is a "
                "protected name.");
    assert_told("mkdir: cannot create directory 'out': File exists", "");
    assert_told("mkdir: cannot create directory '/w/.cache': File exists", "");
}

static void closed_file_is_named(void **state)
{
    (void)state;
    assert_told("cat: /home/auth.json: Permission denied",
                "The sandbox probably refused to open /home/auth.json: /home/auth.json is closed "
                "to commands.");
}

static void pinned_directory_is_told_with_what_it_holds(void **state)
{
    (void)state;
    assert_told("mv: cannot move '/w/.git' to '/w/x': Device or resource busy",
                "The sandbox probably refused to move or remove /w/.git: /w/.git/hooks in it is a "
                "protected name.");
}

static void target_outside_is_told_where_the_source_is_inside(void **state)
{
    (void)state;
    assert_told("mv: cannot move '/w/a' to '/etc/a': Read-only file system",
                "The sandbox probably refused to write /etc/a: it is outside the writable "
                "directories (/w).");
}

static void refusal_where_all_is_allowed_is_somebody_elses(void **state)
{
    (void)state;
    assert_told("cat: /w/src/theirs: Permission denied", "");
}

static void network_is_told_unless_it_is_open(void **state)
{
    (void)state;
    static const char tail[] = "curl: (6) Could not resolve host: example.org";
    AUTO_TEXT struct text out;
    assert_told(tail, "The sandbox probably refused this: curl: (6) Could not resolve host: "
                      "example.org\nConnections to other hosts are off, and localhost is the "
                      "command's own.");
    assert_told("curl: (7) Failed to connect to localhost port 1",
                "The sandbox probably refused this: curl: (7) Failed to connect to localhost port "
                "1\nConnections to other hosts are off, and localhost is the command's own.");
    diagnose_in(BEACON_NET_FULL, FAILED, tail, sizeof tail - 1, &out);
    assert_int_equal(out.len, 0);
}

static void refusal_without_a_path_is_quoted(void **state)
{
    (void)state;
    assert_told("unshare: Operation not permitted",
                "The sandbox probably refused this: unshare: Operation not permitted\n"
                "Writing is allowed only beneath /w.");
}

static void hostile_output_is_not_repeated_blindly(void **state)
{
    (void)state;
    static const char binary[] = "\xff\xfe/etc/x: Permission denied";
    char deep[9000];
    AUTO_TEXT struct text first, second, third, fourth;
    diagnose_in(0, FAILED, binary, sizeof binary - 1, &first);
    assert_int_equal(first.len, 0);
    memset(deep, '/', sizeof deep);
    static const char end[] = " Permission denied\n";
    memcpy(deep + sizeof deep - sizeof end, end, sizeof end);
    diagnose_in(0, FAILED, deep, sizeof deep - 1, &second);
    assert_true(second.len < 2048);
    diagnose_in(0, FAILED, NULL, 0, &third);
    assert_int_equal(third.len, 0);
    diagnose_in(0, 0, "/etc/x: Permission denied", 25, &fourth);
    assert_int_equal(fourth.len, 0);
    assert_told("cd: ../../../../../../..: Permission denied",
                "The sandbox probably refused this: cd: ../../../../../../..: Permission denied\n"
                "Writing is allowed only beneath /w.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing_outside_is_told_with_the_writable_directories),
        cmocka_unit_test(relative_name_is_meant_from_the_workspace),
        cmocka_unit_test(protected_name_is_named),
        cmocka_unit_test(name_that_may_not_be_made_is_named),
        cmocka_unit_test(closed_file_is_named),
        cmocka_unit_test(pinned_directory_is_told_with_what_it_holds),
        cmocka_unit_test(target_outside_is_told_where_the_source_is_inside),
        cmocka_unit_test(refusal_where_all_is_allowed_is_somebody_elses),
        cmocka_unit_test(network_is_told_unless_it_is_open),
        cmocka_unit_test(refusal_without_a_path_is_quoted),
        cmocka_unit_test(hostile_output_is_not_repeated_blindly),
    };
    return cmocka_run_group_tests_name("sandbox_landlock/denial", tests, NULL, NULL);
}
