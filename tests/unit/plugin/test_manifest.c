/* SPDX-License-Identifier: Apache-2.0 */
#include "toys.h"

#include <beacon/plugin.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/text.h"
#include "plugin/manifest.h"

#define IDENTITY  "\"schema\": 1, \"id\": \"com.acme.llm\", \"version\": \"1.0.0\", "
#define ABI       "\"abi\": {\"major\": 1, \"minor\": 0, \"min_host_minor\": 0}, "
#define COMPONENT "{\"kind\": \"provider\", \"name\": \"acme\", \"iface\": \"beacon.provider/1\"}"
#define WHOLE     "{" IDENTITY ABI "\"components\": [" COMPONENT "]}"

static int parse(const char *text, struct plugin_manifest **ret, struct beacon_error *err)
{
    return manifest_parse(text, strlen(text), "acme.so", ret, err);
}

static void assert_broken(const char *text, const char *part)
{
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    assert_refused(parse(text, &manifest, &err), BEACON_E_INVALID, &err);
    assert_null(manifest);
    assert_says(err.message, part);
    assert_says(err.message, "acme.so");
}

static void read_toy(struct text *out)
{
    struct beacon_error err = {0};
    text_init(out, 64u << 20);
    assert_ok(io_read_file(GOOD_TOYS "/toy.so", out, &err), &err);
}

static void fields_of_the_note_are_read(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    assert_ok(manifest_read_file(GOOD_TOYS "/toy_kit.so", &manifest, &err), &err);
    assert_string_equal(manifest->id, "com.example.kit");
    assert_string_equal(manifest->version, "2.0.0-rc.1");
    assert_string_equal(manifest->homepage, "");
    assert_int_equal(manifest->abi_major, 1);
    assert_int_equal(manifest->n_components, 6);
    assert_int_equal(manifest->components[0].kind, BEACON_KIND_SANDBOX);
    assert_int_equal(manifest->components[4].form, MANIFEST_FORM_OWN_TRANSPORT);
    assert_true(manifest->components[4].is_known);
    assert_false(manifest->components[5].is_known);
    assert_int_equal(manifest->n_capabilities, 2);
    manifest_destroy(manifest);
}

static void a_capability_is_matched_by_its_glob(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    assert_ok(manifest_read_file(GOOD_TOYS "/toy_kit.so", &manifest, &err), &err);
    assert_true(manifest_has_capability(manifest, "env:", "TOY_KEY"));
    assert_false(manifest_has_capability(manifest, "env:", "HOME"));
    assert_true(manifest_has_capability(manifest, "env:", NULL));
    assert_false(manifest_has_capability(manifest, "net:", NULL));
    assert_true(manifest_has_capability(manifest, "kernel", ""));
    assert_false(manifest_has_capability(manifest, "kern", ""));
    manifest_destroy(manifest);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    AUTO_TEXT struct text file;
    read_toy(&file);
    for (size_t n = 0; n < file.len; n += 64) {
        struct beacon_error err = {0};
        struct plugin_manifest *manifest = NULL;
        AUTO_FREE char *exact = alloc_copy(file.data, n); /* a read behind its end is caught */
        assert_refused(manifest_read_bytes(exact, n, "toy.so", &manifest, &err), BEACON_E_INVALID,
                       &err);
        assert_says(err.message, n == 0 ? "is empty" : "truncated");
    }
}

static void a_cut_file_on_disk_says_both_sizes(void **state)
{
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    AUTO_TEXT struct text file;
    read_toy(&file);
    const char *path = temp_path(state, "toy.so");
    assert_ok(io_replace_file(path, file.data, 4096, 0700, &err), &err);
    assert_refused(manifest_read_file(path, &manifest, &err), BEACON_E_INVALID, &err);
    assert_says(err.message, "toy.so is truncated: it has 4096 bytes, its headers speak of ");
}

static void any_damaged_byte_of_the_headers_is_survived(void **state)
{
    (void)state;
    AUTO_TEXT struct text file;
    read_toy(&file);
    for (size_t at = 0; at < 1024; at++) {
        for (int bit = 0; bit < 8; bit++) {
            struct beacon_error err = {0};
            struct plugin_manifest *manifest = NULL;
            file.data[at] = (char)(file.data[at] ^ (1 << bit));
            if (manifest_read_bytes(file.data, file.len, "toy.so", &manifest, &err) != BEACON_OK) {
                assert_string_not_equal(err.hint, "");
            }
            manifest_destroy(manifest);
            file.data[at] = (char)(file.data[at] ^ (1 << bit));
        }
    }
}

static void a_text_file_is_not_a_plugin(void **state)
{
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    write_text(temp_path(state, "readme.so"), "#!/bin/sh\n");
    assert_refused(manifest_read_file(temp_path(state, "readme.so"), &manifest, &err),
                   BEACON_E_INVALID, &err);
    assert_string_equal(err.message, "readme.so is not an ELF file: it begins with 23 21 2f 62 "
                                     "instead of 7f 45 4c 46");
}

static void a_folder_a_fifo_and_a_loop_are_refused_without_waiting(void **state)
{
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    make_folder(temp_path(state, "folder.so"));
    assert_int_equal(mkfifo(temp_path(state, "fifo.so"), 0600), 0);
    assert_int_equal(symlink("loop.so", temp_path(state, "loop.so")), 0);
    assert_refused(manifest_read_file(temp_path(state, "folder.so"), &manifest, &err),
                   BEACON_E_INVALID, &err);
    assert_string_equal(err.message, "folder.so is a folder, not a plugin file");
    assert_refused(manifest_read_file(temp_path(state, "fifo.so"), &manifest, &err),
                   BEACON_E_INVALID, &err);
    assert_refused(manifest_read_file(temp_path(state, "loop.so"), &manifest, &err), BEACON_E_IO,
                   &err);
    assert_says(err.message, "cannot open loop.so: ");
}

/* Overwrite 16 bits of the ELF header. */
static void patch_half(struct text *file, size_t offset, uint16_t value)
{
    memcpy(file->data + offset, &value, sizeof value);
}

static void a_file_of_another_machine_names_both(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    AUTO_TEXT struct text file;
    read_toy(&file);
    patch_half(&file, offsetof(ElfW(Ehdr), e_machine), EM_S390);
    assert_refused(manifest_read_bytes(file.data, file.len, "toy.so", &manifest, &err),
                   BEACON_E_UNSUPPORTED, &err);
    assert_says(err.message, "is built for s390 (22), this host is ");
    file.data[EI_CLASS] = file.data[EI_CLASS] == ELFCLASS64 ? ELFCLASS32 : ELFCLASS64;
    assert_refused(manifest_read_bytes(file.data, file.len, "toy.so", &manifest, &err),
                   BEACON_E_UNSUPPORTED, &err);
    assert_says(err.message, "is of ELF class ");
}

static void a_program_is_not_a_plugin(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    AUTO_TEXT struct text file;
    read_toy(&file);
    patch_half(&file, offsetof(ElfW(Ehdr), e_type), ET_EXEC);
    assert_refused(manifest_read_bytes(file.data, file.len, "toy.so", &manifest, &err),
                   BEACON_E_INVALID, &err);
    assert_says(err.message, "is of ELF type 2, a plugin is a shared object (type 3)");
}

static void a_shared_object_without_note_is_not_a_plugin(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    assert_refused(manifest_read_file(BAD_TOYS "/no_note.so", &manifest, &err), BEACON_E_INVALID,
                   &err);
    assert_string_equal(err.message,
                        "no_note.so is a shared object but no plugin: it carries no manifest note");
}

/* Where the size of the manifest note stands in the file. */
static size_t note_size_offset(const struct text *file)
{
    const unsigned char owner[] = "beacon";
    const char *name = memmem(file->data, file->len, owner, sizeof owner);
    while (name != NULL) {
        ElfW(Nhdr) note;
        memcpy(&note, name - sizeof note, sizeof note);
        if (note.n_type == BEACON_NOTE_TYPE) {
            return (size_t)(name - file->data) - sizeof note + offsetof(ElfW(Nhdr), n_descsz);
        }
        size_t left = file->len - (size_t)(name + 1 - file->data);
        name = memmem(name + 1, left, owner, sizeof owner);
    }
    fail_msg("no note in the toy");
    return 0;
}

static void a_note_that_claims_to_be_huge_is_refused(void **state)
{
    (void)state;
    AUTO_TEXT struct text file;
    read_toy(&file);
    size_t at = note_size_offset(&file);
    const uint32_t sizes[] = {UINT32_MAX, UINT32_MAX - 3, 0x10000, 0x7fffffff};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct beacon_error err = {0};
        struct plugin_manifest *manifest = NULL;
        memcpy(file.data + at, &sizes[i], sizeof sizes[i]);
        assert_refused(manifest_read_bytes(file.data, file.len, "toy.so", &manifest, &err),
                       BEACON_E_INVALID, &err);
        assert_says(err.message, "is damaged: a note of ");
    }
}

/* A minimal file: header, one PT_NOTE, one note whose content has `n` blanks. */
static void build_with_note(struct text *out, size_t n)
{
    ElfW(Ehdr) header = {.e_type = ET_DYN, .e_phentsize = sizeof(ElfW(Phdr)), .e_phnum = 1};
    ElfW(Nhdr) note = {.n_namesz = 7, .n_descsz = (uint32_t)n, .n_type = BEACON_NOTE_TYPE};
    ElfW(Phdr) segment = {.p_type = PT_NOTE, .p_align = 4};
    AUTO_TEXT struct text toy;
    read_toy(&toy);
    memcpy(&header.e_ident, toy.data, EI_NIDENT);
    memcpy(&header.e_machine, toy.data + offsetof(ElfW(Ehdr), e_machine), sizeof(uint16_t));
    header.e_phoff = sizeof header;
    segment.p_offset = sizeof header + sizeof segment;
    segment.p_filesz = sizeof note + 8 + n;
    text_init(out, 1u << 20);
    assert_true(text_add(out, &header, sizeof header));
    assert_true(text_add(out, &segment, sizeof segment));
    assert_true(text_add(out, &note, sizeof note));
    assert_true(text_add(out, "beacon\0", 8));
    char *content = text_reserve(out, n);
    memset(content, ' ', n);
    text_commit(out, n);
}

static void a_manifest_over_64_kib_is_not_read(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    AUTO_TEXT struct text file;
    build_with_note(&file, 65540);
    assert_refused(manifest_read_bytes(file.data, file.len, "big.so", &manifest, &err),
                   BEACON_E_LIMIT, &err);
    assert_string_equal(err.message,
                        "the manifest of big.so has 65540 bytes, at most 65536 are read");
}

static void an_empty_manifest_is_broken_json(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    AUTO_TEXT struct text file;
    build_with_note(&file, 0);
    assert_refused(manifest_read_bytes(file.data, file.len, "nil.so", &manifest, &err),
                   BEACON_E_INVALID, &err);
    assert_says(err.message, "the manifest of nil.so is broken");
}

static void broken_json_says_where(void **state)
{
    (void)state;
    assert_broken("{\"schema\": 1, oops}", "byte 15");
    assert_broken(WHOLE " and more", "is broken");
    assert_broken("[1]", "not an object");
}

static void each_missing_field_is_named(void **state)
{
    (void)state;
    assert_broken("{\"id\": \"com.acme.llm\"}", "\"schema\"");
    assert_broken("{\"schema\": 1, \"version\": \"1.0.0\"}", "\"id\"");
    assert_broken("{\"schema\": 1, \"id\": \"com.acme.llm\"}", "\"version\"");
    assert_broken("{" IDENTITY "\"components\": []}", "\"abi\"");
    assert_broken("{" IDENTITY "\"abi\": {\"major\": 1, \"minor\": 0}}", "\"min_host_minor\"");
    assert_broken("{" IDENTITY ABI "\"license\": \"MIT\"}", "\"components\"");
    assert_broken("{" IDENTITY ABI "\"components\": [{\"kind\": \"provider\"}]}", "\"name\"");
    assert_broken("{" IDENTITY ABI "\"components\": [7]}", "\"kind\"");
}

static void values_that_would_not_show_or_compare_are_refused(void **state)
{
    (void)state;
    assert_broken("{\"schema\": 1, \"id\": \"acme\", \"version\": \"1\"}", "not like com.acme.llm");
    assert_broken("{\"schema\": 1, \"id\": \"com.acme\\u0000llm\", \"version\": \"1\"}", "\"id\"");
    assert_broken("{\"schema\": 1, \"id\": \"com.\\u001b[31m\", \"version\": \"1\"}", "\"id\"");
    assert_broken(
        "{\"schema\": 1, \"id\": \"com.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
        "1 to 48");
    assert_broken("{\"schema\": -1}", "\"schema\"");
    assert_broken("{" IDENTITY ABI "\"components\": {}}", "not a list");
    assert_broken("{" IDENTITY ABI "\"components\": [" COMPONENT ", " COMPONENT "]}", "two");
    assert_broken("{" IDENTITY ABI "\"capabilities\": [1], \"components\": [" COMPONENT "]}",
                  "not a string");
}

static void own_transport_must_be_asked_for(void **state)
{
    (void)state;
    assert_broken("{" IDENTITY ABI "\"components\": [{\"kind\": \"provider\", \"name\": \"acme\", "
                  "\"iface\": \"beacon.provider/1\", \"form\": \"own-transport\"}]}",
                  "capability own-transport");
}

static void too_many_components_are_a_limit(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    AUTO_TEXT struct text text;
    text_init(&text, 1u << 20);
    text_add_string(&text, "{" IDENTITY ABI "\"components\": [" COMPONENT);
    for (int i = 0; i < MANIFEST_COMPONENTS_MAX; i++) {
        text_add_string(&text, ", " COMPONENT);
    }
    text_add_string(&text, "]}");
    assert_refused(parse(text_string(&text), &manifest, &err), BEACON_E_LIMIT, &err);
    assert_says(err.message, "lists 17 components, at most 16");
}

static void a_newer_schema_is_refused_with_both_numbers(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    assert_refused(parse("{\"schema\": 2}", &manifest, &err), BEACON_E_UNSUPPORTED, &err);
    assert_string_equal(err.message, "the manifest of acme.so has schema 2, this host reads 1");
}

static void another_major_is_refused_with_both_versions(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    assert_ok(manifest_read_file(BAD_TOYS "/wrong_major.so", &manifest, &err), &err);
    assert_string_equal(manifest->id, "com.example.wrong-major");
    assert_refused(manifest_check_abi(manifest, "wrong_major.so", &err), BEACON_E_UNSUPPORTED,
                   &err);
    assert_string_equal(err.message, "wrong_major.so speaks ABI major 2, this host speaks 1");
    assert_string_equal(err.hint, "rebuild it with an SDK of major 1, or use a newer beacon");
    manifest_destroy(manifest);
}

static void a_need_for_a_newer_host_says_both_minors(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    assert_ok(manifest_read_file(BAD_TOYS "/wants_newer_host.so", &manifest, &err), &err);
    assert_refused(manifest_check_abi(manifest, "a.so", &err), BEACON_E_UNSUPPORTED, &err);
    assert_string_equal(err.message, "a.so needs a host of ABI 1.7, this one is 1.0");
    manifest_destroy(manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_of_the_note_are_read),
        cmocka_unit_test(a_capability_is_matched_by_its_glob),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        in_temp_dir(a_cut_file_on_disk_says_both_sizes),
        cmocka_unit_test(any_damaged_byte_of_the_headers_is_survived),
        in_temp_dir(a_text_file_is_not_a_plugin),
        in_temp_dir(a_folder_a_fifo_and_a_loop_are_refused_without_waiting),
        cmocka_unit_test(a_file_of_another_machine_names_both),
        cmocka_unit_test(a_program_is_not_a_plugin),
        cmocka_unit_test(a_shared_object_without_note_is_not_a_plugin),
        cmocka_unit_test(a_note_that_claims_to_be_huge_is_refused),
        cmocka_unit_test(a_manifest_over_64_kib_is_not_read),
        cmocka_unit_test(an_empty_manifest_is_broken_json),
        cmocka_unit_test(broken_json_says_where),
        cmocka_unit_test(each_missing_field_is_named),
        cmocka_unit_test(values_that_would_not_show_or_compare_are_refused),
        cmocka_unit_test(own_transport_must_be_asked_for),
        cmocka_unit_test(too_many_components_are_a_limit),
        cmocka_unit_test(a_newer_schema_is_refused_with_both_numbers),
        cmocka_unit_test(another_major_is_refused_with_both_versions),
        cmocka_unit_test(a_need_for_a_newer_host_says_both_minors),
    };
    return cmocka_run_group_tests_name("plugin/manifest", tests, NULL, NULL);
}
