/* SPDX-License-Identifier: Apache-2.0 */
#include "toys.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "plugin/minisign.h"
#include "plugin/policy.h"

#define CONTENT "the bytes that were reviewed\n"

/* A pair of keys and a signed file, made by the real program. */
struct signed_file {
    struct policy_signer signer;
    const char *file, *signature;
};

/* The second line of a .pub file. */
static const char *public_key_in(const char *path)
{
    const char *text = read_text(path);
    const char *line = strchr(text, '\n');
    assert_non_null(line);
    char *key = (char *)(line + 1);
    key[strcspn(key, "\r\n")] = '\0';
    return key;
}

static struct policy_signer make_signer(void **state, const char *name)
{
    struct beacon_error err = {0};
    AUTO_FREE char *public_name = alloc_printf("%s.pub", name);
    AUTO_FREE char *secret_name = alloc_printf("%s.key", name);
    const char *public_path = temp_path(state, public_name);
    const char *const make[] = {
        "minisign", "-G", "-W", "-f", "-p", public_path, "-s", temp_path(state, secret_name), NULL};
    assert_int_equal(run_program(make, NULL, NULL, NULL), 0);
    struct policy_signer signer = {.name = "acme-2026", .where = "10-acme.ini:4"};
    signer.public_key = public_key_in(public_path);
    assert_ok(minisign_key_parse(signer.public_key, &signer.key, &err), &err);
    return signer;
}

static struct signed_file sign(void **state, const char *flag)
{
    struct signed_file ret = {.signer = make_signer(state, "acme"),
                              .file = temp_path(state, "plugin.so"),
                              .signature = temp_path(state, "plugin.so.minisig")};
    write_text(ret.file, CONTENT);
    const char *const make[] = {
        "minisign", flag,     "-s", temp_path(state, "acme.key"), "-t", "reviewed by acme",
        "-m",       ret.file, NULL};
    assert_int_equal(run_program(make, NULL, NULL, NULL), 0);
    return ret;
}

static int verify_bytes(const struct signed_file *file, const char *bytes, const char **ret_signer,
                        struct beacon_error *err)
{
    const struct minisign_subject subject = {"plugin.so", bytes, strlen(bytes), file->signature};
    return minisign_verify(&file->signer, 1, &subject, ret_signer, err);
}

static void a_signature_of_the_program_minisign_counts(void **state)
{
    struct beacon_error err = {0};
    const char *signer = NULL;
    const struct signed_file file = sign(state, "-S");
    assert_ok(verify_bytes(&file, CONTENT, &signer, &err), &err);
    assert_string_equal(signer, "acme-2026");
}

static void the_legacy_form_counts_too(void **state)
{
    struct beacon_error err = {0};
    const char *signer = NULL;
    const struct signed_file file = sign(state, "-Sl");
    assert_non_null(strstr(read_text(file.signature), "\nRW"));
    assert_ok(verify_bytes(&file, CONTENT, &signer, &err), &err);
    assert_string_equal(signer, "acme-2026");
}

static void other_bytes_are_not_vouched_for(void **state)
{
    struct beacon_error err = {0};
    static const char *const flags[] = {"-S", "-Sl"};
    for (size_t i = 0; i < 2; i++) {
        const struct signed_file file = sign(state, flags[i]);
        assert_refused(verify_bytes(&file, CONTENT "x", NULL, &err), BEACON_E_POLICY, &err);
        assert_says(err.message, "other bytes");
    }
}

static void a_key_nobody_named_does_not_count(void **state)
{
    struct beacon_error err = {0};
    struct signed_file file = sign(state, "-S");
    file.signer = make_signer(state, "other");
    assert_refused(verify_bytes(&file, CONTENT, NULL, &err), BEACON_E_POLICY, &err);
    assert_says(err.message, "not among the signers");
}

static void a_borrowed_key_id_does_not_help(void **state)
{
    struct beacon_error err = {0};
    struct signed_file file = sign(state, "-S");
    const struct policy_signer other = make_signer(state, "other");
    memcpy(file.signer.key.public_key, other.key.public_key, sizeof other.key.public_key);
    assert_refused(verify_bytes(&file, CONTENT, NULL, &err), BEACON_E_POLICY, &err);
}

static void an_altered_trusted_comment_is_found(void **state)
{
    struct beacon_error err = {0};
    const struct signed_file file = sign(state, "-S");
    char *text = (char *)read_text(file.signature);
    char *comment = strstr(text, "reviewed by acme");
    assert_non_null(comment);
    comment[0] = 'R';
    write_text(file.signature, text);
    assert_refused(verify_bytes(&file, CONTENT, NULL, &err), BEACON_E_POLICY, &err);
    assert_says(err.message, "trusted comment that was altered");
}

static void the_untrusted_comment_may_be_anything(void **state)
{
    struct beacon_error err = {0};
    const struct signed_file file = sign(state, "-S");
    AUTO_FREE char *text =
        alloc_printf("untrusted comment: hello%s", strchr(read_text(file.signature), '\n'));
    write_text(file.signature, text);
    assert_ok(verify_bytes(&file, CONTENT, NULL, &err), &err);
}

static void a_signature_cut_anywhere_is_refused(void **state)
{
    struct beacon_error err = {0};
    const struct signed_file file = sign(state, "-S");
    const char *whole = read_text(file.signature);
    size_t n = strlen(whole);
    const struct minisign_subject subject = {"plugin.so", CONTENT, strlen(CONTENT), "cut.minisig"};
    for (size_t i = 0; i + 1 < n; i++) { /* without the last newline it is still whole */
        const struct minisign_text cut = {whole, i};
        assert_refused(minisign_verify_text(&file.signer, 1, &subject, cut, NULL, &err),
                       BEACON_E_POLICY, &err);
    }
}

static void every_changed_byte_of_the_signed_lines_is_found(void **state)
{
    struct beacon_error err = {0};
    const struct signed_file file = sign(state, "-S");
    char *text = (char *)read_text(file.signature);
    size_t n = strlen(text);
    const struct minisign_subject subject = {"plugin.so", CONTENT, strlen(CONTENT), "bad.minisig"};
    for (size_t i = (size_t)(strchr(text, '\n') - text); i + 1 < n; i++) {
        char before = text[i];
        text[i] = before == 'A' ? 'B' : 'A';
        const struct minisign_text changed = {text, n};
        assert_refused(minisign_verify_text(&file.signer, 1, &subject, changed, NULL, &err),
                       BEACON_E_POLICY, &err);
        text[i] = before;
    }
}

static void text_behind_the_signature_is_refused(void **state)
{
    struct beacon_error err = {0};
    const struct signed_file file = sign(state, "-S");
    AUTO_FREE char *text = alloc_printf("%smore\n", read_text(file.signature));
    write_text(file.signature, text);
    assert_refused(verify_bytes(&file, CONTENT, NULL, &err), BEACON_E_POLICY, &err);
}

static void a_missing_signature_is_told_from_a_bad_one(void **state)
{
    struct beacon_error err = {0};
    const struct signed_file file = sign(state, "-S");
    assert_int_equal(unlink(file.signature), 0);
    assert_refused(verify_bytes(&file, CONTENT, NULL, &err), BEACON_E_NOT_FOUND, &err);
}

static void a_huge_or_strange_signature_file_is_refused(void **state)
{
    struct beacon_error err = {0};
    const struct signed_file file = sign(state, "-S");
    AUTO_FREE char *huge = alloc_array(1u << 20, 1);
    memset(huge, 'x', (1u << 20) - 1);
    write_text(file.signature, huge);
    assert_refused(verify_bytes(&file, CONTENT, NULL, &err), BEACON_E_POLICY, &err);
    assert_int_equal(unlink(file.signature), 0);
    assert_int_equal(mkfifo(file.signature, 0600), 0);
    assert_refused(verify_bytes(&file, CONTENT, NULL, &err), BEACON_E_IO, &err);
}

static void only_whole_public_keys_are_keys(void **state)
{
    struct beacon_error err = {0};
    struct minisign_key key;
    const struct policy_signer good = make_signer(state, "acme");
    AUTO_FREE char *longer = alloc_printf("%s=", good.public_key);
    AUTO_FREE char *bad = alloc_string(good.public_key);
    bad[1] = 'U'; /* another algorithm */
    const char *const wrong[] = {"", "RW", "RWQ", longer, bad, good.public_key + 1};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_refused(minisign_key_parse(wrong[i], &key, &err), BEACON_E_INVALID, &err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_signature_of_the_program_minisign_counts),
        in_temp_dir(the_legacy_form_counts_too),
        in_temp_dir(other_bytes_are_not_vouched_for),
        in_temp_dir(a_key_nobody_named_does_not_count),
        in_temp_dir(a_borrowed_key_id_does_not_help),
        in_temp_dir(an_altered_trusted_comment_is_found),
        in_temp_dir(the_untrusted_comment_may_be_anything),
        in_temp_dir(a_signature_cut_anywhere_is_refused),
        in_temp_dir(every_changed_byte_of_the_signed_lines_is_found),
        in_temp_dir(text_behind_the_signature_is_refused),
        in_temp_dir(a_missing_signature_is_told_from_a_bad_one),
        in_temp_dir(a_huge_or_strange_signature_file_is_refused),
        in_temp_dir(only_whole_public_keys_are_keys),
    };
    return cmocka_run_group_tests_name("plugin/minisign", tests, NULL, NULL);
}
