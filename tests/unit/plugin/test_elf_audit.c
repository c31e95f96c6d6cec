/* SPDX-License-Identifier: Apache-2.0 */
#include "hostile.h"

#include <elf.h>
#include <link.h>

#include "base/io.h"
#include "base/text.h"
#include "plugin/elf_audit.h"

static void read_hostile(const char *name, struct text *out)
{
    char path[512];
    struct beacon_error err = {0};
    text_init(out, 64u << 20);
    (void)snprintf(path, sizeof path, "%s/%s.so", HOSTILE, name);
    assert_ok(io_read_file(path, out, &err), &err);
}

static struct elf_audit *audit_of(const char *name)
{
    struct beacon_error err = {0};
    struct text file;
    struct elf_audit *audit = NULL;
    read_hostile(name, &file);
    assert_ok(elf_audit_read(file.data, file.len, name, &audit, &err), &err);
    text_finish(&file);
    return audit;
}

static bool has(const char *const *list, const char *word)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        if (strcmp(list[i], word) == 0) {
            return true;
        }
    }
    return false;
}

/* The finding `i` of the hostile file `name`, which asks for nothing. */
static bool finding_of(const char *name, size_t i, struct elf_finding *ret)
{
    struct elf_audit *audit = audit_of(name);
    bool is_found = elf_audit_finding(audit, NULL, NULL, i, ret);
    elf_audit_destroy(audit);
    return is_found;
}

static void assert_finding(const char *name, enum elf_finding_kind kind, bool is_hard,
                           const char *text)
{
    struct elf_finding finding;
    assert_true(finding_of(name, 0, &finding));
    assert_int_equal(finding.kind, kind);
    assert_int_equal(finding.is_hard, is_hard);
    assert_says(finding.text, text);
    assert_string_not_equal(finding.remedy, "");
}

/* The value of `tag` in the dynamic section of `file`, for changing it, and its address there. */
static ElfW(Dyn) * entry_of(struct text *file, ElfW(Sxword) tag, uint64_t *ret_address)
{
    ElfW(Ehdr) header;
    memcpy(&header, file->data, sizeof header);
    for (size_t i = 0; i < header.e_phnum; i++) {
        ElfW(Phdr) segment;
        memcpy(&segment, file->data + header.e_phoff + i * sizeof segment, sizeof segment);
        for (size_t at = 0; segment.p_type == PT_DYNAMIC && at < segment.p_filesz;
             at += sizeof(ElfW(Dyn))) {
            ElfW(Dyn) *entry = (void *)(file->data + segment.p_offset + at);
            if (entry->d_tag == tag) {
                *ret_address = segment.p_vaddr + at;
                return entry;
            }
        }
    }
    fail_msg("the file has no dynamic entry %lld", (long long)tag);
    return NULL;
}

static void packed_relocations_do_not_touch_the_dynamic_section(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct text file;
    struct elf_audit *audit = NULL;
    uint64_t table = 0, other = 0;
    read_hostile("quiet", &file);
    ElfW(Dyn) *holder = entry_of(&file, DT_RELACOUNT, &table); /* its value is the table */
    *entry_of(&file, DT_FLAGS, &other) = (ElfW(Dyn)){36, {table + sizeof holder->d_tag}};
    *entry_of(&file, DT_FLAGS_1, &other) = (ElfW(Dyn)){35, {sizeof(ElfW(Addr))}};
    holder->d_un.d_val = 0x10; /* elsewhere: that is what linkers write */
    assert_ok(elf_audit_read(file.data, file.len, "x.so", &audit, &err), &err);
    elf_audit_destroy(audit);
    (void)entry_of(&file, DT_STRTAB, &other);
    holder->d_un.d_val = other + sizeof holder->d_tag;
    assert_refused(elf_audit_read(file.data, file.len, "x.so", &audit, &err), BEACON_E_INVALID,
                   &err);
    assert_says(err.message, "its own dynamic section");
    text_finish(&file);
}

static void an_ordinary_plugin_is_read_as_it_is(void **state)
{
    (void)state;
    struct elf_audit *audit = audit_of("quiet");
    assert_true(has(audit->exports, "beacon_plugin_entry_v1"));
    assert_null(audit->exports[1]);
    assert_true(has(audit->imports, "__cxa_finalize"));
    assert_null(audit->rpath);
    assert_null(audit->runpath);
    assert_false(audit->has_text_relocations || audit->has_executable_stack ||
                 audit->has_writable_code);
    assert_true(audit->has_relro && audit->has_bind_now);
    assert_int_equal(audit->n_constructors, 0);
    elf_audit_destroy(audit);
    struct elf_finding finding;
    assert_false(finding_of("quiet", 0, &finding));
}

static void a_library_says_its_name(void **state)
{
    (void)state;
    struct elf_audit *audit = audit_of("helper/libhostile_helper");
    assert_string_equal(audit->soname, "libhostile_helper.so");
    elf_audit_destroy(audit);
}

static void what_runs_while_loading_is_counted(void **state)
{
    (void)state;
    struct elf_audit *constructor = audit_of("marks");
    struct elf_audit *resolver = audit_of("resolver");
    assert_int_equal(constructor->n_constructors, 1);
    assert_int_equal(resolver->n_constructors, 1);
    elf_audit_destroy(constructor);
    elf_audit_destroy(resolver);
}

static void each_way_to_bring_in_other_code_is_found(void **state)
{
    (void)state;
    assert_finding("rpath", ELF_FINDING_SEARCH_PATH, true, "has the RPATH /opt/evil");
    assert_finding("runpath", ELF_FINDING_SEARCH_PATH, true, "has the RUNPATH /opt/evil");
    assert_finding("filter", ELF_FINDING_LIBRARY, false, "needs the library libevil.so");
    assert_finding("needs_helper", ELF_FINDING_LIBRARY, false,
                   "needs the library libhostile_helper.so");
}

static void a_stack_or_an_export_that_is_too_much_is_found(void **state)
{
    (void)state;
    assert_finding("stack", ELF_FINDING_STACK, true, "wants an executable stack");
    assert_finding("exports", ELF_FINDING_EXPORT, true, "exports hostile_export");
    assert_finding("forks", ELF_FINDING_IMPORT, false, "imports fork, which no plugin may call");
}

static void entries_of_two_majors_are_both_entries(void **state)
{
    (void)state;
    struct elf_finding finding;
    assert_false(finding_of("both", 0, &finding));
}

static void a_capability_that_was_asked_for_permits_the_import(void **state)
{
    (void)state;
    static const char *const some[] = {"env:HOSTILE_*", NULL};
    static const char *const all[] = {"env:HOSTILE_*", "fs-write:marker", NULL};
    struct elf_finding finding;
    struct elf_audit *audit = audit_of("marks");
    assert_true(elf_audit_finding(audit, NULL, NULL, 1, &finding));
    assert_true(elf_audit_finding(audit, some, NULL, 0, &finding));
    assert_string_equal(finding.text, "imports open without asking for the capability fs-read or "
                                      "fs-write");
    assert_false(elf_audit_finding(audit, all, NULL, 0, &finding));
    elf_audit_destroy(audit);
}

static void a_library_that_is_named_is_no_finding(void **state)
{
    (void)state;
    static const char *const caps[] = {"env:X", "fs-write:x", NULL};
    static const char *const named[] = {"libother.so", "libhostile_helper.so:00ff", NULL};
    static const char *const similar[] = {"libhostile_helper.so.1", NULL};
    struct elf_finding finding;
    struct elf_audit *audit = audit_of("needs_helper");
    assert_false(elf_audit_finding(audit, caps, named, 0, &finding));
    assert_true(elf_audit_finding(audit, caps, similar, 0, &finding));
    elf_audit_destroy(audit);
}

static void allowed_libraries_are_known_by_their_whole_name(void **state)
{
    (void)state;
    assert_true(elf_audit_is_allowed_library("libc.so.6"));
    assert_true(elf_audit_is_allowed_library("libstdc++.so.6"));
    assert_true(elf_audit_is_allowed_library("libjson-c.so.5"));
    assert_false(elf_audit_is_allowed_library("libcurl.so.4"));
    assert_false(elf_audit_is_allowed_library("libc.so"));
    assert_false(elf_audit_is_allowed_library("libc.so.6.evil"));
    assert_false(elf_audit_is_allowed_library("libm.so.6/../../evil.so"));
    assert_false(elf_audit_is_allowed_library("/tmp/libc.so.6"));
    assert_false(elf_audit_is_allowed_library("libcrypto.so.3"));
}

static void symbols_are_looked_up_by_family(void **state)
{
    (void)state;
    assert_string_equal(elf_audit_import_capability("pthread_create"), "threads");
    assert_string_equal(elf_audit_import_capability("fork"), "-");
    assert_string_equal(elf_audit_import_capability("execveat"), "-");
    assert_string_equal(elf_audit_import_capability("__printf_chk"), "-");
    assert_string_equal(elf_audit_import_capability("__open64_2"), "fs-");
    assert_string_equal(elf_audit_import_capability("socket"), "own-transport");
    assert_string_equal(elf_audit_import_capability("posix_spawnp"), "-");
    assert_null(elf_audit_import_capability("posix_spawnattr_init"));
    assert_null(elf_audit_import_capability("memcpy"));
    assert_null(elf_audit_import_capability("__stack_chk_fail"));
    assert_null(elf_audit_import_capability("pthread_mutex_lock"));
    assert_null(elf_audit_import_capability("openlog_of_mine"));
    assert_null(elf_audit_import_capability(""));
    assert_true(elf_audit_capability_covers("fs-read:policy", "fs-"));
    assert_false(elf_audit_capability_covers("fs-read:policy", "fs-write:"));
    assert_true(elf_audit_capability_covers("kernel", "fs-write:"));
    assert_true(elf_audit_capability_covers("kernel", "own-transport"));
    assert_false(elf_audit_capability_covers("kernel", "env:"));
    assert_false(elf_audit_capability_covers("kernel", "threads"));
}

static void a_file_cut_anywhere_is_survived(void **state)
{
    (void)state;
    struct text file;
    read_hostile("marks", &file);
    for (size_t n = 0; n < file.len; n += n < 4096 ? 1 : 61) {
        struct beacon_error err = {0};
        struct elf_audit *audit = NULL;
        char *exact = malloc(n + 1); /* so that a sanitizer sees the first byte too far */
        assert_non_null(exact);
        memcpy(exact, file.data, n);
        if (elf_audit_read(exact, n, "x.so", &audit, &err) != BEACON_OK) {
            assert_null(audit);
            assert_string_not_equal(err.message, "");
        }
        free(exact);
        elf_audit_destroy(audit);
    }
    text_finish(&file);
}

static void any_damaged_byte_is_survived(void **state)
{
    (void)state;
    static const unsigned char values[] = {0x00, 0xff, 0x80, 0x01};
    struct text file;
    read_hostile("marks", &file);
    for (size_t i = 0; i < file.len; i++) {
        const char before = file.data[i];
        struct beacon_error err = {0};
        struct elf_audit *audit = NULL;
        struct elf_finding finding;
        file.data[i] = (char)values[i % sizeof values];
        if (elf_audit_read(file.data, file.len, "x.so", &audit, &err) == BEACON_OK) {
            for (size_t k = 0; elf_audit_finding(audit, NULL, NULL, k, &finding); k++) {
                assert_string_not_equal(finding.text, "");
            }
        }
        elf_audit_destroy(audit);
        file.data[i] = before;
    }
    text_finish(&file);
}

/* Change program header `i` of the first that is of `type`. */
static ElfW(Phdr) * header_of(struct text *file, uint32_t type, size_t nth)
{
    ElfW(Ehdr) header;
    memcpy(&header, file->data, sizeof header);
    ElfW(Phdr) *segments = (ElfW(Phdr) *)(void *)(file->data + header.e_phoff);
    for (size_t i = 0; i < header.e_phnum; i++) {
        if (segments[i].p_type == type && nth-- == 0) {
            return &segments[i];
        }
    }
    fail_msg("no such segment");
    return NULL;
}

static void assert_damaged(const struct text *file, const char *part)
{
    struct beacon_error err = {0};
    struct elf_audit *audit = NULL;
    assert_refused(elf_audit_read(file->data, file->len, "x.so", &audit, &err), BEACON_E_INVALID,
                   &err);
    assert_says(err.message, part);
}

static void segments_that_could_be_read_in_two_ways_are_refused(void **state)
{
    (void)state;
    struct text file;
    read_hostile("quiet", &file);
    ElfW(Phdr) *second = header_of(&file, PT_LOAD, 1);
    const ElfW(Phdr) before = *second;
    second->p_vaddr -= 0x1000;
    assert_damaged(&file, "its segments overlap or are out of order");
    *second = before;
    second->p_vaddr += 1;
    assert_damaged(&file, "a segment does not begin where its page does");
    *second = before;
    second->p_filesz = before.p_memsz + 1;
    assert_damaged(&file, "a segment is larger than an address space");
    *second = before;
    second->p_memsz = UINT64_MAX - 100;
    assert_damaged(&file, "a segment is larger than an address space");
    *second = before;
    header_of(&file, PT_GNU_STACK, 0)->p_type = PT_DYNAMIC;
    assert_damaged(&file, "it has two dynamic sections");
    text_finish(&file);
}

static void code_that_can_be_written_is_found(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct elf_audit *audit = NULL;
    struct elf_finding finding;
    struct text file;
    read_hostile("quiet", &file);
    header_of(&file, PT_LOAD, 1)->p_flags |= PF_W;
    assert_ok(elf_audit_read(file.data, file.len, "x.so", &audit, &err), &err);
    assert_true(elf_audit_finding(audit, NULL, NULL, 0, &finding));
    assert_string_equal(finding.text, "has a segment that is both writable and executable");
    assert_true(finding.is_hard);
    elf_audit_destroy(audit);
    text_finish(&file);
}

static void a_file_that_says_nothing_of_its_stack_gets_an_executable_one(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct elf_audit *audit = NULL;
    struct text file;
    read_hostile("quiet", &file);
    header_of(&file, PT_GNU_STACK, 0)->p_type = PT_NULL;
    assert_ok(elf_audit_read(file.data, file.len, "x.so", &audit, &err), &err);
    assert_true(audit->has_executable_stack);
    elf_audit_destroy(audit);
    text_finish(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_plugin_is_read_as_it_is),
        cmocka_unit_test(packed_relocations_do_not_touch_the_dynamic_section),
        cmocka_unit_test(a_library_says_its_name),
        cmocka_unit_test(what_runs_while_loading_is_counted),
        cmocka_unit_test(each_way_to_bring_in_other_code_is_found),
        cmocka_unit_test(a_stack_or_an_export_that_is_too_much_is_found),
        cmocka_unit_test(entries_of_two_majors_are_both_entries),
        cmocka_unit_test(a_capability_that_was_asked_for_permits_the_import),
        cmocka_unit_test(a_library_that_is_named_is_no_finding),
        cmocka_unit_test(allowed_libraries_are_known_by_their_whole_name),
        cmocka_unit_test(symbols_are_looked_up_by_family),
        cmocka_unit_test(a_file_cut_anywhere_is_survived),
        cmocka_unit_test(any_damaged_byte_is_survived),
        cmocka_unit_test(segments_that_could_be_read_in_two_ways_are_refused),
        cmocka_unit_test(code_that_can_be_written_is_found),
        cmocka_unit_test(a_file_that_says_nothing_of_its_stack_gets_an_executable_one),
    };
    return cmocka_run_group_tests_name("plugin/elf_audit", tests, NULL, NULL);
}
